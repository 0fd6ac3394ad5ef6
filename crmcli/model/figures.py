"""Figures: what a report answers with, whoever draws, prints or checks them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.periods import STEPS, Period
from crmcli.model.sums import rounded

Number: TypeAlias = "int | float | str | Decimal | Mapping[str, Decimal] | None"
"""A count, a number, a day, or amounts by currency; None where there is none, as a share of nothing."""
Unit: TypeAlias = Literal["count", "number", "percent", "days", "hours", "sums", "date"]
"""What a measure is of: percent are 0 to 100, sums are by currency."""
Place: TypeAlias = "tuple[str | float | None, ...]"
Picture: TypeAlias = Literal["bars", "line", "funnel", "stacked", "none"]
"""How figures are drawn: bars of one measure, a line over time, a funnel, bars in parts by the
second dimension; a table alone."""


def share(part: Number, whole: Number) -> float | None:
    """A part of a whole in per cent; None of nothing."""
    if not isinstance(part, int | float) or not isinstance(whole, int | float) or not whole:
        return None
    return round(100 * part / whole, 1)


def ratio(part: Number, whole: Number) -> Number:
    """A number, or sums, by another number; None of nothing."""
    if not isinstance(whole, int | float) or not whole:
        return None
    if isinstance(part, Mapping):
        return {code: rounded(one / Decimal(str(whole)), code) for code, one in part.items()}
    return None if not isinstance(part, int | float) else round(part / whole, 2)


def size(value: Number) -> float:
    """By what a value is put in order: of sums by currency, the greatest."""
    if isinstance(value, Mapping):
        return max(map(float, value.values()), default=0.0)
    if isinstance(value, str):
        return date.fromisoformat(value).toordinal()
    return float(value or 0)


def rank(key: str | float | None) -> tuple[bool, float, str]:
    """By what keys are put in order: numbers by their size, texts by their letters, absent ones last."""
    if isinstance(key, int | float):
        return (False, key, "")
    return (key is None, 0, str(key))


MOST_DIMENSIONS = 3
"""By so many fields a report is split at most, besides those by which it always is."""


def split_too_often(given: int) -> str:
    """What is said of a report that is to be split by more fields."""
    return tr("a report is split by {} fields at most, not by {}", MOST_DIMENSIONS, given)


class Dimension(NamedTuple):
    """By what figures are split: a field, or with a `step` (day, week, month, quarter, year) an instant."""

    name: str
    label: str = ""
    step: str = ""


def dimension(text: str) -> Dimension:
    """A dimension as people write it: `owner`, `month`, `close_by.month`, `company.city`."""
    name, _, last = text.strip().rpartition(".")
    if last in STEPS:
        return Dimension(name, name or last, last)
    return Dimension(text.strip(), text.strip())


@dataclass(frozen=True, slots=True)
class Shown:
    """One measure as it is shown: the key of its values, the head of its column, of what it is; to people
    always, where it says anything, or never."""

    name: str
    label: str
    unit: Unit = "count"
    people: Literal["all", "some", "none"] = "all"


class FigureRow(NamedTuple):
    """One cell for each measure. `keys` are raw values, one a dimension ("" for absent), `words` the same
    as people read them; `before` has the same measures of the period compared with. `place` are the keys
    as the index has them, `example` is the id of one record of the row."""

    keys: tuple[str, ...]
    words: tuple[str, ...]
    values: Mapping[str, Number]
    before: Mapping[str, Number] = {}
    place: Place = ()
    example: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """A report's answer: rows in their order, and `total`, which counts each record once.

    `compared` is the period of `before`; `notes` say in words what stands outside the table. `aside` are
    the keys of rows that are no step of a funnel, as stages that end lost. Of `of` rows these are the
    first, where not all stand here. Those `of_now` are of no period. `drawn` is the measure of the picture,
    if it is shown, or else the first one.
    """

    name: str
    title: str
    period: Period
    dimensions: tuple[Dimension, ...]
    measures: tuple[Shown, ...]
    rows: tuple[FigureRow, ...]
    total: FigureRow | None = None
    compared: Period | None = None
    picture: Picture = "bars"
    notes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()
    of: int = 0
    of_now: bool = False
    drawn: str = ""

    @property
    def measure(self) -> Shown:
        """The measure that is drawn."""
        drawn = (one for one in self.measures if one.name == self.drawn and one.unit != "date")
        return next(drawn, self.measures[0])
