"""The page that a letter leads to: whose it is, what its reader refuses, and what they say there."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Collection
from typing import TYPE_CHECKING
from urllib.parse import quote

from crmcli.channels.incoming import Arrived
from crmcli.dataclass import dataclass
from crmcli.errors import NotFound
from crmcli.model.addresses import email_in
from crmcli.model.values import CONSENT_CHANNELS, fold
from crmcli.sales.consent.permission import holders, refuses
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import Message

CHANNEL = "preferences"
_SIGNS = 20


@dataclass(frozen=True, slots=True)
class Reader:
    """Who read a letter: the address to which it went, and the channels that they refuse."""

    letter: str
    address: str
    refused: frozenset[str]


def page_of(ws: Workspace, message: Message) -> str:
    """The address of the page for the reader of a message; "" where there is none, or it goes to our own."""
    site = ws.forms.site.address
    ours = {fold(user.email) for user in ws.settings.users.values() if user.email}
    if not site or len(message.to) != 1 or fold(email_in(message.to[0])) in ours:
        return ""
    name, _, domain = message.id.strip("<>").partition("@")
    return f"{site.rstrip('/')}/u/{name}-{_sign(message.key)}@{quote(domain)}"


def reader(ws: Workspace, token: str) -> Reader:
    """Who came by the address of a page; NotFound if no letter of ours has it."""
    local, _, domain = token.rpartition("@")
    name, _, sign = local.rpartition("-")
    letter = f"<{name}@{domain}>"
    for event in ws.timeline.events_of_message(letter) if name else ():
        key, to = str(event.data.get("key", "")), fold(email_in(str(event.data.get("to", ""))))
        if key and to and hmac.compare_digest(_sign(key).encode(), sign.encode()):
            people = [*holders(ws, [to])]
            no = {c for c in CONSENT_CHANNELS if any(refuses(one, c) for one in people)}
            return Reader(letter, to, frozenset(no))
    raise NotFound("no letter of ours leads there", "")


def answered(
    who: Reader, wanted: Collection[str], content: bytes, text: str = ""
) -> Arrived | None:
    """What a reader changes by wanting these channels and no others; None for nothing."""
    no = [c for c in CONSENT_CHANNELS if c not in wanted and c not in who.refused]
    yes = [c for c in CONSENT_CHANNELS if c in wanted and c in who.refused]
    if not (no or yes):
        return None
    facts = {
        "address": who.address,
        "letter": who.letter,
        "refuses": no,
        "wants": yes,
        "text": text,
    }
    return Arrived(content, f"{CHANNEL}:{secrets.token_hex(12)}", facts)


def _sign(key: str) -> str:
    """What only the reader of a message and this folder know: its key stands in no letter."""
    return hashlib.sha256(f"{CHANNEL} {key}".encode()).hexdigest()[:_SIGNS]
