"""When a robot is due: by dates of its record and of those that the record is linked to; pure rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

from crmcli.dataclass import dataclass, field
from crmcli.model.automation import Timing
from crmcli.model.durations import MONTHS, Duration
from crmcli.model.fields import Record
from crmcli.model.presence import Presence
from crmcli.model.settings import Calendar
from crmcli.model.values import DayOfYear
from crmcli.model.work_time import (
    at_local,
    calendar_of,
    on_work_day,
    shift,
    shift_working,
    working_moment,
)


class Dated(NamedTuple):
    """A date or instant, and the linked record that has it, "" where the record itself does."""

    value: date
    whose: str = ""


def own_dates(record: Record, name: str) -> Sequence[Dated]:
    """The date or instant in a field of the record itself, if there is one."""
    try:
        value = record.get(name)
    except KeyError:
        return ()
    return (Dated(value),) if isinstance(value, date) else ()


@dataclass(frozen=True, slots=True)
class Clock:
    """What times are reckoned by: now, the company's working hours, the workspace's zone. `dates` gives the
    dates of a field, of which there may be several where it leads to linked records."""

    now: datetime
    calendar: Calendar
    zone: tzinfo
    dates: Callable[[Record, str], Sequence[Dated]] = own_dates
    presences: Mapping[str, Presence] = field(default_factory=dict)

    def present(self, owner: str, moment: datetime) -> datetime:
        """The moment, or when the owner of a record is next at work."""
        own = self.presences.get(owner, Presence())
        return working_moment(moment, calendar_of(own, self.calendar), self.zone)


class Turn(NamedTuple):
    """A time at which a robot is due: the date that it hangs on, if any, and the moment."""

    dated: Dated | None
    moment: datetime


def turns_of(timing: Timing, record: Record, since: datetime, clock: Clock) -> list[Turn]:
    """The times of a robot that counts from `since`, the earliest first; none while its date is empty. Of a
    date that comes back: the last time that has come since then, and the next one. OverflowError where
    the calendar ends."""
    if not timing.field:
        return [Turn(None, waited(timing, since, clock))]
    turns: list[Turn] = []
    for dated in dict.fromkeys(clock.dates(record, timing.field)):
        if timing.every:
            turns += _again_and_again(timing, dated, since, clock)
        elif not isinstance(dated.value, DayOfYear):
            turns.append(Turn(dated, _moment(timing, dated.value, clock)))
    return sorted(turns, key=lambda turn: turn.moment)


def has_passed(timing: Timing, turn: Turn, armed: datetime, zone: tzinfo) -> bool:
    """Whether a time had passed by then; that of a whole day not before the day is over."""
    if timing.time or turn.dated is None or isinstance(turn.dated.value, datetime):
        return turn.moment < armed
    if abs(armed - turn.moment) > timedelta(days=2):  # as the calendar ends, no zone can be asked
        return turn.moment < armed
    return turn.moment.astimezone(zone).date() < armed.astimezone(zone).date()


def _again_and_again(timing: Timing, dated: Dated, since: datetime, clock: Clock) -> list[Turn]:
    come: list[Turn] = []
    value = dated.value
    local = value.astimezone(clock.zone) if isinstance(value, datetime) else None
    first = local.date() if local else value
    number = _first_number(timing, first, since)
    while True:
        day = Duration(number, timing.every).after(first)
        again = datetime.combine(day, local.time(), clock.zone) if local else day
        turn = Turn(Dated(again, dated.whose), _moment(timing, again, clock))
        if turn.moment > clock.now:
            return [*come, turn]
        if not has_passed(timing, turn, since, clock.zone):
            come = [turn]  # of several that were missed the last one counts
        number += 1


def _first_number(timing: Timing, first: date, since: datetime) -> int:
    """Which return of a date to look at first: certainly none that is still to come after `since`."""
    by = timing.by if timing.before else timing.after
    early = since.date()
    if by and not by.is_elapsed:
        early = Duration(by.count + 1, by.unit).after(early, back=True)
    months = (early.year - first.year) * 12 + early.month - first.month
    return max(0, months // MONTHS[timing.every] - 2)


def _moment(timing: Timing, value: date, clock: Clock) -> datetime:
    """The moment that hangs on a date, by the clock on the wall."""
    zone, by = clock.zone, timing.by if timing.before else timing.after
    if isinstance(value, datetime) and not timing.time:
        base = value
    else:
        day = value.astimezone(zone).date() if isinstance(value, datetime) else value
        base = at_local(day, time.fromisoformat(timing.time or "00:00"), zone)
    return _shifted(timing, base, by, clock, back=bool(timing.before))


def _shifted(
    timing: Timing, base: datetime, by: Duration | None, clock: Clock, *, back: bool = False
) -> datetime:
    if by is None:
        return working_moment(base, clock.calendar, clock.zone) if timing.workdays else base
    if timing.workdays:
        return shift_working(base, by, clock.calendar, clock.zone, back=back)
    return shift(base, by, clock.zone, back=back)


def waited(timing: Timing, since: datetime, clock: Clock) -> datetime:
    """So long after a moment, at a time of day if one is given: that of the day so many days later, or the
    next one after so many hours."""
    by, zone = timing.after, clock.zone
    if not timing.time:
        return _shifted(timing, since, by, clock)
    at, local = time.fromisoformat(timing.time), since.astimezone(zone)
    if by and by.count and not by.is_elapsed:
        return _shifted(timing, at_local(local.date(), at, zone), by, clock)
    earliest = _shifted(timing, since, by, clock)
    day = earliest.astimezone(zone).date()
    moment = at_local(day, at, zone)
    if moment < earliest:
        moment = at_local(day + timedelta(days=1), at, zone)
    return on_work_day(moment, clock.calendar, zone) if timing.workdays else moment
