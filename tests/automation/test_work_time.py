from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crmcli.model.durations import Duration, parse_duration
from crmcli.model.settings import Calendar
from crmcli.model.work_time import at_local, shift, shift_working, working_moment

BERLIN = ZoneInfo("Europe/Berlin")
MOSCOW = ZoneInfo("Europe/Moscow")
ZONES = (BERLIN, MOSCOW, ZoneInfo("America/St_Johns"), ZoneInfo("Australia/Lord_Howe"))
RUSSIAN = Calendar(
    holidays=frozenset({date(2026, 11, 4), date(2026, 12, 31), date(2027, 1, 1)}),
    workdays=frozenset({date(2026, 11, 14)}),
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def wall(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "by", "end"),
    [
        ("2026-11-23T15:00", "1d", "2026-11-24T15:00"),
        ("2026-11-23T15:00", "2w", "2026-12-07T15:00"),
        ("2026-03-28T15:00", "1d", "2026-03-29T15:00"),  # 23 hours later
        ("2026-10-24T15:00", "1d", "2026-10-25T15:00"),  # 25 hours later
        ("2026-03-28T15:00", "24h", "2026-03-29T16:00"),
        ("2026-10-24T15:00", "24h", "2026-10-25T14:00"),
        ("2026-03-28T02:30", "1d", "2026-03-29T03:30"),  # 02:30 is skipped that night
        ("2026-10-24T02:30", "1d", "2026-10-25T02:30"),  # the first of two
        ("2026-11-23T15:00", "0d", "2026-11-23T15:00"),
        ("2026-01-31T15:00", "1mo", "2026-02-28T15:00"),
        ("2027-12-31T15:00", "2mo", "2028-02-29T15:00"),
        ("2026-11-30T15:00", "1q", "2027-02-28T15:00"),
        ("2028-02-29T15:00", "1y", "2029-02-28T15:00"),
        ("2026-02-28T02:30", "1mo", "2026-03-28T02:30"),
    ],
)
def test_days_follow_the_wall_clock_and_hours_are_real(start: str, by: str, end: str) -> None:
    assert shift(wall(start, BERLIN), parse_duration(by), BERLIN) == wall(end, BERLIN)


@pytest.mark.parametrize(
    ("start", "by", "back", "end"),
    [
        ("2026-10-04T15:00", "1mo", False, "2026-11-05T09:00"),  # the 4th is a holiday
        ("2026-10-23T15:00", "1mo", False, "2026-11-23T15:00"),
        ("2026-12-04T15:00", "1mo", True, "2026-11-03T15:00"),
        ("2026-11-23T22:00", "1q", False, "2027-02-24T09:00"),
    ],
)
def test_months_of_the_calendar_end_on_a_working_day(
    start: str, by: str, back: bool, end: str
) -> None:
    moved = shift_working(wall(start, MOSCOW), parse_duration(by), RUSSIAN, MOSCOW, back=back)
    assert moved == wall(end, MOSCOW)


def test_of_two_half_past_twos_the_first_is_meant() -> None:
    assert at_local(date(2026, 10, 25), time(2, 30), BERLIN) == utc("2026-10-25T00:30Z")
    assert at_local(date(2026, 3, 29), time(2, 30), BERLIN) == utc("2026-03-29T01:30Z")


def test_back_by_days_over_a_change_of_clocks() -> None:
    before = shift(wall("2026-10-26T09:00", BERLIN), parse_duration("3d"), BERLIN, back=True)
    assert before == wall("2026-10-23T09:00", BERLIN)


@pytest.mark.parametrize(
    ("start", "by", "end"),
    [
        ("2026-11-23T10:00", "2h", "2026-11-23T12:00"),
        ("2026-11-23T17:00", "2h", "2026-11-24T10:00"),  # over the night
        ("2026-11-27T17:30", "90m", "2026-11-30T10:00"),  # over a weekend
        ("2026-11-23T20:00", "1h", "2026-11-24T10:00"),  # begins after closing
        ("2026-11-23T07:00", "1h", "2026-11-23T10:00"),  # and before opening
        ("2026-11-03T17:00", "2h", "2026-11-05T10:00"),  # the 4th is a holiday
        ("2026-11-13T17:00", "2h", "2026-11-14T10:00"),  # a worked Saturday
        ("2026-11-23T10:00", "1d", "2026-11-24T10:00"),
        ("2026-11-27T15:00", "1d", "2026-11-30T15:00"),  # Friday to Monday
        ("2026-11-28T11:00", "1d", "2026-11-30T11:00"),  # from a Saturday
        ("2026-11-27T23:00", "1d", "2026-12-01T09:00"),  # from after closing
        ("2026-11-03T10:00", "1d", "2026-11-05T10:00"),
        ("2026-11-23T10:00", "1w", "2026-11-30T10:00"),
        ("2026-11-23T10:00", "9h", "2026-11-24T10:00"),
    ],
)
def test_working_time_after(start: str, by: str, end: str) -> None:
    moment = shift_working(wall(start, MOSCOW), parse_duration(by), RUSSIAN, MOSCOW)
    assert moment == wall(end, MOSCOW)


