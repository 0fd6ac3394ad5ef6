"""Reports of one's own, the dashboard and plans beside a reckoning of their own, straight from the files."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from crmcli.store.yaml.codec import dump
from tests import kit
from tests.reports import histories, reckoning
from tests.reports import reckoning_work as work
from tests.reports.reckoning_files import Base
from tests.reports.test_reckoned import Crm, Rows, agree, seconds, told

MONTH = "2026-10-01..2026-10-31"
EVER = "2020-01-01..2026-11-27"
Fits = Callable[[Any], bool]
BY = ("owner", "source", "pipeline", "stage", "currency", "competitor", "lost_reason", "created_at.month",
      "closed_at.month", "close_by.month")  # fmt: skip
WHERE: tuple[tuple[str, Fits], ...] = (
    ("", lambda row: True),
    ("amount > 50000", lambda row: (row.amount or 0) > 50000),
    ("owner in (anna, boris)", lambda row: row.raw.get("owner") in ("anna", "boris")),
    ("not (currency = USD)", lambda row: row.currency != "USD"),
    (
        "amount is empty or source = web",
        lambda row: row.amount is None or row.raw.get("source") == "web",
    ),
    ("created_at >= 2026-03-01", lambda row: row.raw["created_at"] >= "2026-02-28T21:00:00Z"),
)


def _count(fits: Fits = lambda row: True) -> Callable[[Sequence[Any]], Any]:
    return lambda rows: sum(map(fits, rows))


def _won(row: Any) -> bool:
    return bool(row.kind == "won")


def _closed(row: Any) -> bool:
    return bool(row.kind != "open")


def _sum(fits: Fits = lambda row: True) -> Callable[[Sequence[Any]], Any]:
    return lambda rows: reckoning.added((row.currency, row.amount) for row in rows if fits(row))


def _share(rows: Sequence[Any]) -> float | None:
    closed = sum(map(_closed, rows))
    return round(100 * sum(map(_won, rows)) / closed, 1) if closed else None


def _each(rows: Sequence[Any]) -> dict[str, Decimal]:
    won = [row for row in rows if _won(row)]
    return {
        code: (amount / len(won)).quantize(work.CENTS, ROUND_HALF_UP)
        for code, amount in _sum()(won).items()
    }


def _days(share: float, fits: Fits) -> Callable[[Sequence[Any]], Any]:
    return lambda rows: work._median([row.days for row in rows if fits(row)], share)


MEASURES: dict[str, tuple[Any, Callable[[Sequence[Any]], Any]]] = {
    "count": ("count", _count()),
    "count_won": ("count won", _count(_won)),
    "count_closed": ("count closed", _count(_closed)),
    "count_lost": ("count lost", _count(lambda row: row.kind == "lost")),
    "sum_amount": ("sum amount", _sum()),
    "sum_amount_won": ("sum amount won", _sum(_won)),
    "sum_amount_open": ("sum amount open", _sum(lambda row: row.kind == "open")),
    "median_days_won": ("median days won", _days(0.5, _won)),
    "p90_days_closed": ("p90 days closed", _days(0.9, _closed)),
    "large": (
        {"name": "large", "when": "won", "where": "amount > 100000"},
        _count(lambda row: _won(row) and (row.amount or 0) > 100000),
    ),
    "rate": ({"name": "rate", "how": "share", "part": "count_won", "over": "count_closed"}, _share),
    "each": (
        {"name": "each", "how": "ratio", "part": "sum_amount_won", "over": "count_won"},
        _each,
    ),
}
NEEDED = {"rate": ("count_won", "count_closed"), "each": ("sum_amount_won", "count_won")}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    root = tmp_path_factory.mktemp("judged") / "ws"
    histories.made(root, 300, seed=15, by_hand=0.02)
    return Base(root, histories.NOW)


@pytest.fixture
def folder(base: Base) -> Path:
    return base.root


def drawn(number: int) -> dict[str, Any]:
    """A report as somebody might write it, another one for each number."""
    chance = random.Random(number)
    some = chance.sample([*MEASURES], chance.randrange(1, 6))
    names = list(dict.fromkeys(one for name in some for one in (*NEEDED.get(name, ()), name)))
    report: dict[str, Any] = {
        "of": "deals", "by": chance.sample(BY, chance.randrange(1, 3)), "measures": [MEASURES[n][0] for n in names],
    }  # fmt: skip
    if where := chance.choice(WHERE)[0]:
        report["where"] = where
    if chance.random() < 0.4:
        report["at"] = "ended_at"
    if chance.random() < 0.5:
        report["period"] = "2026-02-01..2026-10-31"
    if chance.random() < 0.5:
        report["order"] = chance.choice(("", "-")) + names[0]
    return report | {"picture": chance.choice(("bars", "none"))}


def due(base: Base, report: dict[str, Any], by: Sequence[str]) -> dict[work.Place, dict[str, Any]]:
    """What a report must tell, counted over the records one by one."""
    fits = dict(WHERE)[report.get("where", "")]
    period = seconds(base, report.get("period", ""))
    groups: dict[work.Place, list[Any]] = {}
    for row in work.facts(base, "deals").itertuples():
        row = row._replace(ended=_time(row.ended), days=_time(row.days))
        at = row.ended if report.get("at") else row.created
        if fits(row) and work.is_within(at, period):
            groups.setdefault(work.place_of(base, row, by), []).append(row)
    names = [
        one["name"] if isinstance(one, dict) else one.replace(" ", "_")
        for one in report["measures"]
    ]
    return {
        place: {name: MEASURES[name][1](rows) for name in names} for place, rows in groups.items()
    }


def _time(value: Any) -> float | None:
    return None if value is None or value != value else float(value)


def test_twenty_reports_of_ones_own(crm: Crm, base: Base) -> None:
    reports = {f"drawn{n}": drawn(n) for n in range((kit.WHOLE and 100) or 20)}
    kit.write(base.root, "reports.yaml", dump({"reports": reports}))
    assert crm("report", "check", CRM_NOW=histories.NOW, CRM_USER="anna").code == 0
    ordered = 0
    for name, report in reports.items():
        rows = told(crm, name, by=",".join(report["by"]))
        expected = due(base, report, report["by"])
        assert expected, report
        agree(rows, expected)
        order = report.get("order", "")
        sizes = [_size(row.get(order.lstrip("-"))) for row in rows.values()]
        if order and not any("." in one or one == "stage" for one in report["by"][:1]):
            assert sizes == sorted(sizes, reverse=order.startswith("-")), report
            ordered += 1
    assert ordered


def _size(value: Any) -> Decimal:
    amounts = (
        [Decimal(one) for one in value.values()]
        if isinstance(value, dict)
        else [Decimal(value or 0)]
    )
    return max(amounts, default=Decimal(0))


def sections(crm: Crm, period: str, *more: str) -> dict[str, list[dict[str, Any]]]:
    run = crm("report", "dashboard", "--period", period, "--pipeline", "sales", "--json", *more,
              CRM_NOW=histories.NOW, CRM_USER="anna")  # fmt: skip
    assert run.code == 0, run.err
    found: dict[str, list[dict[str, Any]]] = json.loads(run.out, parse_float=Decimal)
    return found


def by_key(rows: list[dict[str, Any]], *names: str) -> Rows:
    return {tuple(row[name] or "" for name in names): row for row in rows}


def numbers(base: Base, days: str) -> dict[str, Any]:
    """The numbers at the head of a dashboard, of some days."""
    period = seconds(base, days)
    leads, deals = (work.facts(base, plural) for plural in ("leads", "deals"))
    came = [leads[[work.is_within(at, period) for at in leads["created"]]],
            deals[[work.is_within(at, period) for at in deals["created"]]]]  # fmt: skip
    ended = deals[
        [work.is_within(_time(at), period) and period != work.ALWAYS for at in deals["ended"]]
    ]
    won, lost = (ended[ended["kind"] == kind] for kind in ("won", "lost"))
    closed = len(won) + len(lost)
    return {
        "leads": len(came[0]), "converted": int((came[0]["kind"] == "won").sum()), "deals": len(came[1]),
        "won": len(won), "lost": len(lost), "win_rate": round(100 * len(won) / closed, 1) if closed else None,
        "won_amounts": reckoning.added(zip(won["currency"], won["amount"], strict=True)),
    }  # fmt: skip


def test_the_dashboard(crm: Crm, base: Base) -> None:
    """Each section is what its report tells, and that is what was reckoned."""
    found = sections(crm, MONTH)
    before = numbers(base, "2026-09-01..2026-09-30")
    both = numbers(base, MONTH) | {f"{name}_before": value for name, value in before.items()}
    agree({(): found["numbers"][0]}, {(): both})
    agree({(): found["today"][0]}, {(): numbers(base, "2026-11-27..2026-11-27")})
    period = seconds(base, MONTH)
    agree(
        by_key(found["lost"], "lost_reason"),
        {
            place: {"lost": row["lost"]}
            for place, row in work.outcomes(base, ["lost_reason"], "lost", period).items()
        }
        | {place: {} for place in by_key(found["lost"], "lost_reason")},
    )
    seen = found["funnel"][0]  # of the measures, those that people are shown
    assert {"reached", "overall", "lost"} <= {*seen}
    stages = reckoning.funnel(base, "sales", *period)["stages"]
    agree(
        by_key(found["funnel"], "stage"),
        {
            (stage,): {name: value for name, value in row.items() if name in seen}
            for stage, row in stages.items()
        },
    )
    won = work.outcomes(base, ["closed_at.month"], "won", seconds(base, "2025-12-01..2026-11-27"))
    agree(by_key(found["won"], "month"), won)
    agree(by_key(found["stale"], "owner"), work.standing(base, ["owner"]))
    agree(by_key(found["activity"], "owner", "kind"), work.activity(base, period))
    agree(by_key(found["response"], "owner"), work.response(base, "deals", ["owner"], period))
    owners = by_key(found["owners"], "owner")
    for kind in ("won", "lost"):
        ended = work.outcomes(base, ["owner"], kind, period)
        assert {p: row[kind] for p, row in owners.items() if row[kind]} == {
            p: row[kind] for p, row in ended.items()
        }


def test_the_dashboard_of_one_person_and_of_ever(crm: Crm, base: Base) -> None:
    found = sections(crm, EVER)
    leads = by_key(found["conversion"], "source")
    agree(leads, {(source,): {n: row[n] for n in ("leads", "open", "converted", "conversion")}
                  for source, row in reckoning.conversion(base, "source").items()})  # fmt: skip
    own = sections(crm, EVER, "--owner", "vera")
    [row] = [
        row for place, row in work.outcomes(base, ["owner"], "won").items() if place == ("vera",)
    ]
    assert own["numbers"][0]["won"] == row["won"]
    assert sum(one["lost"] for one in own["lost"]) == own["numbers"][0]["lost"]
    stages = work.standing(base, ["owner", "stage"])
    agree(
        by_key(own["stale"], "stage"),
        {(s,): row for (who, s), row in stages.items() if who == "vera"},
    )


@pytest.mark.parametrize(
    ("month", "passed"), [("2026-10", Decimal(1)), ("2026-11", Decimal(27) / 30)]
)
def test_plan_and_fact(crm: Crm, base: Base, month: str, passed: Decimal) -> None:
    plans = {"anna": "1000000", "boris": "250000.50", "vera": "1"}
    rows = [{"period": month, "owner": who, "amount": amount} for who, amount in plans.items()]
    rows.append({"period": month, "owner": "gleb", "count": "7"})
    kit.write(base.root, "plans.yaml", dump({"plans": rows}))
    last = "31" if month == "2026-10" else "30"
    facts = work.outcomes(base, ["owner"], "won", seconds(base, f"{month}-01..{month}-{last}"))
    expected: dict[work.Place, dict[str, Any]] = {}
    for who in {*plans, "gleb", *(place[0] for place in facts)}:
        fact, plan = facts.get((who,), {}), Decimal(plans.get(who, 0))
        amounts = fact.get("won_amounts", {})
        rub = amounts.get("RUB", Decimal(0))
        expected[who,] = {
            "fact": amounts, "won": fact.get("won", 0), "plan": {"RUB": plan},
            "done": round(100 * float(rub) / float(plan), 1) if plan else None,
            "left": {"RUB": max(plan - rub, Decimal(0))} if plan else {},
            "forecast": {c: (a / passed).quantize(work.CENTS, ROUND_HALF_UP) for c, a in amounts.items()},
            "plan_count": 7 if who == "gleb" else None,
            "left_count": max(7 - fact.get("won", 0), 0) if who == "gleb" else None,
        }  # fmt: skip
    found = told(crm, "plan", "--period", month, by="owner")
    agree(
        {place: {n: _decimals(v) for n, v in row.items()} for place, row in found.items()}, expected
    )


def _decimals(value: Any) -> Any:
    """Sums without noughts, as what was reckoned is compared."""
    if isinstance(value, dict):
        return {code: Decimal(amount) for code, amount in value.items() if Decimal(amount)}
    return value
