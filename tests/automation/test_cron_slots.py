from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.automation.cron_slots import MOST_SLOTS, due, next_slot, slots
from crmcli.model.automation import Schedule
from crmcli.model.durations import parse_duration

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(name)
    for name in (
        "Europe/Berlin",
        "Europe/Moscow",
        "America/New_York",
        "America/St_Johns",
        "Asia/Tehran",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Pacific/Apia",
        "America/Santiago",
        "UTC",
    )
]
FIXED = (
    "30 2 * * *",
    "0 9 * * 1",
    "15 0,1,2,3 * * *",
    "0 0 1 * *",
    "20 1-3 * * *",
    "59 23 * * *",
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def keys(cron: str, after: str, until: str) -> list[str]:
    return [slot.key for slot in slots(cron, BERLIN, utc(after), utc(until))]


def test_a_time_that_comes_twice_counts_once() -> None:
    found = slots("30 2 * * *", BERLIN, utc("2026-10-24T12:00"), utc("2026-10-26T12:00"))
    assert [(s.key, s.at) for s in found] == [
        ("2026-10-25T02:30", utc("2026-10-25T00:30")),
        ("2026-10-26T02:30", utc("2026-10-26T01:30")),
    ]


def test_a_tick_while_the_time_is_shown_again_knows_what_came_at_its_first_showing() -> None:
    """At ten past two, shown for the second time, half past two has been."""
    assert keys("30 2 * * *", "2026-10-25T00:00", "2026-10-25T01:10") == ["2026-10-25T02:30"]
    assert keys("*/30 * * * *", "2026-10-25T00:00", "2026-10-25T01:10") == [
        "2026-10-25T00:30:00Z",
        "2026-10-25T01:00:00Z",
    ]


def test_a_time_that_is_skipped_comes_right_after_the_gap() -> None:
    found = slots("30 2 * * *", BERLIN, utc("2026-03-28T12:00"), utc("2026-03-29T12:00"))
    assert [(s.key, s.at) for s in found] == [("2026-03-29T02:30", utc("2026-03-29T01:00"))]


def test_all_that_one_gap_skips_comes_once_after_it() -> None:
    found = slots("0,30 2,3 * * *", BERLIN, utc("2026-03-28T23:00"), utc("2026-03-29T12:00"))
    assert [s.at for s in found] == [utc("2026-03-29T01:00"), utc("2026-03-29T01:30")]


@pytest.mark.parametrize("cron", ["*/20 2 * * *", "* 2 * * *"])
def test_every_few_minutes_is_real_time_in_a_given_hour_too(cron: str) -> None:
    assert keys(cron, "2026-03-28T23:00", "2026-03-29T12:00") == []
    found = keys(cron, "2026-10-24T22:00", "2026-10-25T12:00")
    assert len(found) == 2 * (3 if "20" in cron else 60)


@pytest.mark.parametrize(
    ("days", "found"),
    [
        ("*/2 * 1", ["09", "23"]),  # Mondays that are odd days of the month
        ("9 * */2", ["09"]),  # the 9th, if that is Sunday, Tuesday, Thursday or Saturday
        ("1,9 * 1", ["01", "02", "09", "16", "23", "30"]),  # the 1st, the 9th and every Monday
    ],
)
def test_both_days_have_to_be_right_where_one_begins_with_a_star(
    days: str, found: list[str]
) -> None:
    said = keys(f"0 9 {days}", "2027-08-01T00:00", "2027-08-31T23:00")
    assert [key[8:10] for key in said] == ([] if days.startswith("9") else found)


def test_every_half_hour_is_real_time() -> None:
    assert len(keys("*/30 * * * *", "2026-10-24T22:00", "2026-10-25T22:00")) == 48
    assert len(keys("*/30 * * * *", "2026-03-28T23:00", "2026-03-29T22:00")) == 46
    assert len(set(keys("*/30 * * * *", "2026-10-24T22:00", "2026-10-25T22:00"))) == 48


def test_the_end_belongs_to_the_span_and_its_beginning_does_not() -> None:
    assert keys("0 9 * * *", "2026-11-23T08:00", "2026-11-24T08:00") == ["2026-11-24T09:00"]
    assert keys("0 * * * *", "2026-11-23T08:00", "2026-11-23T09:00") == ["2026-11-23T09:00:00Z"]
    assert keys("0 * * * *", "2026-11-23T08:00", "2026-11-23T08:00") == []


def test_a_day_that_never_comes_gives_nothing() -> None:
    assert keys("0 0 31 2 *", "2026-01-01T00:00", "2026-12-31T00:00") == []
    assert next_slot("0 0 31 2 *", BERLIN, utc("2026-01-01T00:00")) is None


def test_the_next_slot_is_told() -> None:
    assert next_slot("0 9 * * 1", BERLIN, utc("2026-11-23T09:00")) == utc("2026-11-30T08:00")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.sampled_from(FIXED),
    st.datetimes(datetime(2026, 1, 5), datetime(2026, 12, 20), timezones=st.just(UTC)),
    st.lists(st.integers(1, 700), min_size=1, max_size=40),
)
def test_each_local_slot_comes_once_however_the_ticks_fall(
    zone: ZoneInfo, cron: str, start: datetime, pauses: list[int]
) -> None:
    """Every wall time that the line names, once, in order, through every change of clocks."""
    now, seen = start, []
    for pause in pauses:
        later = now + timedelta(minutes=pause)
        seen += [slot.key for slot in slots(cron, zone, now, later)]
        now = later
    assert seen == [slot.key for slot in slots(cron, zone, start, now)]
    assert len(seen) == len(set(seen))
    assert seen == sorted(seen)
    begin = start.astimezone(zone).replace(tzinfo=None)
    end = now.astimezone(zone).replace(tzinfo=None)
    day = timedelta(days=1)
    inner = [k for k in seen if begin + day < datetime.fromisoformat(k) < end - day]
    assert inner == [
        k for k in walls(cron, begin, end) if begin + day < datetime.fromisoformat(k) < end - day
    ]


