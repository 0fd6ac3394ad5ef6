"""crm report dashboard: of all, of one person, in every form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.sales import stages
from crmcli.workspace import Workspace
from tests import kit

Crm = Callable[..., Any]


@pytest.fixture
def sold(ws: Workspace, folder: Path) -> Path:
    """Two people with a lead each; one has won a deal, the other has lost one."""
    for owner, end, amount in (("anna", "won", "1000"), ("boris", "lost", "500")):
        kit.lead(ws, name=f"Лид {owner}", owner=owner, anyway=True)
        made = kit.deal(ws, name=f"Сделка {owner}", owner=owner, amount=amount)
        [pipeline] = [one for one in ws.pipelines.deals if one.id == made.pipeline][:1]
        stage = next(one.id for one in pipeline.stages if one.kind == end)
        stages.move(ws, made.id, stage, reason="price" if end == "lost" else "")
    return folder


def numbers(crm: Crm, *given: str) -> dict[str, Any]:
    done = crm("report", "dashboard", *given, "--json")
    assert done.code == 0, done.err
    told: dict[str, Any] = json.loads(done.out)["today"][0]
    return told


def test_its_numbers_are_those_of_whom_it_is_of(crm: Crm, sold: Path) -> None:
    names = ("leads", "deals", "won", "lost", "win_rate", "won_amounts", "won_before")
    every, anna, boris = (
        [numbers(crm, *given)[name] for name in names]
        for given in ((), ("--owner", "me", "--as", "anna"), ("--owner", "boris"))
    )
    assert every == [2, 2, 1, 1, 50.0, {"RUB": 1000}, 0]
    assert anna == [1, 1, 1, 0, 100.0, {"RUB": 1000}, 0]
    assert boris == [1, 1, 0, 1, 0.0, {}, 0]


def test_as_a_page_and_in_words(crm: Crm, sold: Path) -> None:
    done = crm("report", "dashboard", "--html", "-o", "d.html", CRM_LANG="en")
    assert (done.code, done.out) == (0, ""), done.err
    text = (sold / "d.html").read_text(encoding="utf-8")
    for heading in (
        "How sales stand",
        "Sales today",
        "Sales in the period",
        "Won by month",
        "Funnel",
        "Owners",
    ):
        assert f">{heading}</h" in text, heading
    assert text.count('role="img"') >= 4
    one = crm("report", "dashboard", "--html", "--owner", "boris", CRM_LANG="en").out
    assert ">Owners</h" not in one
    said = crm("report", "dashboard", CRM_LANG="en").out
    assert "Sales today, 2026-11-23 against 2026-11-22" in said
    assert "Won: 1" in said
    assert "█" in said


def test_what_cannot_be_asked_is_one_line(crm: Crm, sold: Path) -> None:
    for given in (
        ["--period", "soon"],
        ["--period", "2026-03..2026-01"],
        ["--pipeline", "nope"],
        ["--png", "--html"],
    ):
        done = crm("report", "dashboard", *given, CRM_LANG="en")
        assert done.code != 0
        assert "bug" not in done.err
        assert done.err.startswith("crm: error:")


def test_a_new_workspace_has_one_too(crm: Crm, folder: Path) -> None:
    done = crm("report", "dashboard", "--html", CRM_LANG="en")
    assert done.code == 0, done.err
    assert "Nothing to report" in done.out


@pytest.mark.parametrize(("period", "told"), [("2026-12", "0 ₽"), ("2024-05", "–")])
def test_nothing_won_is_said_alike_in_a_page_and_in_words(
    crm: Crm, sold: Path, period: str, told: str
) -> None:
    asked = ("report", "dashboard", "--period", period)
    said = crm(*asked, CRM_LANG="en").out.partition("Sales in the period")[2]
    [line] = [one for one in said.splitlines() if one.startswith("Won amount: ")]
    page = crm(*asked, "--html", CRM_LANG="en").out.partition(">Sales in the period<")[2]
    [tile] = re.findall(r"<dt>Won amount</dt><dd[^>]*><span>(.*?)</span>", page)
    assert line.replace("\xa0", " ").startswith(f"Won amount: {told}")
    assert tile.replace("\xa0", " ") == told
