"""crm robots list: the robots and triggers of each stage in plain words, and how many wait at each."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.present.text_width import width
from tests import kit

Crm = Callable[..., Any]
STAGES = kit.pipelines("""
    stages:
      - id: new
        name: Новая
        color: '#39a8ef'
        robots:
          - {id: call, do: task, with: {title: "Call {{ deal.name }}"}, after: 2d}
          - {id: chase, do: task, with: {title: 再次致电客户确认订单细节并跟进付款情况以及交货时间安排}, after: 1d, wait: previous}
          - {id: wish, do: comment, with: {text: Hi}, at: {field: close_by}, when: amount > 100, once: record}
          - {id: off, do: comment, with: {text: No}, enabled: no}
      - {id: paid, name: Оплачено, triggers: [{on: paid, when: amount > 10}, {on: call.in, number: '7495', back: yes}]}
    schedules: [{id: morning, cron: '0 9 * * *', do: notify, with: {text: Good morning}}]
""")
DRAWN = """\
Продажи (sales)

● Новая  new
  call       after 2d: a task “Call {{deal.name}}”                   2 wait here
  └ chase    1d after the robot above: a task
             “再次致电客户确认订单细节并跟进付款情况以及交货时间安排”
  wish       on close_by: a note “Hi”; once: record; if amount >     2 wait here
             100
  off        at once: a note “No”
             disabled

● Оплачено  paid
  → paid     crm trigger fire paid; if amount > 10
  → call.in  The client called; number: 7495; back: yes

● Успех  won

● Провал  lost

Schedules
  @ morning  0 9 * * *, next 2026-11-24 09:00: notify “Good morning”
"""


@pytest.fixture
def _rules(folder: Path, crm: Crm) -> None:
    (folder / "pipelines.yaml").write_text(STAGES, "utf-8")
    for name in ("Tea", "Milk"):
        assert crm("deal", "add", name).code == 0


def waits(crm: Crm) -> dict[str, int]:
    rows = json.loads(crm("robots", "list", "--json").out)
    return {row["robot"]: row["waits"] for row in rows if row["waits"]}


@pytest.mark.usefixtures("_rules")
def test_it_is_drawn(crm: Crm) -> None:
    drawn = crm(
        "robots", "list", "--pipeline", "sales", CRM_NOW="2026-11-23T12:00:00Z", COLUMNS="80"
    ).out
    assert drawn == DRAWN
    assert max(map(width, drawn.split("\n"))) <= 80


@pytest.mark.usefixtures("_rules")
def test_the_number_that_waits_is_true_before_and_after_ticks(crm: Crm) -> None:
    assert waits(crm) == {"call": 2, "wish": 2}
    crm("tick")
    assert waits(crm) == {"call": 2, "wish": 2}
    crm("deal", "edit", "Tea", "--close-by", "2099-01-01")
    crm("deal", "move", "Milk", "paid")
    assert waits(crm) == {"call": 1, "wish": 1}
    crm("tick")
    assert waits(crm) == {"call": 1, "wish": 1}
    crm("tick", CRM_NOW="2098-01-01T12:00:00Z")
    assert waits(crm) == {"chase": 1, "wish": 1}


@pytest.mark.usefixtures("_rules")
@pytest.mark.parametrize(
    ("given", "robots"),
    [
        ("--pipeline leads", []),
        ("--pipeline Продажи --stage Оплачено", ["paid", "call.in"]),
        ("--stage new", ["call", "chase", "wish", "off"]),
    ],
)
def test_one_pipeline_or_stage(crm: Crm, given: str, robots: list[str]) -> None:
    rows = json.loads(crm("robots", "list", *given.split(), "--json").out)
    assert [row["robot"] for row in rows] == robots


@pytest.mark.usefixtures("_rules")
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("--pipeline nope", "nope"),
        ("--stage nope", "no stage 'nope'"),
        ("--pipeline leads --stage paid", "paid"),
    ],
)
def test_what_is_not_there_is_told(crm: Crm, given: str, says: str) -> None:
    told = crm("robots", "list", *given.split())
    assert told.code == 3
    assert says in told.err


@pytest.mark.usefixtures("_rules")
def test_a_russian_reads_russian(crm: Crm) -> None:
    drawn = crm("robots", "list", CRM_LANG="ru").out
    for words in (
        "через 2 д: задача «Call {{deal.name}}»",
        "2 ждут",
        "Клиент позвонил",
        "выключен",
    ):
        assert words in drawn
