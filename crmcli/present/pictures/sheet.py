"""Figures as an Excel workbook: a sheet each, whose numbers, shares, days and amounts are real ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from crmcli.language import tr
from crmcli.model.figures import FigureRow, Figures, Number, Shown
from crmcli.model.money import SIGNS
from crmcli.present.pictures.panels import currencies, head, nothing, value_of
from crmcli.present.text_width import one_line

if TYPE_CHECKING:
    from crmcli.formats.xlsx_sheets import Cell, Sheet

_FORMATS = {
    "count": "#,##0",
    "number": "#,##0.00",
    "percent": "0.0%",
    "days": "0.0",
    "hours": "0.0",
    "date": "yyyy-mm-dd",
}
_DAYS = {"day": "yyyy-mm-dd", "month": "yyyy-mm"}
MOST_OF_A_NAME = 31
"""Letters that Excel allows in the name of a sheet."""
_REFUSED = re.compile(r"[\[\]:*?/\\']")
"""What it refuses there."""


class _Place(NamedTuple):
    """A column of numbers: a measure in a currency, of the period or of the one before."""

    measure: Shown
    code: str
    is_before: bool

    @property
    def head(self) -> str:
        name = tr(self.measure.label) or self.measure.name
        name = f"{name}, {self.code}" if self.code else name
        return tr("{}, before", name) if self.is_before else name

    @property
    def format(self) -> str:
        if self.measure.unit == "sums":
            return f"#,##0.00 [${SIGNS.get(self.code, self.code)}]"
        return _FORMATS[self.measure.unit]

    def cell(self, row: FigureRow) -> Cell:
        values: Mapping[str, Number] = row.before if self.is_before else row.values
        if self.measure.unit == "date":
            return _day(str(values.get(self.measure.name) or "")) or ""
        value = value_of(values, self.measure, self.code)
        if value is None:
            return ""
        return value / 100 if self.measure.unit == "percent" else value


def workbook(sections: Sequence[Figures]) -> bytes:
    """A workbook of several reports; NotInstalled without the extra."""
    from crmcli.formats.xlsx_sheets import write_sheets

    return write_sheets([_sheet(*one) for one in zip(sections, _names(sections), strict=True)])


def _sheet(figures: Figures, name: str) -> Sheet:
    from crmcli.formats.xlsx_sheets import Sheet

    places = [*_places(figures)]
    dated = [_date_format(figures, n) for n in range(len(figures.dimensions))]
    heads = [tr(one.label) or one.name for one in figures.dimensions]
    rows = [[*_keys(row, dated), *(place.cell(row) for place in places)] for row in figures.rows]
    total: list[Cell] = []
    if figures.total and heads:
        cells = [place.cell(figures.total) for place in places]
        total = [tr("Total"), *[""] * (len(heads) - 1), *cells]
    below = [head(figures), *map(tr, figures.notes)] if rows else [nothing(figures)]
    return Sheet(
        name, [*heads, *(place.head for place in places)], rows,
        [*dated, *(place.format for place in places)], total, [one_line(text) for text in below],
    )  # fmt: skip


def _places(figures: Figures) -> Iterator[_Place]:
    for measure in figures.measures:
        for code in currencies(figures, measure) if measure.unit == "sums" else [""]:
            yield _Place(measure, code, is_before=False)
            if figures.compared:
                yield _Place(measure, code, is_before=True)


def _date_format(figures: Figures, n: int) -> str:
    """How the days of a dimension are shown; "" where it has none, or something else too."""
    found = _DAYS.get(figures.dimensions[n].step, "")
    return found if all(_day(row.keys[n]) or not row.keys[n] for row in figures.rows) else ""


def _day(key: str) -> date | None:
    """The day of a key, the first one of a month's."""
    try:
        return date.fromisoformat(key if len(key) > 7 else f"{key}-01")
    except ValueError:
        return None


def _keys(row: FigureRow, dated: Sequence[str]) -> Iterator[Cell]:
    for key, word, has_days in zip(row.keys, row.words, dated, strict=True):
        day = _day(key) if has_days else None
        yield day or one_line(word) or tr("(none)")


def _names(sections: Sequence[Figures]) -> Iterator[str]:
    """A name for each sheet that Excel takes, and no two alike."""
    taken = {"", "history"}
    for figures in sections:
        name = _REFUSED.sub(" ", one_line(tr(figures.title)))[:MOST_OF_A_NAME].strip()
        number = 1
        made = name
        while made.casefold() in taken:
            number += 1
            made = f"{name[: MOST_OF_A_NAME - len(str(number)) - 1]} {number}".strip()
        taken.add(made.casefold())
        yield made
