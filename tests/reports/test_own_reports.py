"""reports.yaml: what it declares, every fault with its line, and the same figures as those that come with crm."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.errors import InvalidData
from crmcli.model.report import Report
from crmcli.model.report_words import declaration
from crmcli.model.reports import BY_NAME, REPORTS
from crmcli.reports import engine
from crmcli.sales.init.create import create_workspace
from crmcli.store.yaml.codec import dump
from crmcli.workspace import Workspace
from crmcli.workspace.own_reports import own_reports, report_named
from tests import kit
from tests.kit import NOW, Run
from torture.copies import copied

Crm = Callable[..., Run]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up company."""
    root = tmp_path_factory.mktemp("reports") / "ws"
    create_workspace(root, demo=True, use_git=False, now=NOW)
    return root


@pytest.fixture
def root(demo: Path, tmp_path: Path) -> Path:
    return copied(demo, tmp_path / "company")


def figures(ws: Workspace, report: Report, **asked: Any) -> Any:
    found = engine.figures(engine.Reading(ws, report, engine.Request(**asked)))
    rows = [
        (row.place, row.values) for row in (*found.rows, *([found.total] if found.total else []))
    ]
    return rows, found.measures, found.picture, found.dimensions


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_what_comes_with_crm_written_as_one_of_ones_own_tells_the_same(
    root: Path, name: str
) -> None:
    built_in = BY_NAME[name]
    text = dump({"reports": {f"my-{name}": declaration(built_in)}})
    kit.write(root, "reports.yaml", text)
    ws = kit.opened(root)
    own = report_named(ws, f"my-{name}")
    for asked in (
        {},
        {"by": ("month",)},
        {"pipeline": "leads", "entity": "lead"},
        {"where": "owner = anna"},
    ):
        if name not in ("funnel", "velocity", "response") and "pipeline" in asked:
            continue
        if not asked and name in ("funnel", "velocity"):
            asked = {"pipeline": "sales", "entity": "deal"}  # as the command asks them
        assert figures(ws, own, **asked) == figures(ws, built_in, **asked), asked
    assert own.limit == built_in.limit
    again = dump({"reports": {f"my-{name}": declaration(own)}})
    assert again == text


def test_in_short(root: Path, crm: Crm) -> None:
    kit.write(root, "reports.yaml", """\
reports:
  trades:
    title: Trades
    of: deals
    by: company.industry
    measures: [count, count won, sum amount, average amount won, median amount, p90 days won]
    order: -count
  big:
    of: deals
    by: [owner, month]
    at: ended_at
    period: 2026
    measures:
      - count closed
      - {name: large, label: Large, when: won, where: amount > 100000}
      - {how: share, part: large, over: count_closed}
      - {source: activities}
""")  # fmt: skip
    ws = kit.opened(root)
    trades = report_named(ws, "trades")
    assert [(m.name, m.label, m.unit) for m in trades.measures] == [
        ("count", "Deals", "count"), ("count_won", "Won", "count"), ("sum_amount", "Amount", "sums"),
        ("average_amount_won", "Amount, average, won", "sums"), ("median_amount", "Amount, median", "sums"),
        ("p90_days_won", "Days, P90, won", "days"),
    ]  # fmt: skip
    big = report_named(ws, "big")
    assert [(m.name, m.at) for m in big.measures] == [
        ("count_closed", "ended_at"), ("large", "ended_at"), ("share_large", "ended_at"), ("count", ""),
    ]  # fmt: skip
    rows = json.loads(crm("report", "trades", "--json", cwd=root).out)
    deals = json.loads(crm("deal", "list", "--json", cwd=root).out)
    assert sum(row["count"] for row in rows) == len(deals)
    amounts = sorted(float(d["amount"]) for d in deals if d["currency"] == "RUB" and d["amount"])
    of_all = figures(ws, report_named(ws, "trades"))[0][-1][1]["median_amount"]["RUB"]
    middle = len(amounts) // 2
    assert float(of_all) == (amounts[middle] + amounts[~middle]) / 2
    told = crm("report", "big", cwd=root, CRM_LANG="en")
    assert (told.code, "2026-01-01..2026-12-31" in told.err) == (0, True)
    assert crm("snapshot", cwd=root, CRM_USER="anna").code == 0
    for name in ("trades", "big"):
        asked = [
            crm("report", name, "--json", *more, cwd=root).out for more in ([], ["--snapshot"])
        ]
        assert asked[0] == asked[1] != ""
    listed = crm("report", "trades", "--drill", "total,count_won", "--ids", cwd=root).out.split()
    won = crm("deal", "list", "--where", "stage = won", "--ids", cwd=root).out.split()
    assert sorted(listed) == sorted(won)


