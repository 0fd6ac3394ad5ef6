"""Every report beside a reckoning of its own, on bases whose past is as twisted as pasts are."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from tests import kit
from tests.kit import Run
from tests.reports import histories, reckoning, reckoning_letters
from tests.reports import reckoning_clients as clients
from tests.reports import reckoning_forecast as prospects
from tests.reports import reckoning_work as work
from tests.reports.reckoning_files import Base

Crm: TypeAlias = Callable[..., Run]
Rows: TypeAlias = dict[work.Place, dict[str, Any]]
SEEDS = kit.some((1, 2, 3), 3)
PERIODS = ("", "2026-02-01..2026-10-31")


@pytest.fixture(scope="module", params=SEEDS)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Base:
    root = tmp_path_factory.mktemp("past") / "ws"
    histories.made(root, 600, seed=request.param, by_hand=0.02)
    return Base(root, histories.NOW)


@pytest.fixture
def folder(base: Base) -> Path:
    return base.root


def told(crm: Crm, *args: str, by: str) -> Rows:
    """The rows of a report by their keys; what says nothing left out, and a period that is all time."""
    if "" in args:
        args = args[: args.index("") - 1] + args[args.index("") + 1 :]
    run = crm("report", *args, "--json", CRM_NOW=histories.NOW, CRM_USER="anna")
    assert run.code == 0, run.err
    dimensions = by.split(",")
    rows = json.loads(run.out, parse_float=Decimal)
    return {tuple(row[name] or "" for name in dimensions): row for row in rows}


def agree(found: Rows, due: Mapping[work.Place, Mapping[str, Any]]) -> None:
    """Nothing is told otherwise than it was reckoned, and nothing is left out."""
    wrong = []
    for place in {*found, *due}:
        mine, own = found.get(place, {}), due.get(place, {})
        for measure in set().union(*(row for row in due.values())):
            said, reckoned = mine.get(measure), own.get(measure)
            if (said or None) != (_plain(reckoned) or None):
                wrong.append((place, measure, said, reckoned))
    assert wrong == []
    assert due


def _plain(value: Any) -> Any:
    """A figure as JSON has it; shares and days were rounded the same way."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {code: amount for code, amount in value.items() if amount}
    return value


def seconds(base: Base, period: str) -> work.Period:
    """From when until when a period of days is."""
    if not period:
        return work.ALWAYS
    first, last = (date.fromisoformat(day) for day in period.split(".."))
    ends = (first, last + timedelta(days=1))
    since, until = (datetime(*day.timetuple()[:3], tzinfo=base.zone).timestamp() for day in ends)
    return since, until


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("pipeline", ["sales", "service", "leads"])
def test_funnel(crm: Crm, base: Base, pipeline: str, period: str) -> None:
    found = told(crm, "funnel", "--pipeline", pipeline, "--period", period, by="stage")
    due = reckoning.funnel(base, pipeline, *seconds(base, period))
    assert due["cohort"] > 10
    agree(found, {(stage,): row for stage, row in due["stages"].items()})
    everybody = found[base.pipelines[pipeline][0].id,]
    assert everybody["overall"] == Decimal(
        str(round(100 * everybody["reached"] / due["cohort"], 1))
    )


@pytest.mark.parametrize("by", ["source", "stage", "owner", "utm.campaign", "form"])
@pytest.mark.parametrize("report", ["leads", "conversion"])
def test_leads(crm: Crm, base: Base, report: str, by: str) -> None:
    due = {(key,): row for key, row in reckoning.conversion(base, by).items()}
    if report == "conversion":
        sold = work.sold(base, by)
        names = ("leads", "open", "converted", "conversion")
        due = {p: {**{n: row[n] for n in names}, **sold[p]} for p, row in due.items()}
    agree(told(crm, report, "--by", by, by=by), due)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize(
    ("report", "by"),
    [
        ("won", "owner"), ("won", "closed_at.month,currency"),
        ("lost", "lost_reason,lost_from,owner"), ("lost", "competitor"),
    ],
)  # fmt: skip
def test_outcomes(crm: Crm, base: Base, report: str, by: str, period: str) -> None:
    due = work.outcomes(base, by.split(","), report, seconds(base, period))
    if report == "lost":
        due = {
            place: {k: v for k, v in row.items() if k != "average"} for place, row in due.items()
        }
    agree(told(crm, report, "--by", by, "--period", period, by=by), due)


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("pipeline", ["sales", "service", "leads"])
def test_velocity(crm: Crm, base: Base, pipeline: str, period: str) -> None:
    found = told(crm, "velocity", "--pipeline", pipeline, "--period", period, by="stage")
    agree(found, work.velocity(base, pipeline, seconds(base, period)))


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("by", ["owner,kind", "owner,month", "week,kind", "day"])
def test_activity(crm: Crm, base: Base, period: str, by: str) -> None:
    found = told(crm, "activity", "--period", period, "--by", by, by=by)
    agree(found, work.activity(base, seconds(base, period), by.split(",")))


