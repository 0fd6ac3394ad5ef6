"""Mail that tells that a letter could not be delivered: to whom, why, and whether it ever may."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from functools import cache
from itertools import takewhile

from crmcli.channels.incoming_mail.automatic import ANSWER
from crmcli.channels.incoming_mail.charsets import clean, decoded, one_line
from crmcli.channels.incoming_mail.facts import Bounce
from crmcli.channels.incoming_mail.headers import Headers, people
from crmcli.channels.incoming_mail.parts import Part
from crmcli.model.addresses import readable
from crmcli.words import joined

_MOST = 100
_LONGEST = 1000
_ANY = re.MULTILINE | re.IGNORECASE
_LOOKED_AT = 100_000
_REPORTS = ("message/delivery-status", "message/global-delivery-status")
_FIELD = re.compile(r"^[ \t>]*(Final|Original)-Recipient:[ \t]*(?:rfc822;)?[ \t]*(\S.*)$", _ANY)
_STATUS = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_ANSWERED = re.compile(
    r"(?<!\d)[45]\d\d[ -]{1,3}[#(]?[45]\.\d{1,3}\.\d{1,3}|#[45]\.\d{1,3}\.\d|status:? {1,9}[45]\.\d\.\d",
    re.IGNORECASE,
)
"""What servers answer, and nobody who writes of a paragraph 5.1.1."""
_REPLY = re.compile(
    r"(?<![\d.\[/:-])(4[2-5]\d|5[0-57]\d)(?=[ #-]\S|\s*$)(?!-\d{2,4}\b)", re.MULTILINE
)
_ADDRESS = re.compile(
    r"[A-Za-zЀ-ӿ0-9_.!#$%&'*+/=?^{|}~-]{1,200}@[A-Za-zЀ-ӿ0-9](?:[A-Za-zЀ-ӿ0-9-]{0,62}\.){0,8}[A-Za-zЀ-ӿ0-9-]{2,62}"
)
_IDS = re.compile(
    r"^[ \t>]*(?:message-id|in-reply-to|references|received|from|reply-to|sender|x-[\w-]+)\s*:.*"
    r"(?:\n[ \t].*)*", _ANY,
)  # fmt: skip
_HEAD = re.compile(
    r"^(?:return-path|received|message-id|from|subject)\s*:.*\n(?:.*\n){0,3}?"
    r"(?:received|to|date|subject|message-id|mime-version)\s*:", _ANY,
)  # fmt: skip
_ID = re.compile(r"^[ \t>]*message-id\s*:\s*(<[^<>\s]+>)", _ANY)
_TO = re.compile(r"^[ \t>]*to\s*:(.*)", _ANY)
_LEADS = r"^[\s*\-<\['\"(]*(?:smtp:|mailto:|to:|rfc822;)?\s*<?"
_AT_BEGIN = re.compile(rf"{_LEADS}({_ADDRESS.pattern})", _ANY)


@cache
def _words(name: str) -> re.Pattern[str]:
    return re.compile(joined("mail_bounces")[name], re.IGNORECASE)


def bounce_of(root: Part, text: str) -> Bounce | None:
    """What a message says of a letter that could not be delivered; None if it is no such message."""
    statuses = [status for part in root.walk() for status in _statuses(part)]
    actions = {_action(status) for status in statuses} - {""}
    is_bad = any(one.raw("status")[:1] in ("4", "5") for one in statuses)
    if actions and not actions & {"failed", "delayed"} and not is_bad:
        return None  # delivered, relayed: a receipt
    well = ("delayed", "delivered", "relayed")
    told = [one for one in statuses if _action(one) not in well] or statuses
    if found := [address for one in told if (address := _recipient(one))]:
        return _of_report(root, text, told, found)
    if not (statuses or _is_likely(root, text)) or _is_receipt(root, text):
        return None
    return _of_text(root, text, told)


def _statuses(part: Part) -> Iterator[Headers]:
    """The groups of fields of a delivery status (RFC 3464) that are about a recipient."""
    if part.type not in _REPORTS:
        return
    content = part.content.replace(b"\r\n", b"\n")
    for group in re.split(rb"\n[ \t]*(?:\r?\n[ \t]*)+", content)[:_MOST]:
        heads = Headers(group)
        if heads.raw("final-recipient") or heads.raw("original-recipient") or heads.raw("action"):
            yield heads


def _action(status: Headers) -> str:
    said = status.raw("action").lower()
    return "failed" if said.startswith("error") else re.split(r"\W", said)[0]


def _recipient(status: Headers) -> str:
    """Whom a group is about: as we wrote to them, if it says that."""
    for name in ("original-recipient", "x-actual-recipient", "final-recipient"):
        kind, _, address = status.raw(name).rpartition(";")
        if "x-local" not in kind.lower() and (found := _ADDRESS.search(address)):
            return found[0]
    return ""


def _of_report(root: Part, text: str, told: list[Headers], found: list[str]) -> Bounce:
    said = " ".join(one_line(one.raw("diagnostic-code"), _LONGEST) for one in told).strip()
    status = next((match[0] for one in told if (match := _STATUS.search(one.raw("status")))), "")
    late = all(_action(one) == "delayed" for one in told)
    kind = "soft" if late else severity(status, said or _reason(text, found[0]))
    more = _detailed(status, said)
    diagnostic = re.sub(r"^(?:smtp|x-[\w-]+)\s*;\s*", "", said, flags=re.IGNORECASE)
    diagnostic = diagnostic or _reason(text, found[0])
    return Bounce(_unique(found), kind, more, diagnostic[:_LONGEST], _original_id(root, text))


def _is_likely(root: Part, text: str) -> bool:
    """Whether a message that has no report is about mail that came back: a machine sent it, and it says so.

    Somebody may well answer such a message, or send it on.
    """
    heads = root.headers
    if heads.raw("x-failed-recipients"):
        return True
    sender = next(iter(heads.people("from", "sender")), None)
    name, local = (sender.name, sender.address.partition("@")[0]) if sender else ("", "")
    is_daemon = bool(_words("daemon").fullmatch(local) or _words("called").search(name))
    subject = heads.text("subject")
    is_answer = bool(ANSWER.match(subject)) and not is_daemon
    head = re.sub(r"^>.*", "", text[:3000], flags=re.MULTILINE)
    signs = 2 * is_daemon + 2 * (bool(_words("subject").search(subject)) and not is_answer)
    is_null = any(raw.strip() in ("<>", "") for raw in heads.all_raw("return-path"))
    is_auto = heads.raw("auto-submitted").lower().startswith("auto")
    is_said = is_auto or root.type == "multipart/report"
    signs += is_null + is_said + bool(_words("failing").search(head)) + _coded(head)
    is_machine = is_daemon or is_null or is_said or bool(_ANSWERED.search(head))
    if (signs >= 4 and is_machine) or (is_daemon and signs >= 3):
        return True
    return signs >= 2 and not is_answer and any(_known_failures(root))


def _is_receipt(root: Part, text: str) -> bool:
    """Whether it says that a letter arrived, and of none that did not."""
    said = f"{root.headers.text('subject')}\n{_above_copy(text)[:3000]}"
    has_arrived = _words("arrived").search(said) and not _words("failing").search(said)
    return bool(has_arrived) and not _coded(said)


def _of_text(root: Part, text: str, told: list[Headers]) -> Bounce | None:
    heads = root.headers
    raw = _raw_text(root, text)
    us = heads.people("to", "from", "reply-to", "sender", "delivered-to")
    own = {one.address.lower() for one in us}
    named = [one.address for one in heads.people("x-failed-recipients")]
    fields = (_ADDRESS.search(field[2]) for field in _FIELD.finditer(raw))
    named = named or [match[0] for match in fields if match]
    above = _above_copy(text)
    late, lost = _known_failures(root)
    likely = named or lost or late or _in_words(above)
    found = [one for one in likely if one.lower() not in own or one in named]
    if not found:
        found = [one for one in _in_original(root, text) if one.lower() not in own]
    said = _reason(above, found[0] if found else "")
    said = said or next((one.raw("diagnostic-code") for one in told), "")
    about = f"{heads.text('subject')}\n{above}"
    status = _detailed("", said) or _detailed("", above)
    is_late = bool(late and not lost) or bool(_words("late").search(about))
    is_soft = is_late and not status.startswith("5")
    kind = "soft" if is_soft else severity(status, said or above[:3000])
    return Bounce(_unique(found), kind, status, one_line(said, _LONGEST), _original_id(root, text))


def _known_failures(root: Part) -> tuple[list[str], list[str]]:
    """Who flufl.bounce, which knows the forms of dozens of old servers, finds late and lost."""
    logging.getLogger("flufl.bounce").disabled = True  # it would show what breaks it
    data = re.sub(rb"[\x80-\xff]", b"?", root.whole[:_LOOKED_AT])
    with contextlib.suppress(Exception):  # whatever breaks it, there are our own rules
        from flufl.bounce import all_failures

        late, lost = all_failures(message_from_bytes(data))
        return _texts(late), _texts(lost)
    return [], []


def _texts(addresses: Iterable[bytes]) -> list[str]:
    return [one.decode("ascii", "replace") for one in sorted(addresses) if b"@" in one]


def _unique(addresses: Iterable[str]) -> tuple[str, ...]:
    """Each address once, whatever the case of its letters, without what sticks to it."""
    found: dict[str, str] = {}
    for one in addresses:
        tidy = readable(one.strip(".'<>"))
        found.setdefault(tidy.lower(), tidy)
    return tuple(found.values())[:_MOST]


def _above_copy(text: str) -> str:
    """A text down to where the letter that came back begins."""
    found = [*_words("copy").finditer(text[:_LOOKED_AT]), *_HEAD.finditer(text[:_LOOKED_AT])]
    ends = [match.start() for match in found if _ADDRESS.search(text[: match.start()])]
    return text[: min(ends, default=_LOOKED_AT)]


def _in_words(text: str) -> list[str]:
    """The addresses that a text names as having failed: first those at the begin of a line."""
    text = _IDS.sub("", text)
    at_begin = _AT_BEGIN.findall(text)
    naming = rf"(?<![\w.])(?:{joined('mail_bounces')['naming']})(?:\s*:\s*|\s+)['\"<(]*"
    named = re.findall(rf"{naming}({_ADDRESS.pattern})", text, re.IGNORECASE)
    anywhere = [match[0] for match in _ADDRESS.finditer(text)]
    return at_begin or named or anywhere


def _in_original(root: Part, text: str) -> list[str]:
    """To whom the letter that came back was written."""
    for heads in _heads_of_original(root):
        if found := [one.address for one in heads.people("to") if one.address]:
            return found
    return [one.address for match in _TO.finditer(text) for one in people(match[1]) if one.address]


def _heads_of_original(root: Part) -> Iterator[Headers]:
    """The headers of the letter that came back, and of its parts."""
    for part in root.walk():
        if "rfc822-headers" in part.type:
            yield Headers(part.content)
        elif part.within.startswith("message/"):
            yield part.headers


def _original_id(root: Part, text: str) -> str:
    for heads in _heads_of_original(root):
        if found := heads.ids("message-id"):
            return found[0]
    match = _ID.search(text)
    return match[1] if match else ""


def _raw_text(root: Part, text: str) -> str:
    shown = (one for one in root.walk() if one.type.startswith("text/") or one.type in _REPORTS)
    texts = (clean(decoded(part.content[:_LOOKED_AT], part.charset)) for part in shown)
    return "\n".join([text, *texts])


def _reason(text: str, address: str) -> str:
    """What a text says of why: the lines after the address, or those with a code of SMTP."""
    lines = [line.strip() for line in _above_copy(text).splitlines()]
    at = [n for n, line in enumerate(lines) if address and address.lower() in line.lower()]
    near = " ".join(takewhile(bool, lines[at[0] :])) if at else ""
    if _coded(near) or _says_why(near):
        return one_line(near, _LONGEST)
    coded = [n for n, line in enumerate(lines) if _coded(line)]
    if coded:
        return one_line(" ".join(takewhile(bool, lines[coded[0] :])), _LONGEST)
    telling = [line for line in lines if _says_why(line)]
    return one_line(telling[0], _LONGEST) if telling else ""


def _coded(text: str) -> bool:
    return bool(_STATUS.search(text) or _REPLY.search(text))


def _says_why(text: str) -> bool:
    return any(_words(name).search(text) for name in ("full", "dead"))


def _detailed(status: str, said: str) -> str:
    """The status, or what the server's own words say where it is none or general."""
    inner = _STATUS.search(said)
    if inner and (not status or status.endswith(".0.0")) and not inner[0].startswith("2"):
        return inner[0]
    if status:
        return status
    reply = _REPLY.search(said)
    return f"{reply[1][0]}.0.0" if reply else ""


def severity(status: str, said: str) -> str:
    """Whether an address is dead ("hard"), or the letter may reach it another time ("soft").

    A full mailbox, and what was said against the letter or its server, is no fault of the address.
    """
    code = _STATUS.search(status)
    if not code or code[0].endswith(".0.0"):
        code = _STATUS.search(said) or code
    kind, subject, detail = code.groups() if code else ("", "", "")
    if not kind and (reply := _REPLY.search(said)):
        kind = reply[1][0]
    if code and code[0].endswith(".0.0") and _words("no_domain").search(said):
        return "hard"
    is_full = (subject, detail) in (("2", "2"), ("2", "3"), ("3", "4"))
    if is_full or kind == "4" or any(_words(name).search(said) for name in ("full", "again")):
        return "soft"
    is_gone = (subject == "1" and detail in "12346") or (subject, detail) == ("2", "1")
    if is_gone or _words("dead").search(said):
        return "hard"
    if subject == "7" or (subject, detail) == ("4", "7") or _words("passing").search(said):
        return "soft"
    return "hard"
