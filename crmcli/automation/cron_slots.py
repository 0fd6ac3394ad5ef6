"""When a cron line says go: the slots of a schedule in the workspace's zone; pure rules.

A line with fixed hours follows the clock on the wall: each time of day comes once a day, right
after the gap if the clocks skip it, at its first showing if they show it twice. A line whose hour
is `*` follows real time: nothing in the gap, both showings.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice

from crmcli.automation.work_time import shift
from crmcli.dataclass import dataclass
from crmcli.model.automation import Schedule
from crmcli.model.values import Duration, format_instant

MAX_LATE = Duration(24, "h")
"""How late a slot may still run where the schedule does not say."""
ON_TIME = timedelta(minutes=15)
"""How late a slot may come with `catch_up: none`: cron calls tick every few minutes."""
MOST_SLOTS = 1000
"""How many slots are looked at after an outage, the newest; older ones are let go."""

_WIDEST = timedelta(hours=26)
_MINUTE = timedelta(minutes=1)
_SECOND = timedelta(seconds=1)


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
    slots_back = _by_real_time if _is_wild(cron) else _by_the_wall
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

    naive = after.astimezone(zone).replace(tzinfo=None)
    try:
        steps = croniter(cron, naive, max_years_between_matches=5)
        wall: datetime = steps.get_next(datetime)
    except CroniterError:
        return None
    return _instant(wall, zone)


def _is_wild(cron: str) -> bool:
    return cron.split()[1].startswith("*")


def _by_the_wall(cron: str, zone: tzinfo, now: datetime, after: datetime) -> Iterator[Slot]:
    """Times of day, each once. Clocks that were set back lately may show an earlier time than
    slots that have been, so the search begins at what they would show unchanged."""
    widest = max(_offset(now, zone), _offset(now - _WIDEST, zone))
    for wall in _walls_back(cron, now.astimezone(UTC).replace(tzinfo=None) + widest):
        moment = _instant(wall, zone)
        if moment <= after:
            return
        if moment <= now:
            yield Slot(wall.isoformat(timespec="minutes"), moment)


def _by_real_time(cron: str, zone: tzinfo, now: datetime, after: datetime) -> Iterator[Slot]:
    """Times of day in each stretch between two changes of the clocks."""
    for begin, end in _stretches_back(zone, now, after):
        offset = _offset(begin, zone)
        for wall in _walls_back(cron, end.replace(tzinfo=None) + offset):
            moment = (wall - offset).replace(tzinfo=UTC)
            if moment < begin or moment <= after:
                break
            if moment < end or moment == now == end:
                yield Slot(format_instant(moment), moment)


def _walls_back(cron: str, wall: datetime) -> Iterator[datetime]:
    """The times of day at or before one, ever earlier, as if no clock was ever changed."""
    from croniter import CroniterBadDateError, croniter

    # A minute after: croniter goes to the one strictly before.
    steps = croniter(cron, wall.replace(second=0, microsecond=0) + _MINUTE)
    while True:
        try:
            yield steps.get_prev(datetime)
        except CroniterBadDateError:
            return  # no such day in fifty years


def _instant(wall: datetime, zone: tzinfo) -> datetime:
    """The instant of a time of day: the end of the gap for one that the clocks skip."""
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    return _change(zone, moment - _WIDEST, moment)


def _offset(moment: datetime, zone: tzinfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()


def _change(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    """The latest instant in (low, high] from which the offset of `high` holds; to the second."""
    offset = _offset(high, zone)
    low, high = low.replace(microsecond=0), high.replace(microsecond=0)
    while high - low > _SECOND:
        middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _offset(middle, zone) == offset:
            high = middle
        else:
            low = middle
    return high


def _stretches_back(
    zone: tzinfo, now: datetime, after: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Cut (after, now] where the clocks change, the last stretch first: begin and end in UTC."""
    end = begin = now.astimezone(UTC)
    floor = after.astimezone(UTC)
    offset = _offset(end, zone)
    while begin > floor:
        earlier = max(begin - timedelta(days=1), floor)
        if _offset(earlier, zone) == offset:
            begin = earlier
            continue
        changed = _change(zone, earlier, begin if begin == now else begin - _SECOND)
        yield changed, end
        # The moment of the change belongs to the stretch that it opens.
        end = begin = changed
        offset = _offset(changed - _SECOND, zone)
    if begin < end or end == now:
        yield begin, end
