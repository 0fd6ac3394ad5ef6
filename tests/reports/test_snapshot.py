"""A snapshot answers as the index does, whatever is asked; it says how old it is, and who may not ask it."""

from __future__ import annotations

import itertools
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from crmcli.errors import CrmError, Forbidden
from crmcli.model.periods import ALWAYS, read_period
from crmcli.model.report import Measure, Report
from crmcli.model.reports import BY_NAME, REPORTS
from crmcli.model.values import parse_instant
from crmcli.reports import engine
from crmcli.sales import activities
from crmcli.sales.init.create import create_workspace
from crmcli.store.index import measured
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
MOMENTS = ("0001-01-01T00:00:00Z", "0999-12-31T21:30:00Z", "2026-02-28T20:59:59Z", "2026-02-28T21:00:00Z",
           "2026-03-01T04:59:59Z", "2026-03-31T20:59:59Z", "2026-03-31T21:00:00Z")  # fmt: skip
"""The ends of the calendar, and of a month in Moscow."""
STEPS = ("day", "week", "month", "quarter", "year")
LAST = "9999-12-31T22:30:00Z"
CASES = [*itertools.product(BY, WHERE, PERIODS)]


def counted_once(rows: str) -> Report:
    """Records and values, each once, with their first and last days, beside what is added up."""
    of_deals = (
        Measure("clients", how="distinct", of="client"),
        Measure("again", how="distinct", of="client", when="bought_again"),
        Measure("first", how="first", of="created_at", unit="date"),
        Measure("last", how="last", of="closed_at", unit="date"),
        Measure("sums", how="sum", of="amount", unit="sums"),
        Measure("owners", how="distinct", of="owner"),
    )
    more = of_deals if rows in ("deals", "lines", "answers") else ()
    return Report(rows, "", rows, (Measure("n"), Measure("records", how="records"), *more))


ROWS = ("activities", "deals", "jobs", "letters", "stays", "lines", "answers")
ONCE_BY_BITS = [*itertools.product(map(counted_once, ROWS), (measured.MOST_BITS, 500, 0))]


def on_edge(root: Path) -> Workspace:
    """Activities at the edges of periods, several in a second, edited, taken back, of what is no more; deals
    of the same and of other clients that end when the calendar does."""
    create_workspace(root, use_git=False, now=kit.NOW)
    ws = kit.opened(root)
    firms = [kit.company(ws, name) for name in ("Ромашка", "Василёк")]
    deals = [
        kit.deal(ws, company=firms[n % 2].id, name=f"Крыша {n}", amount=str(n)) for n in range(5)
    ]
    for n, (moment, deal) in enumerate(itertools.product(MOMENTS, deals)):
        kind = ("call.out", "note", "meeting")[n % 3]
        activities.log(ws, deal.id, kind, f"{n}", at=parse_instant(moment))
    logged = activities.find(ws, activities.Wanted())
    for event in logged[3::7]:
        activities.edit(kit.opened(root), event, {}, at=parse_instant(MOMENTS[-1]))
    for event in logged[5::7]:
        activities.remove(kit.opened(root), event)
    won = ws.pipelines.of("deal")[0].won.id
    for deal, moment in zip(deals[:4], (LAST, *MOMENTS), strict=False):
        path = kit.file_of(ws, deal.id)
        kit.replace(path, f"stage: {deal.stage}", f"stage: {won}\nclosed_at: {moment}")
    kit.file_of(ws, deals[4].id).unlink()
    return kit.opened(root)


def sampled(number: int) -> list[tuple[str, str, str]]:
    """Some of all cases for a report, others for the next one: a prime apart, so that all come by."""
    return [CASES[(number * 67 + n * 89) % len(CASES)] for n in range(3)]


@pytest.fixture(scope="module", params=["past", "demo", "edge"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = tmp_path_factory.mktemp(request.param) / "ws"
    if request.param == "demo":
        create_workspace(root, demo=True, use_git=False, now=kit.NOW)
        ws = kit.opened(root)
    elif request.param == "edge":
        ws = on_edge(root)
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


@pytest.mark.parametrize("number", kit.some(range(len(REPORTS)), 3))
def test_same_figures(base: Workspace, number: int) -> None:
    for case in [("", "", ""), *sampled(number)]:
        due = told(base, REPORTS[number], case, "")
        assert told(base, REPORTS[number], case, "any") == due, case


@pytest.mark.parametrize(("report", "most_bits"), kit.some(ONCE_BY_BITS, 9))
def test_each_is_counted_once(
    base: Workspace, report: Report, most_bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measured, "MOST_BITS", most_bits)
    by = {"activities": "kind,month", "letters": "template,month", "jobs": "robot,week"}
    number = ONCE_BY_BITS.index((report, most_bits))
    first = [(by.get(report.source, "owner,month"), "", within) for within in ("", "2026-03")]
    for case in [*first, ("", "", "2026-03"), *sampled(number)]:
        assert told(base, report, case, "any") == told(base, report, case, ""), case


@pytest.mark.parametrize("base", ["edge"], indirect=True)
@pytest.mark.parametrize("zone", ["Europe/Moscow", "America/New_York"])
def test_the_ends_of_the_calendar(base: Workspace, zone: str) -> None:
    settings = base.root / "settings.yaml"
    as_it_was = settings.read_text(encoding="utf-8")
    kit.write(
        base.root, "settings.yaml", re.sub("(?m)^time_zone:.*", f"time_zone: {zone}", as_it_was)
    )
    ws = kit.opened(base.root, now=base.now)
    assert str(ws.zone) == zone
    for name, step in itertools.product(("won", "activity", "cohorts"), STEPS):
        by = f"first_bought.{step}" if name == "cohorts" else step
        due = told(ws, BY_NAME[name], (by, "", ""), "")
        assert told(ws, BY_NAME[name], (by, "", ""), "any") == due, (name, step)
    kit.write(base.root, "settings.yaml", as_it_was)


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
    whole, dice = table.read_bytes(), random.Random(5)
    for torn in (
        b"",
        whole[: len(whole) // 2],
        b"\0" * len(whole),
        table.with_name("lead.parquet").read_bytes(),
    ):
        table.write_bytes(torn)
        done = crm("report", "won", "--by", "name", "--snapshot")
        assert (done.code, done.err.count("\n")) == (1, 2)
        assert ".crm/snapshot/1/deal.parquet" in done.err
        assert "crm snapshot" in done.err
    table.unlink()
    assert ".crm/snapshot/1/deal.parquet" in crm("report", "won", "--snapshot").err
    for _ in range(8):
        garbled = bytearray(whole)
        for _ in range(9):
            garbled[dice.randrange(len(whole))] = dice.randrange(256)
        table.write_bytes(garbled)
        done = crm("report", "cohorts", "--snapshot")
        assert done.code == 0 or (done.code, ".crm/snapshot/1" in done.err) == (1, True)
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
