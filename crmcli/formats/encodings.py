"""From the bytes of a text file to its text: byte order mark, UTF-8, by its letters, or as told."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterator, Sequence

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, InvalidData
from crmcli.formats.encoding_guess import Reading, readings
from crmcli.language import tr

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_LOOKED_AT = 4096
SHOWN = 5
"""Words by which readings are told apart."""

_WIDE = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}


class TableUnreadable(InvalidData):
    """A file as a whole is no table: empty, not text, or its header line is broken."""


class EncodingUnclear(BadUsage):
    """A text can be read in several encodings, or in none that is known; `readings` are the likely ones."""

    readings: Sequence[Reading] = ()


@dataclass(frozen=True, slots=True)
class TextRead:
    """Text with the encoding that it was in; bytes that are none stand in it as lone surrogates."""

    text: str
    encoding: str
    bom: bool


def decode(content: bytes, name: str, encoding: str = "") -> TextRead:
    """Decode as told, else as `encoding_of` finds; `name` is what complaints call the file.

    Raises BadUsage for an unknown encoding, EncodingUnclear where one must be told.
    """
    mark, marked = _mark(content)
    chosen = _known_encoding(encoding) or encoding_of(content, name)
    if mark and _WIDE.get(chosen, chosen)[:6] != marked[:6]:
        mark = b""
    body = content[len(mark) :]
    is_wide = chosen.startswith(("utf-16", "utf-32"))
    if is_wide:
        chosen = marked if mark else _WIDE.get(chosen, chosen)
    try:
        text = body.decode(chosen, "strict" if is_wide else "surrogateescape")
    except UnicodeError as error:
        raise TableUnreadable(
            tr("{} is not {}: {}", name, chosen, error), "name its encoding with --encoding"
        ) from None
    return TextRead(text, chosen, bool(mark))


def encoding_of(content: bytes, name: str, languages: Collection[str] = ()) -> str:
    """The encoding of a text: by its mark, else UTF-8, else by its letters and the languages expected.

    A mostly good UTF-8 file is not taken for another encoding because of one bad byte. EncodingUnclear
    where two readings are near, or none is good.
    """
    if content.startswith(_BOOKS):
        raise TableUnreadable(
            tr("{} is an Excel workbook or another archive", name), "save the sheet as CSV UTF-8"
        )
    known = _mark(content)[1] or _wide_without_mark(content)
    if known or _is_mostly_utf8(content):
        return known or "utf-8"
    found = readings(content, languages)
    if len(found) == 1:
        return found[0].encoding
    ways = "; ".join(f"{one.encoding}: {', '.join(words)}" for one, words in differing(found))
    said = tr("{} can be read in several encodings: {}", name, ways)
    said = said if found else tr("{} is in an encoding that is not known", name)
    shown = " | ".join(one.encoding for one in found)
    unclear = EncodingUnclear(said, tr("say which: --encoding {}", shown or "NAME"))
    unclear.readings = found
    raise unclear


def doubt_of_encoding(text: str, encoding: str) -> list[str]:
    """A sentence where a text reads badly in the encoding that was told, and well in another."""
    if encoding.startswith("utf-"):
        return []
    body = text.encode(encoding, "surrogateescape")
    found = readings(body)
    if not found or text in (body.decode(one.encoding, "replace") for one in found):
        return []
    return [tr("read as {}, but it looks like {}", encoding, found[0].encoding)]


def differing(found: Sequence[Reading]) -> Iterator[tuple[Reading, list[str]]]:
    """The readings, with the first words in which they differ."""
    rows = [row for row in zip(*(one.words for one in found), strict=True) if len({*row}) > 1]
    for number, one in enumerate(found):
        yield one, [row[number] for row in rows[:SHOWN]]


def _mark(content: bytes) -> tuple[bytes, str]:
    """The byte order mark and the encoding that it means; nothing if there is none."""
    return next(((mark, name) for mark, name in _BOMS if content.startswith(mark)), (b"", ""))


def _wide_without_mark(content: bytes) -> str:
    """UTF-16 whose mark was lost: digits and separators have a NUL, always on the same side."""
    head = content[:_LOOKED_AT]
    even, odd = head[::2].count(0), head[1::2].count(0)
    if bool(even) == bool(odd) or max(even, odd) <= max(1, len(head) // 40):
        return ""
    likely = "utf-16-le" if odd else "utf-16-be"
    return likely if "\n" in head.decode(likely, "ignore") else ""


def is_sound(text: str) -> bool:
    """Whether text holds no byte that could not be decoded."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _is_mostly_utf8(body: bytes) -> bool:
    """Whether the bytes are UTF-8, perhaps with a few that are broken.

    Text in other encodings has next to no byte pairs that are valid UTF-8 by chance.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        text = body.decode("utf-8", "surrogateescape")
        broken = len(text) - len(text.encode("utf-8", "ignore").decode("utf-8"))
        wide = len(text) - broken - len(text.encode("ascii", "ignore"))
        return wide > 4 * broken
    return True


def _known_encoding(encoding: str) -> str:
    if not encoding:
        return ""
    try:
        known = codecs.lookup(encoding).name
        "".encode(known)  # refuses rot13, zip and their kin, which are no text encodings
    except LookupError:
        raise BadUsage(
            tr("{!r} is not a known encoding", encoding),
            "e.g. utf-8, cp1251, cp1250, cp1252, mac-roman, utf-16",
        ) from None
    return {"utf-8-sig": "utf-8"}.get(known, known)
