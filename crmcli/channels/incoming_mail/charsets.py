"""The text that bytes of a message are, whatever encoding they say they are in."""

from __future__ import annotations

import codecs
import re

from crmcli.formats.encoding_guess import readings
from crmcli.formats.encodings import EncodingUnclear, TableUnreadable, encoding_of
from crmcli.formats.letters import WRITTEN_IN

_LANGUAGES = ("ru", "en", "de")
_LOOKED_AT = 50_000
_LATIN = ("ascii", "iso8859-1", "latin-1")
_CONTROLS = dict.fromkeys({*range(32), *range(127, 160), 0xFEFF} - {*map(ord, "\n\t")})
_SHIFTED = ("iso2022", "utf-7", "utf-16", "utf-32", "hz")
"""Encodings whose bytes look like ASCII, or have NULs."""


def decoded(body: bytes, announced: str = "") -> str:
    """The text of a body or a header. What is announced counts unless the bytes say otherwise: valid UTF-8 is
    that, and letters that make no words in the encoding announced are read in the one in which they do."""
    known = _known(announced)
    if known.startswith(_SHIFTED):
        return body.decode(known, "replace")
    if body.isascii():
        return body.decode("ascii")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    if known in ("", "utf-8"):
        return body.decode(_guessed(body), "replace")
    text = body.decode(known, "replace")
    if known not in WRITTEN_IN and not known.startswith("iso8859"):
        return text if "\ufffd" not in text else body.decode(_guessed(body), "replace")
    found = readings(body[:_LOOKED_AT], _LANGUAGES)
    is_likely = not found or any(body.decode(one.encoding, "replace") == text for one in found)
    return text if is_likely else body.decode(found[0].encoding, "replace")


def clean(text: str) -> str:
    """A text without control characters but line ends, which are LF, and tabs."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n")
    return text.translate(_CONTROLS)


def one_line(text: str, longest: int) -> str:
    """A text as one line without control characters, no longer than that."""
    return re.sub(r"[\s\u2028\u2029]+", " ", clean(text)).strip()[:longest]


def _known(name: str) -> str:
    """The encoding that a name means; "" for none that is known. Latin-1 is read as the web does."""
    name = name.strip().strip("\"'").lower().partition("*")[0]
    name = re.sub(r"^(?:x-)?(?:win|cp|windows)[-_]?(?=125[0-9]$)", "cp", name)
    try:
        known = codecs.lookup(name).name
        "".encode(known)
    except (LookupError, ValueError):
        return ""
    return "cp1252" if known in _LATIN else known


def _guessed(body: bytes) -> str:
    try:
        return encoding_of(body[:_LOOKED_AT], "", _LANGUAGES)
    except EncodingUnclear as unclear:
        return unclear.readings[0].encoding if unclear.readings else "cp1251"
    except TableUnreadable:
        return "cp1252"
