"""Reports as they are declared: what is counted of which rows, by what it is split, how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias

from crmcli.dataclass import dataclass, field
from crmcli.model.conditions.tree import Condition
from crmcli.model.figures import Dimension, Picture, Place, Unit

How: TypeAlias = Literal[
    "count", "records", "distinct", "first", "last",
    "sum", "average", "median", "p90", "share", "ratio", "of_all",
]  # fmt: skip
"""`count` is of rows, `records` of the records in them, `distinct` of the values of a column; `first` and
`last` are the days of its first and last moment. `share` is a measure as a part of another in per
cent, `of_all` as a part of the total of another, `ratio` one by another: these are reckoned of the others."""

RECKONED = ("share", "ratio", "of_all")
ANY_TIME = "-"
"""Instead of the instant by which something is of a period: a state of now, whatever the period."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One column of a report.

    `source` names the rows of which it is (the report's own if it names none), `of` the column that is
    summed or averaged, `when` a column that says which rows count, `where` a condition on their records, `at`
    the instant by which a row is of the period. `part` and `over` are the measures of a share or ratio.
    One that is not `shown` is there for others; people see one of `people` "some" where it says anything,
    one of "none" never. With `is_of_open` it is of open stages alone.
    """

    name: str
    label: str = ""
    how: How = "count"
    source: str = ""
    of: str = ""
    when: str = ""
    where: str = ""
    at: str = ""
    part: str = ""
    over: str = ""
    unit: Unit = "count"
    shown: bool = True
    people: Literal["all", "some", "none"] = "all"
    is_of_open: bool = False

    @property
    def is_reckoned(self) -> bool:
        """Whether it follows from other measures."""
        return self.how in RECKONED


@dataclass(frozen=True, slots=True)
class Report:
    """A report by its declaration.

    `source` is of which rows its measures are, `pipeline` of which pipeline it tells, where rows of several
    are alike (stays of leads and of deals). `by` are its dimensions where none are asked for, `always` those
    that it has besides what is asked for. `order` names a measure, `-` for great ones first; without it rows
    stand by their keys. `period` is told where none is asked for, `limit` is how many rows then. `draws`
    names the measure of its picture, where that is not the one by which rows stand.
    """

    name: str
    about: str
    source: str
    measures: Sequence[Measure]
    by: Sequence[str] = ()
    always: Sequence[str] = ()
    where: str = ""
    order: str = ""
    picture: Picture = "bars"
    period: str = ""
    title: str = ""
    pipeline: str = ""
    limit: int | None = None
    draws: str = ""

    @property
    def drawn(self) -> str:
        """The measure of its picture; "" for the first."""
        return self.draws or self.order.removeprefix("-")

    @property
    def is_of_now(self) -> bool:
        """Whether it tells how things stand, of no period."""
        plain = [one for one in self.measures if not one.is_reckoned]
        return bool(plain) and all(one.at == ANY_TIME for one in plain)


ROWS = ""
"""In the place of a measure of all rows together: how many groups there are, where the first are told."""


class First(NamedTuple):
    """So many groups, those with most of a measure."""

    order: str
    most: int


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a source is asked at once: measures by dimensions, of rows of a period that fit a condition.

    A dimension without a name is the instant by which the measures are of the period. `since` and `until`
    are instants as files write them, "" for open ones; `pipeline` keeps to records of one pipeline. `total`
    names the measures that are told of all rows together too; with `first` the other groups stand in these
    alone, and ROWS of them says how many groups there are. With `rates`, which say what a unit of a currency
    is in `currency`, averages and medians of money are of amounts in that.
    """

    source: str
    entity: str
    measures: Sequence[Measure]
    dimensions: Sequence[Dimension] = ()
    condition: Condition | None = None
    whens: Mapping[str, Condition] = field(default_factory=dict)
    since: str = ""
    until: str = ""
    pipeline: str = ""
    total: Sequence[str] = ()
    first: First | None = None
    currency: str = ""
    rates: Mapping[str, Decimal] = field(default_factory=dict)


class Behind(NamedTuple):
    """What of a record a cell counts: the value of a row, or of a mere count how many of its rows. `currency`
    is that of money."""

    record: str
    value: int | float | Decimal
    currency: str = ""


class Group(NamedTuple):
    """The rows of equal keys: the keys as the index has them, one record of theirs, and what was measured of
    them by name; sums by currency, of money. That of all rows has no keys."""

    keys: Place
    example: str
    values: Mapping[str, int | float | str | None]
    sums: Mapping[str, Mapping[str, Decimal]] = {}
