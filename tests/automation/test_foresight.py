"""Events that time alone brings, in a rehearsal and in a replay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmcli.automation.replay import replay
from crmcli.automation.simulate import rehearse
from crmcli.sales import activities, tasks
from tests.automation.test_replay import lived

PLAIN = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: task, with: {title: Позвонить, due: 3h}, after: 1h}
          - {id: answer, do: task, with: {title: Ответить, due: 5h}, on: message.unanswered, for: 2h}
      - id: late
        name: Поздно
        triggers: [{on: task.overdue}]
        robots:
          - {id: quiet, do: comment, with: {text: Тихо}, on: record.idle, for: 6h}
          - {id: sum, do: set, with: {amount: "700"}, on: checklist.overdue}
      - id: gone
        name: Забыта
        triggers: [{on: record.idle, for: 10h}]
"""
DONE = ("task.created", "stage.entered", "note", "field.changed")
HOURS = 24


def came(house: Any) -> list[tuple[str, str]]:
    """What robots and triggers did: about when and which."""
    done = [event for event in house.events() if event.kind in DONE and ":" in event.actor]
    return sorted((f"{event.at:%d %H}", event.actor) for event in done)


def foreseen(house: Any) -> list[tuple[str, str]]:
    lines = rehearse(house.ws, house.now + timedelta(hours=HOURS, minutes=-30))  # the last tick
    return sorted((f"{one.at:%d %H}", one.who.replace(" ", ":", 1)) for one in lines)


@pytest.fixture
def deals(house: Any) -> Any:
    house.rules(PLAIN)
    left, done, wrote = (house.add("deal", name=name) for name in ("Чай", "Кофе", "Вода"))
    house.ids = {str(deal.name): deal.id for deal in (left, done, wrote)}
    house.begin = house.now
    house.tick()
    house.add("task", name="Замер", about=done.id, due="2026-11-23 18:00")
    activities.log(house.ws, wrote.id, "message.in", "Где?")
    return house


def test_what_time_brings_comes_as_foreseen(deals: Any) -> None:
    lines = foreseen(deals)
    lived(deals, HOURS, {})
    assert lines == came(deals)
    assert {who for _, who in lines} == {
        "robot:call", "robot:answer", "robot:quiet", "trigger:task.overdue"
    }  # fmt: skip
    again = replay(deals.ws, deals.begin, deals.now - timedelta(minutes=1))
    assert (again.differences, again.before) == ([], again.after)


def test_what_people_do_in_time_is_not_foreseen_in_a_replay(deals: Any) -> None:
    def finish() -> None:
        for task in deals.tasks():
            tasks.finish(deals.ws, task.id)

    lived(
        deals,
        HOURS,
        {2: finish, 9: lambda: activities.log(deals.ws, deals.ids["Вода"], "note", "x")},
    )
    again = replay(deals.ws, deals.begin, deals.now - timedelta(minutes=1))
    assert (again.differences, again.before) == ([], again.after)
    assert again.after["trigger:task.overdue", "move"] == 1
    assert again.after["trigger:record.idle", "move"] == 2


IDLE = """
    stages:
      - {id: new, name: Новая, triggers: []}
      - {id: quiet, name: Тихо, triggers: [{on: record.idle, for: 6h}]}
      - {id: late, name: Поздно, triggers: [{on: task.overdue}]}
"""


def test_a_replay_raises_what_nobody_waited_for_then(house: Any) -> None:
    house.rules()
    deal = house.add("deal", name="Чай")
    house.add("task", name="Замер", about=deal.id, due="2026-11-24 01:30")
    house.wait("4h")
    activities.log(house.ws, deal.id, "note", "жив")
    house.wait("20h")
    present = (house.root / "pipelines.yaml").read_bytes()
    house.rules(IDLE)
    other = house.ws.read_pipelines((house.root / "pipelines.yaml").read_bytes())
    house.write("pipelines.yaml", present.decode())
    found = replay(house.ws, house.now - timedelta(hours=24), house.now, other)
    assert [(one.kind, f"{one.of.at:%d %H:%M}", one.of.who) for one in found.differences] == [
        ("more", "23 19:00", "trigger:record.idle"),
        ("more", "23 22:30", "trigger:task.overdue"),
    ]
    # What the record lives through after the replay began, only that counts.
    late = replay(house.ws, house.now - timedelta(hours=12), house.now, other)
    assert [one.of.who for one in late.differences] == ["trigger:task.overdue"]


def test_the_day_of_an_offer_is_foreseen(house: Any) -> None:
    house.rules(IDLE.replace("task.overdue", "offer.expired").replace("6h", "9d"))
    deal = house.add("deal", name="Чай")
    offer = house.add("offer", name="КП", deal=deal.id, valid_until="2026-11-25")
    [path] = house.root.glob(f"data/offers/*/{offer.id}.yaml")
    path.write_text(path.read_text("utf-8").replace("status: draft", "status: sent"), "utf-8")
    lines = rehearse(house.ws, house.now + timedelta(days=4))
    assert [(f"{one.at:%d %H:%M}", one.who, one.record) for one in lines] == [
        ("25 21:00", "trigger offer.expired", deal.id)
    ]
