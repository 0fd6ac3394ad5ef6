"""crm report explain: how a figure is made, the records behind it, and what is said where there is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.sales import stages
from crmcli.workspace import Workspace
from tests import kit

Crm = Callable[..., Any]


@pytest.fixture
def sold(ws: Workspace, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Anna won deals of 100, 200 and 1234.50 RUB and lost one, Boris won one of 40 USD; a state of our own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    pipeline = ws.pipelines.deals[0]
    won = next(one.id for one in pipeline.stages if one.kind == "won")
    lost = next(one.id for one in pipeline.stages if one.kind == "lost")
    for owner, amount, currency, end in (
        ("anna", "100", "RUB", won), ("anna", "200", "RUB", won), ("anna", "1234.50", "RUB", won),
        ("anna", "7000", "RUB", lost), ("boris", "40", "USD", won),
    ):  # fmt: skip
        made = kit.deal(ws, name=f"Сделка {amount}", owner=owner, amount=amount, currency=currency)
        stages.move(ws, made.id, end, reason="price" if end == lost else "")
    return folder


def ask(crm: Crm, *words: str, **environ: str) -> Any:
    return crm("report", *words, **{"CRM_LANG": "en", "COLUMNS": "120", **environ})


@pytest.mark.parametrize("number", ["1234.5", "1,534.50", "1 534,50 ₽", "RUB 1,534.5", "1534,5"])
def test_a_number_is_found_as_people_write_it(crm: Crm, sold: Path, number: str) -> None:
    """In the row of Anna and in that of all together; the amount of a single deal is in no cell."""
    assert ask(crm, "won", "--by", "owner").code == 0
    done = ask(crm, "explain", number)
    assert (done.code, done.out) == (3, ""), done.err
    said = "no cell of won shows 1234.5" if "1234" in number else "2 cells"
    assert said in done.err


def test_a_comma_sets_thousands_or_decimals_apart_and_nothing_else(crm: Crm, sold: Path) -> None:
    """A row and a column that there are not, or a number that no cell has; never another number."""
    assert ask(crm, "won", "--by", "owner").code == 0
    for text, code, said in (
        ("1,99", 2, "no column '99'"), ("1,1", 2, "there are: Won, Won amount"),
        ("45,5%", 3, "no cell of won shows 45,5%"), ("15,34.5", 2, "no column '34.5'"),
    ):  # fmt: skip
        done = ask(crm, "explain", text)
        assert (done.code, done.out) == (code, ""), (text, done.err)
        assert said in done.err, (text, done.err)


def test_how_it_is_made(crm: Crm, sold: Path) -> None:
    """A count, a sum by currency, an average, a share, a median; records and what of each counts."""
    assert ask(crm, "won", "--by", "owner").code == 0
    for cell, said, count in (
        ("anna,won", "Won: 3", 3),
        ("anna,won_amounts", "sum: 3 values", 3),
        ("anna,average", "average: 3 values", 3),
        ("anna,of_all", "Won (3) of all: Won (4)", 3),
        ("boris,Days", "median: 1 value", 1),
        ("total,won", "Total,Won: 4", 4),
        (",won", "Total,Won: 4", 4),
        ("1,2", "Won: 3", 3),
    ):
        done = ask(crm, "explain", cell)
        assert done.code == 0, done.err
        assert said in done.err, (cell, done.err)
        assert len(ask(crm, "explain", cell, "--ids").out.split()) == count
    said = ask(crm, "explain", "anna,of_all", CRM_LANG="ru").err
    assert "Выиграно (3) от всего: Выиграно (4)" in said
    assert "сумма: 3 значения" in ask(crm, "explain", "anna,won_amounts", CRM_LANG="ru").err
    rows = json.loads(ask(crm, "explain", "anna,days", "--json").out)
    assert [row["value"] for row in rows] == [0, 0, 0]
    assert ask(crm, "owners").code == 0
    assert "Won (3) of Closed (4)" in ask(crm, "explain", "anna,win_rate").err


def test_a_report_with_days(crm: Crm, sold: Path) -> None:
    """Beside columns of days numbers are found, and days as they are written."""
    for report in ("lifetime", "cohorts"):
        assert ask(crm, report).code == 0
        assert ask(crm, "explain", "12345").code == 3
    rows = ask(crm, "lifetime", "--by", "owner", "--json").out
    day = str(json.loads(rows)[0]["last"])
    assert len(day) == len("2026-11-28")
    done = ask(crm, "explain", day)
    assert (done.code, done.out) == (3, ""), (
        "of both owners, and the first and the last day are one"
    )
    assert f"{day} stands in" in done.err


def test_of_which_nouns_the_records_are(crm: Crm, ws: Workspace, sold: Path) -> None:
    """Activities of leads are not called deals."""
    lead = kit.lead(ws, name="Лид", owner="anna")
    for _ in range(2):
        assert crm("log", "call", lead.id, "Позвонил", CRM_USER="anna").code == 0
    assert ask(crm, "activity", "--by", "kind").code == 0
    told = ask(crm, "explain", "Total,Activities")
    assert told.code == 0, told.err
    assert "1 lead" in told.err
    assert "deal" not in told.err


def test_which_of_several(crm: Crm, sold: Path) -> None:
    """A number that stands in several cells: they are named so that each can be asked for."""
    ask(crm, "won", "--by", "owner")
    done = ask(crm, "explain", "4")
    assert (done.code, "Total,Won: 4" in done.err) == (0, True)
    done = ask(crm, "explain", "0")
    assert done.code == 3
    named = done.err.partition("say which: ")[2].strip().split("', '")
    assert len(named) >= 2
    assert ask(crm, "explain", named[0].strip("'")).code == 0


def test_what_was_shown_last_is_meant(crm: Crm, sold: Path) -> None:
    """With its period, split and condition; a report that is named is asked anew."""
    ask(crm, "lost", "--by", "owner", "--where", "amount > 1", "--csv")
    assert ask(crm, "explain", "anna,lost", "--ids").out.count("deal-") == 1
    assert ask(crm, "explain", "won", "anna,won", "--ids").out.count("deal-") == 3
    ask(crm, "won", "--by", "month", "--period", "year", "--compare", "year")
    done = ask(crm, "explain", "2026-11,won", "--ids")
    assert done.out.count("deal-") == 4
    assert ask(crm, "explain", "2026-11,won_before", "--ids").out == ""
    assert ask(crm, "explain", "2026-11,Won before").code == 0


def test_the_base_has_changed(crm: Crm, sold: Path) -> None:
    ask(crm, "won", "--by", "owner")
    again = ask(crm, "explain", "anna,won")
    assert "changed since" not in again.err
    done = crm("deal", "edit", again.out.split()[-1], "--owner", "boris", CRM_LANG="en")
    assert done.code == 0, done.err
    gone = ask(crm, "explain", "4", "--json")
    assert gone.code == 0  # all together are still four
    assert "the figures have changed since" in ask(crm, "explain", "anna,won").err
    done = ask(crm, "explain", "75%")
    assert (done.code, "no longer in won: the figures have changed since" in done.err) == (3, True)


def test_a_cell_of_the_dashboard_and_of_a_plan(crm: Crm, sold: Path) -> None:
    assert ask(crm, "dashboard").code == 0
    done = ask(crm, "explain", "won", "total,won", "--ids")
    assert (done.code, done.out.count("deal-")) == (0, 4), done.err
    assert "changed" not in done.err
    done = ask(crm, "explain", "1534.5")
    assert done.code == 3
    assert "today 'Won amount'" in done.err
    done = ask(crm, "explain", "today", "Won amount", "--ids")
    assert (done.code, done.out.count("deal-")) == (0, 4), done.err
    kit.write(sold, "plans.yaml", "plans:\n  - {period: 2026-11, owner: anna, amount: 5000}\n")
    done = ask(crm, "plan")
    assert done.code == 0, done.err
    assert "crm plan list" in ask(crm, "explain", "anna,plan").err
    assert ask(crm, "explain", "anna,left").code == 0
    assert ask(crm, "explain", "anna,fact", "--ids").out.count("deal-") == 3


def test_nobody_is_told_what_somebody_else_asked(crm: Crm, sold: Path) -> None:
    """Each acting user has a file of its own, which nobody else reads; no figure stands in it."""
    ask(crm, "won", "--where", "owner = boris", CRM_USER="anna")
    done = ask(crm, "explain", "boris,won", CRM_USER="boris")
    assert (done.code, "no report was shown here yet" in done.err) == (3, True)
    [kept] = (sold.parent / "state/crm/reports").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "1234" not in kept.read_text()


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"report": "nope", "asked": {}, "at": "x", "mark": ""}']
)
def test_a_state_that_is_of_no_use(crm: Crm, sold: Path, damage: str) -> None:
    ask(crm, "won")
    [kept] = (sold.parent / "state/crm/reports").iterdir()
    kept.write_text(damage)
    done = ask(crm, "explain", "17")
    assert done.code == 3, done.err
    assert done.err.count("error:") == 1


def test_where_nothing_can_be_kept(crm: Crm, sold: Path) -> None:
    """A report says nothing of it; explain says why, in one line."""
    (sold.parent / "state").write_text("")
    done = ask(crm, "won")
    assert (done.code, "state" in done.err) == (0, False)
    done = ask(crm, "explain", "4")
    assert (done.code, "cannot be written" in done.err) == (3, True)
    assert ask(crm, "explain", "won", "4", "--ids").out.count("deal-") == 4


@pytest.mark.parametrize(
    ("field", "values", "spelled"),
    [
        ("bool", ["no", "yes"], ["no", "yes"]),
        ("number", ["2", "10", "1234567.89"], ["2", "10", "1234567.89"]),
        ("money", ["0.1", "-5", "999999999999.99"], ["-5", "0.1", "999999999999.99"]),
    ],
)
def test_rows_of_numbers_are_called_as_files_have_them(
    crm: Crm, folder: Path, field: str, values: list[str], spelled: list[str]
) -> None:
    """They stand by size, and a row is meant by its number before a key that nobody sees."""
    fields = f"\nfields:\n  deal:\n    odd: {{type: {field}}}\n"
    kit.replace(folder / "settings.yaml", "\nfields:\n", fields)
    ws = kit.opened(folder)
    made = {value: kit.deal(ws, name=f"№{value}", odd=value).id for value in values}
    rows = json.loads(ask(crm, "stale", "--by", "odd,owner", "--json").out)
    assert [row["odd"] for row in rows if row["open"] == 1] == spelled
    for n, value in enumerate(spelled, 1):
        assert ask(crm, "stale", "--by", "odd", "--drill", f"{n},open", "--ids").out.split()
        if field != "number":
            found = ask(crm, "stale", "--by", "odd", "--drill", f"{value},open", "--ids").out
            assert found.split() == [made[value]]
