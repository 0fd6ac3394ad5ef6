"""A snapshot answers as the index does, whatever is asked; it says how old it is, and who may not ask it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.errors import CrmError, Forbidden
from crmcli.model.periods import ALWAYS, read_period
from crmcli.model.report import Report
from crmcli.model.reports import REPORTS
from crmcli.reports import engine
from crmcli.sales.init.create import create_workspace
from crmcli.workspace import Workspace, snapshots
from tests import kit
from tests.kit import Run
from tests.reports import histories

pytest.importorskip("duckdb")

BY = ("", "owner", "month", "owner,quarter", "tags", "company.name", "week", "source,day", "stage",
      "close_by.year", "contact.owner", "currency", "score")  # fmt: skip
WHERE = (
    "", "owner in (anna, boris)", 'amount > 50000 and name ~ "о"', "last_activity < today-10d",
    "next_task is empty or tags has vip", 'company.name ~ "ооо"', "source in (web, call, Ёлка)",
    "not (currency = USD) and created_at < 2026-08-01", "score > 40", "contact.last_activity > 2026-09-01",
)  # fmt: skip
PERIODS = ("", "2026-03", "2026-02-01..2026-10-31")
CASES = [*itertools.product(BY, WHERE, PERIODS)]


def sampled(number: int) -> list[tuple[str, str, str]]:
    """Some of all cases for a report, others for the next one: a prime apart, so that all come by."""
    return [CASES[(number * 67 + n * 89) % len(CASES)] for n in range(3)]


@pytest.fixture(scope="module", params=["past", "demo"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp(request.param) / "ws"
    if request.param == "demo":
        create_workspace(root, demo=True, use_git=False, now=kit.NOW)
        ws = kit.opened(root)
    else:
        histories.made(root, 150, seed=4, by_hand=0.05)
        ws = histories.opened(root)
    snapshots.write(ws)
    return ws


def told(ws: Workspace, report: Report, case: tuple[str, str, str], snapshot: str) -> object:
    """The figures, with the records behind the first cells; or the refusal."""
    by, where, within = case
    period = read_period(within, ws.now, ws.zone) if within else ALWAYS
    of_pipeline = ws.pipelines.of("deal")[0].id if report.always else ""
    try:
        reading = engine.Reading(ws, report, engine.Request(
            tuple(filter(None, by.split(","))), period, where, "", of_pipeline,
            "deal" if of_pipeline else "", snapshot))  # fmt: skip
        found = engine.figures(reading)
        measure = report.measures[0]
        return found, [reading.behind(row.place, measure) for row in found.rows[:2]]
    except CrmError as refused:
        return refused.message


@pytest.mark.parametrize("number", kit.some(range(len(REPORTS)), 2))
def test_same_figures(base: Workspace, number: int) -> None:
    for case in [("", "", ""), *sampled(number)]:
        due = told(base, REPORTS[number], case, "")
        assert told(base, REPORTS[number], case, "any") == due, case


Crm = Callable[..., Run]


def test_how_old_it_is(crm: Crm, folder: Path) -> None:
    won = ("report", "won", "--json", "--snapshot")
    none = crm(*won)
    assert (none.code, none.err.count("\n")) == (3, 1)
    assert "crm snapshot" in none.err
    assert crm("deal", "add", "--name", "Окна").code == 0
    assert crm("snapshot").code == 0
    assert crm(*won).err == ""
    assert crm(*won, "fresh").code == 0
    assert crm("deal", "add", "--name", "Двери").code == 0
    old = crm(*won)
    assert (old.code, old.err.count("\n")) == (0, 1)
    assert (
        crm("report", "stale", "--json", "--snapshot").out != crm("report", "stale", "--json").out
    )
    assert crm(*won, "fresh").code == 1
    assert crm("snapshot").code == 0
    assert (
        crm("report", "stale", "--json", "--snapshot").out == crm("report", "stale", "--json").out
    )
    assert [path.name for path in (folder / ".crm/snapshot").iterdir()] == ["2"]
    assert crm("stage", "rename", "new", "Свежие", "--pipeline", "leads").code == 0
    assert crm(*won).code == 0  # a name stands in no figure
    assert crm("stage", "set", "new", "--max-days", "9", "--pipeline", "leads").code == 0
    assert crm(*won).code == 1


def test_crm_tick_renews_it(crm: Crm, folder: Path) -> None:
    kit.append(folder, "settings.yaml", "\nreports: {snapshot: 1h}\n")
    found = folder / ".crm/snapshot"
    for moment, number in (("09:00", "1"), ("09:30", "1"), ("10:00", "2")):
        assert crm("tick", CRM_NOW=f"2026-11-23T{moment}:00Z").code == 0
        assert [path.name for path in found.iterdir()] == [number]


def test_torn_tables_are_told_in_one_line(crm: Crm, folder: Path) -> None:
    assert crm("deal", "add", "--name", "Окна", "--amount", "5").code == 0
    assert crm("snapshot").code == 0
    table = folder / ".crm/snapshot/1/deal.parquet"
    whole = table.read_bytes()
    for torn in (b"", whole[: len(whole) // 2], b"\0" * len(whole)):
        table.write_bytes(torn)
        done = crm("report", "won", "--by", "name", "--snapshot")
        assert done.code == 1
        assert "crm snapshot" in done.err
    table.write_bytes(whole)
    assert crm("report", "won", "--snapshot").code == 0


def test_without_the_extra(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(CrmError) as refused:
        snapshots.write(ws)
    assert "crmcli[analytics]" in refused.value.hint


def test_who_sees_a_part_is_answered_by_the_index(folder: Path) -> None:
    users = "\nusers: {anna: {name: Анна}, boris: {name: Борис}}\n"
    kit.write(folder, "settings.yaml", "currency: RUB" + users)
    ws = kit.opened(folder)
    for owner in ("anna", "boris", "boris"):
        kit.deal(ws, owner=owner)
    kit.write(folder, "access.yaml", "users: {anna: [manager], boris: [administrator]}\n")
    with pytest.raises(Forbidden):
        snapshots.write(kit.opened(folder, user="anna"))
    snapshots.write(kit.opened(folder, user="boris"))
    stale = next(one for one in REPORTS if one.name == "stale")
    for user, open_deals in (("boris", 3), ("anna", 1)):
        mine = kit.opened(folder, user=user)
        reading = engine.Reading(mine, stale, engine.Request(snapshot="any"))
        assert reading.cells(ALWAYS).total["open"] == open_deals
