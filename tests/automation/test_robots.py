from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.automation.ledger import LONGEST, MOST_ATTEMPTS, RETRIES, jobs_of, next_try
from crmcli.automation.robots import Clock, Step, is_wild, key_of, next_at, steps_of
from crmcli.automation.visits import Visit, visits
from crmcli.model.automation import Robot, Timing
from crmcli.model.deal import Deal
from crmcli.model.durations import parse_duration
from crmcli.model.event import Event
from crmcli.model.settings import Calendar
from crmcli.model.values import format_instant
from crmcli.present.automation import jobs

MOSCOW = ZoneInfo("Europe/Moscow")
ENTERED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)  # Monday, noon in Moscow
DEAL = Deal(id="deal-7k3qf2m9", name="Поставка чая", stage="talks", close_by=date(2026, 11, 30))
ENTRY = Event("e1", ENTERED, "anna", "stage.entered", DEAL.id, data={"stage": "talks"})


def robot(robot_id: str, on_error: str = "stop", enabled: bool = True, **timing: Any) -> Robot:
    for name in ("after", "by", "max_late"):
        if name in timing:
            timing[name] = parse_duration(timing[name])
    return Robot(robot_id, "task", {}, timing=Timing(**timing), on_error=on_error, enabled=enabled)


def told(who: Robot, word: str, minutes: int, **data: Any) -> Event:
    """One more line of the ledger about a robot's job, so many minutes after the entry."""
    key = key_of(who, DEAL, Visit(ENTRY))
    at = ENTERED + timedelta(minutes=minutes)
    kind = word if "." in word else f"job.{word}"
    facts = {"key": key, "robot": who.id, **data}
    return Event(f"e{minutes + 2}", at, f"robot:{who.id}", kind, DEAL.id, "e1", 1, facts)


def look(
    robots: list[Robot], *events: Event, minutes: float = 0, deal: Deal = DEAL, entry: Event = ENTRY
) -> list[Step]:
    [visit] = visits([entry, *events])
    clock = Clock(ENTERED + timedelta(minutes=minutes), Calendar(), MOSCOW)
    return steps_of(deal, robots, visit, clock)


def states(*args: Any, **more: Any) -> list[str]:
    return [step.state for step in look(*args, **more)]


def due_local(step: Step) -> str:
    assert step.due_at is not None
    return step.due_at.astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M")


# --- when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "moment"),
    [
        ({}, "2026-11-23 12:00"),
        ({"after": "10m"}, "2026-11-23 12:10"),
        ({"after": "2d"}, "2026-11-25 12:00"),
        ({"after": "1w"}, "2026-11-30 12:00"),
        ({"after": "7h", "workdays": True}, "2026-11-24 10:00"),
        ({"after": "5d", "workdays": True}, "2026-11-30 12:00"),
        ({"at": "close_by"}, "2026-11-30 00:00"),
        ({"at": "close_by", "time": "10:00"}, "2026-11-30 10:00"),
        ({"at": "close_by", "workdays": True}, "2026-11-30 09:00"),
        ({"before": "close_by", "by": "3d"}, "2026-11-27 00:00"),
        ({"before": "close_by", "by": "3d", "time": "15:30"}, "2026-11-27 15:30"),
        ({"before": "close_by", "by": "1d", "workdays": True}, "2026-11-27 09:00"),
        ({"at": "created_at"}, "2026-11-25 01:30"),
        ({"at": "created_at", "time": "08:00"}, "2026-11-25 08:00"),
        ({"before": "created_at", "by": "90m"}, "2026-11-25 00:00"),
    ],
)
def test_when_a_robot_is_due(timing: dict[str, Any], moment: str) -> None:
    deal = replace(DEAL, created_at=datetime(2026, 11, 24, 22, 30, tzinfo=UTC))
    early = [robot("r", **timing)]
    [step] = look(early, deal=deal, minutes=-1)
    assert (step.state, due_local(step)) == ("waiting", moment)
    assert step.due_at is not None
    at = (step.due_at - ENTERED).total_seconds() / 60
    assert states(early, deal=deal, minutes=at - 0.1) == ["waiting"]
    assert states(early, deal=deal, minutes=at) == ["due"]


