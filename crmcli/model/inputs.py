"""What people type or import, turned into the canonical raw value of a field."""

from __future__ import annotations

import re
import unicodedata

from crmcli.language import tr
from crmcli.model.kinds import Field, InputContext
from crmcli.model.values import Raw


def read_input(field: Field, text: str, ctx: InputContext, *, in_sheet: bool = False) -> Raw:
    """The raw value that a text means for a field; "" clears it. ValueError says what is wrong.

    A cell `in_sheet` may hold several items where people write one.
    """
    cleaned = _clean(text, lines=field.kind.is_multiline)
    if not cleaned:
        return ""
    read = field.kind.read_cell if in_sheet else field.kind.read
    return read(field, cleaned, ctx) or ""  # a cell of nothing but separators holds nothing


def _clean(text: str, *, lines: bool) -> str:
    """The text in NFC without white space around it; a single-line field gets a single line."""
    if text.isprintable():  # nearly always: one line, no controls, no white space but the space
        return unicodedata.normalize("NFC", text).strip()
    plain = unicodedata.normalize("NFC", re.sub("\r\n?|[\x85\u2028\u2029]", "\n", text))
    plain = plain.strip("\ufeff")
    if not lines:
        plain = re.sub(r"\s*[\n\t]\s*", " ", plain)
    for character in plain:
        if character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cs"):
            raise ValueError(tr("control character U+{:04X} in {!r}", ord(character), plain[:40]))
    return plain.strip()
