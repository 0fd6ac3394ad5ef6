"""Summary rows of a sheet: totals of the rows above them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property

from crmcli.formats.csv import Table
from crmcli.formats.rows import FileRow
from crmcli.formats.xlsx import Workbook
from crmcli.model.amounts import CURRENCY_SIGNS, read_money
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
_LONGEST = 80
_CENT = Decimal("0.01")


class TotalRows:
    """Finds the summary rows of a sheet; the sheet is read once more for it, if a row looks like one.

    A row is one if a cell has a word like Итого and all else in it are sums of the rows above, or since the
    last such row. At the end of the sheet the bare word and numbers are enough.
    """

    def __init__(
        self, source: object, columns: Sequence[Column], is_number: Callable[[Column], bool]
    ) -> None:
        self._sheet = source if isinstance(source, Table | Workbook) else None
        self._may_sum = [column.target is None or is_number(column) for column in columns]

    def has(self, row: FileRow) -> bool:
        """Whether a row of the file is a summary."""
        if self._sheet is None or not _label(row.cells):
            return False
        return row.line in self._lines

    @cached_property
    def _lines(self) -> frozenset[int]:
        assert self._sheet is not None
        found: set[int] = set()
        sums = _Sums(len(self._may_sum))
        open_: list[tuple[FileRow, dict[int, Decimal]]] = []  # may be the end of the sheet
        for row in self._sheet.rows():
            if row.fault or row.is_blank:
                continue
            label = _label(row.cells)
            numbers = self._numbers(row, label) if label else None
            if numbers and sums.agree(numbers):
                found.add(row.line)
                sums.close()
            elif (
                numbers is not None
                and _PLAIN.fullmatch(label)
                and (numbers or label[-1:].isdigit())
            ):
                open_.append((row, numbers))
            else:
                for other in [*(earlier for earlier, _ in open_), row]:
                    sums.add(self._all_numbers(other))
                open_.clear()
        return frozenset({*found, *(row.line for row, _ in open_)})

    def _numbers(self, row: FileRow, label: str) -> dict[int, Decimal] | None:
        """The numbers beside a label; None if anything else stands there too."""
        numbers: dict[int, Decimal] = {}
        for place, cell in enumerate(row.cells):
            text = str(cell).strip()
            if not text.strip("-—–") or _folded(text) == label or _folded(text) in CURRENCY_SIGNS:
                continue
            number = _number(text) if self._may_sum[place] else None
            if number is None:
                return None
            numbers[place] = number
        return numbers

    def _all_numbers(self, row: FileRow) -> dict[int, Decimal]:
        cells = (
            (n, _number(str(row.cells[n]))) for n, may_sum in enumerate(self._may_sum) if may_sum
        )
        return {place: number for place, number in cells if number is not None}


class _Sums:
    """What the columns come to so far, from the top and since the last summary."""

    def __init__(self, width: int) -> None:
        self._all, self._part = [Decimal(0)] * width, [Decimal(0)] * width
        self._rows = self._part_rows = 0

    def add(self, numbers: dict[int, Decimal]) -> None:
        self._rows += 1
        self._part_rows += 1
        for place, number in numbers.items():
            self._all[place] += number
            self._part[place] += number

    def close(self) -> None:
        """The next rows are another group."""
        self._part = [Decimal(0)] * len(self._part)
        self._part_rows = 0

    def agree(self, numbers: dict[int, Decimal]) -> bool:
        """Whether these are the sums of all rows, or of the group; a number of rows counts too."""
        return any(
            rows and all(abs(n - sums[place]) <= _CENT or n == rows for place, n in numbers.items())
            for sums, rows in ((self._part, self._part_rows), (self._all, self._rows))
        ) and any(numbers.values())


def _label(cells: Sequence[object]) -> str:
    """The folded cell that names a summary, "" if none does."""
    return next(_labels(cells), "")


def _labels(cells: Sequence[object]) -> Iterator[str]:
    for cell in cells:
        if isinstance(cell, str) and 2 < len(cell) <= _LONGEST:
            text = _folded(cell)
            if text.startswith(_WORDS) or text.endswith(_ENDS):
                yield text


def _folded(text: str) -> str:
    return text.strip().casefold()


def _number(text: str) -> Decimal | None:
    """A number as people write it, with or without its currency."""
    if not any(letter.isdigit() for letter in text):
        return None
    try:
        return read_money(text)[0]
    except ValueError:
        return None