BAD = [
    ("of: deels\nmeasures: [count]", 3, "'deels' is not allowed for 'of'", "'deals'"),
    ("measures: [count]", 2, "'of' is missing", "of:"),
    ("of: deals", 2, "'measures' is missing", "measures:"),
    ("of: deals\nmeasures: [cuont]", 4, "'cuont' is no measure", "'count'"),
    ("of: deals\nmeasures: [sum]", 4, "'sum' is no measure", "sum amount"),
    ("of: deals\nmeasures:\n- count\n- sum amonut", 6, "rows of deals have no 'amonut'", "'amount'"),
    ("of: deals\nmeasures: [sum name]", 4, "'name' is no number", ""),
    ("of: deals\nmeasures: [average company.turnover]", 4, "amounts along a link cannot be summed", ""),
    ("of: deals\nmeasures: [count wom]", 4, "rows of deals have no 'wom' to count by", "'won'"),
    ("of: deals\nmeasures: [count, count]", 4, "measure 'count' is there twice", ""),
    ("of: deals\nmeasures:\n- {how: average}", 5, "average of what?", ""),
    ("of: deals\nmeasures:\n- {of: amount}", 5, "count is of rows", ""),
    ("of: deals\nmeasures:\n- {where: amuont > 5}", 5, "unknown field 'amuont'", "'amount'"),
    ("of: deals\nmeasures:\n- {where: stage = nowhere}", 5, "'where'", ""),
    ("of: deals\nmeasures:\n- {source: leed}", 5, "'leed' is not allowed", "'leads'"),
    ("of: deals\nmeasures:\n- {at: nmae}", 5, "rows of deals have no 'nmae'", "'name'"),
    ("of: deals\nmeasures:\n- {at: name}", 5, "'name' is no date", ""),
    ("of: deals\nmeasures:\n- {nmae: x}", 5, "unknown key 'nmae'", "'name'"),
    ("of: deals\nmeasures:\n- count\n- {how: share, part: cuont, over: count}", 6, "no measure 'cuont'", "'count'"),
    ("of: deals\nmeasures:\n- count\n- {how: share, part: count}", 6, "'over' is missing", ""),
    ("of: deals\nmeasures:\n- sum amount\n- count\n- {how: share, part: sum_amount, over: count}", 7,
     "amounts in several currencies", ""),
    ("of: deals\nmeasures: [count]\nby: owmer", 5, "rows of deals have no 'owmer'", "'owner'"),
    ("of: deals\nmeasures: [count]\nby: [name.month]", 5, "'name' is no date", ""),
    ("of: deals\nmeasures: [count]\nby: [company.nmae]", 5, "unknown field 'nmae'", "'name'"),
    ("of: activities\nmeasures: [count]\nby: source", 5, "rows of activities have no 'source'", ""),
    ("of: deals\nmeasures: [count]\nby: [a, b, c, d]", 5, "by 3 fields at most, not by 4", ""),
    ("of: deals\nmeasures: [count]\nby: 'owner, month, source, name'", 5, "by 3 fields at most", ""),
    ("of: deals\nmeasures: [count]\nby: ' , '", 5, "names no field", "owner, month"),
    ("of: deals\nmeasures: [count]\norder: -cnt", 5, "no measure 'cnt'", "'count'"),
    ("of: deals\nmeasures: [count]\nperiod: mont", 5, "'mont' is no period", "like month"),
    ("of: deals\nmeasures: [count]\nperiod: last 3m", 5, "'last 3m' is no period", "last 3mo"),
    ("of: deals\nmeasures: [count]\nperiod: 2026-03..2026-01", 5, "ends before it begins", ""),
    ("of: deals\nmeasures: [count]\nwhere: amuont > 5", 5, "unknown field 'amuont'", "'amount'"),
    ("of: deals\nmeasures: [count]\npicture: pie", 5, "'pie' is not allowed", "bars"),
    ("of: deals\nmeasures: [count]\npipeline: salse", 5, "no pipeline 'salse'", "'sales'"),
    ("of: deals\nmeasures: [count]\ncolour: red", 5, "unknown key 'colour'", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "said", "hint"), BAD)
