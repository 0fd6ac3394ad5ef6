"""When a cron line says go: the slots of a schedule in the workspace's zone; pure rules.

As cron of Debian and cronsim do it. A line with fixed minutes and hours follows the clock on the wall:
each time of day comes once a day, right after the gap if the clocks skip it (once for all that they
skip), at its first showing if they show it twice. A line whose minute or hour begins with `*` follows
real time: nothing in the gap, both showings. Day of the month and day of the week: either is enough, but
where one of them begins with `*` both have to be right.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from itertools import groupby, islice

from crmcli.dataclass import dataclass
from crmcli.model.automation import Schedule
from crmcli.model.durations import Duration
from crmcli.model.values import format_instant
from crmcli.model.work_time import shift

MAX_LATE = Duration(24, "h")
"""How late a slot may still run where the schedule does not say."""
ON_TIME = timedelta(minutes=15)
"""How late a slot may come with `catch_up: none`: cron calls tick every few minutes."""
MOST_SLOTS = 1000
"""How many slots are looked at after an outage, the newest; older ones are let go."""

_WIDEST = timedelta(hours=26)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One moment of a schedule. `key` names it for ever: no second run has the same one."""

    key: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """What a schedule has to do now: slots to run, and slots that came too late."""

    run: tuple[Slot, ...] = ()
    missed: tuple[Slot, ...] = ()


def slots(cron: str, zone: tzinfo, after: datetime, until: datetime) -> list[Slot]:
    """The slots in (after, until], the oldest first; at most the newest MOST_SLOTS."""
    minute, hour, *_ = cron.split()
    slots_back = _by_real_time if "*" in (minute[0], hour[0]) else _by_the_wall
    return list(islice(slots_back(cron, zone, until, after), MOST_SLOTS))[::-1]


def due(schedule: Schedule, zone: tzinfo, evaluated_until: datetime, now: datetime) -> Due:
    """What is to be done of the slots since `evaluated_until`, by the schedule's catch-up rule."""
    waiting = slots(schedule.cron, zone, evaluated_until, now)
    if not waiting:
        return Due()
    late = schedule.max_late or MAX_LATE
    in_time = [slot for slot in waiting if now <= shift(slot.at, late, zone)]
    if schedule.catch_up == "none":
        in_time = [slot for slot in waiting[-1:] if now - slot.at <= ON_TIME]
    elif schedule.catch_up == "one":
        in_time = in_time[-1:]
    # A slot that a later one stands for is not missed; one that nothing stands for is.
    stood_for = schedule.catch_up == "one" and in_time
    missed = () if stood_for else tuple(slot for slot in waiting if slot not in in_time)
    return Due(tuple(in_time), missed)


def next_slot(cron: str, zone: tzinfo, after: datetime) -> datetime | None:
    """The first slot after a moment within about five years, for print."""
    from croniter import CroniterError, croniter

    try:
        steps = croniter(
            cron, _wall(after, zone), max_years_between_matches=5, implement_cron_bug=True
        )
        wall: datetime = steps.get_next(datetime)
    except CroniterError:
        return None
    return _instant(wall, zone)


def _by_the_wall(cron: str, zone: tzinfo, now: datetime, after: datetime) -> Iterator[Slot]:
    """Times of day, each once; all that the clocks skip at one time are one."""
    latest: datetime | None = None
    for wall in _walls_back(cron, zone, now):
        moment = _instant(wall, zone)
        if moment <= after:
            return
        if moment <= now and moment != latest:
            latest = moment
            yield Slot(wall.isoformat(timespec="minutes"), moment)


def _by_real_time(cron: str, zone: tzinfo, now: datetime, after: datetime) -> Iterator[Slot]:
    """Times of day as often as the clocks show them: both showings of one that is shown twice."""
    showings = (_showings(cron, zone, now, after, fold) for fold in (0, 1))
    for moment, _ in groupby(heapq.merge(*showings, reverse=True)):
        yield Slot(format_instant(moment), moment)


def _showings(
    cron: str, zone: tzinfo, now: datetime, after: datetime, fold: int
) -> Iterator[datetime]:
    """The first or the second showing of each time of day, ever earlier."""
    for wall in _walls_back(cron, zone, now):
        moment = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if _wall(moment, zone) != wall:
            continue  # the clocks skip it
        if moment <= after:
            return
        if moment <= now:
            yield moment


def _walls_back(cron: str, zone: tzinfo, now: datetime) -> Iterator[datetime]:
    """The times of day up to now, ever earlier, as if no clock was ever changed. Clocks that were set
    back lately may show an earlier time than slots that have been, so it begins at what they would
    show unchanged."""
    from croniter import CroniterBadDateError, croniter

    ahead = max(_offset(now, zone), _offset(now - _WIDEST, zone))
    latest = (now.astimezone(UTC) + ahead).replace(tzinfo=None, second=0, microsecond=0)
    # croniter goes to the one strictly before
    steps = croniter(cron, latest + _MINUTE, implement_cron_bug=True)
    while True:
        try:
            yield steps.get_prev(datetime)
        except CroniterBadDateError:
            return  # no such day in fifty years


def _instant(wall: datetime, zone: tzinfo) -> datetime:
    """The instant of a time of day: the end of the gap for one that the clocks skip."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if _wall(moment, zone) == wall:
        return moment
    offset, end = _offset(moment, zone), int(moment.timestamp())
    lately = range(end - int(_WIDEST.total_seconds()), end)
    at = partial(datetime.fromtimestamp, tz=UTC)
    first = bisect_left(lately, True, key=lambda second: _offset(at(second), zone) == offset)
    return datetime.fromtimestamp(lately[0] + first, UTC)


def _wall(moment: datetime, zone: tzinfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
