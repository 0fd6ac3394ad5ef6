"""Excel workbooks: a sheet read row by row as text, behind limits that no zip bomb passes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, Refused
from crmcli.formats.csv import CELL_LIMIT, unique_labels
from crmcli.formats.encodings import TableUnreadable
from crmcli.formats.rows import Figure, FileRow
from crmcli.formats.xlsx_currencies import Currencies
from crmcli.formats.xlsx_size import check_size
from crmcli.language import tr

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook

OLD, NEW = b"\xd0\xcf\x11\xe0", b"PK\x03\x04"
INSTALL = "pip install 'crmcli[xlsx]'"


class NotInstalled(Refused):
    """What the work needs is an extra that is not installed."""


@dataclass(frozen=True)
class Workbook:
    """One sheet of a workbook: its header read, its rows made text as they are asked for.

    `others` are the sheets beside it that people see, if nobody said which is meant.
    """

    name: str
    header: tuple[str, ...]
    sheet: str
    others: tuple[str, ...]
    first_line: int  # of the header
    content: bytes
    _book: CalamineWorkbook
    _rows: CalamineSheet

    encoding = "xlsx"
    delimiter = ""

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """A name of its own for each column."""
        return unique_labels(self.header)

    def beginnings(self, most: int) -> Iterator[Workbook]:
        """The sheet as it is if its header stands in one of the next filled rows."""
        for line, cells in enumerate(self._rows.iter_rows(), start=1):
            header = [_text(cell).strip() for cell in cells] if line >= self.first_line else []
            if any(header) and most:
                most -= 1
                while not header[-1]:
                    header.pop()
                yield replace(self, header=tuple(header), first_line=line)

    def turned_to(self, sheet: str) -> Workbook:
        """Another sheet of the same workbook."""
        rows = _loaded(self._book, self.name, sheet)
        others = tuple(label for label in (self.sheet, *self.others) if label != sheet)
        return _begun(replace(self, sheet=sheet, others=others, _rows=rows))

    def rows(self) -> Iterator[FileRow]:
        """Every row below the header; formulas are their values, dates and numbers as we write them.

        A text in cells that are merged downwards is that of each row; a number may be their sum.
        """
        begun = self._merged
        held: dict[int, tuple[object, int]] = {}
        for line, cells in enumerate(self._rows.iter_rows(), start=1):
            if line > self.first_line:
                texts = _with_merged(line, cells, held) if held else cells
                yield _as_row(line, self._with_currencies(line, texts), len(self.header))
                ends = begun.get(line, ())
                held.update({n: (cells[n], last) for n, last in ends if isinstance(cells[n], str)})

    @cached_property
    def _currencies(self) -> Currencies | None:
        return Currencies(self.content, self.sheet) if self.content.startswith(NEW) else None

    def _with_currencies(self, line: int, cells: Sequence[object]) -> Sequence[object]:
        """The cells, a number that shows a currency with its code."""
        found = [*cells]
        for place in self._currencies.columns if self._currencies else ():
            cell = found[place] if place < len(found) else ""
            if isinstance(cell, int | float) and not isinstance(cell, bool) and self._currencies:
                found[place] = Figure(f"{_text(cell)} {self._currencies.of(line, place)}".strip())
        return found

    @cached_property
    def _merged(self) -> dict[int, list[tuple[int, int]]]:
        """Of rows with cells that are merged downwards: their columns, and the last row of each."""
        found: dict[int, list[tuple[int, int]]] = {}
        for (top, left), (bottom, right) in self._rows.merged_cell_ranges or ():
            if left == right and left < len(self.header):
                found.setdefault(top + 1, []).append((left, bottom + 1))
        return found


def is_workbook(content: bytes) -> bool:
    """Whether bytes begin like a workbook, old or new."""
    return content.startswith((OLD, NEW))


def read_workbook(content: bytes, name: str, sheet: str = "") -> Workbook:
    """Open a sheet by its name or number, else the first; `name` is what complaints call the file.

    Raises TableUnreadable for what is no workbook or more than one may hold, BadUsage for an unknown
    sheet, NotInstalled without the extra.
    """
    if content.startswith(NEW):
        check_size(content, name)
    book = _opened(content, name)
    chosen, others = _chosen(book, name, sheet)
    rows = _loaded(book, name, chosen)
    return _begun(Workbook(name, (), chosen, others, 1, content, book, rows))


def _begun(book: Workbook) -> Workbook:
    """The sheet with its first filled row as its header; TableUnreadable if it has none."""
    begun = next(book.beginnings(1), None)
    if begun is not None:
        return begun
    raise TableUnreadable(
        tr("{}: sheet {!r} is empty", book.name, book.sheet), "a header and rows are needed"
    )


def _opened(content: bytes, name: str) -> CalamineWorkbook:
    try:
        import python_calamine
    except ImportError:
        raise NotInstalled(
            tr("{} is a workbook, and the package that reads it is not installed", name), INSTALL
        ) from None
    try:
        return python_calamine.CalamineWorkbook.from_object(io.BytesIO(content))
    except python_calamine.PasswordError:
        raise TableUnreadable(tr("{} has a password", name), "save it without one") from None
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise TableUnreadable(
            tr("{} cannot be read as a workbook: {}", name, error), "save it again, or as CSV UTF-8"
        ) from None


def _chosen(book: CalamineWorkbook, name: str, sheet: str) -> tuple[str, tuple[str, ...]]:
    """The sheet that is wanted, and those beside it that are not hidden."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    sheets = [m for m in book.sheets_metadata if m.typ == SheetTypeEnum.WorkSheet]
    seen = [m.name for m in sheets]
    shown = [m.name for m in sheets if m.visible == SheetVisibleEnum.Visible]
    if not seen:
        raise TableUnreadable(
            tr("{} has no sheet", name), "a sheet with a header and rows is needed"
        )
    if sheet.isdecimal() and sheet not in seen and 1 <= int(sheet) <= len(seen):
        sheet = seen[int(sheet) - 1]
    folded = {label.casefold(): label for label in seen}
    if sheet and sheet.casefold() not in folded:
        raise BadUsage(tr("{} has no sheet {!r}", name, sheet), tr("sheets: {}", ", ".join(seen)))
    chosen = folded[sheet.casefold()] if sheet else (shown or seen)[0]
    return chosen, () if sheet else tuple(label for label in shown if label != chosen)


