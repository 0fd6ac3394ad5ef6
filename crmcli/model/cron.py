"""The five fields of a cron line: what may stand in them."""

from __future__ import annotations

import re

from crmcli.language import tr

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("the minute", 0, 59, ()),
    ("the hour", 0, 23, ()),
    ("the day of the month", 1, 31, ()),
    ("the month", 1, 12, MONTHS),
    ("the day of the week", 0, 7, DAYS),
)
_WEEKDAY = rf"(?P<day>[0-7]|{'|'.join(DAYS)})"
_IN_MONTH = re.compile(rf"{_WEEKDAY}#(?P<which>[1-5])")
_LAST = re.compile(rf"l-?{_WEEKDAY}|{_WEEKDAY.replace('day', 'name')}#?l")
_PART = re.compile(r"(?:(\*)|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:/(\d{1,2}))?")


def check_cron(text: str) -> str:
    """The cron line with single spaces; ValueError names the field that is wrong.

    Five fields of numbers, names (`mon-fri`, `jan`), `*`, ranges, lists and steps; `L` is the last day
    of the month, `fri#2` its second Friday, `friL` its last one. Nothing else, so that a line means
    the same to every reader: no seconds, no `@daily`, no random `R` or `H`.
    """
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValueError(
            tr(
                "{!r} has {} fields; a cron line has 5: minute, hour, day, month, day of the week",
                text,
                len(fields),
            )
        )
    return " ".join(
        ",".join(_part(part, *allowed) for part in field.split(","))
        for field, allowed in zip(fields, _FIELDS, strict=True)
    )


def _part(text: str, name: str, low: int, high: int, names: tuple[str, ...]) -> str:
    """A part of a field as croniter reads it."""
    part = text.casefold()
    if (names is DAYS and _IN_MONTH.fullmatch(part)) or (high == 31 and part == "l"):
        return text
    if names is DAYS and (last := _LAST.fullmatch(part)):
        day = last["day"] or last["name"]
        return f"L{day if day.isdecimal() else DAYS.index(day)}"
    _check_part(part, name, low, high, names)
    return text


def _check_part(part: str, name: str, low: int, high: int, names: tuple[str, ...]) -> None:
    match = _PART.fullmatch(part)
    if not match:
        raise ValueError(tr("{!r} is not valid as {}", part, tr(name)))
    every, first, last, step = match.groups()
    if step is not None and (int(step) == 0 or (not every and last is None)):
        raise ValueError(tr("{!r}: a step follows * or a range and is at least 1", part))
    if every:
        return
    start = _number(first, name, low, high, names)
    if last == "sun":
        last = "7"  # a week may end on Sunday, which alone is 0
    if last is not None and _number(last, name, low, high, names) < start:
        raise ValueError(tr("{!r} runs backwards", part))


def _number(word: str, name: str, low: int, high: int, names: tuple[str, ...]) -> int:
    if word in names:
        return names.index(word) + low
    if not word.isascii() or not word.isdecimal() or not low <= int(word) <= high:
        raise ValueError(tr("{!r} is not valid as {} ({}-{})", word, tr(name), low, high))
    return int(word)
