"""What reports say to what cannot be asked, and of what is damaged, empty, huge or oddly named: a line, no NaN."""

from __future__ import annotations

import csv
import io
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
NO_NUMBER = re.compile(r"\b([nN]a[nN]|[iI]nf(inity)?|None)\b")
REFUSED = (
    (["won", "--by", "ownr"], "'owner'", "«owner»"),
    (["activity", "--by", "ownr"], "'owner'", "«owner»"),
    (["won", "--where", "amuont > 3"], "'amount'", "«amount»"),
    (["won", "--period", "mnth"], "'month'", "«month»"),
    (["wonn"], "'won'", "«won»"),
    (["won", "--period", "2026-03..2026-01"], "ends before it begins", "кончается раньше"),
    (["won", "--since", "2026-03-01", "--until", "2026-01-01"], "ends before", "раньше, чем"),
    (["won", "--by", "owner.month"], "'owner' is no date", "'owner' — не дата"),
    (["won", "--by", "name.week"], "'name' is no date", "'name' — не дата"),
    (["lost", "--currency", "GBP"], "without a rate of", "нет курса"),
    (["won", "--currency", "XXQ"], "not a currency", "не валюта"),
    (["won", "--compare", "previous"], "beginning and an end", "начало и конец"),
    (["won", "--period", "0001-01-01", "--compare", "year"], "no calendar", "нет в календаре"),
    (["won", "--period", "last 0d"], "'last 0d' is no period", "'last 0d' — не период"),
    (["won", "--period", "2026-W54"], "'2026-W54' is no period", "'2026-W54' — не период"),
    (["stale", "--period", "2020-01"], "takes no --period", "--period"),
    (["stale", "--until", "2020-01-01"], "takes no --until", "--until"),
    (["stale", "--compare", "previous"], "takes no --compare", "--compare"),
    (["won", "--by", " , "], "names no field", "ни одного поля"),
    (["won", "--by", ""], "--by is empty", "--by — пусто"),
    (["won", "--by", "owner,month,source,name"], "by 3 fields at most, not by 4", "а указано 4"),
    (["won", "--period", "last 3m"], "last 3mo", "last 3mo"),
    (["won", "--period", " "], "2026-03", "--period — пусто"),
    (["won", "--until", ""], "--until is empty", "--until — пусто"),
    (["dashboard", "--period", ""], "last 3mo", "last 3mo"),
    (["accuracy", "--period", ""], "--period is empty", "--period — пусто"),
    (["won", "--html", "-o", "z.pdf"], "only one kind of file", "вид файла"),
    (["won", "--pipeline", "leads"], "won is about deals, not about leads", "won"),
    (["leads", "--pipeline", "sales"], "leads is about leads, not about deals", "leads"),
    (["explain", "won", "1,wonn"], "'won'", "«won»"),
)  # fmt: skip


@pytest.fixture
def sold(ws: Workspace, folder: Path) -> Path:
    """Deals of two currencies, won and lost, with keys and amounts as nobody expects them."""
    settings = (folder / "settings.yaml").read_text(encoding="utf-8")
    fields = "fields:\n  deal:\n    won: {type: text}\n    count: {type: number}\n"
    assert "\nfields:\n" in settings
    kit.write(folder, "settings.yaml", settings.replace("\nfields:\n", f"\n{fields}"))
    ws = kit.opened(folder)
    ends = {one.kind: one.id for one in ws.pipelines.deals[0].stages}
    for n, (amount, currency, won, end) in enumerate((
        ("99999999999999.99", "RUB", "火箭🚀", "won"), ("99999999999999.99", "RUB", "火箭🚀", "won"),
        ("10", "USD", "👩‍👩‍👧‍👦", "won"), ("0", "USD", "=SUM(A1)", "won"), ("5", "EUR", "a,b", "lost"),
    )):  # fmt: skip
        deal = kit.deal(
            ws, name=f"№{n}", amount=amount, currency=currency, won=won, count=f"-{n}.5"
        )
        stages.move(ws, deal.id, ends[end], reason="price" if end == "lost" else "")
    return folder