@pytest.mark.parametrize(
    ("start", "by", "end"),
    [
        ("2026-11-26T00:00", "1d", "2026-11-25T09:00"),
        ("2026-11-28T00:00", "1d", "2026-11-26T09:00"),  # Saturday: first Friday, then a day
        ("2026-11-30T12:00", "1d", "2026-11-27T12:00"),
        ("2026-11-05T12:00", "1d", "2026-11-03T12:00"),  # the 4th is a holiday
        ("2026-11-04T12:00", "1d", "2026-11-02T12:00"),
        ("2026-11-26T22:00", "1d", "2026-11-25T18:00"),
        ("2026-11-23T10:00", "2h", "2026-11-20T17:00"),
        ("2026-11-23T00:00", "2h", "2026-11-20T16:00"),
        ("2026-11-23T18:00", "9h", "2026-11-23T09:00"),
        ("2026-11-22T12:00", "1h", "2026-11-20T17:00"),
    ],
)
def test_working_time_before(start: str, by: str, end: str) -> None:
    moment = shift_working(wall(start, MOSCOW), parse_duration(by), RUSSIAN, MOSCOW, back=True)
    assert moment == wall(end, MOSCOW)


def worked(start: datetime, end: datetime, calendar: Calendar, zone: ZoneInfo) -> timedelta:
    """How long the company works between two instants, by adding up its days."""
    total, day = timedelta(), start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        if calendar.is_open(day):
            opens = datetime.combine(day, calendar.opens, zone).astimezone(UTC)
            closes = datetime.combine(day, calendar.closes, zone).astimezone(UTC)
            total += max(min(end, closes) - max(start, opens), timedelta())
        day += timedelta(days=1)
    return total


moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 2, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=0)
)
calendars = st.builds(
    Calendar,
    days=st.lists(st.integers(0, 6), min_size=1, unique=True).map(lambda days: tuple(sorted(days))),
    opens=st.sampled_from([time(0), time(2, 30), time(9)]),
    closes=st.sampled_from([time(10, 15), time(18), time(23, 59)]),
    holidays=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=6),
    workdays=st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=3),
)


@settings(max_examples=150, deadline=None)
@given(moments, st.integers(1, 6000), calendars, st.sampled_from(ZONES), st.booleans())
def test_as_much_is_worked_in_between_as_was_asked(
    moment: datetime, minutes: int, calendar: Calendar, zone: ZoneInfo, back: bool
) -> None:
    other = shift_working(moment, Duration(minutes, "m"), calendar, zone, back=back)
    between = (other, moment) if back else (moment, other)
    assert worked(*between, calendar, zone) == timedelta(minutes=minutes)


@settings(max_examples=150, deadline=None)
@given(moments, st.integers(0, 40), calendars, st.sampled_from(ZONES))
def test_working_days_lie_in_between(
    moment: datetime, count: int, calendar: Calendar, zone: ZoneInfo
) -> None:
    later = shift_working(moment, Duration(count, "d"), calendar, zone)
    day, last = moment.astimezone(zone).date(), later.astimezone(zone).date()
    between = sum(
        calendar.is_open(day + timedelta(days=n)) for n in range(1, (last - day).days + 1)
    )
    assert between in (count, count + 1)  # one more where closing time had passed
    assert working_moment(later, calendar, zone) == later


@settings(max_examples=100, deadline=None)
@given(moments, moments, st.sampled_from(["90m", "5h", "1d", "2w"]), st.sampled_from(ZONES))
def test_what_begins_later_ends_later(
    one: datetime, other: datetime, by: str, zone: ZoneInfo
) -> None:
    early, late = sorted((one, other))
    length = parse_duration(by)
    if length.unit in "dw":  # days keep the clock: from a day off they end at its time, too
        assume(all(RUSSIAN.is_open(at.astimezone(zone).date()) for at in (early, late)))
    assert shift_working(early, length, RUSSIAN, zone) <= shift_working(late, length, RUSSIAN, zone)
