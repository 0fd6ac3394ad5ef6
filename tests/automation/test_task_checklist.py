"""do: task with a checklist, participants and a deadline in working time."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation import robot_trial
from crmcli.automation.config_checks import look_through

ROBOT = "{id: prep, do: task, workdays: yes, with: {title: Готовить, due: 3h, %s}}"
TREE = """
users:
  anna: {name: Анна, head: boris}
  boris: {name: Борис}
  clara: {name: Клара}
"""


def rules(house: Any, more: str) -> None:
    house.write("settings.yaml", TREE)
    house.rules(f"""
    stages:
      - id: new
        name: Новая
        robots: [{ROBOT % more}]
      - {{id: won, name: Успех, kind: won}}
      - {{id: lost, name: Провал, kind: lost}}
    """)


def test_a_robot_writes_all_of_it_once(house: Any) -> None:
    rules(
        house,
        "checklist: ['Счёт, договор', 'Звонок: {{ deal.name }}'], participants: [owner, head, Клара]",
    )
    house.wait("6h")  # Monday 18:00 in Moscow: the day is over
    deal = house.add("deal", name="Чай")
    trial = robot_trial.run(house.ws, "prep", deal.id)
    assert [str(line) for line in trial.records[0].get("checklist")] == [  # type: ignore[union-attr]
        "[ ] Счёт, договор",
        "[ ] Звонок: Чай",
    ]
    assert house.tasks() == []
    house.tick()
    assert house.tasks() == []  # the robot itself waits for the working day
    house.tick("15h")
    house.tick("1m")
    [task] = house.tasks()
    assert task.participants == ("anna", "boris", "clara")
    assert [line.text for line in task.checklist] == ["Счёт, договор", "Звонок: Чай"]
    assert task.due.isoformat() == "2026-11-24T09:00:00+00:00"  # three hours from nine in Moscow


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("participants: [annna]", "no user 'annna'"),
        ("participants: 'anna, bob'", "no user 'bob'"),
        ("cheklist: [a]", "cheklist"),
    ],
)
def test_what_it_cannot_take_is_told_before(house: Any, more: str, told: str) -> None:
    rules(house, more)
    found = look_through(house.root, house.now)
    assert any(told in str(fault) for fault in (*found.faults, *found.oddities)), found
