"""How right forecasts were: what was known then, and nothing else; who sees what; what is no question."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from crmcli.model.forecast import LEAST_CLOSED, _day
from crmcli.model.periods import Period
from crmcli.reports.accuracy import trial
from tests import kit
from tests.kit import Run
from tests.reports import histories

Crm: TypeAlias = Callable[..., Run]
DAY = "2026-{}T10:00:00Z"
NOW = DAY.format("11-27")


HIDDEN = """
users: {anna: [administrator], boris: [blind]}
roles:
  blind: {like: manager, deal: {hidden: [amount]}}
"""


@pytest.fixture
def lived(crm: Crm, folder: Path) -> Callable[..., dict[str, Any]]:
    """Twenty deals of August, of which fifteen were won in September; what a month says as told in November."""
    kit.write(
        folder,
        "settings.yaml",
        "currency: RUB\nusers: {anna: {name: Анна}, boris: {name: Борис}}\n",
    )
    new = [_added(crm, f"Окна {n}", "08-03", "boris") for n in range(LEAST_CLOSED)]
    for n, deal in enumerate(new):
        to = "shipped" if n < 15 else "lost"
        reason = [] if to == "shipped" else ["--reason", "price"]
        assert (
            crm(
                "deal", "move", deal, to, *reason, CRM_NOW=DAY.format("09-10"), CRM_USER="boris"
            ).code
            == 0
        )

    def month(name: str, *args: str, user: str = "boris") -> dict[str, Any]:
        run = crm("report", "accuracy", "--json", *args, CRM_NOW=NOW, CRM_USER=user)
        assert run.code == 0, run.err
        return next(row for row in json.loads(run.out) if row["month"] == name)

    return month


def _added(crm: Crm, name: str, day: str, owner: str) -> str:
    run = crm(
        "deal", "add", "--name", name, "--amount", "1000", "--close-by", "2026-10-20", "--owner", owner,
        "--json", CRM_NOW=DAY.format(day), CRM_USER=owner,
    )  # fmt: skip
    assert run.code == 0, run.err
    found = json.loads(run.out)
    return str((found[0] if isinstance(found, list) else found)["id"])


def test_what_was_known_then(crm: Crm, lived: Callable[..., dict[str, Any]]) -> None:
    deal = _added(crm, "Двери", "09-20", "boris")
    before = lived("2026-10")
    assert before["by_past"] == {"RUB": 750}  # fifteen of twenty
    assert lived("2026-09")["by_past"] == {}
    edits = ("deal", "edit", deal, "--amount", "9000", "--close-by", "2026-12-01")
    assert crm(*edits, CRM_NOW=DAY.format("10-05"), CRM_USER="boris").code == 0
    assert (
        crm("deal", "move", deal, "shipped", CRM_NOW=DAY.format("10-25"), CRM_USER="boris").code
        == 0
    )
    after = lived("2026-10")
    assert {
        **after,
        "won": 0,
        "won_amounts": {},
        "from_open": {},
        "weighted_error": None,
        "past_error": None,
    } == (before)
    assert (after["won_amounts"], after["from_open"]) == ({"RUB": 9000}, {"RUB": 9000})
    assert after["past_error"] == -91.7
    drilled = crm(
        "report", "accuracy", "--json", "--drill", "2026-10,by_past", CRM_NOW=NOW, CRM_USER="boris"
    )
    assert [row["id"] for row in json.loads(drilled.out)] == [deal]


def test_odds_are_of_what_one_sees(
    crm: Crm, folder: Path, lived: Callable[..., dict[str, Any]]
) -> None:
    _added(crm, "Двери", "09-20", "anna")
    kit.write(folder, "access.yaml", "users: {anna: [manager], boris: [administrator]}\n")
    assert lived("2026-10")["by_past"] == {"RUB": 750}
    mine = lived("2026-10", user="anna")
    assert mine["by_past"] == mine["weighted"] != {"RUB": 750}
    assert lived("2026-09")["won_amounts"] == {"RUB": 15000}
    assert lived("2026-09", user="anna")["won_amounts"] == {}
    rows = crm("report", "odds", "--json", CRM_NOW=NOW, CRM_USER="anna")
    assert not any(row["closed"] for row in json.loads(rows.out))


@pytest.mark.parametrize(
    "args",
    [
        ["--by", "day"], ["--period", "tomorow"], ["--period", "2026-11..2026-01"], ["--period", "month"],
        ["--pipeline", "leads"], ["--pipeline", "sale"], ["--where", "amunt > 5"], ["--currency", "XXQ"],
        ["--drill", "2026-10,colour"], ["--drill", "1999-01,won"], ["--snapshot"], ["--html", "--drill", "1,won"],
    ],
)  # fmt: skip
def test_what_is_no_question(crm: Crm, args: list[str]) -> None:
    run = crm("report", "accuracy", *args, CRM_NOW=NOW)
    assert (run.code, run.out) == (2, "")
    assert "Traceback" not in run.err
    assert run.err.count("\n") <= 2


@pytest.mark.parametrize("report", ["accuracy", "forecast", "odds", "lifetime", "cohorts"])
def test_an_empty_base(crm: Crm, report: str) -> None:
    for form in ("--json", "--csv", "--html"):
        run = crm("report", report, form, CRM_NOW=NOW)
        assert run.code == 0, run.err
        assert "nan" not in run.out.lower().replace("финан", "")


def test_each_cell_adds_up(tmp_path: Path) -> None:
    ws = histories.opened(histories.made(tmp_path / "ws", 120, seed=5))
    tried = trial(ws, "quarter", Period())
    assert len(tried.figures.rows) == 4
    for row in tried.figures.rows:
        for name in ("open", "won"):
            assert row.values[name] == len(tried.behind[row.keys[0], name])
        assert {*tried.behind[row.keys[0], "from_open"]} <= {*tried.behind[row.keys[0], "won"]}


def test_what_is_told_of_clients(crm: Crm, tmp_path: Path) -> None:
    """Their figures are explained; in one currency the greatest sum stands first."""
    root = histories.made(tmp_path / "past", 150, seed=6)
    at = ("-C", str(root), "report")
    run = crm(*at, "lifetime", "--currency", "--json", CRM_NOW=histories.NOW, CRM_USER="anna")
    sums = [row["won_amounts"].get("RUB", 0) for row in json.loads(run.out)]
    assert sums == sorted(sums, reverse=True)
    for cell in (["cohorts", "total,clients"], ["cohorts", "1,again"], ["lifetime", "1,first"]):
        run = crm(*at, "explain", *cell, "--json", CRM_NOW=histories.NOW, CRM_USER="anna")
        assert run.code == 0, run.err
        rows = json.loads(run.out)
        assert len({row["id"] for row in rows}) == len(rows)
        told = crm(*at, "explain", *cell, CRM_NOW=histories.NOW, CRM_USER="anna")
        assert (told.code, "Traceback" in told.err) == (0, False)


@pytest.mark.parametrize("before", ["someday", "", 7, None])
def test_a_day_that_was_none_counts_as_no_day(before: object) -> None:
    assert _day(before) is None
    assert _day("2026-10-20") == "2026-10-20"


def test_unknown_stages_are_told_and_not_weighed_as_nothing(crm: Crm, folder: Path) -> None:
    """Of imported deals nobody knows in which stage they stood: no forecast is called wrong for that."""
    lines = ["name,amount,stage,created_at,closed_at"]
    lines += [f"Окно {n},1000,shipped,2026-0{n}-05,2026-10-1{n}" for n in range(2, 8)]
    kit.write(folder, "old.csv", "\n".join(lines) + "\n")
    run = crm("import", "deals", "old.csv", "--yes", CRM_NOW=NOW)
    assert run.code == 0, run.err
    rows = json.loads(crm("report", "accuracy", "--json", CRM_NOW=NOW).out)
    october = next(row for row in rows if row["month"] == "2026-10")
    assert (october["won_amounts"], october["from_open"]) == ({"RUB": 6000}, {"RUB": 6000})
    assert (october["weighted_error"], october["past_error"]) == (None, None)
    told = crm("report", "accuracy", CRM_NOW=NOW)
    assert "6 deals: nothing tells in which stage they stood" in told.err
    assert "%" not in told.out + told.err


def test_columns_are_asked_for_by_their_heads(lived: object, crm: Crm) -> None:
    for head in ("By the past", "by_past", "Of open ones", "Won"):
        drill = crm(
            "report", "accuracy", "--drill", f"2026-10,{head}", CRM_NOW=NOW, CRM_USER="boris"
        )
        assert drill.code == 0, drill.err
    refused = crm("report", "accuracy", "--drill", "2026-10,error", CRM_NOW=NOW, CRM_USER="boris")
    assert "Won, By odds, By the past, Of open ones" in refused.err
    heads = crm("report", "accuracy", "--csv", CRM_NOW=NOW, CRM_USER="boris").out.splitlines()[0]
    assert len(set(heads.split(","))) == len(heads.split(","))


def test_deals_without_an_amount_that_one_sees_were_won_all_the_same(
    lived: object, crm: Crm, folder: Path
) -> None:
    kit.write(folder, "access.yaml", HIDDEN)
    run = crm("report", "accuracy", CRM_NOW=NOW, CRM_USER="boris")
    assert "15 deals won, without an amount that you may see" in run.err, run
    assert "nothing was won" not in run.err
