"""A vCard with the very lines in which each property stands, so that what is not changed stays."""

from __future__ import annotations

import re
from collections.abc import Iterable

from crmcli.dataclass import dataclass
from crmcli.formats.vcard import card_text, cards, read_cards
from crmcli.formats.vcard_lines import CardLine
from crmcli.language import tr


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A property and how it is written, with its line ends."""

    line: CardLine
    raw: str


def read_source(content: bytes) -> list[SourceLine]:
    """The properties of the one card that bytes hold, VERSION among them; ValueError says what is wrong."""
    numbered, encoding = read_cards(content, "card")
    found = list(cards(numbered, encoding))
    if len(found) != 1:
        raise ValueError(tr("{} cards in one file", len(found)))
    [card] = found
    if card.fault:
        raise ValueError(tr(card.fault))
    raws = _groups(content.decode(encoding, "replace"))
    if len(raws) != len(card.lines):  # written in an older way: written anew
        raws = [_written(line) for line in card.lines]
    return [SourceLine(line, raw) for line, raw in zip(card.lines, raws, strict=True)]


def source_text(lines: Iterable[SourceLine]) -> str:
    """The card again."""
    return "".join(["BEGIN:VCARD\r\n", *(one.raw for one in lines), "END:VCARD\r\n"])


def new_line(line: CardLine) -> SourceLine:
    """A property that is written for the first time."""
    return SourceLine(line, _written(line))


def _written(line: CardLine) -> str:
    whole = card_text([line], "3.0").split("\r\n")
    return "\r\n".join(whole[2:-2]) + "\r\n"


def _groups(text: str) -> list[str]:
    """Each property with the lines in which it goes on."""
    found: list[str] = []
    for line in re.split(r"\r*\n|\r", text.lstrip("\ufeff")):
        if line[:1] in (" ", "\t") and found:
            found[-1] += f"{line}\r\n"
        elif line.strip() and line.strip().upper() not in ("BEGIN:VCARD", "END:VCARD"):
            found.append(f"{line}\r\n")
    return found
