"""Moments by the clock on the wall and by the company's working hours; pure rules, all in UTC.

A day, a week and a time of day are read in the workspace's zone: a day has 23 or 25 hours when
the clocks change. A minute and an hour are real time. A time of day that the clocks skip is taken
as much later as they skip; one that they show twice is its first showing.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from crmcli.model.durations import MONTHS, Duration
from crmcli.model.presence import Presence
from crmcli.model.settings import Calendar, Quiet


def at_local(day: date, clock: time, zone: tzinfo) -> datetime:
    """The instant of a time of day on a day."""
    return datetime.combine(day, clock, zone).astimezone(UTC)


def shift(moment: datetime, by: Duration, zone: tzinfo, *, back: bool = False) -> datetime:
    """That long after the moment (before it with `back`) by the clock on the wall."""
    if by.is_elapsed:
        length = timedelta(seconds=by.seconds)
        return moment - length if back else moment + length
    if not by.count:
        return moment
    local = moment.astimezone(zone)
    return at_local(by.after(local.date(), back=back), local.time().replace(fold=0), zone)


def shift_working(
    moment: datetime, by: Duration, calendar: Calendar, zone: tzinfo, *, back: bool = False
) -> datetime:
    """That much working time after the moment (before it with `back`). Days are working days, a week as
    many of them as the company's week has, months are those of the calendar; the result stands within
    working hours. Going back, a day off first becomes the working day before it."""
    if by.is_elapsed:
        through_hours = _back_through_hours if back else _on_through_hours
        return through_hours(moment, timedelta(seconds=by.seconds), calendar, zone)
    local = moment.astimezone(zone)
    day, clock = local.date(), local.time().replace(fold=0)
    step = -1 if back else 1
    count = by.count * (len(calendar.days) if by.unit == "w" else 1)
    if by.unit in MONTHS:
        day, count = by.after(day, back=back), 0
    if back:
        day = _open_day(day, calendar, step)
        clock = min(max(clock, calendar.opens), calendar.closes)
    for _ in range(count):
        day = _open_day(day + timedelta(days=step), calendar, step)
    shifted = at_local(day, clock, zone)
    return shifted if back else working_moment(shifted, calendar, zone)


def working_moment(moment: datetime, calendar: Calendar, zone: tzinfo) -> datetime:
    """The moment itself if the company works then, else the next opening."""
    local = moment.astimezone(zone)
    if calendar.is_open(local.date()):
        if local.time() < calendar.opens:
            return at_local(local.date(), calendar.opens, zone)
        if local.time() < calendar.closes:
            return moment
    day = _open_day(local.date() + timedelta(days=1), calendar, 1)
    return at_local(day, calendar.opens, zone)


def on_work_day(moment: datetime, calendar: Calendar, zone: tzinfo) -> datetime:
    """The moment, or the same time of the next working day if the company does not work on its day."""
    local = moment.astimezone(zone)
    return at_local(_open_day(local.date(), calendar, 1), local.time().replace(fold=0), zone)


def after_quiet(moment: datetime, quiet: Quiet, calendar: Calendar, zone: tzinfo) -> datetime:
    """The moment itself, or the end of the quiet time in which it lies."""
    while True:
        local = moment.astimezone(zone)
        day, clock = local.date(), local.time()
        midnight = at_local(day + timedelta(days=1), time(), zone)
        if day.weekday() in quiet.days or (quiet.holidays and day in calendar.holidays):
            moment = midnight
            continue
        begin, end = quiet.hours or (time(), time())
        is_late = clock >= begin > end
        if is_late:
            moment = midnight
        elif clock < end and (begin > end or clock >= begin):
            moment = at_local(day, end.replace(fold=local.fold), zone)
        else:
            return moment


def calendar_of(presence: Presence, calendar: Calendar) -> Calendar:
    """The company's calendar as it is for one user."""
    away = frozenset(
        first + timedelta(days=n)
        for first, last in presence.absences
        for n in range((last - first).days + 1)
    )
    opens, closes = presence.hours or (calendar.opens, calendar.closes)
    days, workdays = presence.days or calendar.days, calendar.workdays - away
    return Calendar(days, opens, closes, calendar.holidays | away, workdays)


def _open_day(day: date, calendar: Calendar, step: int) -> date:
    """The day itself if the company works, else the nearest one in that direction that it does."""
    while not calendar.is_open(day):
        day += timedelta(days=step)
    return day


def _on_through_hours(
    moment: datetime, left: timedelta, calendar: Calendar, zone: tzinfo
) -> datetime:
    moment = working_moment(moment, calendar, zone)
    while True:
        closes = at_local(moment.astimezone(zone).date(), calendar.closes, zone)
        if left <= closes - moment:
            return moment + left
        left -= closes - moment
        moment = working_moment(closes, calendar, zone)


def _back_through_hours(
    moment: datetime, left: timedelta, calendar: Calendar, zone: tzinfo
) -> datetime:
    day = moment.astimezone(zone).date()
    while True:
        day = _open_day(day, calendar, -1)
        opens, closes = (at_local(day, hour, zone) for hour in (calendar.opens, calendar.closes))
        end = min(moment, closes)
        if end > opens and left < end - opens:
            return end - left
        left -= max(end - opens, timedelta())
        if not left and end >= opens:
            return opens
        day -= timedelta(days=1)