@pytest.mark.parametrize("period", PERIODS)
def test_response(crm: Crm, base: Base, period: str) -> None:
    found = told(crm, "response", "--period", period, by="owner")
    agree(found, work.response(base, "deals", ["owner"], seconds(base, period)))


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("by", ["template", "robot,kind", "owner", "mailbox,topic", "month,sequence",
                                "source,entity", "person", "pipeline,stage"])  # fmt: skip
def test_mail(crm: Crm, base: Base, by: str, period: str) -> None:
    due = reckoning_letters.mail(base, by, seconds(base, period))
    agree(told(crm, "mail", "--by", by, "--period", period, by=by), due)


def test_robots(crm: Crm, base: Base) -> None:
    agree(told(crm, "robots", by="robot"), work.robots(base))


@pytest.mark.parametrize("by", ["owner", "pipeline,stage"])
def test_stale(crm: Crm, base: Base, by: str) -> None:
    agree(told(crm, "stale", "--by", by, by=by), work.standing(base, by.split(",")))


@pytest.mark.parametrize("by", ["close_by.month", "owner,pipeline"])
def test_forecast(crm: Crm, base: Base, by: str) -> None:
    agree(told(crm, "forecast", "--by", by, by=by), work.forecast(base, by.split(",")))


@pytest.mark.parametrize("period", ["", "2026-12-05..2027-01-31"])
def test_forecast_by_the_past(crm: Crm, base: Base, period: str) -> None:
    due = prospects.forecast(base, period.split("..") if period else ())
    assert period or ("overdue",) in due
    agree(told(crm, "forecast", "--period", period, by="expected.month"), due)


@pytest.mark.parametrize("pipeline", ["sales", "service"])
def test_odds(crm: Crm, base: Base, pipeline: str) -> None:
    found = told(crm, "odds", "--pipeline", pipeline, by="stage")
    due = prospects.odds(base, pipeline)
    agree({place: row for place, row in found.items() if row["closed"]}, due)


