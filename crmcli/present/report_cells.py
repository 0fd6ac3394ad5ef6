"""The cells of a report: named by row and column or by what they show, and of what each is made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from crmcli.errors import BadUsage
from crmcli.language import counted, together, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.figures import FigureRow, Figures, Number, Shown
from crmcli.model.listed import allowed_hint
from crmcli.model.report import Behind, Measure
from crmcli.model.values import entity_of, fold
from crmcli.model.words import in_words
from crmcli.present.cells import Column, Listing, Locale, shown_as
from crmcli.present.columns import for_people as as_people_read
from crmcli.present.figures import BEFORE, listing, name_of, seen

if TYPE_CHECKING:
    from crmcli.reports.engine import Reading
    from crmcli.workspace import Workspace

_OF_SEVERAL = (
    Column("entity", "What", "word"),
    Column("name", "Name"),
    Column("id", "Id", keep=True),
)
"""How records of several nouns are listed together."""
_OF_RECORDS = ("distinct", "first", "last")
"""What adds up to nothing: the records behind it say it themselves."""
_DRESS = re.compile(r"[\s'’_]|[^\W\d]|[%₽$€£¥]")
"""What stands in a number as people read it, beside its digits: blanks, units, signs of currencies."""
_BARE = re.compile(r"-?\d(?:[\d.,]*\d)?")


class Spot(NamedTuple):
    """One cell: its row, its column, whether of the period before."""

    reading: Reading
    figures: Figures
    row: FigureRow
    column: Shown
    before: bool = False

    @property
    def value(self) -> Number:
        """What stands in it."""
        return (self.row.before if self.before else self.row.values).get(self.column.name)

    @property
    def measure(self) -> Measure | None:
        """What it measures; None of what is reckoned beside the report, as a plan."""
        found = [m for m in self.reading.report.measures if m.name == self.column.name]
        return found[0] if found else None

    @property
    def name(self) -> str:
        """By what it is asked for: its row, by number where others are called the same, and its column."""
        rows = self.figures.rows
        if not self.figures.dimensions:
            return _head(self.column, before=self.before)
        own = "/".join(self.row.words)
        if self.row is self.figures.total:
            own = tr("Total")
        elif ["/".join(row.words) for row in rows].count(own) > 1:
            own = str([*rows].index(self.row) + 1)
        return f"{own},{_head(self.column, before=self.before)}"


def _head(column: Shown, *, before: bool = False) -> str:
    label = tr(column.label) or in_words(column.name)
    return f"{label} {tr('before')}" if before else label


# --- which cell is meant ------------------------------------------------------------------------


def spot_at(reading: Reading, figures: Figures, text: str) -> Spot:
    """The cell ROW,COLUMN, each by its number from 1 or by name; BadUsage for one that there is not."""
    first, _, last = text.rpartition(",")
    for comma in re.finditer(",", text):  # names have commas too
        head, tail = text[: comma.start()], text[comma.end() :]
        if row_named(figures, head) and _column_named(reading, figures, tail):
            first, last = head, tail
    column = _column_named(reading, figures, last)
    if column is None:
        known = [_head(one) for one in seen(figures).measures]
        words = [*known, *(one.name for one in figures.measures)]
        hint = allowed_hint(last.strip(), words, tr("there are"), known)
        raise BadUsage(tr("no column {!r}", last.strip()), hint)
    row = row_named(figures, first)
    if row is None:
        names = ["/".join(row.words) for row in figures.rows]
        hint = allowed_hint(first.strip(), names, tr("there are"), names)
        raise BadUsage(tr("no row {!r}", first.strip()), hint)
    return Spot(reading, figures, row, *column)


def row_named(figures: Figures, text: str) -> FigureRow | None:
    """A row by what it is called, or by its number from 1; all of them for "" or `total`."""
    wanted = fold(text.strip())
    if wanted in ("", "total", fold(tr("Total"))) and figures.total is not None:
        return figures.total
    numbered = {str(n): row for n, row in enumerate(figures.rows, 1)}
    named = {fold("/".join(row.words)): row for row in reversed(figures.rows)}
    keyed = {fold("/".join(row.keys)): row for row in reversed(figures.rows)}
    return (
        named.get(wanted) or numbered.get(wanted) or keyed.get(wanted)
    )  # as people see them first


def _column_named(reading: Reading, figures: Figures, text: str) -> tuple[Shown, bool] | None:
    """A column by its name or its head, or by its number as the table for people has it; with whether it is
    of the period before."""
    wanted = fold(text.strip())
    if wanted.isdecimal():
        names = [column.name for column in listing(figures, {}, for_people=True).columns]
        wanted = dict(enumerate(names, 1)).get(int(wanted), "")
    told = {*reading.elsewhere, *(one.name for one in figures.measures)}
    hidden = [Shown(m.name, m.label, m.unit) for m in reading.report.measures if m.name not in told]
    for one in (*figures.measures, *hidden):
        if wanted in (one.name, fold(tr(one.label))) and wanted:
            return one, False
        if figures.compared and wanted in (one.name + BEFORE, fold(_head(one, before=True))):
            return one, True
    return None


def spots_of(reading: Reading, figures: Figures, text: str) -> list[Spot]:
    """The cells in which a number or a day stands, as people or as programs read it."""
    wanted = _numbers(text)
    rows = [*figures.rows, *([figures.total] if figures.total and figures.dimensions else [])]
    for some in (seen(figures).measures, figures.measures):
        found = [
            spot
            for row in rows
            for one in some
            for before in (False, *([True] if figures.compared else []))
            if _shows((spot := Spot(reading, figures, row, one, before)).value, wanted, text)
        ]
        if found:
            return found
    return []


def number_named(reading: Reading, figures: Figures, text: str) -> Spot | None:
    """One of the numbers that stand each by itself, by its name."""
    column = (
        None if figures.dimensions or not figures.rows else _column_named(reading, figures, text)
    )
    return Spot(reading, figures, figures.rows[0], *column) if column else None


def is_written_number(text: str) -> bool:
    """Whether a text can only be a number, not a row and a column by theirs."""
    return bool(_numbers(text)) and not re.fullmatch(r"\s*\d+\s*,\s*\d+\s*", text)


def _numbers(text: str) -> list[Decimal]:
    """What a text may mean as a number: 1 234,50 and 1,234.50 alike; of 1,234 both readings."""
    bare = _DRESS.sub("", text.replace("−", "-"))
    forms = set()
    for thousands, point in (",.", ".,"):
        whole, _, part = bare.partition(point)
        first, *groups = whole.split(thousands)
        is_number = _BARE.fullmatch(bare) and part.isdecimal() >= bool(part)
        if is_number and all(len(one) == 3 for one in groups) and (thousands == "," or "," in bare):
            forms.add("".join([first, *groups]) + (f".{part}" if part else ""))
    return [Decimal(form) for form in forms]


def _shows(value: Number, wanted: Sequence[Decimal], text: str) -> bool:
    """Whether a value is one of the numbers, with as many decimals as those have; or a day so written."""
    if isinstance(value, str):
        return value == text.strip()
    found = value.values() if isinstance(value, Mapping) else [] if value is None else [value]
    return any(round(Decimal(str(v)), _places(one)) == one for v in found for one in wanted)


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return -exponent if isinstance(exponent, int) else 0


# --- of what it is made -------------------------------------------------------------------------


def behind(ws: Workspace, spot: Spot) -> Listing:
    """The records behind a cell, as lists show them, and what of each counts where they do not say it."""
    measure = spot.measure
    if measure is None:
        return Listing([], [], _of_no_records(spot))
    part = measure if not measure.is_reckoned else spot.reading.named(measure.part or measure.over)
    return _listed(ws, part, parts_of(spot, part))


def parts_of(spot: Spot, measure: Measure) -> Sequence[Behind]:
    """What a measure counts in the row of a cell."""
    keys = () if spot.row is spot.figures.total else spot.row.place
    return spot.reading.behind(keys, measure, before=spot.before)


def _of_no_records(spot: Spot) -> str:
    if spot.column.name in ("plan", "plan_count"):
        return tr("what plans.yaml says: crm plan list")
    return tr("{} follows from the other columns of its row", _head(spot.column))


def _listed(ws: Workspace, measure: Measure, parts: Sequence[Behind]) -> Listing:
    raw = {str(row["id"]): dict(row) for row in ws.rows_of([*{p.record: 0 for p in parts}])}
    entities = {entity_of(one) for one in raw}
    columns: Sequence[Column] = _OF_SEVERAL
    if len(entities) < 2:
        columns = as_people_read(ws, min(entities, default="deal"), (), [*raw.values()])
    is_told = measure.of in {column.name for column in columns}
    is_once = len({p.record for p in parts}) == len(parts)
    if measure.how in ("records", *_OF_RECORDS) or (
        is_once and (is_told or all(_is_one(p) for p in parts))
    ):
        rows = [{"entity": entity_of(one), **row} for one, row in raw.items()]
        return Listing(rows if len(entities) > 1 else [*raw.values()], columns, "no records")
    money = any(one.currency for one in parts)
    value = Column(
        "value",
        measure.label if measure.of else tr("Times"),
        "money" if money else measure.unit,
        currency="value_currency",
    )
    parted: list[dict[str, Any]] = [
        {"entity": entity_of(p.record), **raw[p.record], "value": _rounded(p.value)}
        | ({"value_currency": p.currency} if money else {})
        for p in parts
        if p.record in raw
    ]
    return Listing(parted, [columns[0], value, *columns[1:]], "no records")


def _is_one(part: Behind) -> bool:
    return part.value == 1 and not part.currency


def _rounded(value: float | Decimal) -> float | Decimal:
    return round(value, 2) if isinstance(value, float) else value


def explained(spot: Spot, locale: Locale) -> Iterator[str]:
    """How a cell is made, in words: what it is and of how much."""
    told = shown_as(spot.column.unit, spot.value, locale)
    yield f"{spot.name}: {told or '–'}"
    measure = spot.measure
    if measure is None:
        return
    if measure.is_reckoned:
        yield _of_two(spot, measure, locale)
        return
    if measure.how in _OF_RECORDS:
        return
    parts = parts_of(spot, measure)
    values = [Decimal(str(one.value)) for one in parts]
    number = counted(len(values), "value")
    if measure.how == "median":
        ends = [_in_words(measure, v, locale) for v in (min(values), max(values))] if values else []
        if len({one.currency for one in parts}) == 1:
            yield tr("median: {}, from {} to {}", number, *ends)
    elif measure.how == "p90":
        yield tr("P90: {}, nine of ten are not above it", number)
    elif measure.how in ("sum", "average"):
        yield tr("sum: {}", number) if measure.how == "sum" else tr("average: {}", number)
    elif sum(values) > len({one.record for one in parts}):
        nouns = Counter(map(entity_of, {one.record for one in parts}))
        records = [counted(n, noun, ENTITIES[noun].plural) for noun, n in nouns.most_common()]
        yield tr("counted more than once where a record has several: {}", together(records))
    if isinstance(spot.value, Mapping) and {p.currency for p in parts} - {*spot.value}:
        yield tr("at the rates of today")


def _of_two(spot: Spot, measure: Measure, locale: Locale) -> str:
    """A share or a ratio as the part and the whole of which it is."""
    values = spot.row.before if spot.before else spot.row.values
    whole = values.get(measure.over)
    if measure.how == "of_all":
        from crmcli.reports.reckoned import WHOLE

        total = spot.reading.total_before if spot.before else spot.reading.total
        whole = values.get(measure.name + WHOLE, total.get(measure.over))
    part, over = (spot.reading.named(name) for name in (measure.part, measure.over))
    names = [_head(Shown(one.name, one.label)) for one in (part, over)]
    words = [_told(part, values.get(part.name), locale), _told(over, whole, locale)]
    told = (names[0], words[0], names[1], words[1])
    if measure.how == "of_all":
        return tr("{} ({}) of all: {} ({})", *told)
    if measure.how == "ratio":
        return tr("{} ({}) divided by {} ({})", *told)
    return tr("{} ({}) of {} ({})", *told)


def _told(measure: Measure, value: Number, locale: Locale) -> str:
    return shown_as(measure.unit, value, locale) or "–"


def _in_words(measure: Measure, value: Decimal, locale: Locale) -> str:
    if measure.unit == "sums":
        return locale.amount(value)
    return shown_as(measure.unit, value, locale)


def rows_of(figures: Figures) -> list[dict[str, Any]]:
    """The figures as programs read them, by which one sees whether they changed."""
    names = [name_of(one) for one in figures.dimensions]
    return [
        {**dict(zip(names, row.keys, strict=False)), **row.values, "before": row.before}
        for row in (*figures.rows, *([figures.total] if figures.total else []))
    ]
