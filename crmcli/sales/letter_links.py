"""Addresses in a letter that lead to pages of ours: signed, so that nobody makes one up, and found again."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from html import escape, unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from crmcli.dataclass import dataclass, replace
from crmcli.errors import NotFound
from crmcli.model.addresses import email_in
from crmcli.model.event import Event
from crmcli.model.values import fold
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import Message

TRAP = 0
"""The number of the link that nobody sees: who follows it is a scanner."""
OPEN = "opened"
"""What the address of the picture says by which a letter that is opened is known."""
MOST = 100
_SIGNS = 20
_HREF = re.compile(
    r"""(<a\b[^>]*?\bhref\s*=\s*)(["'])(https?://[^"'<>\s]{1,2000})\2""", re.IGNORECASE
)
_BARE = re.compile(r"https?://[^\s<>\"']{0,2000}[^\s<>\"'.,;:!?)\]»]")
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SentLetter:
    """A letter of ours by which somebody came: its Message-ID, to whom it went, where its links lead, the
    event that says that it has left, if it has, and its topic."""

    letter: str
    address: str
    links: Sequence[str]
    left: Event | None
    topic: str = ""


def address_of(ws: Workspace, message: Message, page: str, what: str) -> str:
    """The address of a page for the reader of a message; "" where there is none, or it goes to our own."""
    site = ws.forms.site.address
    ours = {one for user in ws.settings.users.values() for one in user.addresses}
    if not site or len(message.to) != 1 or fold(email_in(message.to[0])) in ours:
        return ""
    name, _, domain = message.id.strip("<>").partition("@")
    return f"{site.rstrip('/')}/{page}/{name}-{_sign(message.key, what)}@{quote(domain)}"


def sent(ws: Workspace, token: str, what: str) -> SentLetter:
    """The letter that leads to an address; NotFound if none does."""
    local, _, domain = token.rpartition("@")
    name, _, sign = local.rpartition("-")
    letter = f"<{name}@{domain}>"
    events = ws.timeline.events_of_message(letter) if name else ()
    left = next((event for event in events if event.kind == "mail.out"), None)
    for event in events:
        key, to = str(event.data.get("key", "")), fold(email_in(str(event.data.get("to", ""))))
        if key and to and hmac.compare_digest(_sign(key, what).encode(), sign.encode()):
            topic = str(event.data.get("topic", ""))
            return SentLetter(letter, to, event.data.get("links", ()), left, topic)
    raise NotFound("no letter of ours leads there", "")


def with_links(ws: Workspace, message: Message) -> tuple[Message, dict[str, Any]]:
    """A message whose links lead over a page of ours, and by what it can be known to be read: where each of
    its `links` leads by its number, and whether it has the picture (`opens`)."""
    if not address_of(ws, message, "l", ""):
        return message, {}
    found = [""]

    def ours(target: str) -> str:
        if target not in found and len(found) > MOST:
            return target
        found.extend([] if target in found else [target])
        number = found.index(target)
        return f"{address_of(ws, message, 'l', f'link {number}')}?n={number}"

    html = _watched(ws, message)
    told: dict[str, Any] = {"opens": True} if html != message.html else {}
    text = _BARE.sub(lambda m: ours(m[0]), message.text)
    html = _HREF.sub(lambda m: f"{m[1]}{m[2]}{escape(ours(unescape(m[3])))}{m[2]}", html)
    if len(found) == 1:
        return replace(message, html=html), told
    if html:
        page = escape(f"{address_of(ws, message, 'l', f'link {TRAP}')}?n={TRAP}")
        trap = f'<a href="{page}" style="display:none" tabindex="-1" aria-hidden="true"></a>'
        body = _BODY.search(html)
        html = f"{html[: body.end()]}{trap}{html[body.end() :]}" if body else trap + html
    return replace(message, text=text, html=html), told | {"links": found}


def _watched(ws: Workspace, message: Message) -> str:
    """The HTML with a picture that nobody sees, where the settings want to know that a letter was opened."""
    if not (message.html and ws.forms.site.opens):
        return message.html
    page = escape(address_of(ws, message, "o", OPEN))
    dot = f'<img src="{page}" width="1" height="1" alt="" style="border:0">'
    end = message.html.lower().rfind("</body>")
    return f"{message.html[:end]}{dot}{message.html[end:]}" if end >= 0 else message.html + dot


def _sign(key: str, what: str) -> str:
    """What only the reader of a message and this folder know: its key stands in no letter."""
    return hashlib.sha256(f"{what} {key}".encode()).hexdigest()[:_SIGNS]