def _loaded(book: CalamineWorkbook, name: str, sheet: str) -> CalamineSheet:
    import python_calamine

    try:
        return book.get_sheet_by_name(sheet)
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise TableUnreadable(
            tr("{}: sheet {!r} cannot be read: {}", name, sheet, error),
            "save it again, or as CSV UTF-8",
        ) from None


def _as_row(line: int, cells: Iterable[object], width: int) -> FileRow:
    texts = [_text(cell) for cell in cells]
    while len(texts) > width and not texts[-1].strip():
        texts.pop()
    texts += [""] * (width - len(texts))
    fault = ""
    if len(texts) > width:
        fault = tr("has {} cells, the header has {}", len(texts), width)
    elif any(len(text) > CELL_LIMIT for text in texts):
        fault = tr("a cell is longer than {:,} characters", CELL_LIMIT)
    elif any("\0" in text for text in texts):
        fault = "has a NUL byte"
    source = "\t".join(texts)[:CELL_LIMIT] if fault else ""
    return FileRow(line, tuple(texts), fault, source)


def _with_merged(
    line: int, cells: Sequence[object], held: dict[int, tuple[object, int]]
) -> Sequence[object]:
    """The cells of a row that has any, with what the merged ones above hold for it."""
    for place, (_, last) in [*held.items()]:
        if line > last:
            del held[place]
    if not any(cell not in ("", None) for cell in cells):
        return cells
    return [held[n][0] if n in held and cell == "" else cell for n, cell in enumerate(cells)]


def _text(value: object) -> str:
    """A cell as people would write it: 7707083893, 1200.5, 2026-11-23, yes."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return Figure(format(Decimal(format(value, ".15g")), "f"))  # as many digits as Excel shows
    if isinstance(value, datetime):
        return value.replace(microsecond=0).isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.replace(microsecond=0).isoformat()
    if isinstance(value, timedelta):
        minutes, seconds = divmod(int(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return "" if value is None else str(value)


def fits_a_number(text: str) -> bool:
    """Whether a decimal number comes back from a sheet digit by digit."""
    return format(Decimal(format(float(text), ".15g")), "f") == text
