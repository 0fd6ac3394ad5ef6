from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crmcli.model.clocks import (
    TOLERANCE,
    ClockStep,
    believed,
    has_come,
    in_order,
    in_right_time,
    read_step,
    returned_to,
)
from crmcli.model.event import Event

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
YEAR = timedelta(days=365)
RECORD = "lead-7k3qf2m9"


def event(n: int, at: datetime, kind: str = "note", cause: str = "", **data: Any) -> Event:
    return Event(f"e{n:016d}", at, "", kind, RECORD, cause=cause, data=data)


def back(first: int, last: int, since: datetime, until: datetime, to: datetime) -> ClockStep:
    first_id, last_id = f"e{first:016d}", f"e{last:016d}"
    return ClockStep(f"e{last + 1:016d}", "here", first_id, last_id, since, until, to, NOW - YEAR)


def told(step: ClockStep, **more: Any) -> Event:
    return Event(step.id, step.to, "crm", "clock.stepped", "", data={**step.data, **more})


AHEAD = back(10, 20, NOW + YEAR, NOW + YEAR + 3 * HOUR, NOW + 3 * HOUR)


def test_without_a_step_nothing_is_looked_at() -> None:
    events = [event(1, NOW + YEAR)]
    assert in_right_time(events, ()) is events


def test_what_passed_by_the_wrong_clock_has_passed() -> None:
    events = [
        event(9, NOW),
        event(10, NOW + YEAR),
        event(15, NOW + YEAR + HOUR),
        event(22, NOW + 4 * HOUR),
    ]
    right = in_right_time(events, [AHEAD])
    assert [e.at - NOW for e in right] == [0 * HOUR, 0 * HOUR, HOUR, 4 * HOUR]


def test_what_others_dated_so_by_right_stays() -> None:
    other = event(25, NOW + YEAR)  # in a year from now, knowing of the step
    assert in_right_time([other], [AHEAD]) == [other]


def test_aims_move_along() -> None:
    at = NOW + YEAR + 2 * HOUR
    failed = event(11, at, "job.failed", key="k", retry_at=f"{at + HOUR:%Y-%m-%dT%H:%M:%SZ}")
    [right] = in_right_time([failed], [AHEAD])
    assert right.data["retry_at"] == "2026-11-23T12:00:00Z"
    [odd] = in_right_time([event(11, at, "job.failed", key="k", retry_at="soon")], [AHEAD])
    assert odd.data["retry_at"] == "soon"


@pytest.mark.parametrize("kind", ["job.missed", "job.skipped", "job.dead", "automation.stopped"])
def test_a_verdict_on_what_was_before_is_void(kind: str) -> None:
    entry = event(5, NOW)
    verdict = event(11, NOW + YEAR, kind, entry.id, key="k")
    assert in_right_time([entry, verdict], [AHEAD]) == [entry]
    within = event(10, NOW + YEAR)
    verdict = event(11, NOW + YEAR + HOUR, kind, within.id, key="k")
    assert len(in_right_time([within, verdict], [AHEAD])) == 2
    timed = event(11, NOW + YEAR + HOUR, kind, within.id, key="k", timed=True)
    assert in_right_time([timed], [AHEAD]) == []


def test_a_void_verdict_is_no_beginning() -> None:
    entry = event(5, NOW)
    verdicts = [
        event(n, NOW + YEAR + n * HOUR / 60, "job.missed", entry.id, key="k") for n in (11, 12)
    ]
    assert in_right_time([entry, *verdicts], [AHEAD]) == [entry]


def test_what_was_done_was_done() -> None:
    done = [
        event(n, NOW + YEAR, f"job.{word}", key="k")
        for n, word in enumerate(("queued", "started", "done"), 11)
    ]
    assert len(in_right_time(done, [AHEAD])) == 3


def test_what_the_step_cannot_place_is_of_its_moment() -> None:
    leapt = back(10, 20, NOW + YEAR, NOW + 10 * YEAR, NOW + HOUR)
    early, late = in_right_time([event(10, NOW + YEAR), event(11, NOW + 10 * YEAR)], [leapt])
    assert (early.at, late.at) == (NOW + HOUR, NOW + HOUR)


