"""Functions that SQL of people may call: those of SQLite that come to no harm, some of them in our way.

SQLite looks at its clock between steps and not within a function. What takes longer there than its text is
long (LIKE, instr, replace, trim) is therefore done by us; LIKE knows letters of all alphabets besides.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any, TypeAlias

from crmcli.language import tr
from crmcli.model.local_times import local_day
from crmcli.model.periods import STEPS, key_of
from crmcli.model.values import fold

Given: TypeAlias = "str | float | bytes | None"

OURS = ("local", "fold", "today", "now")
"""What there is beside SQLite's own; crm help sql tells of them."""
_SQLITE_S = """
    abs avg ceil ceiling char coalesce count cume_dist date datetime dense_rank exp first_value floor format
    group_concat hex ifnull iif instr json json_array json_array_length json_extract json_group_array
    json_group_object json_object json_quote json_type json_valid julianday lag last_value lead length like
    ln log log10 log2 lower ltrim max min mod nth_value ntile nullif percent_rank pow power printf quote rank
    replace round row_number rtrim sign sqrt strftime substr substring sum time total trim trunc typeof
    unicode unixepoch upper -> ->>
"""
ALLOWED = frozenset((*_SQLITE_S.split(), *OURS))
LONGEST = 4_000_000
"""Bytes of a text that a query makes on its way; a record has a quarter of that."""
READ_AS_TABLES = ("json_each", "json_tree")
"""Functions of SQLite that may stand where a table does."""


class Watch:
    """Until when a query may run, and why it was stopped."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.end = time.monotonic() + seconds
        self.is_late = False
        self.is_stopped = False
        self.said = ""
        """What one of our functions could not do."""

    def look(self) -> bool:
        """Whether it must stop; SQLite asks every so many steps."""
        try:
            self.is_late = time.monotonic() > self.end
        except KeyboardInterrupt:  # which SQLite would forget
            self.is_stopped = True
            return True
        return self.is_late

    def over(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that stops when the time is over."""

        def watched(*given: Given) -> Any:
            try:
                if self.look():
                    raise TimeoutError
                return function(*given)
            except KeyboardInterrupt:
                self.is_stopped = True
                raise
            except (ValueError, OverflowError) as error:
                self.said = self.said or str(error)
                raise

        return watched


def offer(connection: sqlite3.Connection, watch: Watch, now: datetime, zone: tzinfo) -> None:
    """Let SQL call our functions in a connection."""
    day = local_day(now, zone).isoformat()
    instant = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    key = lru_cache(maxsize=4096)(lambda at, step: _local(at, step, zone))
    ours: tuple[tuple[str, int, Callable[..., Any]], ...] = (
        ("local", 2, key),
        ("fold", 1, _fold),
        ("today", 0, lambda: day),
        ("now", 0, lambda: instant),
        ("like", 2, _like),
        ("like", 3, _like),
        ("instr", 2, _instr),
        ("replace", 3, _replace),
        ("printf", -1, _printf),
        ("format", -1, _printf),
        *((side, 1, _trimming(side)) for side in _STRIPS),
        *((side, 2, _trimming(side)) for side in _STRIPS),
    )
    for name, count, function in ours:
        connection.create_function(name, count, watch.over(function), deterministic=True)


def _text(value: Given) -> str | None:
    """A value as text; bytes are none."""
    if value is None or isinstance(value, bytes):
        return None
    return value if isinstance(value, str) else str(value)


def _local(at: Given, step: Given, zone: tzinfo) -> str | None:
    if step not in STEPS:
        hint = tr("one of {}", ", ".join(STEPS))
        raise ValueError(tr("local: {!r} is no part of the calendar; {}", step, hint))
    text = _text(at)
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if len(text) <= len("2026-11-23") else None
        moment = None if day else datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(tr("local: {!r} is no date and no instant", text[:40])) from None
    if moment is not None:
        day = local_day(moment, zone) if moment.tzinfo else moment.date()
    return key_of(day, str(step)) if day else None


def _fold(value: Given) -> str | None:
    text = _text(value)
    return None if text is None else fold(text)


# --- SQLite's own, in as many steps as the texts are long ------------------------------------------


def _caseless(text: str) -> str:
    return text.casefold().replace("ё", "е")


@lru_cache(maxsize=64)
def _pattern(pattern: str, escape: str) -> list[tuple[re.Pattern[str], int]]:
    """The pieces between the % of a pattern, each with its length."""
    pieces: list[list[str]] = [[]]
    letters = iter(pattern)
    for letter in letters:
        if letter == escape:
            pieces[-1].append(re.escape(next(letters, "")))
        elif letter == "%":
            pieces.append([])
        else:
            pieces[-1].append("." if letter == "_" else re.escape(letter))
    return [(re.compile("".join(piece), re.DOTALL), len(piece)) for piece in pieces]


def _like(pattern: Given, value: Given, escape: Given = "") -> int | None:
    """Whether a text is like a pattern: each piece is sought after the one before, so that no text is gone
    through twice."""
    wanted, text = _text(pattern), _text(value)
    if wanted is None or text is None or escape is None:
        return None
    text = _caseless(text)
    (first, _), *rest = _pattern(_caseless(wanted), _caseless(str(escape)))
    if not rest:
        return int(first.fullmatch(text) is not None)
    begins = first.match(text)
    if begins is None:
        return 0
    place = begins.end()
    for piece, _ in rest[:-1]:
        found = piece.search(text, place)
        if found is None:
            return 0
        place = found.end()
    last, length = rest[-1]
    start = len(text) - length
    return int(start >= place and last.fullmatch(text, start) is not None)


def _instr(value: Given, sought: Given) -> int | None:
    text, part = _text(value), _text(sought)
    return None if text is None or part is None else text.find(part) + 1


def _replace(value: Given, old: Given, new: Given) -> str | None:
    text, part, other = _text(value), _text(old), _text(new)
    if text is None or part is None or other is None:
        return None
    if not part:
        return text
    if len(text) + text.count(part) * (len(other) - len(part)) > LONGEST:
        raise ValueError(tr("replace: the text becomes too long"))
    return text.replace(part, other)


_WIDE = re.compile(r"%[^a-zA-Z%]*(?:\*|\d{4})")


def _printf(form: Given = None, *values: Given) -> str | None:
    """As SQLite has it, but for widths on which it would spend seconds."""
    text = _text(form)
    if text is None:
        return None
    if _WIDE.search(text):
        raise ValueError(tr("printf: a width of * or over 999"))
    marks = ", ".join("?" * (len(values) + 1))
    [(found,)] = _beside().execute(f"SELECT printf({marks})", (text, *values))
    return str(found) if found is not None else None


@lru_cache(maxsize=1)
def _beside() -> sqlite3.Connection:
    """SQLite as it is."""
    return sqlite3.connect(":memory:", check_same_thread=False)


_STRIPS: Mapping[str, Callable[[str, str], str]] = {
    "trim": str.strip,
    "ltrim": str.lstrip,
    "rtrim": str.rstrip,
}
_MOST_STRIPPED = 100


def _trimming(side: str) -> Callable[..., str | None]:
    strip = _STRIPS[side]

    def trim(value: Given, letters: Given = " ") -> str | None:
        text, these = _text(value), _text(letters)
        if text is None or these is None:
            return None
        if len(these) > _MOST_STRIPPED:
            raise ValueError(tr("{}: more than {} letters", side, _MOST_STRIPPED))
        return strip(text, these) if these else text

    return trim