def test_every_fault_has_its_line(
    ws: Workspace, text: str, line: int, said: str, hint: str
) -> None:
    rows = "\n".join(f"    {row}" for row in text.split("\n"))
    kit.write(ws.root, "reports.yaml", f"reports:\n  mine:\n{rows}\n")
    with pytest.raises(InvalidData) as refusal:
        own_reports(ws)
    found = refusal.value.problems
    assert any(p.line == line and said in p.message and hint in p.hint for p in found), found


@pytest.mark.parametrize("name", ["leads", "list", "plan"])
def test_a_name_that_is_taken(ws: Workspace, name: str) -> None:
    kit.write(ws.root, "reports.yaml", f"reports:\n  {name}: {{of: deals, measures: [count]}}\n")
    with pytest.raises(InvalidData) as refusal:
        own_reports(ws)
    assert refusal.value.problems[0].hint == f"call it otherwise, e.g. my-{name}"


def test_at_the_command_line(crm: Crm, folder: Path) -> None:
    env = {"CRM_LANG": "en"}
    none = crm("report", "funel", **env)
    assert (none.code, "no report 'funel'" in none.err, "'funnel'" in none.err) == (3, True, True)
    kit.write(folder, "reports.yaml", "reports:\n  mine:\n    of: deals\n    measures: [cuont]\n")
    for words in (["report", "mine"], ["report", "check"], ["check"]):
        run = crm(*words, **env)
        assert (run.code, "reports.yaml:4" in run.out + run.err) == (6, True)
    assert crm("report", "leads", **env).code == 0
    told = crm("report", "list", **env)
    assert (told.code, "crm report check" in told.err) == (0, True)
    kit.write(folder, "reports.yaml", crm("report", "show", "won", **env).out)
    assert crm("report", "check", **env).out == "1 report in order.\n"
    for name in ("plan", "accuracy", "dashboard"):
        assert "in a way of its own" in crm("report", "show", name, **env).err
    assert crm("report", "my-won", "--json").out == crm("report", "won", "--json").out
    rows = json.loads(crm("report", "list", "--json").out)
    assert [row["name"] for row in rows if row["own"]] == ["my-won"]
    assert len(rows) == len(REPORTS) + 4  # and plan, accuracy, dashboard
    words = {"_CRM_COMPLETE": "bash_complete", "COMP_WORDS": "crm report my", "COMP_CWORD": "2"}
    assert "my-won" in crm(**words).out


def test_what_settings_make_wrong_is_told(crm: Crm, folder: Path) -> None:
    env = {"CRM_LANG": "en"}
    assert crm("field", "add", "deal", "roof", "--type", "number", **env).code == 0
    kit.write(
        folder, "reports.yaml", "reports:\n  mine:\n    of: deals\n    measures: [sum roof]\n"
    )
    assert crm("report", "mine", **env).code == 0
    run = crm("field", "rename", "deal", "roof", "roof_area", **env)
    assert (run.code, "reports.yaml:4 is wrong from now on" in run.err) == (0, True), run.err
    assert "'roof_area'" in crm("report", "mine", **env).err  # the nearest


