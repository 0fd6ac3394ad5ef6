"""Plans of sales: how much is to be sold in a month, a quarter, a year, by whom and in which pipeline."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple, cast

from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.periods import Period, next_start
from crmcli.model.values import fold

KEY_RULE = r"(\d{4})(?:-(0[1-9]|1[0-2])|-Q([1-4]))?"
ENTITY, MEASURED = "deal", "amount"
"""Of what plans are."""
SPLIT = ("owner", "pipeline")
"""By what a plan may be split into parts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be won in a period: an amount, a number of deals or both; by everybody if `owner` is ""."""

    period: str
    owner: str = ""
    pipeline: str = ""
    amount: Decimal | None = None
    currency: str = ""
    count: int | None = None
    line: int = 0

    @property
    def days(self) -> Period:
        """The days of its period."""
        return days_of(self.period)

    @property
    def place(self) -> str:
        """Of what it is the one plan."""
        return "/".join((self.period, fold(self.owner), self.pipeline, self.currency))


def days_of(key: str) -> Period:
    """The days of a month, a quarter or a year (2026-11, 2026-Q4, 2026); ValueError for anything else."""
    match = re.fullmatch(KEY_RULE, key)
    if not match or match[1] in ("0000", "9999"):
        raise ValueError(tr("{!r} is no month, quarter or year", key))
    year, month, quarter = match.groups()
    step = "month" if month else "quarter" if quarter else "year"
    first = date(int(year), int(month or 3 * int(quarter or 1) - 2), 1)
    return Period(first, next_start(first, step) - timedelta(days=1))


class Planned(NamedTuple):
    """The amounts by currency and the number of deals that are planned for a period; of which parts of it
    alone, where they are not of all its days."""

    sums: Mapping[str, Decimal]
    number: int | None
    only: Sequence[str] = ()


def planned(plans: Sequence[Plan], period: Period, split: Sequence[str] = SPLIT) -> Planned:
    """What is planned for a period."""
    within = [one for one in plans if _is_within(one.days, period)]
    sums: dict[str, Decimal] = {}
    amounts = _whole([plan for plan in within if plan.amount is not None], split, period)
    for one in amounts:
        sums[one.currency] = sums.get(one.currency, Decimal(0)) + (one.amount or 0)
    counts = _whole([one for one in within if one.count is not None], split, period)
    only = {
        one.period
        for some in (amounts, counts)
        if some and not _covers(some, period)
        for one in some
    }
    number = sum(one.count or 0 for one in counts) if counts else None
    return Planned(sums, number, sorted(only))


def _whole(plans: Sequence[Plan], split: Sequence[str], period: Period) -> list[Plan]:
    """The plans that together are the whole: those for everybody, else of each owner, else of each pipeline,
    those of more days first; a quarter's rather than those of its months."""
    own = [one for one in plans if not any(getattr(one, key) for key in split)]
    own = [one for one in own if not any(_is_part(one, other) for other in own)]
    if own and _covers(own, period):
        return own
    first: list[Plan] = []
    for key in split:
        rest = [other for other in split if other != key]
        parts = sorted({fold(getattr(one, key)) for one in plans} - {""})
        found = [
            one
            for part in parts
            for one in _whole([p for p in plans if fold(getattr(p, key)) == part], rest, period)
        ]
        if found and _length(found) > _length(own):
            return found
        first = first or found
    return own or first


def _covers(plans: Sequence[Plan], period: Period) -> bool:
    """Whether the plans of each owner, pipeline and currency are of all days of a period."""
    return (
        bool(period.first and period.last)
        and _length(plans) > (cast("date", period.last) - cast("date", period.first)).days
    )


def _length(plans: Sequence[Plan]) -> int:
    """Of how many days plans are, of the owner, pipeline and currency that have the fewest."""
    long: dict[tuple[str, ...], int] = {}
    for one in plans:
        first, last = cast("tuple[date, date]", one.days)
        place = fold(one.owner), one.pipeline, one.currency
        long[place] = long.get(place, 0) + (last - first).days + 1
    return min(long.values(), default=0)


def _is_part(plan: Plan, other: Plan) -> bool:
    return (
        plan.period != other.period
        and plan.currency == other.currency
        and _is_within(plan.days, other.days)
    )


def _is_within(days: Period, period: Period) -> bool:
    return bool(
        days.first and days.last and period.first and period.last
        and period.first <= days.first and days.last <= period.last
    )  # fmt: skip