def test_a_step_undone_counts_no_more() -> None:
    behind = back(1, 20, NOW - YEAR + HOUR, NOW, NOW - YEAR)
    again = ClockStep("e9", "here", "e1", "e8", NOW - YEAR, NOW - YEAR + HOUR, NOW + HOUR,
                      NOW, (behind.id,))  # fmt: skip
    assert believed([told(behind)], "here", NOW) == (behind,)
    assert believed([told(behind), told(again)], "here", NOW) == (again,)


def test_another_clones_clock_counts_only_for_what_cannot_have_been() -> None:
    assert believed([told(AHEAD)], "there", NOW) == (AHEAD,)
    assert believed([told(AHEAD)], "there", NOW + 2 * YEAR) == ()
    assert believed([told(AHEAD)], "here", NOW + 2 * YEAR) == (AHEAD,)


@pytest.mark.parametrize(
    "wrong",
    [{"from": "x"}, {"to": None}, {"since": "0001-01-01T00:00:00Z"}, {"undoes": 5},
     {"from": "9999-01-01T00:00:00Z"}, {"since": "2030-01-01T00:00:00Z", "from": "2029-01-01T00:00:00Z"}],
)  # fmt: skip
def test_nonsense_by_hand_is_no_step(wrong: dict[str, Any]) -> None:
    assert read_step(told(AHEAD)) == AHEAD
    assert read_step(told(AHEAD, **wrong)) is None


@pytest.mark.parametrize(
    ("jump", "spell", "away", "is_return"),
    [(YEAR, HOUR, HOUR / 12, True), (YEAR, HOUR, 10 * HOUR, True), (HOUR, HOUR / 4, HOUR / 12, True),
     (YEAR, HOUR, -200 * 24 * HOUR, False), (YEAR, HOUR, -HOUR, True), (HOUR, HOUR / 4, 10 * HOUR, False), (24 * HOUR, HOUR, -20 * HOUR, False)],
)  # fmt: skip
def test_a_clock_that_comes_back(
    jump: timedelta, spell: timedelta, away: timedelta, is_return: bool
) -> None:
    behind = back(1, 20, NOW - YEAR, NOW, NOW - jump)
    found = returned_to([behind], behind.to + spell, NOW + spell + away)
    assert bool(found) == is_return


def test_of_two_times_back_the_one_that_fits_is_undone() -> None:
    one = back(1, 20, NOW - 20 * YEAR, NOW, NOW - 10 * YEAR)
    two = back(21, 30, NOW - 20 * YEAR, one.to + HOUR, NOW - 50 * YEAR)
    last = two.to + HOUR
    assert returned_to([one, two], last, one.to + 3 * HOUR) == (two,)
    assert returned_to([one, two], last, NOW + 3 * HOUR) == (one, two)


def test_in_order_of_each_record() -> None:
    ahead = [event(1, NOW + YEAR), event(2, NOW - 2 * HOUR), event(3, NOW - HOUR)]
    assert [e.at - NOW for e in in_order(ahead, (), NOW)] == [-2 * HOUR, -2 * HOUR, -HOUR]
    behind = [event(1, NOW - 2 * HOUR), event(2, NOW - YEAR), event(3, NOW - HOUR)]
    assert [e.at - NOW for e in in_order(behind, (), NOW)] == [-2 * HOUR, -2 * HOUR, -HOUR]
    assert [e.at for e in in_order([event(1, NOW + YEAR)], (), NOW)] == [NOW]


def test_nobody_waits_for_what_nobody_can_have_set() -> None:
    assert has_come(NOW, NOW, HOUR)
    assert not has_come(NOW + HOUR, NOW, HOUR)
    assert not has_come(NOW + HOUR + TOLERANCE, NOW, HOUR)
    assert has_come(NOW + HOUR + 2 * TOLERANCE, NOW, HOUR)
