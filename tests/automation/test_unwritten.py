"""Records of whose coming the timeline has no line stand in their stage since their `created_at`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crmcli.automation import explain, jobs, waiting
from crmcli.automation.record_plan import plan_for
from crmcli.sales import stages
from crmcli.sales.history import undo
from crmcli.workspace.current_stage import current_stage
from tests.reports.told import read_funnel

RULES = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: day, do: task, with: {title: День}, after: 1d}
          - {id: month, do: task, with: {title: Месяц}, after: 30d}
      - id: talks
        name: Переговоры
        robots: [{id: hour, do: task, with: {title: Час}, after: 1h}]
"""
DEAL = "deal-7k3qf2m9"


def drop_in(house: Any, stage: str = "new", made: str = "2026-11-13T09:00:00Z") -> None:
    path = house.root / f"data/deals/7/{DEAL}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    when = f"created_at: {made}\n" if made else ""
    path.write_text(f"id: {DEAL}\nname: Чай\npipeline: sales\nstage: {stage}\n{when}", "utf-8")


@pytest.fixture
def house(house: Any) -> Any:
    house.rules(RULES)
    return house


def test_a_stage_by_its_name_becomes_its_id_first(house: Any) -> None:
    drop_in(house, "Новая")
    assert explain.explain(house.ws, DEAL) == []
    house.tick()
    assert house.get(DEAL).stage == "new"
    states = {line.robot: line.state for line in explain.explain(house.ws, DEAL)}
    assert states == {"day": "done", "month": "waiting"}


def test_its_robots_count_from_its_creation(house: Any) -> None:
    drop_in(house)
    states = {line.robot: (line.state, line.due_at) for line in explain.explain(house.ws, DEAL)}
    assert states == {
        "day": ("due", datetime(2026, 11, 14, 9, tzinfo=UTC)),
        "month": ("waiting", datetime(2026, 12, 13, 9, tzinfo=UTC)),
    }
    house.tick()
    assert house.titles() == ["День"]
    assert house.events("stage.entered") == []
    assert house.tick().said == []
    house.tick("20d")
    assert house.titles() == ["День", "Месяц"]
    assert house.tick("1d").said == []


def test_without_a_creation_it_has_come_now(house: Any) -> None:
    drop_in(house, made="")
    house.tick()
    [entry] = house.events("stage.entered")
    assert entry.at == house.now
    house.tick("1d")
    assert house.titles() == ["День"]


def test_it_goes_on_its_way_when_it_is_moved_and_taken_back(house: Any) -> None:
    drop_in(house)
    house.tick()
    stages.move(house.ws, DEAL, "talks")
    house.tick("2h")
    assert house.titles() == ["День", "Час"]
    first, second = plan_for(house.ws, DEAL).visits
    assert (first.entry.data["stage"], first.entry.at.day) == ("new", 13)
    assert second.entry.data["stage"] == "talks"
    left = [line.robot for line in explain.explain(house.ws, DEAL) if line.state == "cancelled"]
    assert left == ["month"]


def test_a_move_that_is_taken_back_leaves_the_robots_waiting_that_had_not_acted(house: Any) -> None:
    drop_in(house)
    house.tick()
    assert [line.robot for line in waiting.waiting(house.ws)] == ["month"]
    stages.move(house.ws, DEAL, "talks")
    undo.undo(house.ws)
    assert house.get(DEAL).stage == "new"
    assert house.events("stage.entered")[-1].data["robots"] == ["month"]


def test_a_hand_edit_of_what_was_never_written_is_no_entry(house: Any) -> None:
    drop_in(house)
    house.tick()
    drop_in(house, "talks")
    house.tick()
    assert house.titles() == ["День", "Час"]
    assert house.events("stage.entered") == []


def test_a_robot_that_waits_there_can_be_called_off(house: Any) -> None:
    drop_in(house)
    [line] = [line for line in waiting.waiting(house.ws) if line.robot == "month"]
    _, decided = jobs.decide(house.ws, "cancel", [line.key])
    [job] = decided.done
    assert job.cause == current_stage(house.ws, house.get(DEAL)).entry.id
    house.tick("60d")
    assert house.titles() == ["День"]


def test_the_funnel_counts_it(house: Any) -> None:
    drop_in(house)
    told = house.add("deal", name="Кофе")
    rows = {row.stage: row for row in read_funnel(house.ws, house.ws.pipelines.deals[0]).rows}
    assert (rows["new"].reached, rows["new"].waiting, rows["new"].waiting_days) == (2, 2, 5.0)
    for record_id in (DEAL, told.id):
        stages.move(house.ws, record_id, "talks")
    rows = {row.stage: row for row in read_funnel(house.ws, house.ws.pipelines.deals[0]).rows}
    assert (rows["talks"].reached, rows["new"].median_days) == (2, 5.0)
