"""Which numbers of a sheet are shown with a currency: of `$2,500` the cell has 2500, its style the dollar."""

from __future__ import annotations

import io
import re
import zipfile
from bisect import bisect_right
from html import unescape

from crmcli.model.currencies import CODES, CURRENCY_SIGNS

_FORMAT = re.compile(r'<numFmt\b[^<>]*?\bnumFmtId="(\d+)"[^<>]*?\bformatCode="([^"]*)"')
_STYLES = re.compile(r"<cellXfs\b.*?</cellXfs>", re.DOTALL)
_STYLE = re.compile(r'<xf\b[^<>]*?\bnumFmtId="(\d+)"')
_SHEET = re.compile(r'<sheet\b[^<>]*?\bname="([^"]*)"[^<>]*?\br:id="([^"]*)"')
_PART = re.compile(r"<Relationship\b[^<>]*>")
_CELL = re.compile(rb"<c\b([^<>]*)>")
_PLACE = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_STYLED = re.compile(rb'\bs="([0-9]{1,5})"')
_SHOWN = re.compile(r'\[\$([^\]-]+)[^\]]*\]|"([^"]+)"|([$€£¥₽₴₸₺₹₪₩])')


class Currencies:
    """For each column the rows from which on its numbers have a currency, or none again.

    `columns` are those in which some number has one.
    """

    def __init__(self, content: bytes, sheet: str) -> None:
        self._from: dict[int, tuple[list[int], list[str]]] = {}
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            shown = _shown(book)
            path = _path(book, sheet) if any(shown) else ""
            for match in _CELL.finditer(book.read(path)) if path else ():
                self._note(match[1], shown)
        self.columns = [place for place, (_, codes) in self._from.items() if any(codes)]

    def _note(self, cell: bytes, shown: list[str]) -> None:
        place, styled = _PLACE.search(cell), _STYLED.search(cell)
        if place is None:
            return
        style = int(styled[1]) if styled else 0
        code = shown[style] if style < len(shown) else ""
        lines, codes = self._from.setdefault(_column(place[1]), ([0], [""]))
        if codes[-1] != code:
            lines.append(int(place[2]))
            codes.append(code)

    def of(self, line: int, place: int) -> str:
        """The currency of a number, "" if it shows none."""
        lines, codes = self._from[place]
        return codes[bisect_right(lines, line) - 1]


def _shown(book: zipfile.ZipFile) -> list[str]:
    """The currency of each style of cells."""
    text = _text(book, "xl/styles.xml")
    formats = {number: _currency(unescape(code)) for number, code in _FORMAT.findall(text)}
    styles = _STYLES.search(text)
    return [formats.get(number, "") for number in _STYLE.findall(styles[0])] if styles else []


def _currency(code: str) -> str:
    """The one currency that a format shows; feet and litres are none."""
    found: set[str] = set()
    for signed, quoted, sign in _SHOWN.findall(code):
        text = (signed or quoted or sign).strip().casefold()
        is_sure = signed or not (text.isalpha() and text.isascii()) or text.upper() in CODES
        if is_sure and text in CURRENCY_SIGNS:
            found.add(CURRENCY_SIGNS[text])
    return found.pop() if len(found) == 1 else ""


def _path(book: zipfile.ZipFile, sheet: str) -> str:
    named = {unescape(name): part for name, part in _SHEET.findall(_text(book, "xl/workbook.xml"))}
    for part in _PART.findall(_text(book, "xl/_rels/workbook.xml.rels")):
        if f'Id="{named.get(sheet)}"' in part and (target := re.search('Target="([^"]+)"', part)):
            path = target[1].lstrip("/")
            path = path if path.startswith("xl/") else f"xl/{path}"
            return path if path in book.namelist() else ""
    return ""


def _text(book: zipfile.ZipFile, name: str) -> str:
    return book.read(name).decode("utf-8", "replace") if name in book.namelist() else ""


def _column(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place - 1