@pytest.mark.parametrize(("asked", "english", "russian"), REFUSED)
def test_one_line_says_what_is_meant(
    crm: Crm, sold: Path, asked: list[str], english: str, russian: str
) -> None:
    for language, said in (("en", english), ("ru", russian)):
        done = crm("report", *asked, CRM_LANG=language)
        assert (done.code in (1, 2, 3), done.out) == (True, ""), done.err
        assert said in done.err
        assert len(done.err.splitlines()) <= 2


@pytest.mark.parametrize("step", ["day", "year"])
@pytest.mark.parametrize("zone", kit.some(["Pacific/Chatham", "America/Anchorage"], 2))
@pytest.mark.parametrize(
    "period", ["0001-01-01..9999-12-31", "..9999-12-31", "0001-01-01..", "2026-W48"]
)
def test_periods_go_to_the_ends_of_the_calendar(
    crm: Crm, sold: Path, period: str, zone: str, step: str
) -> None:
    kit.replace(sold / "settings.yaml", "Europe/Moscow", zone)
    done = crm("report", "won", "--period", period, "--by", step, "--json")
    assert sum(row["won"] for row in json.loads(done.out)) == 4, done.err
    for edge in ("0001-01-01", "9999-12-31"):
        assert crm("report", "won", "--period", edge, "--by", step).code == 0


def test_a_field_that_is_called_like_a_measure(crm: Crm, sold: Path) -> None:
    """It splits by the field; its key in rows is another one than that of the measure."""
    rows = json.loads(crm("report", "won", "--by", "won", "--json").out)
    assert {row["by_won"]: row["won"] for row in rows} == {
        "火箭🚀": 2,
        "👩‍👩‍👧‍👦": 1,
        "=SUM(A1)": 1,
    }
    assert rows[0]["won_amounts"] == {"RUB": "199999999999999.98"}
    [row] = csv.DictReader(io.StringIO(crm("report", "lost", "--by", "won", "--csv").out))
    assert (row["won"], row["lost"]) == ("a,b", "1")
    ids = crm("report", "won", "--by", "won", "--drill", "火箭🚀,won", "--ids").out.split()
    assert len(ids) == 2
    assert crm("report", "explain", "won", "4,won", CRM_LANG="en").code == 2
    by_count = json.loads(crm("report", "won", "--by", "count", "--json").out)
    assert {row["count"] for row in by_count} == {"-0.5", "-1.5", "-2.5", "-3.5"}


@pytest.mark.parametrize(
    "name", ["won", "funnel", "velocity", "conversion", "response", "plan", "stale"]
)
@pytest.mark.parametrize("is_empty", [True, False])
def test_nothing_is_no_number(
    crm: Crm, folder: Path, sold: Path, name: str, is_empty: bool
) -> None:
    """Division by nothing, medians of nothing: an empty cell, whatever the form."""
    none = ["--where", "name = nobody"] if name == "stale" else ["--period", "2001"]
    where = [] if name == "plan" or not is_empty else none
    told = [crm("report", name, *where, *form) for form in ([], ["--csv"], ["--json"], ["--html"])]
    assert [one.code for one in told] == [0, 0, 0, 0]
    for one in told:
        assert not NO_NUMBER.search(one.out.partition("<body>")[2] or one.out)


def test_damaged_lines_of_the_timeline_are_counted_and_named(crm: Crm, sold: Path) -> None:
    [path] = (sold / "data/timeline").glob("*/*.csv")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[3], lines[5] = "zzz\n", lines[5].replace(",", ";", 2)
    path.write_text("".join(lines), encoding="utf-8")
    place = path.relative_to(sold).as_posix()
    done = crm("report", "won", CRM_LANG="en")
    assert done.code == 0
    assert f"2 lines of the timeline left out, unreadable: {place}:4, {place}:6" in done.err
    assert "2 строки ленты" in crm("report", "won", "--json", CRM_LANG="ru").err
