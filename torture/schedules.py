"""Schedules and months beside other readers of the calendar: cronsim for cron lines, dateutil for months."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import islice, product
from zoneinfo import ZoneInfo

from cronsim import CronSim
from dateutil.relativedelta import relativedelta

from crmcli.automation.cron_slots import slots
from crmcli.model.cron import check_cron
from crmcli.model.durations import Duration
from torture.score import Score

PLACES = """
    Europe/Moscow Europe/Berlin Europe/London Europe/Dublin Europe/Kaliningrad Europe/Chisinau
    Asia/Yekaterinburg Asia/Almaty Asia/Tbilisi Asia/Jerusalem Asia/Gaza Asia/Beirut Asia/Tehran
    Asia/Kolkata America/New_York America/Chicago America/Los_Angeles America/St_Johns
    America/Sao_Paulo America/Santiago America/Havana America/Asuncion Africa/Cairo
    Africa/Casablanca Africa/Juba Australia/Sydney Australia/Lord_Howe Pacific/Auckland
    Pacific/Chatham Antarctica/Troll
"""
TIMES = """
    0 0|30 0|0 1|30 1|59 1|0 2|30 2|45 2|0 3|30 3|15,45 2|0,30 1,2,3|1-5 2|0 1-3|0 0-6|0 0-6/2|0 23|59 23|0 9
    0 *|30 *|5 *|*/5 *|*/7 *|*/30 *|3-59/20 *|0 */2|0 */3|30 */6|*/20 */2|*/10 2|* 2|*/15 1-3
"""
DAYS = """
    * * 1-5|* * 0|* * sun,sat|* * 5|1 * *|31 * *|29 2 *|1 1 *|1-7 * 1|1,15 * 1|*/2 * 1|1 * */2|* 3,10,11 *
    25-31 3,10 0|8-14 3 0|1-7 11 0|28-31 * *|* jan-dec mon-sat|L * *|* * fri#2
"""
LINES = (
    *(f"{time} * * *" for row in TIMES.split("\n") for time in row.strip().split("|") if time),
    *(f"30 2 {days}" for row in DAYS.split("\n") for days in row.strip().split("|") if days),
)
ZONES = tuple(PLACES.split())
AROUND = timedelta(hours=30)
WITHIN_HOURS = ("Australia/Lord_Howe", "Pacific/Chatham")
"""Their clocks change within an hour, where cronsim goes on by whole hours and passes over minutes."""


def schedules(*, every: int = 1) -> Score:
    """Every line around every change of clocks from 2020 to 2035 (of these each `every`th), days of three
    years, and months and years after each of their days."""
    score = Score("schedules")
    changes = ((zone, moment) for zone in ZONES for moment in _changes(ZoneInfo(zone)))
    for (zone, moment), line in islice(product(changes, LINES), 0, None, every):
        _compare(score, line, zone, moment - AROUND, moment + AROUND)
    daily = [line for line in LINES if line.startswith("30 2")]
    for line, zone, year in islice(product(daily, ZONES[:2], (2027, 2028, 2029)), 0, None, every):
        year_ends = (datetime(y, 1, 1, tzinfo=UTC) for y in (year, year + 1))
        _compare(score, line, zone, *year_ends)
    _months(score)
    score.remark(f"{len(LINES)} lines, {len(ZONES)} zones")
    return score.stop()


def _compare(score: Score, line: str, zone: str, start: datetime, end: datetime) -> None:
    place = ZoneInfo(zone)
    follows_real_time = line.startswith("*") or line.split()[1].startswith("*")
    judge = _by_minutes if zone in WITHIN_HOURS and follows_real_time else _by_cronsim
    ours = [slot.at.astimezone(UTC) for slot in slots(check_cron(line), place, start, end)]
    theirs = judge(line, place, start, end)
    score.ran()
    if ours != theirs:
        lost, more = set(theirs) - set(ours), set(ours) - set(theirs)
        kind = "lost" if lost else "doubled"
        score.fault(
            kind, f"{line} in {zone} from {start}: lacks {sorted(lost)}, has {sorted(more)}"
        )


def _by_cronsim(line: str, zone: tzinfo, start: datetime, end: datetime) -> list[datetime]:
    found = []
    for moment in CronSim(line, start.astimezone(zone)):
        if moment.astimezone(UTC) > end:
            break
        found.append(moment.astimezone(UTC))
    return found


def _by_minutes(line: str, zone: tzinfo, start: datetime, end: datetime) -> list[datetime]:
    """Each minute that there is, asked whether its time of day is in the line."""
    walls = CronSim(line, datetime(2000, 1, 1, tzinfo=UTC))
    found, minute = [], start.replace(second=0) + timedelta(minutes=1)
    while minute <= end:
        wall = minute.astimezone(zone)
        is_hour = wall.hour in walls.hours and wall.minute in walls.minutes
        if is_hour and walls.match_day(wall.date()) and wall.month in walls.months:
            found.append(minute)
        minute += timedelta(minutes=1)
    return found


def _changes(zone: tzinfo) -> Iterator[datetime]:
    """When the clocks of a zone are changed, to the minute."""
    minute, last = timedelta(minutes=1), datetime(2036, 1, 1, tzinfo=UTC)
    moment, quarter = datetime(2020, 1, 1, tzinfo=UTC), timedelta(hours=6)
    while moment < last:
        offset = moment.astimezone(zone).utcoffset()
        if (moment + quarter).astimezone(zone).utcoffset() != offset:
            exact = moment
            while exact.astimezone(zone).utcoffset() == offset:
                exact += minute
            yield exact
        moment += quarter


def _months(score: Score) -> None:
    """1 to 24 months and 1 to 4 years after and before each day of three years."""
    first = date(2027, 1, 1)
    days = [first + timedelta(days=n) for n in range(3 * 365 + 1)]
    lengths = [(Duration(n, "mo"), relativedelta(months=n)) for n in range(1, 25)]
    lengths += [(Duration(n, "y"), relativedelta(years=n)) for n in range(1, 5)]
    for day, (ours, theirs) in product(days, lengths):
        score.ran()
        if (ours.after(day), ours.after(day, back=True)) != (day + theirs, day - theirs):
            score.fault("other", f"{day} and {ours}: {ours.after(day)}, {day + theirs}")
