"""Periods of reports: `month`, `2026-03`, `last 30d`, `2026-01-01..2026-03-15`, and their like before."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple, TypeAlias

from crmcli.language import tr
from crmcli.model.calendar_phrases import Days
from crmcli.model.dates import read_when
from crmcli.model.durations import Duration
from crmcli.model.local_times import local_day

STEPS = ("day", "week", "month", "quarter", "year")
"""The parts of a calendar by which instants are grouped."""
Step: TypeAlias = Literal["day", "week", "month", "quarter", "year"]
FORMS = "like month, last week, 2026-03, 'last 30d', 'last 3mo', 2026-01-01..2026-03-31"
"""Some that there are, for who wrote none."""
_BARE = {
    "week": "week", "month": "month", "quarter": "quarter", "year": "year",
    "неделя": "week", "месяц": "month", "квартал": "quarter", "год": "year",
}  # fmt: skip
"""Words that mean the one in which today lies."""
_WEEK = re.compile(r"([0-9]{4})-?W([0-9]{1,2})", re.IGNORECASE)
"""A week as reports call it."""
_DAY = timedelta(days=1)
_UNITS: dict[str, str] = {"day": "d", "week": "w", "month": "mo", "quarter": "q", "year": "y"}


class Period(NamedTuple):
    """Whole days in the workspace's time zone, both included; None is open."""

    first: date | None = None
    last: date | None = None

    def instants(self, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        """From which instant on, and before which; none is before the first year or after the last."""
        first = _beginning(self.first, 0, zone) if self.first else None
        last = _beginning(self.last, 1, zone) if self.last else None
        return first, last

    def __str__(self) -> str:
        if self.first == self.last and self.first:
            return self.first.isoformat()
        first, last = (day.isoformat() if day else "" for day in self)
        return f"{first}..{last}" if first or last else tr("all time")


def _beginning(day: date, days: int, zone: tzinfo) -> datetime:
    try:
        return datetime.combine(day + days * _DAY, time(), zone).astimezone(UTC)
    except OverflowError:
        is_first = day.year == date.min.year
        edge = (date.min, time.min) if is_first else (date.max, time.max)
        return datetime.combine(*edge, UTC)


ALWAYS = Period()


def read_period(text: str, now: datetime, zone: tzinfo, order: str = "") -> Period:
    """Read a period; ValueError with a sentence for what is none, or ends before it begins."""
    words = text.strip()
    if not words:
        return ALWAYS
    first, dots, last = words.partition("..")
    if not dots:
        days = _days(words, now, zone, order)
        return Period(days.first, days.last)
    found = Period(
        _days(first, now, zone, order).first if first.strip() else None,
        _days(last, now, zone, order).last if last.strip() else None,
    )
    if found.first and found.last and found.last < found.first:
        raise ValueError(tr("the period {} ends before it begins", words))
    return found


def _days(text: str, now: datetime, zone: tzinfo, order: str) -> Days:
    bare = _BARE.get(text.strip().lower())
    words = f"this {bare}" if bare else text
    try:
        if week := _WEEK.fullmatch(text.strip()):
            monday = date.fromisocalendar(int(week[1]), int(week[2]), 1)
            return Days(monday, monday + 6 * _DAY)
        when = read_when(words, now, zone, order, past=True, day=True)
    except (ValueError, OverflowError):
        raise ValueError(tr("{!r} is no period", text)) from None
    if isinstance(when, Days):
        if when.last < when.first:  # last 0d
            raise ValueError(tr("{!r} is no period", text))
        return when
    day = local_day(when, zone) if isinstance(when, datetime) else when
    return Days(day, day)


def previous(period: Period, today: date) -> Period:
    """The period before one: of a calendar month the month before, else as many days; of one that is not
    over, as much of it as has passed. ValueError for one that is open."""
    first, last = _closed(period)
    for step in ("year", "quarter", "month", "week"):
        if start_of(first, step) == first and next_start(first, step) == last + _DAY:
            before = Duration(1, _UNITS[step]).after(first, back=True)
            return _as_far(Period(before, first - _DAY), period, today)
    length = last - first + _DAY
    return _as_far(Period(first - length, first - _DAY), period, today)


def year_before(period: Period, today: date) -> Period:
    """The same days of the year before; of a period that is not over, as far as it has passed."""
    first, last = _closed(period)
    year = Duration(1, "y")
    last = year.after(last + _DAY, back=True) - _DAY
    return _as_far(Period(year.after(first, back=True), last), period, today)


def weeks_year_before(period: Period, today: date) -> Period:
    """The weeks of the same number of the year before, from the same day of the week to the same; a week that
    year did not have ends it early."""
    first, last = (_week_before(day) for day in _closed(period))
    return _as_far(Period(first, max(first, last)), period, today)


def _week_before(day: date) -> date:
    year, week, weekday = day.isocalendar()
    try:
        return date.fromisocalendar(year - 1, week, weekday)
    except ValueError:  # it had no week 53
        if year - 1 < date.min.year:
            raise OverflowError from None
        return date.fromisocalendar(year - 1, 52, 7)


def _closed(period: Period) -> tuple[date, date]:
    if period.first is None or period.last is None:
        raise ValueError(tr("only a period with a beginning and an end can be compared"))
    return period.first, period.last


def _as_far(before: Period, period: Period, today: date) -> Period:
    """A period before, cut to as many days as the later one has had until today."""
    first, last = _closed(period)
    if not first <= today < last or before.first is None or before.last is None:
        return before
    return Period(before.first, min(before.last, before.first + (today - first)))


def start_of(day: date, step: str) -> date:
    """The first day of the week, month, quarter or year in which a day lies."""
    if step == "day":
        return day
    if step == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[step]
    return date(day.year, month, 1)


def next_start(day: date, step: str) -> date:
    """The first day of the next one."""
    return Duration(1, _UNITS[step]).after(start_of(day, step))


def key_of(day: date, step: str) -> str:
    """How a week, month, … is called in figures: 2026-11-27, 2026-W48, 2026-11, 2026-Q4, 2026."""
    if step == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02}"
    quarter = f"{day.year:04}-Q{(day.month + 2) // 3}"
    text = day.isoformat()
    return {"day": text, "month": text[:7], "quarter": quarter, "year": text[:4]}[step]


def keys_within(period: Period, step: str) -> list[str]:
    """The keys of all weeks, months, … of a closed period, in order: also of those in which nothing was."""
    first, last = _closed(period)
    found, day = [], start_of(first, step)
    while day <= last:
        found.append(key_of(day, step))
        try:
            day = next_start(day, step)
        except OverflowError:  # the last of the calendar
            break
    return found
