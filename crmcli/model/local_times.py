"""Instants and what the clocks and calendars of a time zone show of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo


def to_utc(day: date, clock: time, zone: tzinfo) -> datetime:
    """The instant of a local time; a time that a clock change skips moves on by the change."""
    try:
        return datetime.combine(day, clock.replace(microsecond=0), zone).astimezone(UTC)
    except OverflowError:  # in the first or the last hours of the calendar
        return datetime.combine(day, clock.replace(microsecond=0), UTC)


def local_day(moment: datetime, zone: tzinfo) -> date:
    """The day of an instant in a time zone."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return moment.date()


def local_minute(moment: datetime, zone: tzinfo) -> str:
    """An instant as people of the zone read it, to the minute, with the offset where clocks show that time
    twice; its day alone where time begins."""
    if moment.year < 2:
        return str(local_day(moment, zone))
    local = moment.astimezone(zone)
    is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%Y-%m-%d %H:%M}" + (f" {local:%z}" if is_twice else "")