def test_an_event_on_a_day_off_is_prepared_the_working_day_before_that_counts() -> None:
    """A Saturday first becomes Friday, then a working day is taken off: Thursday."""
    deal = replace(DEAL, close_by=date(2026, 11, 28))
    [step] = look([robot("r", before="close_by", by="1d", workdays=True)], deal=deal)
    assert due_local(step) == "2026-11-26 09:00"


def test_without_a_date_a_robot_waits_for_it_and_says_so() -> None:
    hungry = robot("r", at="close_by")
    [step] = look([hungry], deal=replace(DEAL, close_by=None))
    assert (step.state, step.reason) == ("waiting_for_field", "close_by is empty")
    assert states([hungry]) == ["waiting"]


def test_a_date_that_moves_takes_the_robot_along_even_after_it_acted() -> None:
    remind = robot("r", before="close_by", by="1d")
    done = told(remind, "done", 5)
    assert states([remind], done) == ["done"]
    [step] = look([remind], done, deal=replace(DEAL, close_by=date(2026, 12, 20)))
    assert (step.state, due_local(step)) == ("waiting", "2026-12-19 00:00")


def test_a_past_moment_runs_at_once_or_is_skipped() -> None:
    deal = replace(DEAL, close_by=date(2026, 11, 1))
    run, skip = robot("a", at="close_by"), robot("b", at="close_by", if_past="skip")
    [one, other] = look([run, skip], deal=deal)
    assert (one.state, one.verdict) == ("due", "run")
    assert (other.state, other.verdict) == ("due", "skip")


def test_a_moment_that_passes_while_nobody_ticks_is_not_a_past_one() -> None:
    [step] = look([robot("b", at="close_by", if_past="skip")], minutes=30 * 24 * 60)
    assert (step.state, step.verdict) == ("due", "run")


def test_a_date_edited_into_the_past_is_a_past_one() -> None:
    edit = Event("e9", ENTERED + timedelta(hours=1), "anna", "field.changed", DEAL.id,
                 data={"changes": {"close_by": ["2026-12-30", "2026-11-23"]}})  # fmt: skip
    before = robot("b", before="close_by", by="1h", if_past="skip")
    [step] = look([before], edit, minutes=61, deal=replace(DEAL, close_by=date(2026, 11, 23)))
    assert step.verdict == "skip"


def test_too_late_is_missed() -> None:
    call = robot("call", after="1h", max_late="2h")
    [in_time] = look([call], minutes=180)
    [late] = look([call], minutes=181)
    assert (in_time.state, in_time.verdict) == ("due", "run")
    assert (late.state, late.verdict) == ("due", "miss")


def test_a_disabled_robot_pauses_and_an_imported_record_sleeps() -> None:
    assert states([robot("a", enabled=False), robot("b")]) == ["paused", "due"]
    imported = replace(ENTRY, data={"stage": "talks", "robots": False})
    [step] = look([robot("a")], entry=imported)
    assert step.state == "never"
    assert "imported" in step.reason


# --- chains -------------------------------------------------------------------------------------

A, B = robot("a"), robot("b", after="2d", wait_previous=True)
C, D = robot("c", after="1h"), robot("d", wait_previous=True)


def test_a_robot_without_wait_opens_a_chain_of_its_own() -> None:
    assert states([A, B, C, D]) == [
        "due",
        "waiting_for_previous",
        "waiting",
        "waiting_for_previous",
    ]
    assert states([A, B, C, D], told(C, "done", 60), minutes=60) == [
        "due", "waiting_for_previous", "done", "due",
    ]  # fmt: skip


def test_the_wait_counts_from_the_end_of_the_one_above() -> None:
    [_, step] = look([A, B], told(A, "done", 30), minutes=31)
    assert (step.state, due_local(step)) == ("waiting", "2026-11-25 12:30")


@pytest.mark.parametrize("word", ["done", "skipped", "missed", "cancelled"])
def test_whatever_ended_the_one_above_the_next_one_counts_from_there(word: str) -> None:
    assert states([A, D], told(A, word, 30), minutes=30) == [word, "due"]


