"""What was to be expected of open deals at moments of the past, by what was known then."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import accumulate, groupby
from operator import itemgetter
from statistics import median
from typing import Any, NamedTuple, TypeAlias

Stage: TypeAlias = "tuple[str, str]"
"""A pipeline and a stage of it."""
LEAST_CLOSED = 20
"""So many deals that stood in a stage must be closed before they say anything of others in it."""

_LARGEST = Decimal(10**18)
"""No amount that a record may have is as large."""


class Stood(NamedTuple):
    """A record stood in a stage; `left` is None where it stands now. In seconds."""

    record: str
    pipeline: str
    stage: str
    entered: int
    left: int | None


class Terms(NamedTuple):
    """What is to be had of a record, and when: cents, a currency, a day, per cent; when it was closed."""

    cents: int | None
    currency: str | None
    close_by: str | None
    chance: float | None
    closed_at: str | None = None


class Past(NamedTuple):
    """The stays of all records in order, the terms of each now, and each change since a moment: of which
    record, when, what stood in the fields before."""

    stays: Sequence[Stood]
    terms: Mapping[str, Terms]
    changes: Sequence[tuple[str, str, Mapping[str, Any]]]


class Open(NamedTuple):
    """A record that was open at a moment: where, and since when."""

    record: str
    pipeline: str
    stage: str
    since: int


class Lesson(NamedTuple):
    """What is known of a stage: of how many closed ones, how many were won, how long that took (seconds)."""

    closed: int
    won: int
    length: float | None

    @property
    def odds(self) -> float | None:
        """Per cent that were won; None of too few."""
        return 100 * self.won / self.closed if self.closed >= LEAST_CLOSED else None


class Then(NamedTuple):
    """A moment: what was open, and what those that were closed had taught of each stage."""

    open: list[Open]
    lessons: dict[Stage, Lesson]
    ids: set[str]
    """Of those that were open."""


def as_of(moments: Sequence[int], stays: Iterable[Stood], kinds: Mapping[Stage, str]) -> list[Then]:
    """How things stood at each of some moments, in order. `kinds` says of a pipeline's stage whether it is
    open, won or lost."""
    school = _School(moments)
    for _, own in groupby(stays, itemgetter(0)):
        been: dict[Stage, int] = {}
        for stay in own:
            kind = kinds.get(stay[1:3], "open")
            if kind != "open":
                school.closed(stay, is_won=kind == "won", been=been)
                continue
            school.stood(stay)
            if stay.stage:
                been.setdefault((stay.pipeline, stay.stage), stay.entered)
    return school.taught()


class _School:
    """What each moment knows, as stay after stay is told."""

    def __init__(self, moments: Sequence[int]) -> None:
        self._moments = moments
        self._found = [Then([], {}, set()) for _ in moments]
        self._closed: defaultdict[Stage, list[int]] = defaultdict(self._noughts)
        self._won: defaultdict[Stage, list[int]] = defaultdict(self._noughts)
        self._lengths: defaultdict[Stage, list[tuple[int, int, int]]] = defaultdict(list)

    def _noughts(self) -> list[int]:
        return [0] * (len(self._moments) + 1)

    def _span(self, stay: Stood) -> tuple[int, int]:
        """The first moment at which it was so, and the first at which it was so no more."""
        after = len(self._moments) if stay.left is None else bisect_right(self._moments, stay.left)
        return bisect_right(self._moments, stay.entered), after

    def stood(self, stay: Stood) -> None:
        """A record was open in a stage."""
        for then in self._found[slice(*self._span(stay))]:
            then.open.append(Open(stay.record, stay.pipeline, stay.stage, stay.entered))
            then.ids.add(stay.record)

    def closed(self, stay: Stood, *, is_won: bool, been: Mapping[Stage, int]) -> None:
        """A record was closed, which had been in these stages since then."""
        first, after = self._span(stay)
        if first >= after:
            return
        for place in (one for one in been if one[0] == stay.pipeline):
            for counts in (self._closed, self._won) if is_won else (self._closed,):
                counts[place][first] += 1
                counts[place][after] -= 1
            if is_won:
                self._lengths[place].append((stay.entered - been[place], first, after))

    def taught(self) -> list[Then]:
        """What was known at each moment."""
        for place, closed in self._closed.items():
            numbers = zip(accumulate(closed), accumulate(self._won[place]), strict=True)
            for n, (then, (every, won)) in enumerate(zip(self._found, numbers, strict=False)):
                known = [
                    length for length, first, after in self._lengths[place] if first <= n < after
                ]
                then.lessons[place] = Lesson(every, won, median(known) if known else None)
        return self._found


class Before:
    """The terms of records as they were at a moment: what stood there before the first change since."""

    def __init__(self, past: Past) -> None:
        self._now = past.terms
        self._changes: defaultdict[str, list[tuple[str, Mapping[str, Any]]]] = defaultdict(list)
        for record, at, before in past.changes:
            self._changes[record].append((at, before))

    def terms(self, record: str, moment: str) -> Terms:
        """The terms at a moment, an instant as files write it."""
        found = self._now[record]
        known = dict(self._told(record, moment))
        if "amount" in known:
            found = found._replace(cents=_cents(known["amount"]))
        if "currency" in known:
            found = found._replace(currency=str(known["currency"] or "").lower() or None)
        if "close_by" in known:
            found = found._replace(close_by=_day(known["close_by"]))
        if "probability" in known:
            chance = _number(known["probability"])
            return found._replace(chance=None if chance is None else float(chance))
        # A chance of which nothing is told is that of its stage then, unless it still is to end.
        return found if found.closed_at is None else found._replace(chance=None)

    def _told(self, record: str, moment: str) -> Iterator[tuple[str, Any]]:
        for at, before in reversed(self._changes.get(record, ())):
            if at >= moment:
                yield from before.items()


def _day(text: object) -> str | None:
    """A day that stood there; None for what a hand had written in its place."""
    try:
        return date.fromisoformat(str(text)).isoformat()
    except ValueError:
        return None


def _number(text: object) -> Decimal | None:
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number) < _LARGEST else None


def _cents(text: object) -> int | None:
    number = _number(text)
    return None if number is None else round(number * 100)
