"""do: plan, a call, a meeting or another time that is kept."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.config_checks import look_through
from crmcli.sales.history.undo import undo

SETTINGS = """
calendar: {days: [mon, tue, wed, thu, fri], hours: '09:00-18:00'}
users:
  anna: {name: Анна, head: boris}
  boris: {name: Борис}
directories: {resources: {room: Переговорная}}
fields: {deal: {meeting_at: {type: datetime, label: Встреча}}}
"""
PLAN = "{id: meet, do: plan, with: {title: 'Встреча: {{ deal.name }}', kind: meeting, %s}}"


def rules(house: Any, more: str, after: str = "", settings: str = SETTINGS) -> None:
    house.write("settings.yaml", settings)
    house.rules(f"""
    stages:
      - id: new
        name: Новая
        robots:
          - {PLAN % more}
          {after}
      - {{id: there, name: Назначено, triggers: [{{on: booking.made}}]}}
      - {{id: won, name: Успех, kind: won}}
      - {{id: lost, name: Провал, kind: lost}}
    """)


def test_a_meeting_is_planned_once_and_heard_of(house: Any) -> None:
    rules(
        house, "due: '2026-11-24 10:00', length: 1h, resources: [Переговорная], participants: head"
    )
    deal = house.add("deal", name="Чай")
    assert house.tick().failures == []
    house.tick("1m")
    [task] = house.tasks()
    assert (task.name, task.kind, task.length) == ("Встреча: Чай", "meeting", "1h")
    assert (task.about, task.owner, task.participants, task.resources) == (
        deal.id, "anna", ("boris",), ("room",),
    )  # fmt: skip
    assert task.due.isoformat() == "2026-11-24T07:00:00+00:00"
    assert house.get(deal.id).stage == "there"
    assert len(house.events("booking.made", deal.id)) == 1


def test_a_busy_time_is_refused_and_says_by_what(house: Any) -> None:
    rules(house, "due: '2026-11-24 10:00', length: 1h")
    for name in ("Чай", "Кофе"):
        house.add("deal", name=name)
    house.tick()
    assert len(house.tasks()) == 1
    [job] = [job for job in house.jobs() if job.state != "done"]
    assert "2026-11-24 10:00" in job.reason
    assert "Встреча" in job.reason


def test_the_next_free_time_lies_in_working_hours(house: Any) -> None:
    rules(house, "due: '2026-11-27 15:30', length: 2h, if_busy: next")
    for number in range(4):
        house.add("deal", name=f"Чай {number}")
    house.tick()
    assert [task.due.isoformat()[:16] for task in house.tasks()] == [
        "2026-11-27T12:30",  # Friday 15:30 in Moscow, until 17:30
        "2026-11-30T06:00",
        "2026-11-30T08:00",
        "2026-11-30T10:00",
    ]
    house.tick("1m")
    assert len(house.tasks()) == 4


def test_the_next_free_time_is_one_at_which_all_are_at_work(house: Any) -> None:
    away = SETTINGS.replace(
        "{name: Борис}", "{name: Борис, absences: [2026-11-24..2026-11-26], hours: '11:00-15:00'}"
    )
    rules(house, "due: 1h, length: 2h, if_busy: next, participants: [boris]", settings=away)
    house.wait("4h")  # Monday 16:00 in Moscow
    for name in ("Чай", "Кофе", "Какао"):
        house.add("deal", name=name)
    house.tick()
    assert [task.due.isoformat()[:16] for task in house.tasks()] == [
        "2026-11-27T08:00", "2026-11-27T10:00", "2026-11-30T08:00",
    ]  # fmt: skip


def test_what_nobody_is_ever_there_for_is_refused(house: Any) -> None:
    apart = SETTINGS.replace("{name: Борис}", "{name: Борис, hours: '06:00-09:00'}")
    rules(house, "due: 1h, length: 1h, if_busy: next, participants: [boris]", settings=apart)
    house.add("deal", name="Чай")
    house.tick()
    assert house.tasks() == []
    assert "1h" in house.jobs()[0].reason


def test_a_reminder_goes_by_the_time_that_was_found(house: Any) -> None:
    remind = "- {id: remind, do: notify, with: {text: Скоро}, before: {field: meeting_at, by: 1h}}"
    rules(house, "due: '2026-11-24 10:00', length: 1h, if_busy: next, into: meeting_at", remind)
    house.write("pipelines.yaml", (house.root / "pipelines.yaml").read_text("utf-8").replace(
        "triggers: [{on: booking.made}]", ""))  # fmt: skip
    house.add("task", name="Занято", due="2026-11-24 10:00", length="30m", owner="anna")
    deal = house.add("deal", name="Чай")
    house.tick()
    assert house.get(deal.id).get("meeting_at").isoformat() == "2026-11-24T07:30:00+00:00"
    house.tick("21h")  # Tuesday 9:00 in Moscow
    assert house.events("notice") == []
    house.tick("30m")
    assert len(house.events("notice")) == 1


def test_a_meeting_that_a_person_moves_takes_the_field_along(house: Any) -> None:
    rules(house, "due: '2026-11-24 10:00', length: 1h, into: meeting_at")
    deal = house.add("deal", name="Чай")
    house.tick()
    [task] = house.tasks()
    house.edit(task.id, due="2026-11-25 12:00")
    assert house.get(deal.id).get("meeting_at").isoformat() == "2026-11-25T09:00:00+00:00"
    undo(house.ws)  # it is one change
    assert house.get(deal.id).get("meeting_at") == house.get(task.id).due == task.due
    house.edit(deal.id, meeting_at="2026-11-30 10:00")
    house.edit(task.id, due="2026-11-26 12:00")
    assert house.get(deal.id).get("meeting_at").isoformat() == "2026-11-30T07:00:00+00:00"


def test_of_a_date_the_day_is_taken_along(house: Any) -> None:
    rules(
        house,
        "due: '2026-11-24', length: 1d, into: meeting_at",
        settings=SETTINGS.replace("type: datetime", "type: date"),
    )
    deal = house.add("deal", name="Чай")
    house.tick()
    [task] = house.tasks()
    assert str(house.get(deal.id).get("meeting_at")) == "2026-11-24"
    assert task.due.isoformat() == "2026-11-24T06:00:00+00:00"  # 9:00 in Moscow
    house.edit(task.id, due="2026-11-26")
    assert str(house.get(deal.id).get("meeting_at")) == "2026-11-26"
    assert house.get(task.id).due.isoformat() == "2026-11-26T06:00:00+00:00"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("length: 1h", "due"),
        ("due: 1d, length: час", "час"),
        ("due: 1d, length: 2mo", "2mo"),
        ("due: вчерась", "вчерась"),
        ("due: 1d, kind: visit", "visit"),
        ("due: 1d, if_busy: wait", "wait"),
        ("due: 1d, resources: [rom]", "rom"),
        ("due: 1d, participants: [bob]", "bob"),
        ("due: 1d, into: amount", "'amount' is not a date field"),
        ("due: 1d, into: meting_at", "meting_at"),
    ],
)
def test_what_it_cannot_do_is_told_before(house: Any, more: str, told: str) -> None:
    rules(house, more)
    if "kind:" in more:
        text = (house.root / "pipelines.yaml").read_text("utf-8")
        house.write("pipelines.yaml", text.replace("kind: meeting, ", ""))
    found = look_through(house.root, house.now)
    assert any(told in str(fault) for fault in (*found.faults, *found.oddities)), found
