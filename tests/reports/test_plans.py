"""plans.yaml and crm report plan: what was won beside what was planned, by whom, at which pace."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crmcli.errors import InvalidData
from crmcli.model.periods import Period
from crmcli.model.plan import Plan, days_of, planned
from crmcli.workspace import Workspace
from crmcli.workspace.plans import read_plans
from tests import kit
from tests.kit import Run

Crm = Callable[..., Run]
AT = {"CRM_NOW": "2026-11-15T09:00:00+00:00", "CRM_LANG": "en"}
QUARTER = Period(date(2026, 10, 1), date(2026, 12, 31))


def of(
    period: str, owner: str = "", pipeline: str = "", amount: int = 1, currency: str = "RUB"
) -> Plan:
    return Plan(period, owner, pipeline, Decimal(amount), currency)


@pytest.mark.parametrize(
    ("plans", "period", "due"),
    [
        ([], QUARTER, {}),
        ([of("2026-11", amount=3), of("2026-12", amount=4)], QUARTER, {"RUB": 7}),
        ([of("2026-11", amount=3), of("2026-Q4", amount=9)], QUARTER, {"RUB": 9}),
        ([of("2026-11", amount=3), of("2026-Q4", amount=9)], days_of("2026-11"), {"RUB": 3}),
        ([of("2026-Q4", amount=9), of("2026-Q3", amount=1)], QUARTER, {"RUB": 9}),
        ([of("2026-11", "anna", amount=3), of("2026-11", "boris", amount=4)], QUARTER, {"RUB": 7}),
        ([of("2026-11", "anna", amount=3), of("2026-11", amount=5)], QUARTER, {"RUB": 5}),
        ([of("2026-11", "anna", "sales", 3), of("2026-11", "anna", amount=5)], QUARTER, {"RUB": 5}),
        ([of("2026-11", "anna", "sales", 3), of("2026-11", "anna", "b2b", 2)], QUARTER, {"RUB": 5}),
        ([of("2026-11", pipeline="sales", amount=3), of("2026-11", "anna", amount=5)], QUARTER, {"RUB": 5}),
        ([of("2026-11", amount=3), of("2026-Q4", amount=9, currency="USD")], QUARTER, {"RUB": 3, "USD": 9}),
        ([of("2026", amount=40)], QUARTER, {}),
        ([of("2026-11", amount=3), of("2026-Q4", "pavel", amount=9)], QUARTER, {"RUB": 9}),
        ([of("2026-11", amount=3), of("2026-11", "pavel", amount=9)], QUARTER, {"RUB": 3}),
        ([of("2026-11", amount=3), of("2026-Q4", "pavel", amount=9)], days_of("2026"), {"RUB": 9}),
        ([of("2026-11"), of("2026-12")], Period(date(2026, 11, 2), date(2026, 12, 31)), {"RUB": 1}),
    ],
)  # fmt: skip
def test_each_plan_counts_once(plans: list[Plan], period: Period, due: dict[str, int]) -> None:
    for order in (plans, plans[::-1]):
        assert planned(order, period)[0] == due


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)), ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)), ("2026", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)  # fmt: skip
def test_days_of_a_period(key: str, first: date, last: date) -> None:
    assert days_of(key) == Period(first, last)


def people(root: Path) -> None:
    """Three people work there."""
    users = "".join(f"  {one}: {{name: {one.title()}}}\n" for one in ("anna", "boris", "vera"))
    kit.replace(root / "settings.yaml", "users:\n", f"users:\n{users}")


BAD = [
    ("- {period: 2026-13, amount: 1}", "'2026-13' is no month, quarter or year"),
    ("- {period: 2026-Q5, amount: 1}", "'2026-Q5' is no month"),
    ("- {amount: 1}", "'period' is missing"),
    ("- {period: 2026-11}", "a plan has an amount or a count"),
    ("- {period: 2026-11, amount: много}", "'много'"),
    ("- {period: 2026-11, amount: -5}", "is less than nothing"),
    ("- {period: 2026-11, amount: 5, currency: XXY}", "'XXY' is not a currency"),
    ("- {period: 2026-11, amount: 5, pipeline: seles}", "no pipeline 'seles'"),
    ("- {period: 2026-11, amount: 5, owner: ana}", "no user 'ana'"),
    ("- {period: 2026-11, count: many}", "'many' is not a whole number"),
    ("- {period: 2026-11, amuont: 5}", "unknown key 'amuont'"),
    (
        "- {period: 2026-11, amount: 5}\n  - {period: 2026-11, amount: 6, currency: RUB}",
        "is there twice",
    ),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_every_fault_has_its_line(ws: Workspace, text: str, said: str) -> None:
    people(ws.root)
    kit.write(ws.root, "plans.yaml", f"plans:\n  {text}\n")
    with pytest.raises(InvalidData) as refusal:
        read_plans(kit.opened(ws.root))
    found = refusal.value.problems
    assert any(said in one.message and one.line in (2, 3) for one in found), found


@pytest.fixture
def sold(crm: Crm, folder: Path) -> Path:
    """Two deals of anna's won in November, one of boris's in October."""
    people(folder)
    for owner, amount, day in (("anna", 1000, 2), ("anna", 500.50, 10), ("boris", 70, -20)):
        at = {"CRM_NOW": f"2026-{11 if day > 0 else 10}-{abs(day):02}T09:00:00+00:00"}
        deal = crm("deal", "add", f"{owner} {day}", "--owner", owner, "--amount", str(amount), **at)
        assert deal.code == 0, deal.err
        moved = crm("deal", "move", deal.out.strip(), "shipped", **at)
        assert moved.code == 0, moved.err
    return folder


def rows(run: Run) -> dict[str, dict[str, Any]]:
    assert run.code == 0, run.err
    return {str(next(iter(row.values()))): row for row in json.loads(run.out)}


def test_plan_and_fact(crm: Crm, sold: Path) -> None:
    assert "no plan for this period" in crm("report", "plan", **AT).err
    kit.write(
        sold, "plans.yaml", "plans:\n  # наши\n  - {period: 2026-10, owner: boris, amount: 140}\n"
    )
    assert crm("plan", "set", "2026-11", "3000", "--owner", "anna", "--count", "4", **AT).code == 0
    assert crm("plan", "set", "2026-11", "2 000", "--owner", "vera", **AT).code == 0
    assert crm("plan", "set", "2026-11", "9999", "--owner", "anna", "-n", **AT).code == 0
    text = (sold / "plans.yaml").read_text("utf-8")
    assert ("# наши" in text, "9999" in text) == (True, False)
    by_owner = rows(crm("report", "plan", "--json", **AT))
    anna = by_owner["anna"]
    assert (anna["fact"], anna["plan"], anna["done"]) == ({"RUB": 1500.5}, {"RUB": 3000}, 50.0)
    assert (anna["left"], anna["forecast"]) == (
        {"RUB": 1499.5},
        {"RUB": 3001},
    )  # half the month is over
    assert [anna[k] for k in ("won", "plan_count", "done_count", "left_count", "forecast_count")] == [
        2, 4, 50.0, 2, 4,
    ]  # fmt: skip
    vera = by_owner["vera"]
    assert (vera["fact"], vera["plan"], vera["done"], vera["forecast"]) == (
        {},
        {"RUB": 2000},
        0.0,
        {},
    )
    assert set(by_owner) == {"anna", "vera"}
    by_month = rows(
        crm("report", "plan", "--period", "2026-10..2026-12", "--by", "month", "--json", **AT)
    )
    assert {k: (r["plan"].get("RUB"), r["done"]) for k, r in by_month.items()} == {
        "2026-10": (140, 50.0), "2026-11": (5000, 30.0), "2026-12": (None, None),
    }  # fmt: skip
    assert by_month["2026-10"]["forecast"] == {"RUB": 70}  # it is over
    total = rows(crm("report", "plan", "--by", "pipeline", "--json", **AT))
    assert next(iter(total.values()))["plan"] == {}  # nobody planned a pipeline
    shown = crm("report", "plan", **AT)
    assert ("Total" in shown.out, "5 000 ₽" in shown.out.replace("\xa0", " ")) == (True, True), (
        shown.out
    )
    listed = crm("report", "plan", "--drill", "anna,fact", "--ids", **AT).out.split()
    assert len(listed) == 2


def test_a_plan_of_some_days_is_not_held_against_all(crm: Crm, sold: Path) -> None:
    """What was won in a year is no part of what was planned for a month."""
    assert crm("plan", "set", "2026-11", "3000", "--count", "4", **AT).code == 0
    for period in ("year", "quarter", "2026-10..2026-11"):
        run = crm("report", "plan", "--period", period, **AT)
        assert ("plans are of 2026-11 alone" in run.err, "Done" in run.out) == (True, False), run
        by_month = rows(crm("report", "plan", "--period", period, "--by", "month", "--json", **AT))
        told = {key: row["done"] for key, row in by_month.items() if row["done"] is not None}
        assert told == {"2026-11": 50.0}
    run = crm("report", "plan", "--period", "2026-11", **AT)
    assert ("alone" in run.err, "50%" in run.out) == (False, True)


def test_what_a_plan_does_not_take(crm: Crm, sold: Path) -> None:
    for words, said in (
        (["--by", "source"], "no plan is split by source"),
        (["--by", "owner,month"], "no plan is split by owner, month"),
        (["--where", "amount > 5"], "a plan takes no --where"),
        (["--since", "2026-11-01"], "a plan needs a period with a beginning and an end"),
    ):
        run = crm("report", "plan", *words, **AT)
        assert (run.code, said in run.err) == (2, True), run.err
    assert crm("plan", "set", "2026-11", "30", "--currency", "USD", **AT).code == 0
    run = crm("report", "plan", "--currency", "RUB", **AT)
    assert (run.code, "without a rate of USD" in run.err) == (1, True), run.err
    assert crm("rate", "add", "USD", "100", "--date", "2026-11-01", **AT).code == 0
    run = crm("report", "plan", "--currency", "RUB", **AT)
    assert "3 000 ₽" in run.out.replace("\xa0", " ")
    assert crm("plan", "rm", "2026-11", **AT).code == 0
    assert crm("plan", "rm", "2026-11", **AT).code == 3
    assert (
        crm("plan", "set", "soon", "5", **AT).code,
        crm("plan", "set", "2026-11", **AT).code,
    ) == (2, 2)


def test_who_sees_which(crm: Crm, sold: Path) -> None:
    kit.write(
        sold, "access.yaml", "users: {anna: [manager], boris: [manager], vera: [administrator]}\n"
    )
    for words in (["5000"], ["3000", "--owner", "anna"], ["2000", "--owner", "boris"]):
        run = crm("plan", "set", "2026-11", *words, CRM_USER="vera", **AT)
        assert run.code == 0, run.err
    due = {"vera": {"", "anna", "boris"}, "anna": {"anna"}, "boris": {"boris"}}
    for user, owners in due.items():
        run = crm("plan", "list", "--json", CRM_USER=user, **AT)
        assert {row["owner"] for row in json.loads(run.out)} == owners
    mine = rows(crm("report", "plan", "--json", CRM_USER="anna", **AT))
    assert {key: row["plan"] for key, row in mine.items()} == {"anna": {"RUB": 3000}}
    run = crm("report", "plan", CRM_USER="anna", **AT)
    assert "5 000" not in run.out.replace("\xa0", " ")
    refused = crm("plan", "set", "2026-11", "1", "--owner", "anna", CRM_USER="anna", **AT)
    assert (refused.code, "you may not change plans.yaml" in refused.err) == (4, True)
