"""Of which time a report is, of whose pipeline, and what is averaged of amounts in several currencies."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crmcli.model.periods import key_of
from crmcli.model.reports import BY_NAME
from crmcli.present import figures as present
from crmcli.reports.engine import Reading, Request
from crmcli.sales.rates import Exchange
from crmcli.store.index.tallies import quantile
from crmcli.workspace.own_reports import report_named
from tests import kit
from tests.reports import histories

Crm = Callable[..., Any]
OWN = """
reports:
  money:
    of: deals
    at: ended_at
    by: owner
    measures: [count won, average amount won, median amount won, p90 amount, average weighted]
  waiting: {of: deals, at: now, by: stage, measures: [count open]}
"""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = histories.made(tmp_path_factory.mktemp("past") / "ws", 200, seed=9)
    kit.write(root, "reports.yaml", OWN)
    return root


def _averages() -> list[tuple[str, str]]:
    hows = ("average", "median", "p90")
    told = [
        (report.name, one.name)
        for report in BY_NAME.values()
        for one in report.measures
        if one.unit == "sums" and one.how in hows
    ]
    own = ("average_amount_won", "median_amount_won", "p90_amount", "average_weighted")
    return [*told, *(("money", name) for name in own)]


@pytest.mark.parametrize(("report", "name"), _averages())
def test_what_is_averaged_in_one_currency_is_of_all_amounts(
    past: Path, crm: Crm, report: str, name: str
) -> None:
    ws = histories.opened(past)
    reading = Reading(ws, report_named(ws, report), Request(by=("owner",)))
    figures = present.told(reading, "RUB")
    measure, several = reading.named(name), 0
    for row in (*figures.rows, figures.total):
        assert row is not None
        parts = reading.behind(() if row is figures.total else row.place, measure)
        several += len({part.currency for part in parts}) > 1
        one = Exchange(ws, {part.currency for part in parts}, "RUB", ws.today)
        due = sorted(one.amount(Decimal(part.value), part.currency) for part in parts)
        told = row.values[name]
        assert isinstance(told, dict)
        assert told.keys() <= {"RUB"}
        if due:
            share = {"median": 0.5, "p90": 0.9}.get(measure.how)
            mean = quantile([*map(float, due)], share) if share else float(sum(due)) / len(due)
            assert abs(float(told["RUB"]) - mean) < 0.011
    assert several


def test_a_snapshot_averages_in_one_currency_alike(past: Path, crm: Crm) -> None:
    now = {"cwd": past, "CRM_NOW": histories.NOW}
    assert crm("snapshot", **now).code == 0
    for report in ("money", "owners", "won"):
        asked = ("report", report, "--currency", "RUB", "--json")
        assert json.loads(crm(*asked, "--snapshot", **now).out) == json.loads(
            crm(*asked, **now).out
        )


@pytest.mark.parametrize(("period", "by"), [
    ("2026-11-02..2026-11-29", "week"), ("2026-W10..2026-W20", "closed_at.week"), ("2026-03", "week,owner"),
    ("2025-12-20..2026-01-20", "week"), ("2026", "week"), ("2024-02-20..2024-03-10", "day"),
    ("2025-11-10..2026-02-20", "month"), ("2025-06..2026-10", "month"),
])  # fmt: skip
def test_a_year_ago_stands_beside_its_like(past: Path, crm: Crm, period: str, by: str) -> None:
    """A week beside that of its number, a day beside its date."""
    now = {"cwd": past, "CRM_NOW": histories.NOW}
    step = by.split(",")[0].rpartition(".")[2]
    asked = ("report", "won", "--by", by, "--period", period, "--compare", "year")
    rows = json.loads(crm(*asked, "--json", **now).out)
    plain = json.loads(crm("report", "won", "--by", by, "--period", "..", "--json", **now).out)
    first, *rest = by.split(",")
    key = first if first in plain[0] else step

    def place(row: dict[str, Any]) -> tuple[str, ...]:
        return (row[key], *(row[name] for name in rest))

    won = {place(row): row["won"] for row in plain}
    whole = [row for row in rows if 0 < rows.index(row) < len(rows) - 1]
    for row in whole if step != "day" else rows:
        if " " in row[key] or row[key] >= key_of(histories.opened(past).today, step):
            continue
        before = f"{int(row[key][:4]) - 1}{row[key][4:]}"
        assert row["won_before"] == won.get((before, *place(row)[1:]), 0), row


def test_a_report_of_now_says_so_and_takes_no_period(past: Path, crm: Crm) -> None:
    now = {"cwd": past, "CRM_NOW": histories.NOW}
    of_now = [one.name for one in BY_NAME.values() if one.is_of_now] + ["waiting"]
    assert "stale" in of_now
    for name in of_now:
        assert "as of today" in crm("report", name, **now, CRM_WIDTH="80").err
        assert "as of today" in crm("report", name, "--html", **now).out
        for given in (("--period", "month"), ("--since", "2026-01-01"), ("--compare", "year")):
            done = crm("report", name, *given, **now)
            assert (done.code, done.out) == (2, "")
            assert given[0] in done.err
    page = crm("report", "dashboard", "--period", "2020-01", **now, CRM_WIDTH="80").out
    assert "Standing still, as of today" in page


def test_every_report_of_every_pipeline_answers_or_refuses_in_a_line(past: Path, crm: Crm) -> None:
    now = {"cwd": past, "CRM_NOW": histories.NOW}
    pipelines = [one.id for one in histories.opened(past).pipelines]
    assert len(pipelines) > 2
    refused = {
        (name, pipeline)
        for name in (*BY_NAME, "money", "dashboard", "accuracy")
        for pipeline in pipelines
        if (done := crm("report", name, "--pipeline", pipeline, **now)).code
        if (done.code, done.out, len(done.err.splitlines())) == (2, "", 2)
        or pytest.fail(f"{name} {done}")
    }
    assert {("won", "leads"), ("leads", "sales")} <= refused
    assert not refused & {("funnel", one) for one in pipelines}


def test_what_came_was_answered_or_waits_or_was_closed(past: Path, crm: Crm) -> None:
    now = {"cwd": past, "CRM_NOW": histories.NOW}
    for pipeline in histories.opened(past).pipelines:
        rows = json.loads(crm("report", "response", "--pipeline", pipeline.id, "--json", **now).out)
        assert any(row["given_up"] for row in rows) or not rows
        for row in rows:
            assert row["came"] == row["answered"] + row["unanswered"] + row["given_up"]


def test_a_robot_is_called_as_it_is_and_people_are_none(crm: Crm, folder: Path) -> None:
    ws = kit.opened(folder)
    with ws.change("test") as change:
        for robot in ("draft", "sent", "user:anna"):
            change.note("job.done", "", {"job": f"j-{robot}", "robot": robot, "action": "task"})
    told = crm("report", "robots", CRM_LANG="ru").out
    assert ("draft" in told, "sent" in told, "anna" in told) == (True, True, False)


def test_shares_of_a_funnel_by_owner_are_of_his_own(past: Path, crm: Crm) -> None:
    now = {"cwd": past, "CRM_NOW": histories.NOW}
    asked = ("report", "funnel", "--pipeline", "sales", "--json")
    rows = json.loads(crm(*asked, "--by", "owner", **now).out)
    for owner in {row["owner"] for row in rows}:
        where = f"owner = {owner}" if owner else "owner is empty"
        alone = {row["stage"]: row for row in json.loads(crm(*asked, "--where", where, **now).out)}
        for row in rows:
            if row["owner"] == owner:
                assert row["overall"] == alone[row["stage"]]["overall"]
    spot = crm("report", "explain", "funnel", "1,overall", **now)
    assert spot.code == 0


def test_a_funnel_says_of_how_many_no_stage_is_known(crm: Crm, folder: Path) -> None:
    lines = ["name,amount,stage,created_at,closed_at,lost_reason"]
    lines += [f"Окно {n},1000,lost,2026-01-05,2026-02-1{n},price" for n in range(4)]
    lines += ["Дверь,1000,shipped,2026-01-05,2026-02-10,"]
    kit.write(folder, "old.csv", "\n".join(lines) + "\n")
    assert crm("import", "deals", "old.csv", "--yes").code == 0
    done = crm("report", "funnel")
    assert "4 deals: nothing tells in which stages they stood" in done.err
    assert crm("deal", "add", "--name", "Мост", "--stage", "new").code in (0, 2)
    assert "4 deals: nothing tells" in crm("report", "funnel").err
