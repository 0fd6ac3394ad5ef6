"""How long an SMS is: its alphabet, and in how many parts it leaves (3GPP TS 23.038 and 23.040)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from crmcli.dataclass import dataclass
from crmcli.language import counted, spoken, tr
from crmcli.model.money import told_price

TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The letters by their codes."""
EXTENDED = {"\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E,
            "|": 0x40, "€": 0x65}  # fmt: skip
"""Letters of the extension table, each of which takes the room of two: its code behind an escape."""
BASIC = frozenset(TABLE) - {"\x1b"}
GSM, UCS2 = "GSM-7", "UCS-2"
ROOM = {GSM: (160, 153), UCS2: (70, 67)}
"""How much one message holds, and each part of several, which begin with a header of their own."""


@dataclass(frozen=True, slots=True)
class SmsLength:
    """The alphabet of a text, how much room it takes in that, how many parts it makes, how much room is left
    in the last one, and the first letter that does not fit in GSM-7, if there is one."""

    alphabet: str
    units: int
    parts: int
    left: int
    stranger: str = ""


def measured(text: str) -> SmsLength:
    """How long a text is as an SMS."""
    stranger = next((one for one in text if one not in BASIC and one not in EXTENDED), "")
    alphabet = UCS2 if stranger else GSM
    sizes = [*_sizes(text, alphabet)]
    whole, each = ROOM[alphabet]
    if sum(sizes) <= whole:
        return SmsLength(alphabet, sum(sizes), 1, whole - sum(sizes), stranger)
    parts, left = 1, each
    for size in sizes:
        if size > left:
            parts, left = parts + 1, each
        left -= size
    return SmsLength(alphabet, sum(sizes), parts, left, stranger)


def parted(text: str) -> list[str]:
    """The pieces of a text as the parts of an SMS have them."""
    length = measured(text)
    if length.parts == 1:
        return [text]
    each = ROOM[length.alphabet][1]
    pieces, left = [""], each
    for letter, size in zip(text, _sizes(text, length.alphabet), strict=True):
        if size > left:
            pieces.append("")
            left = each
        pieces[-1] += letter
        left -= size
    return pieces


def _sizes(text: str, alphabet: str) -> Iterator[int]:
    """The room of each letter: a pair is never parted, be it of surrogates or of an escape and its letter."""
    for letter in text:
        is_pair = letter in EXTENDED if alphabet == GSM else ord(letter) > 0xFFFF
        yield 2 if is_pair else 1


def in_words(text: str, price: str = "") -> str:
    """How long an SMS is, and what it costs at a price for each part: 2 parts, 95 characters, UCS-2."""
    length = measured(text)
    room = (
        f"{length.units}/{length.units + length.left}" if length.parts == 1 else f"{length.units}"
    )
    told = tr("{}: {} characters, {}", counted(length.parts, "part"), room, length.alphabet)
    if length.stranger:
        told = tr("{} because of {!r}", told, length.stranger)
    if not price:
        return told
    return tr("{}; about {}", told, told_price(cost(length.parts, price), spoken()))


def cost(parts: int, price: str) -> str:
    """What so many parts cost at a price for one: `3.20 RUB`."""
    amount, _, currency = price.partition(" ")
    return f"{Decimal(amount) * parts} {currency}".strip()
