from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.explain import RobotLine, explain
from crmcli.sales import stages

RULES = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: hi, do: comment, with: {text: Привет}}
          - {id: rich, do: comment, with: {text: Крупная}, when: amount > 100 and owner = anna}
          - {id: late, do: comment, with: {text: Поздно}, after: 5d}
      - id: talks
        name: Переговоры
        robots: [{id: sum, do: comment, with: {text: Сумма}, after: 1d, when: amount > 100 or source = web}]
        triggers: [{on: paid, when: amount > 1000}]
      - {id: done, name: Готово, triggers: [{on: paid}, {on: back_soon, back: yes}]}
"""


def told(lines: list[RobotLine]) -> list[tuple[str, str, str, str, str]]:
    return [(line.kind[0], line.stage, line.robot, line.state, line.why) for line in lines]


@pytest.fixture
def deal(house: Any) -> Any:
    house.rules(RULES)
    return house.add("deal", name="Чай", amount="50", owner="anna")


def test_every_robot_and_trigger_of_the_past_and_of_now_is_told(house: Any, deal: Any) -> None:
    house.tick()
    stages.move(house.ws, deal.id, "talks")
    assert told(explain(house.ws, deal.id)) == [
        ("r", "new", "hi", "done", "at once"),
        ("r", "new", "rich", "skipped",
         "condition not met: amount > 100 [no: 50] and owner = anna [yes: anna]"),
        ("r", "new", "late", "cancelled", "the record left for talks"),
        ("r", "talks", "sum", "waiting",
         "after 1d; if amount > 100 [no: 50] or source = web [no: empty] (not met now)"),
        ("t", "talks", "paid", "",
         "the record is already there; if amount > 1000 [no: 50] (not met now)"),
        ("t", "done", "paid", "waiting", "moves it here when that happens"),
        ("t", "done", "back_soon", "waiting", "moves it here when that happens"),
    ]  # fmt: skip


def test_what_triggers_did_is_told(house: Any, deal: Any) -> None:
    from crmcli.sales import activities

    activities.fire(house.ws, deal.id, "paid", "")
    house.tick()
    passed, *_, moved, _ = [line for line in explain(house.ws, deal.id) if line.is_trigger]
    assert (passed.stage, passed.robot, passed.state) == ("talks", "paid", "skipped")
    assert passed.why == "condition not met: amount > 1000 [no: 50]"
    assert (moved.stage, moved.state, moved.due_at) == ("done", "done", house.now)


def test_a_robot_that_is_gone_is_told_with_what_it_did(house: Any, deal: Any) -> None:
    house.tick()
    house.rules(RULES.replace("          - {id: hi, do: comment, with: {text: Привет}}\n", ""))
    [line] = [line for line in explain(house.ws, deal.id) if line.robot == "hi"]
    assert (line.state, line.why) == ("done", "no longer declared")


def test_imported_records_say_why_nothing_ran(house: Any, deal: Any) -> None:
    house.tick()
    house.rules(
        RULES.replace(
            "- {id: late", "- {id: fresh, do: comment, with: {text: Я}}\n          - {id: late"
        )
    )
    stages.move(house.ws, deal.id, "talks")
    [line] = [line for line in explain(house.ws, deal.id) if line.robot == "fresh"]
    assert (line.state, line.why) == ("paused", "added after the record entered this stage")


def test_what_the_next_tick_does_in_a_stage_that_was_left_is_told_as_due(
    house: Any, deal: Any
) -> None:
    stages.move(house.ws, deal.id, "talks")
    ahead = {line.robot: line.state for line in explain(house.ws, deal.id) if line.stage == "new"}
    assert ahead == {"hi": "due", "rich": "due", "late": "cancelled"}
    house.tick()
    after = {line.robot: line.state for line in explain(house.ws, deal.id) if line.stage == "new"}
    assert after == {"hi": "done", "rich": "skipped", "late": "cancelled"}
