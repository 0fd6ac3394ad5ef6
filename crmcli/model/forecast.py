"""What was to be expected of open deals at moments of the past, by what was known then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from statistics import median
from typing import Any, NamedTuple, TypeAlias

Stage: TypeAlias = "tuple[str, str]"
"""A pipeline and a stage of it."""
LEAST_CLOSED = 20
"""So many deals that stood in a stage must be closed before they say anything of others in it."""

_LARGEST = Decimal(10**18)
"""No amount that a record may have is as large."""


class Terms(NamedTuple):
    """What is to be had of a record, and when: cents, a currency, a day, per cent."""

    cents: int | None
    currency: str | None
    close_by: str | None
    chance: float | None


class Open(NamedTuple):
    """A record was open: where, and since when (in seconds), at the moments of which numbers."""

    record: str
    pipeline: str
    stage: str
    since: int
    first: int
    after: int


Taught: TypeAlias = "tuple[str, str, int, int, int, int]"
"""A record that had stood in a stage (of which pipeline, which one) was closed: whether it was won, at the
moments of which numbers that was known, so many seconds after it first came there."""


class Won(NamedTuple):
    """A record that is won: of which pipeline, when, for how much."""

    record: str
    pipeline: str
    at: str
    terms: Terms


class Past(NamedTuple):
    """How things stood at some moments: what was open, what was known of stages, the terms of what was open
    as they are now, each change of these since the first moment (the newest first: of which record, when,
    what stood there before), and what was won between the moments."""

    open: Sequence[Open]
    lessons: Sequence[Mapping[Stage, Lesson]]
    terms: Mapping[str, Terms]
    changes: Sequence[tuple[str, str, object, object, object, object]]
    won: Sequence[Won]


class Lesson(NamedTuple):
    """What is known of a stage: of how many closed ones, how many were won, how long that took (seconds)."""

    closed: int
    won: int
    length: float | None

    @property
    def odds(self) -> float | None:
        """Per cent that were won; None of too few."""
        return 100 * self.won / self.closed if self.closed >= LEAST_CLOSED else None


def lessons(number: int, taught: Iterable[Taught]) -> list[dict[Stage, Lesson]]:
    """What was known of each stage at each of so many moments."""
    lengths: defaultdict[tuple[Any, ...], list[int]] = defaultdict(list)
    for row in taught:
        lengths[row[:-1]].append(row[-1])
    found: list[dict[Stage, Lesson]] = []
    for n in range(number):
        known: defaultdict[Stage, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for (pipeline, stage, is_won, first, after), some in lengths.items():
            if first <= n < after:
                known[pipeline, stage][is_won].extend(some)
        found.append({place: _lesson(*ends) for place, ends in known.items()})
    return found


def _lesson(lost: Sequence[int], won: Sequence[int]) -> Lesson:
    return Lesson(len(lost) + len(won), len(won), median(won) if won else None)


class Before:
    """The terms of records as they were, at moments that are asked for from the last to the first: of what
    changed since then, what stood there before."""

    def __init__(self, past: Past) -> None:
        self._terms: dict[str, list[Any]] = {one: [*terms] for one, terms in past.terms.items()}
        self._changes = iter(past.changes)
        self._next = next(self._changes, None)

    def go_back(self, moment: str) -> None:
        """Take back all that changed at a moment or later, an instant as files write it."""
        while self._next is not None and self._next[1] >= moment:
            record, _, *before = self._next
            terms = self._terms[record]
            for n, (value, read) in enumerate(zip(before, _READ, strict=True)):
                if value is not None:
                    terms[n] = read(value)
            self._next = next(self._changes, None)

    def terms(self, record: str) -> Terms:
        """The terms at the moment to which one went back."""
        return Terms(*self._terms[record])


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


def _currency(text: object) -> str | None:
    return str(text).lower() or None


def _chance(text: object) -> float | None:
    number = _number(text)
    return None if number is None else float(number)


_READ: Sequence[Callable[[object], Any]] = (_cents, _currency, _day, _chance)
"""How what stood in each of the terms is read."""
