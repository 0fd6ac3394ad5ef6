from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.explain import RobotLine, explain
from crmcli.automation.robots import ADDED_LATER
from crmcli.sales import activities, stages
from tests import kit
from tests.automation.conftest import SETTINGS

QUIET = f"{SETTINGS}automation: {{quiet_hours: '08:00-20:00'}}\n"

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
         ("the record is already there: moved by Анна Петрова on 2026-11-23 12:00; if amount > 1000 [no: 50]"
         " (not met now)")),
        ("t", "done", "paid", "waiting", "moves it here when that happens"),
        ("t", "done", "back_soon", "waiting", "moves it here when that happens"),
    ]  # fmt: skip


def test_by_what_a_record_came_to_its_stage_is_told(house: Any, deal: Any) -> None:
    house.edit(deal.id, amount="5000")
    activities.fire(house.ws, deal.id, "paid", "")
    house.tick("1h")
    added = house.add("deal", name="Кофе", stage="done", owner="anna")
    ways = {}
    for one in (deal, added):
        lines = [line for line in explain(house.ws, one.id) if line.is_trigger]
        ways[one.id] = {line.why.partition(";")[0] for line in lines if "already there" in line.why}
    assert ways[added.id] == {
        "the record is already there: added by Анна Петрова on 2026-11-23 13:00"
    }
    assert ways[deal.id] == {
        "the record is already there: moved by trigger paid on 2026-11-23 13:00"
    }


def test_what_triggers_did_is_told(house: Any, deal: Any) -> None:
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
    assert (line.state, line.why) == ("never", ADDED_LATER)


def test_what_the_next_tick_does_in_a_stage_that_was_left_is_told_as_due(
    house: Any, deal: Any
) -> None:
    stages.move(house.ws, deal.id, "talks")
    ahead = {line.robot: line.state for line in explain(house.ws, deal.id) if line.stage == "new"}
    assert ahead == {"hi": "due", "rich": "due", "late": "cancelled"}
    house.tick()
    after = {line.robot: line.state for line in explain(house.ws, deal.id) if line.stage == "new"}
    assert after == {"hi": "done", "rich": "skipped", "late": "cancelled"}


def test_the_values_that_a_condition_met_are_told_when_it_held(house: Any) -> None:
    house.rules(RULES)
    deal = house.add("deal", name="Чай", amount="150", owner="anna")
    house.tick()
    house.edit(deal.id, amount="1500", owner="boris")
    told_rich = ("done", "at once; if amount > 100 [yes: 150] and owner = anna [yes: anna]")
    assert _line(house, deal, "rich") == told_rich
    activities.fire(house.ws, deal.id, "paid", "")
    house.tick()
    house.edit(deal.id, amount="1")
    assert _line(house, deal, "rich") == told_rich  # also of a stage that it left
    [moved] = [line.why for line in explain(house.ws, deal.id) if line.is_trigger and line.due_at]
    assert moved.endswith("; if amount > 1000 [yes: 1500]")
    house.rules(RULES.replace("Крупная", "Большая"))
    assert _line(house, deal, "rich")[1].startswith("planned by an earlier form of this rule; if ")


def test_what_a_message_that_waits_was_allowed_by_is_told(house: Any) -> None:
    mail = "{id: hi, do: email, with: {template: mail/hello.j2}, when: source = web}"
    house.template("hello", "Subject: Чай\n\nДень добрый.\n")
    house.rules(kit.robots(mail))
    house.add("contact", name="Ольга", emails="olga@chai.example")
    deal = house.add("deal", name="Чай", source="web", contacts="olga@chai.example")
    house.write("settings.yaml", QUIET)
    house.tick()
    house.edit(deal.id, source="phone")
    state, why = _line(house, deal, "hi")
    assert (state, why.rpartition("; ")[2]) == ("queued", "if source = web [yes: web]")


def _line(house: Any, deal: Any, name: str) -> tuple[str, str]:
    lines = [line for line in explain(house.ws, deal.id) if line.robot == name]
    return lines[-1].state, lines[-1].why
