"""How large a workbook may be: measured before it is read, so that no zip bomb passes."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import IO

from crmcli.formats.encodings import TableUnreadable
from crmcli.language import tr

MOST_UNPACKED = 1 << 29
"""Bytes that all parts of a workbook may have when they are unpacked."""

MOST_PARTS = 5_000
MOST_CELLS = 10_000_000
"""Cells between the first one of a sheet and its last: the reader holds all of them, empty or not."""

MOST_ROWS = 1_048_576
"""What Excel itself allows in a sheet."""

_CELL = re.compile(rb"<(?:\w+:)?c\b([^<>]*[^<>/])>|<(?:\w+:)?row\b")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,9})[\"']")
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_BLOCK = 1 << 20


def check_size(content: bytes, name: str) -> None:
    """Refuse what would not fit: the parts are unpacked once, and their cells are measured."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            entries = parts.infolist()
            if not any(entry.filename == "xl/workbook.xml" for entry in entries):
                raise TableUnreadable(
                    tr("{} is an archive, not a workbook", name), "unpack it first"
                )
            unpacked = sum(entry.file_size for entry in entries)
            if len(entries) > MOST_PARTS or unpacked > MOST_UNPACKED:
                raise TableUnreadable(
                    tr(
                        "{} unpacks to {} MB in {} parts, too much for a sheet",
                        name,
                        unpacked >> 20,
                        len(entries),
                    ),
                    "save the sheet as CSV UTF-8, or split it",
                )
            for entry in entries:
                with parts.open(entry) as part:
                    _check_part(part, name, is_sheet=bool(_SHEET.fullmatch(entry.filename)))
    except (
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
    ) as error:
        raise TableUnreadable(
            tr("{} is a damaged workbook: {}", name, error), "save it again, or as CSV UTF-8"
        ) from None


def _check_part(part: IO[bytes], name: str, *, is_sheet: bool) -> None:
    rest, top, left, bottom, right, rows = b"", MOST_ROWS, 1 << 14, 0, 0, 0
    while block := part.read(_BLOCK):
        if not is_sheet:
            continue
        text = rest + block
        for cell in _CELL.finditer(text):
            if cell[1] is None:
                rows += 1
                continue
            place = _PLACE.search(cell[1])
            if place:
                column, row = _number(place[1]), int(place[2])
                top, bottom = min(top, row), max(bottom, row)
                left, right = min(left, column), max(right, column)
        cut = text.rfind(b"<")
        rest = text[cut:] if cut >= 0 and len(text) - cut < _BLOCK else b""
    cells = max(0, bottom - top + 1) * max(0, right - left + 1)
    if cells > MOST_CELLS or rows > MOST_ROWS:
        raise TableUnreadable(
            tr(
                "{} has a sheet of {:,} rows and {:,} columns, more than {:,} cells",
                name,
                bottom,
                right,
                MOST_CELLS,
            ),
            "delete stray cells far out, save the sheet as CSV UTF-8, or split it",
        )


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
