"""Saved views and the day's work, as people call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import Run

Crm = Callable[..., Run]
VIEWS = """\
deals:
  - {id: big, name: Крупные, where: amount > 100, sort: [-amount], columns: [name, amount], limit: 2}
"""


@pytest.fixture
def deals(crm: Crm, folder: Path) -> None:
    (folder / "views.yaml").write_text(VIEWS, encoding="utf-8")
    for name, amount in (("А", 50), ("Б", 500), ("В", 900), ("Г", 700)):
        crm("deal", "add", "--name", name, "--amount", str(amount))


@pytest.mark.usefixtures("deals")
def test_a_view_is_a_list_that_options_narrow(crm: Crm) -> None:
    rows = json.loads(crm("deal", "list", "--view", "крупные", "--json").out)
    assert [tuple(row.values()) for row in rows] == [("В", 900), ("Г", 700)]
    rows = json.loads(crm("deal", "list", "--view", "big", "--where", "amount < 800", "--json").out)
    assert [row["name"] for row in rows] == ["Г", "Б"]
    run = crm(
        "deal", "list", "--view", "big", "--sort", "amount", "--limit", "5", "--columns", "name"
    )
    assert run.out.split() == ["Name", "Б", "Г", "В"]


@pytest.mark.usefixtures("deals")
def test_a_view_on_the_board(crm: Crm) -> None:
    rows = json.loads(crm("board", "--view", "big", "--json").out)
    assert sum(row["count"] for row in rows) == 3


@pytest.mark.usefixtures("deals")
def test_no_such_view_and_a_broken_file(crm: Crm, folder: Path) -> None:
    run = crm("deal", "list", "--view", "small")
    assert (run.code, "views of deals: big" in run.err) == (3, True)
    (folder / "views.yaml").write_text(
        "deals:\n  - {id: big, where: amaunt > 1}\n", encoding="utf-8"
    )
    run = crm("deal", "list", "--view", "big")
    assert run.code == 6
    assert "views.yaml:2: 'where': unknown field 'amaunt'" in run.err
    assert crm("deal", "list").code == 0
    run = crm("check")
    assert (run.code, "views.yaml:2" in run.out) == (6, True)


def test_today(crm: Crm) -> None:
    assert "nothing to do today" in crm("today").err
    lead = crm("lead", "add", "--name", "Кровля", "--phone", "8 912 345-67-89").out.strip()
    crm("task", "add", "Позвонить", "--for", lead, "--due", "2026-11-23 10:00")
    crm("deal", "add", "--name", "Фасад", "--close-by", "2026-11-20")
    run = crm("today")
    assert run.out.startswith("2026-11-23, tester\n")
    for heading in (
        "Overdue tasks: 1",
        "Deals past their close date: 1",
        "Deals without a next step: 1",
    ):
        assert heading in run.out
    assert "Leads without" not in run.out
    rows = json.loads(crm("today", "--json").out)
    assert [row["part"] for row in rows] == ["overdue", "late", "idle_deals"]


def test_an_owner_may_have_a_quote_in_the_name(crm: Crm) -> None:
    crm("task", "add", "Call back", "--due", "today", "--owner", 'O"Neil')
    run = crm("today", "--owner", 'O"Neil', "--json")
    assert (run.code, [row["name"] for row in json.loads(run.out)]) == (0, ["Call back"]), run.err
