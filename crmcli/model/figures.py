"""Figures: what a report answers with, whoever draws, prints or checks them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from crmcli.dataclass import dataclass
from crmcli.model.periods import STEPS, Period

Number: TypeAlias = "int | float | str | Decimal | Mapping[str, Decimal] | None"
"""A count, a number, a day, or amounts by currency; None where there is none, as a share of nothing."""
Unit: TypeAlias = Literal["count", "number", "percent", "days", "hours", "sums", "date"]
"""What a measure is of: percent are 0 to 100, sums are by currency."""
Place: TypeAlias = "tuple[str | float | None, ...]"
Picture: TypeAlias = Literal["bars", "line", "funnel", "stacked", "none"]
"""How figures are drawn: bars of the first measure, a line over time, a funnel, bars in parts by the
second dimension; a table alone."""


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
    first, where not all stand here.
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