@pytest.mark.parametrize(
    ("word", "data"),
    [
        ("queued", {}),
        ("started", {}),
        ("unknown", {}),
        ("failed", {"retry_at": "2026-11-24T09:00:00Z"}),
    ],
)
def test_while_the_one_above_is_open_the_next_one_waits(word: str, data: dict[str, Any]) -> None:
    assert states([A, D], told(A, word, 30, **data), minutes=30) == [word, "waiting_for_previous"]


def test_a_robot_that_failed_for_good_ends_the_chain_unless_it_may_not() -> None:
    [_, stuck] = look([A, D], told(A, "dead", 30), minutes=30)
    assert (stuck.state, stuck.reason) == ("waiting_for_previous", "a failed for good")
    light = robot("a", on_error="continue")
    assert states([light, D], told(light, "dead", 30), minutes=30) == ["dead", "due"]


def test_the_next_one_does_not_wait_for_a_disabled_one() -> None:
    off = robot("x", enabled=False, wait_previous=True)
    assert states([A, off, D], told(A, "done", 5), minutes=5) == ["done", "paused", "due"]
    assert states([A, off, D], minutes=5) == ["due", "paused", "waiting_for_previous"]


def test_the_first_robot_of_a_stage_counts_from_the_entry_whatever_it_says() -> None:
    assert states([D]) == ["due"]


# --- the ledger ---------------------------------------------------------------------------------


def test_a_failed_job_comes_back_when_its_time_has_come() -> None:
    failed = told(A, "failed", 1, reason="нет поля", retry_at="2026-11-23T09:05:00Z")
    assert states([A], failed, minutes=4) == ["failed"]
    [step] = look([A], failed, minutes=5)
    assert (step.state, step.reason) == ("due", "нет поля")


def test_a_letter_that_failed_is_left_to_the_post() -> None:
    queued = told(A, "queued", 0, to="anna@example.ru")
    failed = told(A, "failed", 1, retry_at="2026-11-23T09:05:00Z")
    assert states([A], queued, failed, minutes=50) == ["failed"]


def test_a_person_decides() -> None:
    unknown = [told(A, "queued", 0), told(A, "started", 1), told(A, "unknown", 2)]
    assert states([A, D], *unknown, told(A, "resolved", 3, **{"as": "sent"}), minutes=3) == [
        "done",
        "due",
    ]
    assert states([A], *unknown, told(A, "resolved", 3, **{"as": "failed"}), minutes=3) == ["dead"]
    assert states([A], *unknown, told(A, "resolved", 3, **{"as": "retry"}), minutes=3) == ["queued"]
    dead = told(A, "dead", 2)
    assert states([A], dead, told(A, "resolved", 3, **{"as": "retry"}), minutes=3) == ["due"]


def test_a_new_visit_begins_anew() -> None:
    again = replace(ENTRY, id="e7", at=ENTERED + timedelta(hours=3))
    old, new = visits([ENTRY, told(A, "done", 5), again])
    clock = Clock(ENTERED + timedelta(hours=4), Calendar(), MOSCOW)
    robots = (A,)
    assert [s.state for s in steps_of(DEAL, robots, old, clock)] == ["done"]
    assert [s.state for s in steps_of(DEAL, robots, new, clock)] == ["due"]


def test_keys_are_the_same_in_every_clone_and_differ_where_they_must() -> None:
    visit = Visit(ENTRY)
    assert key_of(A, DEAL, visit) == key_of(robot("a", after="3d"), DEAL, visit)
    others = {
        key_of(B, DEAL, visit),
        key_of(A, replace(DEAL, id="deal-00000000"), visit),
        key_of(A, DEAL, Visit(replace(ENTRY, id="e2"))),
        key_of(robot("a", at="close_by"), DEAL, visit),
    }
    assert key_of(A, DEAL, visit) not in others
    assert len(others) == 4


def test_next_at_is_the_earliest_that_needs_a_tick() -> None:
    now = ENTERED + timedelta(minutes=1)
    failed = told(A, "failed", 1, retry_at="2026-11-23T09:40:00Z")
    assert next_at(look([C, B], minutes=1), now) == ENTERED + timedelta(hours=1)
    assert next_at(look([A, C], failed, minutes=1), now) == datetime(
        2026, 11, 23, 9, 40, tzinfo=UTC
    )
    assert next_at(look([A], minutes=1), now) == now
    assert next_at(look([A], told(A, "done", 1), minutes=1), now) is None


