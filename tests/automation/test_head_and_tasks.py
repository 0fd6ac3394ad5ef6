"""do: notify to the head, and do: complete_tasks."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.config_checks import look_through
from crmcli.sales import stages, tasks

TREE = """
users:
  anna: {name: Анна, email: anna@chai.example, head: boris}
  boris: {name: Борис, email: boris@chai.example, head: clara}
  clara: {name: Клара}
"""


def rules(house: Any, *robots: str, later: str = "") -> None:
    lines = "".join(f"\n          - {robot}" for robot in robots)
    house.rules(f"""
    stages:
      - id: new
        name: Новая
        robots:{lines}
      - {{id: talks, name: Переговоры, robots: [{later}]}}
      - {{id: won, name: Успех, kind: won}}
      - {{id: lost, name: Провал, kind: lost}}
    """)


@pytest.mark.parametrize(
    ("owner", "to", "told"),
    [
        ("anna", "head", ["boris"]),
        ("boris", "head", ["clara"]),
        ("anna", "[owner, head, clara]", ["anna", "boris", "clara"]),
        ("clara", "'owner, head'", ["clara"]),
    ],
)
def test_the_head_is_told(house: Any, owner: str, to: str, told: list[str]) -> None:
    house.write("settings.yaml", TREE)
    rules(house, f"{{id: big, do: notify, with: {{text: '{{{{ deal.name }}}}', to: {to}}}}}")
    house.add("deal", name="Чай", owner=owner)
    assert house.tick().failures == []
    assert [event.data["to"] for event in house.events("notice")] == told
    house.tick()
    assert len(house.events("notice")) == len(told)


def test_who_is_led_by_nobody_has_nobody_to_tell(house: Any) -> None:
    house.write("settings.yaml", TREE)
    rules(house, "{id: big, do: notify, with: {text: Ого, to: head}}")
    house.add("deal", name="Чай", owner="clara")
    house.tick()
    [job] = house.jobs()
    assert job.state == "skipped"
    assert job.reason.endswith(": у ответственного нет руководителя") or "no head" in job.reason


@pytest.mark.parametrize(
    ("tree", "told"),
    [
        ("{anna: {head: boriss}, boris: {}}", "no user 'boriss'"),
        ("{anna: {head: anna}}", "lead each other in a ring"),
        ("{anna: {head: boris}, boris: {head: clara}, clara: {head: anna}}", "in a ring"),
        ("{anna: {head: [boris]}, boris: {}}", "'head' must be a single value"),
    ],
)
def test_a_tree_that_is_none_is_told(house: Any, tree: str, told: str) -> None:
    house.write("settings.yaml", f"users: {tree}\n")
    faults = look_through(house.root, house.now).faults
    assert faults
    assert all(told in str(fault) for fault in faults), faults


def open_tasks(house: Any) -> list[str]:
    return sorted(task.name for task in house.tasks() if task.is_open)


def grown(house: Any) -> Any:
    """A deal in its second stage with a task of each, and one that is nobody's."""
    house.add("task", name="Чужая")
    deal = house.add("deal", name="Чай")
    house.tick()
    house.add("task", name="Своя", about=deal.id)
    stages.move(house.ws, deal.id, "talks")
    house.add("task", name="Поздняя", about=deal.id)
    assert open_tasks(house) == ["Перезвонить", "Поздняя", "Своя", "Чужая"]
    return deal


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("", ["Перезвонить", "Своя", "Чужая"]),
        (", with: {stage: talks}", ["Перезвонить", "Своя", "Чужая"]),
        (", with: {stage: new}", ["Поздняя", "Чужая"]),
    ],
)
def test_the_open_tasks_of_a_stage_are_done(house: Any, given: str, left: list[str]) -> None:
    task = "{id: call, do: task, with: {title: Перезвонить}}"
    rules(house, task, later=f"{{id: done, do: complete_tasks{given}, after: 1h}}")
    deal = grown(house)
    house.tick("2h")
    assert open_tasks(house) == left
    assert {event.record for event in house.events("task.done")} == {deal.id}
    assert {event.actor for event in house.events("task.done")} == {"robot:done"}
    events = len(house.events())
    house.tick("1d")
    assert len(house.events()) == events


def test_where_none_is_open_nothing_is_done(house: Any) -> None:
    rules(house, "{id: done, do: complete_tasks, after: 1h}")
    deal = house.add("deal", name="Чай")
    task = house.add("task", name="Своя", about=deal.id)
    tasks.finish(house.ws, task.id)
    house.tick("2h")
    [job] = house.jobs()
    assert (job.state, job.reason) == ("skipped", "there are no open tasks of the stage")


@pytest.mark.parametrize(
    ("params", "told"),
    [("stage: talk", "no stage 'talk' here"), ("stages: new", "unknown key 'stages'")],
)
def test_what_cannot_be_is_told(house: Any, params: str, told: str) -> None:
    rules(house, f"{{id: done, do: complete_tasks, with: {{{params}}}}}")
    assert [told in str(fault) for fault in look_through(house.root, house.now).faults] == [True]
