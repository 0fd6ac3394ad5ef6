"""Whether nobody wrote a message by hand: an automatic answer, a list, a report of a server (RFC 3834)."""

from __future__ import annotations

import re
from functools import cache

from crmcli.channels.incoming_mail.headers import Headers
from crmcli.channels.incoming_mail.parts import Part
from crmcli.matching.mail_domains import is_nobodys
from crmcli.words import joined

_BEGIN = 600
"""Characters of a text in which it says that it is automatic, if it does."""

_END = 1500
"""Characters in which mail to many says how to get no more of it."""

ANSWER = re.compile(r"(?:re|aw|fwd?|wg|antw|на|отв|пересл)(?:\[\d+\])?\s*:", re.IGNORECASE)
"""How the subject of an answer, or of a letter that is sent on, begins."""

_LISTS = ("list-id", "list-unsubscribe", "list-post", "x-mailing-list")


@cache
def _words(name: str) -> re.Pattern[str]:
    return re.compile(joined("mail_automatic")[name], re.IGNORECASE)


def why_automatic(root: Part, written: str) -> str:
    """Why a message was written by no person: the header, or where it says so; "" for one that was."""
    heads = root.headers
    by_words = _by_words(heads, written)
    return _by_headers(heads) or _by_type(root) or by_words or _by_sender(heads)


def _by_headers(heads: Headers) -> str:
    for name, value in heads.lines:
        said = value.decode("ascii", "replace").strip().lower()
        if name == "auto-submitted" and said.partition(";")[0].strip() != "no":
            return f"Auto-Submitted: {said[:40]}"
        if name == "precedence" and _words("precedence").fullmatch(said):
            return f"Precedence: {said}"
        if name == "return-path" and said in ("<>", ""):
            return "Return-Path: <>"
        if (name == "x-spam-flag" and said == "yes") or (
            name == "x-spam-status" and said.startswith("yes")
        ):
            return name.title()
        if name == "x-auto-response-suppress" and said not in ("", "none"):
            return "X-Auto-Response-Suppress"
        if _words("header").fullmatch(name) and not _words("none").fullmatch(said):
            return name.title()
    return next((name.title() for name in _LISTS if heads.raw(name)), "")


def _by_type(root: Part) -> str:
    reports = ("multipart/report", "message/delivery-status", "message/disposition-notification")
    if any(part.type == "text/calendar" and part.param("method") for part in root.walk()):
        return "text/calendar"
    found = next((kind for kind in reports if any(part.type == kind for part in root.walk())), "")
    return found if root.type in (found, "multipart/mixed") else ""


def _by_sender(heads: Headers) -> str:
    """An address from which no person writes, and none to which an answer goes."""
    senders = [one.address for one in heads.people("from", "reply-to") if one.address]
    return "no-reply" if senders and all(map(is_nobodys, senders)) else ""


def _by_words(heads: Headers, written: str) -> str:
    if _words("subject").match(heads.text("subject").lstrip("[(<*\"«'- ")):
        return "subject"
    if _words("text").search(written[:_BEGIN]):
        return "text"
    if heads.answers() or ANSWER.match(heads.text("subject")):
        is_away = _words("away").search(written[:_BEGIN])
        return "text" if is_away and not _words("wish").search(written[:_BEGIN]) else ""
    return "text" if _words("bulk").search(written[-_END:]) else ""
