"""What may stand in settings.yaml under `channels:`: how messages leave."""

from __future__ import annotations

import re

from crmcli.language import tr
from crmcli.model.channels import CHANNELS, Channel
from crmcli.store import layout
from crmcli.store.config import provider_keys, shapes
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.lengths import at_most

EMAIL_RULE = r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+"
SENDER_RULE = rf"{EMAIL_RULE}|[^<>\r\n]+<{EMAIL_RULE}>"
BOUNCES_RULE = r"[^@\s<>{}]*\{key\}[^@\s<>{}]*@[^@\s<>{}]+\.[^@\s<>{}]+"
_OTHER_WAY = r"(;|%3[Bb])[Aa][Uu][Tt][Hh]="
LOGIN_RULE = rf"((?!{_OTHER_WAY})[^\s/:@\"\\])+(;[Aa][Uu][Tt][Hh]=[Xx][Oo][Aa][Uu][Tt][Hh]2)?@"
"""Who logs in, by a password or by a token, as `channels/mail_login.py` reads it."""
DELIVER_RULE = rf"maildir:[^\r\n]+|smtps?://({LOGIN_RULE})?[^\s/:@]+(:\d{{1,5}})?/?"
FETCH_RULE = rf"imaps?://{LOGIN_RULE}[^\s/:@]+(:\d{{1,5}})?(/[^\s?#\"\\]*)?"
MOST = "most"
PACE = at_most(
    "How many messages leave by it at most, e.g. 30 per minute, 500 per d; what robots and schedules send"
    " above it waits for the next crm tick."
)
ADDRESS_RULE = r"[^\s/:]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}"


def channels() -> shapes.Shape:
    """The settings of every channel that there is."""
    known = {name: _channel(name, row) for name, row in CHANNELS.items()}
    return shapes.keys("How messages leave.", known)


def _channel(name: str, channel: Channel) -> shapes.Shape:
    paced = {MOST: PACE} if channel.reaches_people else {}
    if channel.is_handed_over:
        return provider_keys.served(channel.doc, name, HANDOVER | MORE.get(name, {}) | paced)
    own = OWN_SETTINGS.get(name) or {key: shapes.text(doc) for key, doc in channel.keys.items()}
    return shapes.keys(channel.doc, own | paced)


def _why_not_login(place: Cursor) -> tuple[str, str] | None:
    """The complaint about a way to log in that crm does not know; None where it is something else."""
    login, at, _ = place.text().partition("//")[2].partition("/")[0].rpartition("@")
    if not at or re.fullmatch(LOGIN_RULE, f"{login}@") or not re.search(_OTHER_WAY, login):
        return None
    told = tr("{!r} has a way to log in that crm does not know", place.name)
    return told, "write user@host for a password, or user;AUTH=XOAUTH2@host for a token"


def _why_not_deliver(place: Cursor) -> tuple[str, str]:
    text = place.text()
    if re.match(r"smtps?:", text) and re.search(r":[^@]*@", text.partition("//")[2] or text):
        return (
            "'deliver' may not contain a password",
            "write smtp://user@host:587, and where the password is under password:",
        )
    if strange := _why_not_login(place):
        return strange
    ways = "maildir:outbox, smtp://user@host:587 or smtps://user@host:465"
    return "'deliver' is not valid", tr("{}; the password goes under password:", ways)


def _why_not_fetch(place: Cursor) -> tuple[str, str]:
    return _why_not_login(place) or (
        "it is not a mailbox",
        "like imaps://user@host/INBOX (an @ of the user is %40); the password goes under fetch_password:",
    )


MAIL = {
    "deliver": shapes.guarded(
        "maildir:outbox keeps messages in a folder; smtp://user@host:587 or smtps://user@host:465 sends"
        " them.",
        DELIVER_RULE, _why_not_deliver,
    ),
    "from": shapes.matching(
        "The sender, e.g. Sales <sales@example.com>.",
        SENDER_RULE, "a sender", "like: Sales <sales@example.com>",
    ),
    "password": shapes.secret("Where the password stands, never the password itself."),
    "fetch": shapes.listed(
        "Mailboxes whose letters crm tick and crm mail fetch take in: imaps://user@host/INBOX.",
        shapes.guarded("", FETCH_RULE, _why_not_fetch),
    ),
    "fetch_password": shapes.secret(
        "Where the password of the mailboxes stands, {user} being whose it is: file:/etc/crm/{user}."
    ),
    "sent": shapes.guarded(
        "The folder that gets a copy of each letter sent by SMTP: imaps://user@host/Sent, or without a"
        " folder the server's own for sent mail; its password is under fetch_password:.",
        FETCH_RULE, _why_not_fetch,
    ),
    "bounces": shapes.matching(
        "Where mail that cannot be delivered comes back to, {key} being the message: crm+{key}@example.com.",
        BOUNCES_RULE, "an address with {key}", "like: crm+{key}@example.com",
    ),
}  # fmt: skip
WEBHOOK = {
    "allow": shapes.listed(
        "host:port of inner addresses that robots may post to.",
        shapes.matching("", ADDRESS_RULE, "an address", "like 10.0.0.5:8080"),
    )
}
MORE = {
    "sms": {
        "price": shapes.matching(
            "What a part of an SMS costs, as crm sms send --dry-run tells it: 3.20 RUB.",
            r"\d{1,6}(\.\d{1,6})?( [A-Z]{3})?", "a price", "like 3.20 RUB",
        )
    }
}  # fmt: skip
"""What else channels may say that are handed over."""
CARDS = {
    "url": provider_keys.address(
        "The server, or the address book on it: https://dav.example.com/anna/contacts/."
    ),
    "user": shapes.text("Who logs in there."),
    "password": shapes.secret("Where the password stands, never the password itself."),
    "addressbook": shapes.text("The name of the address book, where the server has several."),
    "where": shapes.text("Which contacts go there, e.g. tags has client; all, if it is left out."),
}  # fmt: skip
OWN_SETTINGS = {"mail": MAIL, "webhook": WEBHOOK, "cards": CARDS}
"""Channels whose settings are not all plain texts, or have a place of their own there."""
ELSEWHERE = ("mail", "webhook")
"""Those which have a place of their own in the settings."""
HANDOVER = {
    "run": shapes.matching(
        "A program under robots.d/ that is given each message as JSON; see crm help own.",
        layout.PROGRAM, "the name of a program", "a file under robots.d/",
    ),
    "url": provider_keys.address("Or an https address to which each message is posted as JSON."),
    "secret": shapes.secret("Where the secret stands that signs what is posted, never the secret itself."),
}  # fmt: skip
