"""Excel workbooks written: sheets of text, numbers and days; no text is ever a formula or a link."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from crmcli.errors import Refused
from crmcli.formats.xlsx import INSTALL, NotInstalled
from crmcli.formats.xlsx_size import MOST_ROWS
from crmcli.language import tr

MOST_LETTERS = 32_767
"""What Excel itself allows in a cell."""

Cell: TypeAlias = "str | Decimal | date"
"""What is written: text stays text, whatever it looks like."""

_LOST = re.compile("_x005[Ff]_x[0-9A-Fa-f]{4}_|[\ufffe\uffff]")
_WIDE = 18
"""Digits for which a column of formatted cells has room."""
_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - of every workbook: equal records, equal bytes


class Sheet(NamedTuple):
    """One sheet. `formats` say for each column how Excel shows its numbers and days, "" as usual; `total` is
    a last row in bold, `below` what is said under the table."""

    name: str
    header: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    formats: Sequence[str] = ()
    total: Sequence[Cell] = ()
    below: Sequence[str] = ()


def write_workbook(header: Sequence[str], rows: Iterable[Sequence[Cell]], sheet: str) -> bytes:
    """A workbook of one sheet; Refused for what no sheet can hold, NotInstalled without the extra."""
    return write_sheets([Sheet(sheet, header, rows)])


def write_sheets(sheets: Sequence[Sheet]) -> bytes:
    """A workbook of several sheets; Refused for what no sheet can hold, NotInstalled without the extra."""
    try:
        import xlsxwriter  # type: ignore[import-untyped]  # it has no stubs
    except ImportError:
        raise NotInstalled("the package that writes workbooks is not installed", INSTALL) from None
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "default_date_format": "yyyy-mm-dd"})
    book.set_properties({"created": _MADE})
    bold = book.add_format({"bold": True})
    for sheet in sheets:
        formats = [{"num_format": one} if one else {} for one in sheet.formats]
        plain = [book.add_format(one) if one else None for one in formats]
        strong = [book.add_format({"bold": True, **one}) for one in formats]
        _write(book.add_worksheet(sheet.name), sheet, bold, plain, strong)
    book.close()
    return out.getvalue()


def _write(page: Any, sheet: Sheet, bold: Any, plain: Sequence[Any], strong: Sequence[Any]) -> None:
    header = sheet.header
    page.freeze_panes(1, 0)
    if sheet.formats:
        page.set_column(0, len(header) - 1, _WIDE)
    for place, name in enumerate(header):
        page.write_string(0, place, name, bold)
    line = 0
    for line, cells in enumerate(sheet.rows, start=1):
        if line >= MOST_ROWS:
            raise Refused(
                tr("a sheet has at most {:,} rows", MOST_ROWS), "export CSV, or less: --where"
            )
        _write_row(page, line, cells, header, plain)
    page.autofilter(0, 0, max(line, 1), max(len(header) - 1, 0))
    if sheet.total:
        line += 1
        _write_row(page, line, sheet.total, header, strong)
    for number, text in enumerate(sheet.below, line + 2):
        page.write_string(number, 0, _checked(text, header[0], ""))


def _write_row(
    page: Any, line: int, cells: Sequence[Cell], header: Sequence[str], formats: Sequence[Any]
) -> None:
    for place, cell in enumerate(cells):
        shown = formats[place] if formats else None
        if isinstance(cell, str):
            if cell:
                page.write_string(line, place, _checked(cell, header[place], str(cells[0])), shown)
        elif isinstance(cell, Decimal):
            page.write_number(line, place, float(cell), shown)
        else:
            page.write_datetime(line, place, cell, shown)


def _checked(cell: str, column: str, record: str) -> str:
    if len(cell) > MOST_LETTERS:
        raise Refused(
            tr(
                "{} {}: a cell of a sheet has at most {:,} characters", record, column, MOST_LETTERS
            ),
            "export CSV or JSON lines",
        )
    if _LOST.search(cell):
        raise Refused(
            tr("{} {}: has text that a sheet would change", record, column),
            "export CSV or JSON lines",
        )
    return cell
