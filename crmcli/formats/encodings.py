"""From the bytes of a text file to its text: byte order mark, UTF-8, windows-1251, or as told."""

from __future__ import annotations

import codecs

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, InvalidData
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
_WIDE = {"utf-16": "utf-16-le", "utf-32": "utf-32-le"}


class TableUnreadable(InvalidData):
    """A file as a whole is no table: empty, not text, or its header line is broken."""


@dataclass(frozen=True, slots=True)
class TextRead:
    """Text with the encoding that it was in; bytes that are none stand in it as lone surrogates."""

    text: str
    encoding: str
    bom: bool


def decode(content: bytes, name: str, encoding: str = "") -> TextRead:
    """Decode by the byte order mark, else as strict UTF-8, else as windows-1251; or as told.

    A mostly good UTF-8 file is not taken for another encoding because of one bad byte. `name` is
    what complaints call the file. Raises BadUsage for an unknown encoding.
    """
    if content.startswith(_BOOKS):
        raise TableUnreadable(
            tr("{} is an Excel workbook or another archive", name), "save the sheet as CSV UTF-8"
        )
    mark, marked = next(((m, e) for m, e in _BOMS if content.startswith(m)), (b"", ""))
    chosen = _known_encoding(encoding) or marked or _wide_without_mark(content)
    if mark and _WIDE.get(chosen, chosen)[:6] != marked[:6]:
        mark = b""
    body = content[len(mark) :]
    is_wide = chosen.startswith(("utf-16", "utf-32"))
    if is_wide:
        chosen = marked if mark else _WIDE.get(chosen, chosen)
    chosen = chosen or ("utf-8" if _is_mostly_utf8(body) else "cp1251")
    try:
        text = body.decode(chosen, "strict" if is_wide else "surrogateescape")
    except UnicodeError as error:
        raise TableUnreadable(
            tr("{} is not {}: {}", name, chosen, error), "name its encoding with --encoding"
        ) from None
    return TextRead(text, chosen, bool(mark))


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

    Russian windows-1251 text has next to no byte pairs that are valid UTF-8 by chance.
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
            "e.g. utf-8, cp1251, koi8-r, cp866, utf-16",
        ) from None
    return {"utf-8-sig": "utf-8"}.get(known, known)
