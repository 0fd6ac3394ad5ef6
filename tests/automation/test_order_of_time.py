"""Robots and moves in the order of time, however late the tick comes."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.simulate import rehearse
from crmcli.sales import activities, leads
from crmcli.sales.history import undo
from tests import kit
from tests.automation.test_ticking import move

RULES = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: hello, do: task, with: {title: Привет}}
          - {id: then, do: task, wait: previous, with: {title: Затем}}
          - {id: later, do: task, after: 1h, with: {title: Позже}}
          - {id: last, do: task, after: 1d, with: {title: Потом}}
      - id: talks
        name: Переговоры
        robots:
          - {id: ask, do: task, with: {title: Вопрос}}
          - {id: mark, do: set, with: {source_detail: робот, comment: робот}}
          - {id: on, do: move, with: {stage: terms}, after: 30m}
        triggers: [{on: call.in}]
      - {id: terms, name: Условия, triggers: [{on: paid}]}
      - {id: rest, name: Отдых}
"""


@pytest.fixture
def rules(house: Any) -> Any:
    house.rules(RULES)
    house.tick()
    return house


def test_a_stage_passed_between_two_ticks_has_its_robots(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    rules.wait("10m")
    move(rules, deal.id, "talks")
    rules.wait("10m")
    move(rules, deal.id, "rest")
    planned = [line.who for line in rehearse(rules.ws, rules.now)]
    rules.tick("5m")
    assert rules.titles() == ["Вопрос", "Затем", "Привет"]
    assert len(planned) == 4  # these three and the one that sets fields
    assert rules.get(deal.id).stage == "rest"
    assert rules.get(deal.id).source_detail == "робот"
    assert rules.tick("2d").said == []


def test_what_was_due_before_the_move_is_done_and_the_rest_is_called_off(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    rules.wait("2h")
    move(rules, deal.id, "rest")
    rules.tick("2d")
    assert rules.titles() == ["Затем", "Позже", "Привет"]


def test_a_robot_that_was_due_before_what_moves_the_record_acts_first(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    rules.wait("2h")
    activities.log(rules.ws, deal.id, "call.in", "Алло")
    rules.tick("10m")
    assert rules.titles() == ["Вопрос", "Затем", "Позже", "Привет"]
    assert rules.get(deal.id).stage == "talks"
    kinds = [
        e.kind for e in rules.events(record=deal.id) if e.kind in ("job.done", "stage.entered")
    ]
    assert kinds[:4] == ["job.done"] * 3 + ["stage.entered"]


def test_one_that_was_due_after_it_is_called_off(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    rules.wait("30m")
    activities.log(rules.ws, deal.id, "call.in", "Алло")
    rules.tick("3h")
    assert "Позже" not in rules.titles()
    assert "Привет" in rules.titles()


def test_a_robot_that_moves_is_not_obeyed_where_a_person_has_moved_since(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    move(rules, deal.id, "talks")
    rules.wait("1h")
    move(rules, deal.id, "rest")
    rules.tick("1h")
    assert rules.get(deal.id).stage == "rest"
    [job] = [job for job in rules.jobs() if job.robot == "on"]
    assert (job.state, job.reason) == ("skipped", "the record has moved on")


def test_a_late_robot_sets_nothing_that_somebody_changed_since(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    move(rules, deal.id, "talks")
    rules.wait("5m")
    rules.edit(deal.id, comment="Анна")
    move(rules, deal.id, "rest")
    rules.tick()
    record = rules.get(deal.id)
    assert (record.comment, record.source_detail) == ("Анна", "робот")


def test_a_move_that_was_undone_wakes_nobody(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    rules.tick()
    move(rules, deal.id, "talks")
    undo.undo(rules.ws)
    rules.tick("1m")
    assert "Вопрос" not in rules.titles()
    assert rules.titles() == ["Затем", "Привет"]


def test_of_long_ago_nothing_is_done(rules: Any) -> None:
    deal = rules.add("deal", name="Чай")
    move(rules, deal.id, "rest")
    rules.tick("31d")
    assert rules.titles() == []


def test_a_robot_of_today_leaves_alone_what_was_passed_yesterday(house: Any) -> None:
    house.rules(RULES.replace("{id: hello,", "{id: other,"))
    deal = house.add("deal", name="Чай")
    move(house, deal.id, "rest")
    house.rules(RULES)
    house.tick()
    assert "Привет" not in house.titles()


def test_a_lead_converted_within_the_minute_has_its_robots(house: Any) -> None:
    house.rules(
        leads="""
        stages:
          - id: new
            name: Новый
            robots: [{id: hi, do: comment, with: {text: Привет}}]
          - {id: done, name: Успех, kind: won}
          - {id: junk, name: Брак, kind: lost}
    """
    )
    house.tick()
    lead = house.add("lead", name="Заявка", phones="+79161234567")
    leads.convert(house.ws, lead.id, leads.ConvertOptions())
    house.tick("1m")
    assert [e.data["text"] for e in house.events("note", lead.id)] == ["Привет"]


def test_two_clones_do_it_once(rules: Any, clone: Any) -> None:
    deal = rules.add("deal", name="Чай")
    move(rules, deal.id, "rest")
    other = clone()
    rules.tick("1m")
    kit.save(rules.root, "ticked")
    kit.git(other.root, "pull", "-q")
    other.tick("5m")
    assert other.titles() == ["Затем", "Привет"]


def test_the_limit_of_actions_holds_and_nothing_is_lost(rules: Any) -> None:
    rules.write("settings.yaml", "automation: {max_effects: 3}\n")
    made = [rules.add("deal", name=f"Чай {n}") for n in range(4)]
    for deal in made:
        move(rules, deal.id, "rest")
    for _ in range(6):
        rules.tick("1m")
    assert len(rules.tasks()) == 8
