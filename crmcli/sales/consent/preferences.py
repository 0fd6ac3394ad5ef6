"""The page that a letter leads to: whose it is, what its reader refuses, and what they say there."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from crmcli.channels.incoming import Arrived
from crmcli.dataclass import dataclass
from crmcli.model.values import CONSENT_CHANNELS, TOPIC
from crmcli.sales.consent.permission import holders, refuses
from crmcli.sales.letter_links import address_of, sent
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import Message

CHANNEL = "preferences"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who read a letter: the address to which it went, what they are asked about (channels, topics as
    `topic:news`), what of that they refuse, and what one click ends (the letter's topic, or else mail)."""

    letter: str
    address: str
    asked: Sequence[str]
    refused: frozenset[str]
    ends: str


def page_of(ws: Workspace, message: Message) -> str:
    """The address of the page for the reader of a message; "" where there is none."""
    return address_of(ws, message, "u", CHANNEL)


def reader(ws: Workspace, token: str) -> Reader:
    """Who came by the address of a page; NotFound if no letter of ours has it."""
    letter = sent(ws, token, CHANNEL)
    people = [*holders(ws, [letter.address])]
    ends = f"{TOPIC}{letter.topic}" if letter.topic else "mail"
    topics = [f"{TOPIC}{topic}" for topic in ws.settings.directories.get("topics", ())]
    asked = tuple(dict.fromkeys([*CONSENT_CHANNELS, *topics, ends]))
    no = {one for one in asked if any(refuses(who, one) for who in people)}
    return Reader(letter.letter, letter.address, asked, frozenset(no), ends)


def answered(
    who: Reader, wanted: Collection[str], shown: Collection[str], content: bytes, text: str = ""
) -> Arrived | None:
    """What a reader changes by wanting these channels and topics and no others; None for nothing. `shown` are
    the refusals that the page told: their last answer may not be written down yet."""
    no = [c for c in who.asked if c not in wanted and not (c in who.refused and c in shown)]
    yes = [c for c in who.asked if c in wanted and (c in who.refused or c in shown)]
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