def walls(cron: str, begin: datetime, end: datetime) -> list[str]:
    """The wall times that a line names, by trying every minute."""
    minute, hour, month_day, _, week_day = cron.split()
    found, moment = [], begin.replace(second=0, microsecond=0)
    while moment <= end:
        if (
            fits(minute, moment.minute)
            and fits(hour, moment.hour)
            and fits(month_day, moment.day)
            and fits(week_day, moment.isoweekday())
        ):
            found.append(moment.isoformat(timespec="minutes"))
        moment += timedelta(minutes=1)
    return found


def fits(part: str, number: int) -> bool:
    if part.startswith("*"):
        return number % int(part[2:] or 1) == 0
    if "-" in part:
        low, high = map(int, part.split("-"))
        return low <= number <= high
    return number in map(int, part.split(","))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 5), datetime(2026, 12, 20), timezones=st.just(UTC)),
)
def test_an_hourly_line_comes_every_hour_of_real_time(zone: ZoneInfo, start: datetime) -> None:
    found = slots("0 * * * *", zone, start, start + timedelta(days=2))
    assert len({slot.key for slot in found}) == len(found)
    steps = {(b.at - a.at) for a, b in pairwise(found)}
    # Lord Howe turns its clocks by half an hour, so two full hours may lie closer or further.
    allowed = {timedelta(minutes=30), timedelta(hours=1), timedelta(minutes=90)}
    assert steps <= (allowed if zone.key == "Australia/Lord_Howe" else {timedelta(hours=1)})


HOURLY = Schedule(id="digest", cron="0 9 * * *", do="notify", params={})


@pytest.mark.parametrize(
    ("catch_up", "max_late", "run", "missed"),
    [
        ("one", None, ["2026-11-23T09:00"], []),
        ("all", None, ["2026-11-23T09:00"], ["2026-11-20T09:00", "2026-11-21T09:00", "2026-11-22T09:00"]),
        ("all", "3d", ["2026-11-21T09:00", "2026-11-22T09:00", "2026-11-23T09:00"], ["2026-11-20T09:00"]),
        ("none", None, [], ["2026-11-20T09:00", "2026-11-21T09:00", "2026-11-22T09:00", "2026-11-23T09:00"]),
        ("one", "1h", [], ["2026-11-20T09:00", "2026-11-21T09:00", "2026-11-22T09:00", "2026-11-23T09:00"]),
    ],
)  # fmt: skip
def test_after_an_outage(
    catch_up: str, max_late: str | None, run: list[str], missed: list[str]
) -> None:
    late = parse_duration(max_late) if max_late else None
    schedule = Schedule("digest", "0 9 * * *", "notify", {}, catch_up=catch_up, max_late=late)
    found = due(schedule, BERLIN, utc("2026-11-19T12:00"), utc("2026-11-23T20:00"))
    assert [slot.key for slot in found.run] == run
    assert [slot.key for slot in found.missed] == missed


def test_a_tick_in_time_runs_whatever_the_rule() -> None:
    for catch_up in ("one", "all", "none"):
        schedule = Schedule("digest", "0 9 * * *", "notify", {}, catch_up=catch_up)
        found = due(schedule, BERLIN, utc("2026-11-23T07:58"), utc("2026-11-23T08:03"))
        assert [slot.key for slot in found.run] == ["2026-11-23T09:00"]
        assert found.missed == ()


@pytest.mark.parametrize(
    ("catch_up", "max_late", "latest"),
    [("none", None, "08:15"), ("one", "1h", "09:00"), ("all", "90m", "09:30")],
)
def test_the_latest_moment_is_in_time_still(
    catch_up: str, max_late: str | None, latest: str
) -> None:
    late = parse_duration(max_late) if max_late else None
    schedule = Schedule("digest", "0 9 * * *", "notify", {}, catch_up=catch_up, max_late=late)
    now = utc(f"2026-11-23T{latest}")
    for moment, count in ((now, 1), (now + timedelta(seconds=1), 0)):
        found = due(schedule, BERLIN, utc("2026-11-23T07:00"), moment)
        assert (len(found.run), len(found.missed)) == (count, 1 - count)


def test_a_clock_set_back_runs_nothing_twice() -> None:
    assert due(HOURLY, BERLIN, utc("2026-11-23T08:01"), utc("2026-11-23T07:30")).run == ()
    wild = Schedule("w", "* * * * *", "notify", {})
    assert due(wild, BERLIN, utc("2026-11-23T08:01"), utc("2026-11-23T07:30")).run == ()


def test_a_year_without_ticks_is_looked_at_from_its_end() -> None:
    every_minute = Schedule("w", "* * * * *", "notify", {})
    found = due(every_minute, BERLIN, utc("2025-11-23T08:00"), utc("2026-11-23T08:00"))
    assert [slot.at for slot in found.run] == [utc("2026-11-23T08:00")]
    newest = slots("* * * * *", BERLIN, utc("2025-11-23T08:00"), utc("2026-11-23T08:00"))
    assert len(newest) == MOST_SLOTS
    assert newest[-1].at == utc("2026-11-23T08:00")
