"""What names a day or several by the calendar: `last month`, `Q1 2026`, `3 дня назад`, `конец недели`."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple, TypeAlias

from crmcli.language import tr
from crmcli.model.calendar_words import LED_IN, MONTH, WEEKDAY, WEEKDAYS, month_of
from crmcli.model.durations import UNIT, UNITS, Duration
from crmcli.model.offsets import shift


class Days(NamedTuple):
    """From one day to another, both included: `last month`, `2026`, `Q1 2026`."""

    first: date
    last: date


When: TypeAlias = date | datetime | Days
"""A whole day, an instant (an aware datetime in UTC), or several days."""

_WHICH = (
    r"(?P<which>this|current|last|previous|past|next|coming"
    r"|(?:эт|текущ|(?:поза)?прошл|предыдущ|следующ|будущ)\w{1,3}|след\.?|пред\.|прош\.)"
)
_SPAN = r"(?P<span>week|month|quarter|year|недел\w{1,2}|месяц\w{0,2}|квартал\w{0,2}|год\w{0,2})"
_COUNT = rf"(?:(?P<count>[0-9]{{1,5}}) ?|an? )?(?P<unit>{UNIT})"
_COUNTED_DAYS = rf"(?P<count>[0-9]{{1,5}}) ?(?P<days>{UNIT})"
_PHRASES = (
    rf"(?:(?P<rolled>last|past|previous|прошл\w{{2,3}})|next|coming|следующ\w{{2,3}}) {_COUNTED_DAYS}",
    rf"(?:(?P<rolled>последн\w{{2,3}})|ближайш\w{{2,3}}) (?:(?P<count>[0-9]{{1,5}}) ?)?(?P<days>{UNIT})",
    r"(?P<edge>[es])o(?P<span>[wmqy])",
    rf"{_COUNT} (?P<back>ago|назад|тому назад)",
    rf"(?:in|через) {_COUNT}",
    rf"{_WHICH} {_SPAN}",
    rf"{_WHICH} {WEEKDAY}",
    rf"(?P<edge>end|start|beginning) of (?:{_WHICH} )?{_SPAN}",
    rf"(?P<edge>конец|конца|концу|начал[оау]) (?:{_WHICH} )?{_SPAN}",
    r"(?:q|кв\.? ?)?(?P<quarter>[1-4])(?:(?:st|nd|rd|th)? quarter(?: of)?| ?кв\w*\.?)? ?(?P<year>[0-9]{4})",
    r"(?P<year>[0-9]{4})[ -]?q(?P<quarter>[1-4])",
    rf"{MONTH},? (?P<year>[0-9]{{4}})",
    r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])",
    r"(?P<month>0?[1-9]|1[0-2])\.(?P<year>[0-9]{4})",
    r"(?:(?:year|in|в|за) )?(?P<year>(?:1[89]|2[0-2])[0-9]{2})(?: ?год(?:у|а|ом)?)?",
    MONTH,
)


def phrase_in(words: str) -> re.Match[str] | None:
    """The parts of such a phrase, whatever leads it in; None for other words."""
    bare = LED_IN.sub("", words)
    found = (re.fullmatch(pattern, bare) or re.fullmatch(pattern, words) for pattern in _PHRASES)
    return next((match for match in found if match), None)


def meant(phrase: re.Match[str], now: datetime, zone: tzinfo, *, past: bool) -> When:
    """The days that a phrase means; a month alone is the next one, or with `past` the last one."""
    said = {name: word for name, word in phrase.groupdict().items() if word}
    today = now.astimezone(zone).date()
    if "unit" in said:
        offset = Duration(int(said.get("count", 1)), UNITS[said["unit"]])
        sign = "-" if "back" in said else "+"
        return shift("now" if offset.is_elapsed else "today", sign, offset, now, zone)
    if "days" in said:
        length = Duration(int(said.get("count", 1)), UNITS[said["days"]])
        return _rolling(length, today, back="rolled" in said)
    if "weekday" in said:
        return _weekday(said["which"], WEEKDAYS[said["weekday"]], today)
    return _of_calendar(said, today, past=past)


def _of_calendar(said: dict[str, str], today: date, *, past: bool) -> date | Days:
    """A week, month, quarter or year, or its first or last day."""
    if "quarter" in said:
        return _span(date(int(said["year"]), int(said["quarter"]) * 3 - 2, 1), "q")
    if "month" in said:
        month = month_of(said["month"])
        near = today.year - (month > today.month) if past else today.year + (month < today.month)
        return _span(date(int(said.get("year", near)), month, 1), "mo")
    if "year" in said:
        return _span(date(int(said["year"]), 1, 1), "y")
    unit = {"w": "w", "н": "w", "m": "mo", "м": "mo", "q": "q", "к": "q"}.get(said["span"][0], "y")
    days = _span(today, unit, _step(said.get("which", "this")))
    if "edge" not in said:
        return days
    return days.last if said["edge"].startswith(("e", "к")) else days.first


def _rolling(length: Duration, today: date, *, back: bool) -> Days:
    """So many days (weeks, months) up to today or from it on, today among them."""
    if length.is_elapsed:
        raise ValueError(tr("write now-{0} or now+{0}", length))
    try:
        edge = length.after(today, back=back)
    except OverflowError:
        return Days(date.min, today) if back else Days(today, date.max)
    day = timedelta(days=1)
    return Days(edge + day, today) if back else Days(today, edge - day)


def _step(which: str) -> int:
    if which.startswith("поза"):
        return -2
    if which.startswith(("last", "prev", "past", "прош", "пред")):
        return -1
    return 0 if which.startswith(("this", "curr", "эт", "текущ")) else 1


def _span(day: date, unit: str, step: int = 0) -> Days:
    """The week, month, quarter or year in which a day lies, or one before or after it."""
    length = Duration(1, unit)
    first = {
        "w": day - timedelta(days=day.weekday()),
        "mo": day.replace(day=1),
        "q": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        "y": day.replace(month=1, day=1),
    }[unit]
    first = Duration(abs(step), unit).after(first, back=step < 0)
    return Days(first, length.after(first) - timedelta(days=1))


def _weekday(which: str, number: int, today: date) -> date:
    step = _step(which)
    if not step:
        return today + timedelta(days=number - today.weekday())
    ahead = (number - today.weekday() - 1) % 7 + 1
    return today + timedelta(days=ahead if step > 0 else (ahead - 7 or -7))
