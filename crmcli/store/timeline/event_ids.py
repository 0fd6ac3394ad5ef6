"""The ids of events: in the order of time, and next to each other within one change."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from crmcli.model.values import ID_LETTERS

_LETTERS = 16
ID_LENGTH = 1 + _LETTERS
EVENT_ID = re.compile(f"e[{ID_LETTERS}]{{{_LETTERS}}}")
_RANDOM_BITS = 35
_LATEST = (1 << 45) - (1 << 25)
"""Milliseconds: the year 3083. A clock beyond it leaves ids room to count on."""


def _chance() -> int:
    return int.from_bytes(os.urandom(4))


class EventIds:
    """Makes event ids that sort by time: `e`, nine letters of milliseconds, seven of chance.

    They are a hybrid logical clock: each is greater than the one before it and than `last`, the
    greatest that is known here, even when a clock stands or goes back or was years ahead. So what
    was done knowing of an event sorts behind it, and the order of ids is that of cause and effect.
    The first goes on from `last` by a random step, as others may go on from there too.
    One change takes its ids from one of these: they follow each other without a gap, and nothing
    else does. So `are_of_one_change` needs no word on the line.
    """

    def __init__(self, at: datetime, last: str = "", draw: Callable[[], int] = _chance) -> None:
        self._draw = draw
        self._start = min(int(at.timestamp() * 1000), _LATEST) << _RANDOM_BITS
        self._last = _number(last)
        if self._last >= self._start:
            self._last += 1 + self._draw()

    def next(self) -> str:
        """The next id."""
        # Of the 35 bits of chance the top three stay free: counting on must not run into the clock's.
        fresh = self._start | self._draw()
        self._last = fresh if self._last < self._start else self._last + 1
        return "e" + "".join(
            ID_LETTERS[self._last >> 5 * n & 31] for n in reversed(range(_LETTERS))
        )


def before_all(at: datetime) -> str:
    """What sorts before all ids of a moment, and behind those of any earlier one."""
    return EventIds(at, draw=int).next()


def are_of_one_change(earlier: str, later: str) -> bool:
    """Whether these are ids of two events next to each other in one change."""
    return _number(earlier) + 1 == _number(later)


@lru_cache(maxsize=256)
def _number(event_id: str) -> int:
    number = 0
    for letter in event_id[1:]:
        number = number << 5 | ID_LETTERS.index(letter)
    return number
