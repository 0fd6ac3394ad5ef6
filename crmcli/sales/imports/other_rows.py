"""Rows of a sheet that are no records: totals, notes below the table, numbers of its columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from crmcli.formats.csv import Table
from crmcli.formats.rows import FileRow
from crmcli.formats.xlsx import Workbook
from crmcli.model.amounts import read_money
from crmcli.model.currencies import CURRENCY_SIGNS
from crmcli.model.values import TwoReadings
from crmcli.sales.imports.mapping import Column
from crmcli.sales.imports.row_marks import (
    are_column_numbers,
    is_note,
    kind_of,
    label_of,
    may_be_note,
)
from crmcli.sales.imports.row_sums import Sums

TOTAL, NOTE, NUMBERS = "total", "note", "numbers"
"""What a row is that is no record."""

_TOTALS = ("total", "average")
"""Words of totals that stand alone at the end of a sheet; taxes and the like only beside those."""


class OtherRows:
    """Finds the rows that are no records; the sheet is read once more for it, if a row looks like one.

    A row of totals has a word like Итого and all else in it are sums or averages of the rows above, or
    since the last such row; taxes between totals belong to them. At the end of the sheet the bare word
    and numbers are enough. A note stands below all records.
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

    def kind(self, row: FileRow) -> str:
        """What a row of the file is; "" for a record."""
        if self._sheet is None:
            return ""
        cells = row.cells
        if may_be_note(cells) or label_of(cells) or are_column_numbers(cells):
            return self._kinds.get(row.line, "")
        return ""

    @cached_property
    def _kinds(self) -> Mapping[int, str]:
        assert self._sheet is not None
        reading = _Reading(self._numbers)
        numbers: Sequence[object] = ()
        previous: FileRow | None = None
        for row in self._sheet.rows():
            if row.fault or row.is_blank:
                continue
            if previous is None and are_column_numbers(row.cells):
                numbers = row.cells
            if row.cells == numbers:
                reading.found[row.line] = NUMBERS
            else:
                reading.take(row, is_below_gap=previous is not None and _ends(previous) < row.line)
            previous = row
        return reading.finished()

    def _numbers(
        self, row: FileRow, label: str, counts: Sequence[int]
    ) -> tuple[dict[int, Decimal], bool]:
        """The numbers of a row, and whether nothing stands beside them but a label, or, where names and
        phones stand, how many rows there are."""
        numbers: dict[int, Decimal] = {}
        is_bare = bool(label)
        for place, cell in enumerate(row.cells):
            text = str(cell).strip().casefold()
            is_rate = bool(label) and text.endswith("%")
            if not text.strip("-—–") or text == label or text in CURRENCY_SIGNS or is_rate:
                continue
            number = self._number(text, place) if self._may_sum[place] else None
            if number is None:
                is_bare = is_bare and self._number(text, place) in counts
            else:
                numbers[place] = number
        return numbers, is_bare

    def _number(self, text: str, place: int) -> Decimal | None:
        """A number as people write it, with or without its currency."""
        if not any(letter.isdecimal() for letter in text):
            return None
        try:
            return read_money(text, in_sheet=True)[0]
        except TwoReadings:
            point = self._point(self._labels[place])
            return read_money(text, point, in_sheet=True)[0] if point else None
        except ValueError:
            return None


def _ends(row: FileRow) -> int:
    """The line in which the next row begins, if no blank one stands between."""
    return row.line + 1 + sum(str(cell).count("\n") for cell in row.cells)


class _Pending(NamedTuple):
    """A row that is no record if none comes below it."""

    line: int
    numbers: Mapping[int, Decimal]
    kind: str


class _Reading:
    """One reading of a sheet from above; `found` has the kinds of rows by their lines."""

    def __init__(
        self, numbers: Callable[[FileRow, str, Sequence[int]], tuple[dict[int, Decimal], bool]]
    ) -> None:
        self.found: dict[int, str] = {}
        self._numbers = numbers
        self._whole, self._part, self._last = Sums(), Sums(), Sums()
        self._pending: list[_Pending] = []
        self._taxes: dict[int, Decimal] = {}  # between the totals that were found last
        self._is_among_totals = False
        self._least = 1_000  # filled cells of a record
        self._has_short = False

    def take(self, row: FileRow, *, is_below_gap: bool) -> None:
        """Take the next row."""
        label = label_of(row.cells)
        numbers, is_bare = self._numbers(row, label, (self._whole.rows, self._part.rows))
        kind = kind_of(label) if is_bare else ""
        if is_bare and any(numbers.values()) and self._agree(numbers, kind):
            self._find_total(row.line)
        elif self._is_among_totals and kind not in ("", "total"):
            self.found[row.line] = TOTAL
            self._add_tax(numbers, kind)
        elif kind and (numbers or label[-1:].isdecimal()):
            self._pending.append(_Pending(row.line, numbers, kind))
            self._add_tax(numbers, kind)
        elif self._is_note(row, is_below_gap=is_below_gap):
            self._pending.append(_Pending(row.line, numbers, NOTE))
        else:
            self._take_record(row, numbers)

    def _agree(self, numbers: Mapping[int, Decimal], kind: str) -> bool:
        said = (Sums(pending.numbers) for pending in self._pending if pending.kind == TOTAL)
        sums = (self._part, self._whole, self._last, *said)
        if kind == "average" and any(each.have_averages(numbers) for each in sums):
            return True
        return any(each.are(numbers, self._taxes) for each in sums)

    def _find_total(self, line: int) -> None:
        self._settle()
        self.found[line] = TOTAL
        if self._part.rows:  # the next rows are another group
            self._last, self._part = self._part, Sums()
        self._is_among_totals = True

    def _settle(self) -> None:
        """What was pending is what it looked like."""
        self.found.update((p.line, NOTE if p.kind == NOTE else TOTAL) for p in self._pending)
        self._pending.clear()

    def _add_tax(self, numbers: Mapping[int, Decimal], kind: str) -> None:
        for place, number in numbers.items() if kind == "tax" else ():
            self._taxes[place] = self._taxes.get(place, Decimal(0)) + number

    def _is_note(self, row: FileRow, *, is_below_gap: bool) -> bool:
        filled = sum(bool(str(cell).strip()) for cell in row.cells)
        if not may_be_note(row.cells) or not self._whole.rows:
            return False
        has_less = filled < self._least
        is_alone = row.is_short and not self._has_short
        is_below = self._is_among_totals or any(p.kind != NOTE for p in self._pending)
        is_apart = has_less and (is_below_gap or is_alone or is_below or bool(self._pending))
        return is_note(row.cells, is_apart=is_apart, is_below_total=is_below and has_less)

    def _take_record(self, row: FileRow, numbers: Mapping[int, Decimal]) -> None:
        for more in [*(pending.numbers for pending in self._pending), numbers]:
            self._whole.add(more)
            self._part.add(more)
        self._pending.clear()
        self._taxes.clear()
        self._is_among_totals = False
        self._has_short = self._has_short or row.is_short
        self._least = min(self._least, sum(bool(str(cell).strip()) for cell in row.cells))

    def finished(self) -> Mapping[int, str]:
        """The kinds by line, now that no record comes any more."""
        if not any(pending.kind in _TOTALS for pending in self._pending):
            self._pending = [pending for pending in self._pending if pending.kind == NOTE]
        self._settle()
        return self.found