def test_a_robot_that_acts_twenty_times_a_day_is_wild() -> None:
    acts = [
        Event(
            f"e{n:02}",
            ENTERED + timedelta(minutes=n),
            "robot:a",
            "job.done",
            DEAL.id,
            data={"key": f"k{n}", "robot": "a"},
        )
        for n in range(20)
    ]
    assert is_wild("a", acts, ENTERED + timedelta(hours=1))
    assert not is_wild("b", acts, ENTERED + timedelta(hours=1))
    assert not is_wild("a", acts[1:], ENTERED + timedelta(hours=1))
    assert not is_wild("a", acts, ENTERED + timedelta(hours=25))


def test_waits_grow_are_spread_by_the_key_and_end() -> None:
    since = ENTERED
    waits = []
    for attempt in range(1, MOST_ATTEMPTS):
        again = next_try("k1", attempt, since, since)
        assert again is not None
        waits.append((again - since).total_seconds())
    for wait, base in zip(waits, RETRIES, strict=True):
        assert base * 0.5 <= wait <= base * 1.5
    assert next_try("k1", 1, since, since) != next_try("k2", 1, since, since)
    assert next_try("k1", 1, since, since) == next_try("k1", 1, since, since)
    assert next_try("k1", MOST_ATTEMPTS, since, since) is None
    assert next_try("k1", 2, since, since + LONGEST) is None


def test_attempts_and_starts_are_counted_from_the_last_word_of_a_person() -> None:
    lines = [
        told(A, "queued", 0),
        told(A, "started", 1),
        told(A, "failed", 2),
        told(A, "started", 3),
    ]
    [job] = jobs_of([ENTRY, *lines]).values()
    assert (job.attempts, job.starts, job.state) == (1, 1, "started")
    [job] = jobs_of([*lines, told(A, "started", 4)]).values()
    assert job.starts == 2
    [job] = jobs_of([*lines, told(A, "resolved", 9, **{"as": "retry"})]).values()
    assert (job.attempts, job.starts, job.since) == (0, 0, ENTERED + timedelta(minutes=9))


@pytest.mark.parametrize(
    ("words", "tried"),
    [
        ("queued", 0), ("done", 1), ("failed", 1), ("failed failed", 2), ("failed done", 2),
        ("failed failed dead", 3), ("queued started done", 1), ("queued started failed", 1),
        ("queued started failed started", 2), ("queued started failed started dead", 2),
        ("queued started started unknown", 2), ("skipped", 0), ("failed skipped", 1), ("dead", 1),
    ],
)  # fmt: skip
def test_every_try_is_counted(house: Any, words: str, tried: int) -> None:
    lines = [told(A, word, n) for n, word in enumerate(words.split())]
    [job] = jobs_of([ENTRY, *lines]).values()
    [row] = jobs(house.ws, [job], "").rows
    assert row["attempts"] == tried


words = st.sampled_from(["queued", "started", "done", "failed", "dead", "skipped", "missed"])


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), words), max_size=6),
    st.lists(st.booleans(), min_size=4, max_size=4),
    st.integers(0, 10_000),
)
def test_a_robot_waits_exactly_while_the_one_above_is_open(
    lines: list[tuple[str, str]], linked: list[bool], minutes: int
) -> None:
    robots = [robot(name, wait_previous=link) for name, link in zip("abcd", linked, strict=True)]
    by_id = {r.id: r for r in robots}
    events = [
        told(by_id[name], word, n, retry_at=format_instant(ENTERED + timedelta(hours=1)))
        for n, (name, word) in enumerate(lines)
    ]
    steps = look(robots, *events, minutes=minutes)
    known = {name for name, _ in lines}
    for above, below, link in zip(steps, steps[1:], linked[1:], strict=False):
        if below.robot.id in known:
            assert below.state not in ("waiting", "waiting_for_previous")
        elif link and above.state not in ("done", "skipped", "missed"):
            assert below.state == "waiting_for_previous"
        else:
            assert below.state in ("due", "waiting")