@pytest.mark.parametrize("more", [[], ["--snapshot"]])
def test_activities_of_some_deals_and_all_behind_a_total(
    root: Path, crm: Crm, more: list[str]
) -> None:
    if more:
        assert crm("snapshot", cwd=root, CRM_USER="anna").code == 0
    where = ["--where", "owner = boris"]
    found = json.loads(
        crm("report", "activity", *where, "--by", "kind", "--json", *more, cwd=root).out
    )
    boris = crm("deal", "list", *where, "--ids", cwd=root).out.split()
    listed = crm(
        "report", "activity", *where, "--drill", "total,activities", "--ids", *more, cwd=root
    )
    assert set(listed.out.split()) <= set(boris)
    assert sum(row["records"] for row in found) >= len(listed.out.split()) > 0
    by_month = json.loads(crm("report", "owners", "--by", "month", "--json", *more, cwd=root).out)
    stands = crm(
        "deal", "list", "--where", "stage in (request, offer, invoice, paid)", "--ids", cwd=root
    )
    assert sum(row["open"] for row in by_month) == len(stands.out.split())


def test_different_amounts_are_counted_as_a_number(root: Path, crm: Crm) -> None:
    told = "{a: {of: deals, measures: [{name: n, how: distinct, of: amount}]}}"
    kit.write(root, "reports.yaml", f"reports: {told}\n")
    amounts = {raw["amount"] for raw in kit.opened(root).rows("deal") if raw.get("amount")}
    assert json.loads(crm("report", "a", "--json", cwd=root).out)[0]["n"] == len(amounts) > 1


def test_labels_are_one_line_without_signs_for_the_terminal(root: Path, crm: Crm) -> None:
    label = r"Two\nlines\e]0;mine\a\u202e"
    told = f'{{a: {{of: deals, by: owner, measures: [{{name: n, label: "{label}"}}]}}}}'
    kit.write(root, "reports.yaml", f"reports: {told}\n")
    head = crm("report", "a", cwd=root).out.split("\n")[0]
    assert "Two lines" in head
    assert head.isprintable()


def test_a_measure_may_be_called_like_what_stands_beside_it(
    crm: Crm, ws: Workspace, folder: Path
) -> None:
    """No column takes the place of another one, nor stands there twice."""
    kit.deal(ws, name="Окна", owner="anna")
    for by, name in (("stage", "kind"), ("stage", "stage"), ("owner", "name"), ("name", "kind")):
        kit.write(
            folder, "reports.yaml", f"reports: {{t: {{of: deals, by: {by}, measures: [{{name: {name}, how: count}}]}}}}\n"
        )  # fmt: skip
        done = crm("report", "t", "--json")
        assert done.code == 0, done.err
        assert 1 in [row[name] for row in json.loads(done.out)], (by, name)
        heads = crm("report", "t", "--csv").out.splitlines()[0].split(",")
        assert len(heads) == len({*heads}), heads


def test_no_field_may_be_written_as_an_empty_list(crm: Crm, ws: Workspace, folder: Path) -> None:
    """A report of one row; a word between commas that is none is refused."""
    kit.deal(ws, name="Окна", owner="anna")
    for by, code in (("[]", 0), ("','", 6)):
        text = f"reports: {{t: {{of: deals, by: {by}, measures: [count]}}}}\n"
        kit.write(folder, "reports.yaml", text)
        assert crm("report", "t", "--json").code == code, by


def test_what_stands_elsewhere_is_left_out_in_any_order(
    crm: Crm, ws: Workspace, folder: Path
) -> None:
    """A ratio may be written above its parts; in the order of a day the picture draws a number."""
    kit.deal(ws, name="Окна", owner="anna", pipeline="sales")
    kit.write(
        folder,
        "reports.yaml",
        "reports:\n"
        "  parts: {of: deals, by: owner, measures: [{name: pct, how: ratio, part: l, over: d},"
        " {name: l, source: leads, how: count}, {name: d, how: count}]}\n"
        "  dated: {of: deals, by: owner, order: -last, measures: [count, {name: last, how: last, of: created_at}]}\n",
    )
    done = crm("report", "parts", "--pipeline", "sales", "--csv")
    assert (done.code, done.out.splitlines()[0]) == (0, "owner,name,d"), done.err
    done = crm("report", "dated", "--html", "-o", "d.html")
    assert done.code == 0, done.err
    assert "<svg" in (folder / "d.html").read_text(encoding="utf-8")
