"""What is counted, added up and put in order of the rows that a question finds, by group and of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from heapq import nlargest
from typing import Any, TypeAlias

from crmcli.model.figures import Place, rank
from crmcli.model.report import ROWS, First, Group, Measure
from crmcli.model.sums import rounded

SPLIT = 1_000_000
"""As in selection.py: SQLite's sums are exact up to 2^63, parts never come near."""
APART = {
    "records": "count(DISTINCT {})", "distinct": "count(DISTINCT {})", "first": "min({})", "last": "max({})",
}  # fmt: skip
"""What of groups cannot be added up to what it is of all."""
DISTINCT = ("records", "distinct")
QUANTILES = {"median": 0.5, "p90": 0.9}
_CELLS = {"count": ("count(*)",), "sum": ("sum({0})",), "average": ("sum({0})", "count({0})")}
_MONEY = (f"sum({{0}} / {SPLIT})", f"sum({{0}} % {SPLIT})", "count({0})")
Numbers: TypeAlias = "list[Any]"


def cells_of(measure: Measure, of: str, *, is_money: bool) -> list[str]:
    """What SQL adds up for a measure; none for what can not be added up."""
    if measure.how not in _CELLS:
        return []
    return [cell.format(of) for cell in (_MONEY if is_money else _CELLS[measure.how])]


class Tally:
    """Groups as they come together of the answers to several queries; `total` names the measures that are
    told of all rows too."""

    def __init__(self, total: Sequence[str]) -> None:
        self._total = total
        self._examples: dict[Place, str] = {}
        self._added: dict[tuple[Place, str, str], Numbers] = {}
        self._values: dict[Place, dict[str, Any]] = {}
        self._sums: dict[Place, dict[str, dict[str, Decimal]]] = {}
        self._groups = 0

    def see(self, place: Place, example: str) -> None:
        """There is such a group, and in it such a record."""
        known = self._examples.get(place, example)
        self._examples[place] = min(known, example) if known and example else known or example

    def add(self, place: Place, name: str, code: str, numbers: Sequence[Any]) -> None:
        """Add what was found of a measure in one currency, "" for what is no money."""
        for where in (place, ()) if place and name in self._total else (place,):
            known = self._added.get((where, name, code))
            if known is None:
                self._added[where, name, code] = [*numbers]
                continue
            for n, number in enumerate(numbers):
                if number is not None:
                    known[n] = number if known[n] is None else known[n] + number

    def keep(self, first: First) -> None:
        """Leave of what was added up only the groups with most of a measure, and all rows together."""
        sizes: dict[Place, list[float]] = {place: [] for place in self._examples}
        for (place, name, _), (number, *more) in self._added.items():
            if name == first.order and place in sizes and (not more or more[1]):
                sizes[place].append(number * SPLIT + more[0] if more else round(number or 0, 2))
        most = {place: max(some, default=0) for place, some in sizes.items()}
        least = min(nlargest(first.most, most.values()), default=0)
        among = (place for place, size in most.items() if size >= least)
        order = sorted(among, key=lambda one: (-most[one], tuple(map(rank, one))))[: first.most]
        self._groups = len(sizes)
        self._examples = {place: self._examples[place] for place in order}
        self._added = {
            at: n for at, n in self._added.items() if at[0] in self._examples or not at[0]
        }

    def wants(self, place: Place) -> bool:
        """Whether a group is among those that were kept, if not all are."""
        return not (self._groups and place) or place in self._examples

    @property
    def kept(self) -> list[Place]:
        """The groups that were kept of all; none where all are."""
        return [*self._examples] if self._groups else []

    def convert(self, names: Sequence[str], rates: Mapping[str, Decimal], into: str) -> None:
        """Bring what was added up of amounts into one currency, as far as rates are known."""
        for (place, name, code), numbers in [*self._added.items()]:
            if name in names and code.upper() in rates and code.upper() != into:
                del self._added[place, name, code]
                high, low, number = numbers
                cents = Decimal((high or 0) * SPLIT + (low or 0)) * rates[code.upper()]
                known = self._added.get((place, name, into.lower()), [0, 0, 0])
                added = [
                    sum(filter(None, pair)) for pair in zip(known, (0, cents, number), strict=True)
                ]
                self._added[place, name, into.lower()] = added

    def put(self, place: Place, measure: Measure, value: Any, code: str | None = None) -> None:
        """What a measure is in a group: in cents of a currency, if that is named."""
        if not self.wants(place):
            return
        if code is None:
            self._values.setdefault(place, {})[measure.name] = value
            return
        amount = Decimal(value) / 100
        if measure.how != "sum":
            amount = rounded(amount, code)
        sums = self._sums.setdefault(place, {}).setdefault(measure.name, {})
        sums[code.upper()] = amount

    def groups(self, measures: Sequence[Measure], money: Sequence[str]) -> list[Group]:
        """All groups; what is told of all rows has no keys."""
        by_name = {one.name: one for one in measures}
        for (place, name, code), numbers in self._added.items():
            self._reckon(place, by_name[name], code if name in money else None, numbers)
        places = dict.fromkeys([*self._examples, *([()] if self._total else [])])
        return [self._group(place, measures, money) for place in places]

    def _group(self, place: Place, measures: Sequence[Measure], money: Sequence[str]) -> Group:
        values, sums = self._values.get(place, {}), self._sums.get(place, {})
        told = [one.name for one in measures if place in self._examples or one.name in self._total]
        plain = {name: values.get(name) for name in told if name not in money}
        return Group(
            place,
            self._examples.get(place, ""),
            plain if place or not self._groups else plain | {ROWS: self._groups},
            {name: dict(sorted(sums.get(name, {}).items())) for name in told if name in money},
        )

    def _reckon(self, place: Place, measure: Measure, code: str | None, numbers: Numbers) -> None:
        """What follows from what was added up."""
        if code is None:
            value = numbers[0]
            if measure.how == "average":
                value = numbers[0] / numbers[1] if numbers[1] else None
            self.put(place, measure, value)
            return
        high, low, number = numbers
        if number:
            cents = Decimal(high * SPLIT + low)
            self.put(place, measure, cents / number if measure.how == "average" else cents, code)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which a share of them lies, between two by its distance from them; of some in order."""
    place = share * (len(values) - 1)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)
