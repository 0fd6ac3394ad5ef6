"""The table O1 to O13 of what a robot can be told about its time, row by row, with a fixed clock.

It is noon of Monday, 23 November 2026 in Moscow; the company works from 9 to 18.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from crmcli.automation.explain import explain
from crmcli.automation.simulate import rehearse
from crmcli.errors import InvalidData
from tests import kit
from tests.automation.conftest import SETTINGS

NOTE = "{{id: note, do: comment, with: {{text: Раз}}{}}}"
CALENDAR = "calendar: {holidays: [2026-12-31, 2027-01-01, 2027-04-15], workdays: [2026-12-05]}\n"
MOSCOW = ZoneInfo("Europe/Moscow")


def stand(house: Any, timing: str, settings: str = CALENDAR, **fields: str) -> Any:
    house.write("settings.yaml", SETTINGS + settings)
    house.rules(kit.robots(NOTE.format(timing and f", {timing}")))
    return house.add("deal", name="Чай", owner="anna", **fields)


def due(house: Any, deal: Any) -> str:
    [line] = explain(house.ws, deal.id)
    return f"{line.due_at.astimezone(MOSCOW):%Y-%m-%d %H:%M}" if line.due_at else line.state


@pytest.mark.parametrize(
    ("row", "timing", "moment"),
    [
        ("O1 at once", "", "2026-11-23 12:00"),
        ("O2 minutes", "after: 5m", "2026-11-23 12:05"),
        ("O2 hours", "after: 30h", "2026-11-24 18:00"),
        ("O2 days", "after: 3d", "2026-11-26 12:00"),
        ("O2 weeks", "after: 2w", "2026-12-07 12:00"),
        ("O2 months", "after: 1mo", "2026-12-23 12:00"),
        ("O2 years", "after: 1y", "2027-11-23 12:00"),
        ("O2 after a date", "after: {field: close_by, by: 2d}", "2027-02-02 00:00"),
        ("O2 a month after the 31st", "after: {field: close_by, by: 1mo}", "2027-02-28 00:00"),
        ("O2 work days", "after: 5d, workdays: yes", "2026-11-30 12:00"),
        ("O3 before a date", "before: {field: close_by, by: 3d}", "2027-01-28 00:00"),
        ("O3 before, at an hour", "before: {field: close_by, by: 3d, time: '10:00'}", "2027-01-28 10:00"),
        ("O3 a month before", "before: {field: close_by, by: 2mo}", "2026-11-30 00:00"),
        ("O4 at the date", "at: {field: close_by}", "2027-01-31 00:00"),
        ("O4 at an hour of it", "at: {field: close_by, time: '18:30'}", "2027-01-31 18:30"),
        ("O4 an hour of a later day", "after: 1d 10:00", "2026-11-24 10:00"),
        ("O5 in working hours", "after: 8h, workdays: yes", "2026-11-24 11:00"),
        ("O5 a moved working day", "after: 10d, workdays: yes", "2026-12-05 12:00"),
        ("O5 over holidays", "after: 29d, workdays: yes", "2027-01-04 12:00"),
    ],
)  # fmt: skip
def test_when_a_robot_is_due(house: Any, row: str, timing: str, moment: str) -> None:
    assert due(house, stand(house, timing, close_by="2027-01-31")) == moment


def test_o5_a_base_on_a_day_off_moves_before_the_offset(house: Any) -> None:
    timing = "before: {field: close_by, by: 1d, time: '10:00'}, workdays: yes"
    assert due(house, stand(house, timing, close_by="2027-04-15")) == "2027-04-13 10:00"


AWAY = "absences: [2026-11-23..2026-11-25], deputy: boris"


@pytest.mark.parametrize(
    ("anna", "timing", "moment"),
    [
        (AWAY, "absent: wait", "2026-11-26 09:00"),
        (AWAY, "absent: wait, after: 1h", "2026-11-26 09:00"),
        (AWAY, "absent: wait, after: 5d", "2026-11-30 09:00"),
        (AWAY, "absent: drop", "2026-11-23 12:00"),
        ("hours: 14:00-20:00", "absent: wait", "2026-11-23 14:00"),
        ("days: [wed, sat]", "absent: wait", "2026-11-25 09:00"),
        ("absences: [2026-11-24]", "absent: wait", "2026-11-23 12:00"),
        ("", "absent: wait, after: 8h", "2026-11-24 09:00"),
        (AWAY, "", "2026-11-23 12:00"),
    ],
)
def test_o6_the_owners_working_day_is_waited_for(
    house: Any, anna: str, timing: str, moment: str
) -> None:
    people(house, f"anna: {{{anna}}}, boris: {{}}")
    house.rules(kit.robots(NOTE.format(timing and f", {timing}")))
    assert due(house, house.add("deal", name="Чай", owner="anna")) == moment


@pytest.mark.parametrize(
    ("absent", "owner"), [("reassign", "boris"), ("wait", ""), ("drop", ""), ("", "anna")]
)
def test_o6_what_happens_while_the_owner_is_away(house: Any, absent: str, owner: str) -> None:
    people(house, f"anna: {{{AWAY}}}, boris: {{}}")
    task = (
        "{id: call, do: task, with: {title: '{{ owner.id }}'}"
        + (absent and f", absent: {absent}")
        + "}"
    )
    house.rules(kit.robots(task))
    house.add("deal", name="Чай", owner="anna")
    house.tick()
    assert [(task.owner, task.name) for task in house.tasks()] == (
        [(owner, owner)] if owner else []
    )


def people(house: Any, users: str) -> None:
    house.write("settings.yaml", f"users: {{{users}}}\n")


def test_o6_a_deputy_who_is_away_has_a_deputy(house: Any) -> None:
    people(house, f"anna: {{{AWAY}}}, boris: {{absences: [2026-11-23], deputy: vera}}, vera: {{}}")
    house.rules(kit.robots("{id: call, do: notify, with: {text: Звонок}, absent: reassign}"))
    house.add("deal", name="Чай", owner="anna")
    house.tick()
    assert [event.data["to"] for event in house.events("notice")] == ["vera"]


@pytest.mark.parametrize(
    ("user", "fault"),
    [
        ("absences: [2026-12-10..2026-12-01]", "ends before it begins"),
        ("absences: [завтра]", "absences"),
        ("hours: 9-18", "is not of the form"),
        ("days: [monday]", "'monday' is not allowed"),
        ("deputy: nobody", "no other user 'nobody'"),
        ("deputy: anna", "no other user 'anna'"),
    ],
)
def test_o6_what_is_no_presence_is_told(house: Any, user: str, fault: str) -> None:
    people(house, f"anna: {{{user}}}, boris: {{}}")
    with pytest.raises(InvalidData) as caught:
        _ = house.ws.settings
    assert fault in "\n".join(problem.message for problem in caught.value.problems)


def test_o7_after_the_robot_above_or_beside_it(house: Any) -> None:
    house.rules(
        kit.robots(
            "{id: a, do: comment, with: {text: а}, after: 1d}",
            "{id: b, do: comment, with: {text: б}, after: 1d, wait: previous}",
            "{id: c, do: comment, with: {text: в}, after: 1h}",
        )
    )
    house.add("deal", name="Чай")
    lines = rehearse(house.ws, house.now + timedelta(days=3))
    assert [line.who[-1] + line.at.strftime(" %d") for line in lines] == ["c 23", "a 24", "b 25"]


def test_o8_the_condition_is_asked_after_the_wait(house: Any) -> None:
    deal = stand(house, "after: 1d, when: amount > 100")
    house.tick()
    house.edit(deal.id, amount="500")
    house.tick("1d")
    assert len(house.events("note")) == 1


@pytest.mark.parametrize(
    ("timing", "state"),
    [
        ("", "done"),
        ("if_past: skip", "skipped"),
        ("if_past: run", "done"),
        ("max_late: 5d", "missed"),
    ],
)
def test_o9_a_past_moment(house: Any, timing: str, state: str) -> None:
    stand(house, f"at: {{field: close_by}}{timing and ', ' + timing}", close_by="2026-11-16")
    house.tick()
    assert house.state("note") == state


def test_o10_a_missing_date_waits_visibly_and_wakes(house: Any) -> None:
    deal = stand(house, "before: {field: close_by, by: 1d}")
    house.tick("3d")
    [line] = explain(house.ws, deal.id)
    assert (line.state, line.why) == ("waiting_for_field", "close_by is empty")
    house.edit(deal.id, close_by="2026-11-30")
    assert due(house, deal) == "2026-11-29 00:00"
    house.tick("3d")
    assert house.state("note") == "done"


def test_o11_a_date_that_is_edited_moves_the_robot(house: Any) -> None:
    deal = stand(house, "at: {field: close_by}", close_by="2026-11-24")
    house.edit(deal.id, close_by="2026-12-24")
    house.tick("2d")
    assert house.jobs() == []
    assert due(house, deal) == "2026-12-24 00:00"


@pytest.mark.parametrize("once", ["visit", "record", "ever"])
def test_o12_no_more_than_once(house: Any, once: str) -> None:
    stand(house, f"once: {once}")
    for _ in range(3):
        house.tick("1d")
    assert len(house.events("note")) == 1


def test_o13_what_will_come_is_told_and_comes(house: Any) -> None:
    stand(house, "after: 2d")
    [line] = rehearse(house.ws, house.now + timedelta(days=3))
    house.tick("3d")
    [event] = house.events("note")
    assert line.what == "comment: Раз"
    assert line.at <= event.at
