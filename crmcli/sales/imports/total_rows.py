"""Summary rows of a sheet: totals of the rows above them, and the notes below its end."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import cached_property

from crmcli.formats.csv import Table
from crmcli.formats.rows import FileRow
from crmcli.formats.xlsx import Workbook
from crmcli.model.amounts import read_money
from crmcli.model.currencies import CURRENCY_SIGNS
from crmcli.model.values import TwoReadings
from crmcli.sales.imports.mapping import Column

_WORDS = (
    "итого", "всего", "итог", "общий итог", "промежуточный итог", "сумма", "total", "totals", "sub total",
    "sub-total", "subtotal", "grand total", "sum",
)  # fmt: skip
_ENDS = ("итог", "total", "totals")
"""How Excel's own subtotals end: `Москва Итог`, `Moscow Total`."""

_PLAIN = re.compile(
    rf"(?:{'|'.join(_WORDS)})(?:\s*[:.=]*|\s*:\s*[\d\s.,]+|\s+(?:записей|строк|rows|records)\s*:?\s*\d+)"
)
_ABOUT = re.compile(r"[*—–-]|[^\d:]{3,40}:")
_LONGEST = 80
_CENT = Decimal("0.01")


class TotalRows:
    """Finds the summary rows of a sheet; the sheet is read once more for it, if a row looks like one.

    A row is one if a cell has a word like Итого and all else in it are sums of the rows above, or since the
    last such row. At the end of the sheet the bare word and numbers are enough, and a row with one cell is a
    note there: below the total, or below an empty row, if it says what it is about (`Compiled by: …`).
    """

    def __init__(
        self,
        source: object,
        columns: Sequence[Column],
        is_number: Callable[[Column], bool],
        point: Callable[[str], str],
    ) -> None:
        self._sheet = source if isinstance(source, Table | Workbook) else None
        self._labels = [column.label for column in columns]
        self._point = point
        self._may_sum = [column.target is None or is_number(column) for column in columns]

    def has(self, row: FileRow) -> bool:
        """Whether a row of the file is a summary, or a note below."""
        if self._sheet is None or not (_label(row.cells) or _note(row.cells)):
            return False
        return row.line in self._lines

    @cached_property
    def _lines(self) -> frozenset[int]:
        assert self._sheet is not None
        found: set[int] = set()
        whole, part = _Sums(), _Sums()
        open_: list[tuple[int, dict[int, Decimal]]] = []  # may be the end of the sheet
        is_over = is_parted = False
        for row in self._sheet.rows():
            if row.fault or row.is_blank:
                is_parted = is_parted or row.is_blank
                continue
            note = _note(row.cells)
            if note and (is_over or (is_parted and _ABOUT.match(note))):
                open_.append((row.line, {}))
                continue
            label = _label(row.cells)
            numbers, is_bare = self._numbers(row, label, (whole.rows, part.rows))
            if is_bare and any(numbers.values()) and (part.are(numbers) or whole.are(numbers)):
                found.add(row.line)
                part = _Sums()  # the next rows are another group
                is_over = True
            elif is_bare and _PLAIN.fullmatch(label) and (numbers or label[-1:].isdigit()):
                open_.append((row.line, numbers))
                is_over = True
            else:
                is_over = is_parted = False
                for more in [*(earlier for _, earlier in open_), numbers]:
                    whole.add(more)
                    part.add(more)
                open_.clear()
        return frozenset({*found, *(line for line, _ in open_)})

    def _numbers(
        self, row: FileRow, label: str, counts: Sequence[int]
    ) -> tuple[dict[int, Decimal], bool]:
        """The numbers of a row, and whether nothing stands beside them but a label, or, where names and
        phones stand, how many rows there are."""
        numbers: dict[int, Decimal] = {}
        is_bare = bool(label)
        for place, cell in enumerate(row.cells):
            text = _folded(str(cell))
            if not text.strip("-—–") or text == label or text in CURRENCY_SIGNS:
                continue
            number = self._number(text, place) if self._may_sum[place] else None
            if number is None:
                is_bare = is_bare and self._number(text, place) in counts
            else:
                numbers[place] = number
        return numbers, is_bare

    def _number(self, text: str, place: int) -> Decimal | None:
        """A number as people write it, with or without its currency."""
        if not any(letter.isdigit() for letter in text):
            return None
        try:
            return read_money(text, in_sheet=True)[0]
        except TwoReadings:
            point = self._point(self._labels[place])
            return read_money(text, point, in_sheet=True)[0] if point else None
        except ValueError:
            return None


class _Sums:
    """What the columns of some rows come to."""

    def __init__(self) -> None:
        self._sums: dict[int, Decimal] = {}
        self.rows = 0

    def add(self, numbers: dict[int, Decimal]) -> None:
        self.rows += 1
        for place, number in numbers.items():
            self._sums[place] = self._sums.get(place, Decimal(0)) + number

    def are(self, numbers: dict[int, Decimal]) -> bool:
        """Whether these are the sums; a number of rows counts too."""
        return self.rows > 0 and all(
            abs(number - self._sums.get(place, Decimal(0))) <= _CENT or number == self.rows
            for place, number in numbers.items()
        )


def _label(cells: Sequence[object]) -> str:
    """The folded cell that names a summary, "" if none does."""
    for cell in cells:
        if isinstance(cell, str) and 2 < len(cell) <= _LONGEST:
            text = _folded(cell)
            if text.startswith(_WORDS) or text.endswith(_ENDS):
                return text
    return ""


def _note(cells: Sequence[object]) -> str:
    """The one text that a row of several columns holds; "" if it holds more."""
    texts = [text for cell in cells if (text := str(cell).strip())]
    return texts[0] if len(texts) == 1 and len(cells) > 2 and not texts[0].isdigit() else ""


def _folded(text: str) -> str:
    return text.strip().casefold()