@pytest.mark.parametrize("pipeline", ["", "service"])
def test_how_right_forecasts_were(crm: Crm, base: Base, pipeline: str) -> None:
    """As of the first day of each month, with what was known then."""
    first_days = [date(2025 + n // 12, n % 12 + 1, 1) for n in range(9, 23)]
    args = ("--period", "2025-10-01..2026-10-31", *(("--pipeline", pipeline) if pipeline else ()))
    found = told(crm, "accuracy", *args, by="month")
    agree(found, prospects.accuracy(base, first_days, pipeline))
    for row in found.values():
        for way, error in (("weighted", "weighted_error"), ("by_past", "past_error")):
            codes = {*row[way], *row["won_amounts"]}
            won = sum(row["won_amounts"].values())
            due = 100 * (sum(row[way].values()) - won) / won if len(codes) == 1 and won else None
            assert row[error] == (None if due is None else round(due, 1))


def test_owners(crm: Crm, base: Base) -> None:
    due: Rows = {place: dict(row) for place, row in work.outcomes(base, ["owner"], "won").items()}
    for place, row in work.outcomes(base, ["owner"], "lost").items():
        due.setdefault(place, {})["lost"] = row["lost"]
    for place, row in work.forecast(base, ["owner"]).items():
        due.setdefault(place, {}).update(open=row["open"], open_amounts=row["amounts"])
    for (actor, _), row in work.activity(base).items():
        if actor in base.settings["users"]:
            mine = due.setdefault((actor,), {})
            mine["activities"] = mine.get("activities", 0) + row["activities"]
    found = told(crm, "owners", by="owner")
    agree({place: row for place, row in found.items() if place[0] in base.settings["users"]}, due)


@pytest.mark.parametrize("period", PERIODS)
def test_sources(crm: Crm, base: Base, period: str) -> None:
    due: Rows = {
        place: dict(row) for place, row in work.came(base, "leads", seconds(base, period)).items()
    }
    for place, row in work.came(base, "deals", seconds(base, period)).items():
        due.setdefault(place, {})["deals"] = row["deals"]
    for place, row in work.outcomes(base, ["source"], "won", seconds(base, period)).items():
        due.setdefault(place, {}).update({k: v for k, v in row.items() if k != "days"})
    agree(told(crm, "sources", "--period", period, by="source"), due)


@pytest.mark.parametrize("period", PERIODS)
def test_clients(crm: Crm, base: Base, period: str) -> None:
    words = {"new": "new_client"}
    reckoned = work.clients(base, seconds(base, period))
    due = {(words.get(word, word),): row for word, row in reckoned.items()}
    found = told(crm, "clients", "--period", period, by="buyer")
    agree({place: row for place, row in found.items() if place[0]}, due)


def test_what_each_client_brings(crm: Crm, base: Base) -> None:
    agree(told(crm, "lifetime", "--limit", "9999", by="client"), clients.lifetime(base))


@pytest.mark.parametrize("step", ["quarter", "year"])
def test_clients_by_first_purchase(crm: Crm, base: Base, step: str) -> None:
    by = f"first_bought.{step}"
    found = told(crm, "cohorts", "--by", by, by=by)
    agree({place: row for place, row in found.items() if place[0]}, clients.cohorts(base, step))


@pytest.mark.parametrize("period", PERIODS)
def test_products(crm: Crm, base: Base, period: str) -> None:
    due = work.products(base, seconds(base, period))
    agree(told(crm, "products", "--period", period, by="product"), due)


def test_a_condition(crm: Crm, base: Base) -> None:
    """Some of the deals, by a field of their own and one of their company."""
    name = next(iter(base.records("companies").values()))["name"]
    found = told(crm, "won", "--where", f'currency = USD or company.name = "{name}"', by="owner")

    def fits(deal: dict[str, Any]) -> bool:
        company = base.records("companies").get(deal.get("company", ""), {})
        return deal["currency"] == "USD" or company.get("name") == name

    agree(found, work.outcomes(base, ["owner"], "won", fits=fits))


def test_in_one_currency(crm: Crm, base: Base) -> None:
    """By today's rates; each row is worked out of the exact sums."""
    rates = base.rates.sort_values("date").groupby("currency")["rate"].last()
    due = {}
    for place, row in work.outcomes(base, ["lost_reason"], "lost").items():
        amounts = row["lost_amounts"].items()
        whole = sum(a * Decimal(rates.get(c, "1")) for c, a in amounts)
        due[place] = {"lost": row["lost"], "lost_amounts": {"RUB": whole.quantize(work.CENTS)}}
    agree(told(crm, "lost", "--currency", "RUB", by="lost_reason"), due)


def test_the_period_before(crm: Crm, base: Base) -> None:
    """October and the month before, and the October of a year ago."""
    for word, days in (("previous", "2026-09-01..2026-09-30"), ("year", "2025-10-01..2025-10-31")):
        found = told(crm, "won", "--period", "2026-10", "--compare", word, by="owner")
        then = work.outcomes(base, ["owner"], "won", seconds(base, days))
        now = work.outcomes(base, ["owner"], "won", seconds(base, "2026-10-01..2026-10-31"))
        due: Rows = {place: {"won": row["won"]} for place, row in now.items()}
        for place, row in then.items():
            due.setdefault(place, {})["won_before"] = row["won"]
        agree(found, due)


@pytest.mark.parametrize("by", ["day", "week", "closed_at.month", "owner,day"])
@pytest.mark.parametrize(("period", "compare", "days"), [
    ("2026-02", "previous", "2026-01-01..2026-01-31"),  # three days more
    ("2026-04", "previous", "2026-03-01..2026-03-31"),  # a week more, which is the first of April too
    ("2026-03-30..2026-10-31", "year", "2025-03-30..2025-10-31"),
])  # fmt: skip
def test_rows_of_the_period_before_add_up(
    crm: Crm, base: Base, by: str, period: str, compare: str, days: str
) -> None:
    """Whatever day of it has no counterpart: all that was won then stands in some row, with its records."""
    if (by, compare) == ("week", "year"):
        days = "2025-03-31..2025-11-01"  # the same days of the weeks of the same number
    asked = ["report", "won", "--by", by, "--period", period, "--compare", compare]
    rows = json.loads(crm(*asked, "--json").out)
    then = sum(
        row["won"] for row in work.outcomes(base, ["owner"], "won", seconds(base, days)).values()
    )
    assert sum(row["won_before"] for row in rows) == then
    listed = crm("report", "explain", "total,won_before", "--ids").out.split()
    assert len(listed) == then
    last = [*filter(lambda row: row["won_before"], rows)][-1]
    place = ",".join((str(rows.index(last) + 1), "won_before"))
    assert len(crm("report", "explain", place, "--ids").out.split()) == last["won_before"]
