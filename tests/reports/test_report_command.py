"""crm report and crm search through the real program."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import kit
from tests.reports import histories
from torture.copies import copied

Crm = Callable[..., Any]


def at(day: int) -> dict[str, str]:
    return {"CRM_NOW": f"2026-11-{day:02}T09:00:00+00:00"}


@pytest.fixture
def worked(crm: Crm, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four leads: one converted, one junk, two open; from the site and from calls; in two currencies. They
    live once; each test has a copy."""
    kept = tmp_path_factory.getbasetemp() / "worked"
    if not kept.exists():
        _lived(crm)
        copied(folder, kept)
    shutil.rmtree(folder)
    return copied(kept, folder)


def _lived(crm: Crm) -> None:
    def ok(*args: str, **environ: str) -> str:
        done = crm(*args, **environ)
        assert done.code == 0, done.err
        return str(done.out).strip()

    anna = ok("lead", "add", "--name", "Окна", "--first-name", "Анна", "--phone", "89123456789",
              "--source", "web", "--owner", "anna", "--amount", "1000.50", **at(2))  # fmt: skip
    junk = ok("lead", "add", "--name", "Спам", "--source", "web", **at(3))
    ok("lead", "add", "--name", "Кровля", "--source", "call", "--amount", "20", "--currency", "USD",
       **at(4))  # fmt: skip
    ok("lead", "add", "--name", "Забор", "--owner", "anna", **at(20))
    ok("lead", "move", anna, "working", **at(4))
    ok("lead", "convert", anna, **at(6))
    ok("lead", "junk", junk, "--reason", "spam", **at(10))


def rows_of(done: Any) -> list[dict[str, Any]]:
    assert done.code == 0, done.err
    rows: list[dict[str, Any]] = json.loads(done.out)
    return rows


def test_funnel_of_leads(crm: Crm, worked: Path) -> None:
    rows = {
        row["stage"]: row
        for row in rows_of(crm("report", "funnel", "--pipeline", "leads", "--json"))
    }
    assert rows["new"]["reached"] == 4
    assert rows["new"]["moved_on"] == 1
    assert rows["new"]["to_next"] == 25.0
    assert (rows["new"]["lost"], rows["new"]["open"]) == (1, 2)
    assert rows["new"]["median_days"] == 4.5  # 2 days to working, 7 to junk
    assert rows["new"]["waiting"] == 2
    assert rows["working"]["median_days"] == 2.0
    won = next(row for row in rows.values() if row["kind"] == "won")
    assert (won["reached"], won["overall"]) == (1, 25.0)
    assert sum(row["reached"] for row in rows.values() if row["kind"] == "lost") == 1


def test_funnel_of_a_period_and_of_some(crm: Crm, worked: Path) -> None:
    def cohort(*args: str) -> int:
        reached: int = rows_of(crm("report", "funnel", "--pipeline", "leads", "--json", *args))[0][
            "reached"
        ]
        return reached

    assert cohort("--since", "2026-11-03") == 3
    assert cohort("--since", "03.11.2026", "--until", "2026-11-04") == 2
    assert cohort("--where", "owner = anna") == 2
    assert cohort("--since", "2026-12-01") == 0


def test_the_funnel_as_a_table_and_as_csv(crm: Crm, worked: Path) -> None:
    done = crm("report", "funnel", "--pipeline", "leads")
    assert done.code == 0, done.err
    assert "Reached" in done.out
    assert "25%" in done.out
    assert "4 leads" in done.err
    done = crm("report", "funnel", "--pipeline", "leads", "--csv")
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert rows[0]["stage"] == "new"
    assert rows[0]["to_next"] == "25"


def test_the_funnel_of_an_empty_workspace(crm: Crm) -> None:
    done = crm("report", "funnel", "--json")
    assert {row["reached"] for row in rows_of(done)} == {0}
    assert crm("report", "leads", "--json").out == "[]\n"
    assert "nothing in this period" in crm("report", "leads").err


def test_leads_by_source(crm: Crm, worked: Path) -> None:
    rows = {row["source"]: row for row in rows_of(crm("report", "leads", "--json"))}
    web = rows["web"]
    assert (web["leads"], web["converted"], web["junk"], web["open"]) == (2, 1, 1, 0)
    assert web["conversion"] == 50.0
    assert web["amounts"] == {"RUB": 1000.5}
    assert rows["call"]["amounts"] == {"USD": 20}
    assert rows[""]["open"] == 1


def test_leads_as_a_table_have_a_total(crm: Crm, worked: Path) -> None:
    done = crm("report", "leads", "--by", "owner", COLUMNS="200")
    assert done.code == 0, done.err
    last = done.out.splitlines()[-1].replace("\u00a0", " ")
    assert last.startswith("Total")
    assert "1 000,50 ₽, 20 $" in last
    assert "(none)" in crm("report", "leads", "--by", "source").out


def test_leads_by_stage_stand_in_the_pipelines_order(crm: Crm, worked: Path) -> None:
    rows = rows_of(crm("report", "leads", "--by", "stage", "--json"))
    assert [row["stage"] for row in rows] == ["new", "converted", "junk"]


def test_leads_of_a_period(crm: Crm, worked: Path) -> None:
    rows = rows_of(
        crm("report", "leads", "--since", "2026-11-03", "--until", "2026-11-04", "--json")
    )
    assert sum(row["leads"] for row in rows) == 2


@pytest.mark.parametrize("command", ["funnel", "leads"])
def test_a_bad_date_is_refused(crm: Crm, command: str) -> None:
    done = crm("report", command, "--since", "вчерась")
    assert done.code == 2
    assert "вчерась" in done.err


def test_search_finds_by_words_and_phones(crm: Crm, worked: Path) -> None:
    rows = rows_of(crm("search", "кровл", "--json"))
    assert [row["entity"] for row in rows] == ["lead"]
    assert rows[0]["name"] == "Кровля"
    found = {row["entity"] for row in rows_of(crm("search", "9123456789", "--json"))}
    assert {"lead", "contact"} <= found
    rows = rows_of(crm("search", "9123456789", "--in", "contacts", "--json"))
    assert {row["entity"] for row in rows} == {"contact"}


def test_search_without_result_and_in_nothing(crm: Crm, worked: Path) -> None:
    done = crm("search", "небывальщина")
    assert (done.code, done.out) == (0, "")
    assert "no records found" in done.err
    done = crm("search", "кровл", "--in", "clients")
    assert done.code == 2
    assert "contacts" in done.err
    assert crm("search", "кровл", "--ids").out.startswith("lead-")


def test_sums_in_one_currency_by_the_rates_of_today(crm: Crm, worked: Path) -> None:
    refused = crm("report", "leads", "--currency", **at(20))
    assert (refused.code, refused.out) == (1, "")
    assert "a rate of USD on 2026-11-20" in refused.err
    assert "crm rate add USD RATE --date 2026-11-20" in refused.err
    assert crm("rate", "add", "USD", "90", "--date", "2026-11-21").code == 0
    assert crm("report", "leads", "--currency", "rub", **at(20)).code == 1  # it is one of tomorrow
    assert crm("rate", "add", "USD", "80,50", "--date", "2026-11-01").code == 0

    def sums(*words: str, day: int = 20) -> dict[str, Any]:
        done = crm("report", *words, "--json", **at(day))
        assert done.code == 0, done.err
        return {row.get("source", row.get("stage")): row["amounts"] for row in json.loads(done.out)}

    assert sums("leads", "--currency") == {"web": {"RUB": 1000.5}, "call": {"RUB": 1610}, "": {}}
    assert sums("leads", "--currency", "USD")["web"] == {"USD": 12.43}
    assert sums("leads", "--currency", "USD", day=21)["call"] == {"USD": 20}
    assert sums("leads")["call"] == {"USD": 20}
    assert crm("report", "leads", "--currency", "XYZ").code == 2
    assert crm("report", "leads", "--currency", "EUR", **at(20)).code == 1
    funnel = sums("funnel", "--pipeline", "leads", "--currency")
    assert funnel["new"] == {"RUB": 2610.5}
    assert funnel["working"] == {"RUB": 1000.5}
    table = crm(
        "report", "funnel", "--pipeline", "leads", "--currency", "--format", "table", **at(20)
    )
    assert "2\u202f610,50" in table.out.replace("\u00a0", "\u202f") or "610" in table.out


def test_numbers_and_stages_as_keys_are_written_as_their_fields_are(crm: Crm) -> None:
    assert crm("field", "add", "deal", "area", "--type", "number").code == 0
    for amount, area in (("1234567.80", "12345678"), ("1234567.80", "0.25"), ("20", "")):
        made = ("deal", "add", "--name", "Окна", "--amount", amount, "--ids")
        deal = crm(*made, *(("--set", f"area={area}") if area else ()), **at(2)).out.strip()
        assert crm("deal", "lose", deal, "--reason", "price", **at(3)).code == 0

    def keys(by: str) -> list[tuple[str, str]]:
        found = rows_of(crm("report", "lost", "--by", by, "--json", **at(4)))
        return sorted((row[by], row["name"]) for row in found)

    assert keys("amount") == [("1234567.8", "1\u00a0234\u00a0567,8"), ("20", "20")]
    assert keys("area") == [("", "(none)"), ("0.25", "0,25"), ("12345678", "12\u00a0345\u00a0678")]
    assert keys("lost_from") == [("request", "Поступил запрос")]
    assert "Lost from" in crm("report", "lost", "--by", "lost_from", **at(4)).out
    assert "lost_from" in crm("report", "lost", "--by", "lst_from").err


def test_a_deal_that_a_hand_closed_before_it_was_made_has_no_days(crm: Crm, folder: Path) -> None:
    for name, day in (("Окна", 4), ("Двери", 4)):
        assert crm("deal", "add", "--name", name, "--amount", "10", **at(2)).code == 0
        assert crm("deal", "lose", name, "--reason", "price", **at(day)).code == 0
    [path] = [p for p in (folder / "data/deals").rglob("*.yaml") if "Окна" in p.read_text("utf-8")]
    text = path.read_text("utf-8")
    path.write_text(re.sub(r"(closed_at: \D?)2026", r"\g<1>2020", text), "utf-8")
    found = rows_of(crm("report", "lost", "--by", "name", "--json", **at(9)))
    assert {row["name"]: row["days"] for row in found} == {"Окна": None, "Двери": 2}


def test_so_many_rows_and_how_many_there_are(crm: Crm, worked: Path) -> None:
    every = json.loads(crm("report", "leads", "--by", "id", "--json", **at(28)).out)
    some = crm("report", "leads", "--by", "id", "--limit", "2", "--json", **at(28))
    assert len(every) == 4
    assert json.loads(some.out) == every[:2]
    assert "2 of 4 rows" in some.err
    assert "--limit 4" in some.err
    whole = crm("report", "leads", "--by", "id", "--limit", "4", **at(28))
    few = crm("report", "leads", "--by", "id", "--limit", "1", **at(28))
    assert "--limit" not in whole.err
    assert (
        whole.out.splitlines()[-1].split() == few.out.splitlines()[-1].split()
    )  # the total is of all
    assert len(few.out.splitlines()) == 3


def test_explain_knows_how_many_rows_were_shown(crm: Crm, worked: Path) -> None:
    terminal = {**at(28), "CRM_WIDTH": "200"}
    crm("report", "leads", "--by", "id", "--limit", "2", **terminal)
    assert crm("report", "explain", "2,leads", **terminal).code == 0
    assert crm("report", "explain", "3,leads", **terminal).code == 2
    crm("report", "leads", "--by", "id", **terminal)
    assert crm("report", "explain", "3,leads", **terminal).code == 0


FIRST = ("lifetime", "won --by company", "won --by contacts", "won --by owner", "sources --by name",
         "products", "lost --by company,lost_reason", "won --by company --period 2026 --compare year", "leads --by id",
         "won --by company --currency RUB", "activity", "velocity", "lifetime --period 2026")  # fmt: skip


@pytest.mark.parametrize("asked", kit.some(FIRST, 3))
def test_the_first_rows_are_those_of_all(past: Path, crm: Crm, asked: str) -> None:
    words = ["report", *asked.split(), "--json"]
    now = {"cwd": past, "CRM_NOW": histories.NOW}
    every = json.loads(crm(*words, "--limit", "99999", **now).out)
    if not (past / ".crm/snapshot").exists():
        assert crm("snapshot", **now).code == 0
    for most in (0, 1, 3, 17):
        some = crm(*words, "--limit", str(most), **now)
        assert json.loads(some.out) == every[:most]
        there = crm(*words, "--limit", str(most), "--snapshot", **now)
        assert (json.loads(there.out), there.err) == (every[:most], some.err)
        assert (f"--limit {len(every)}" in some.err) == (most < len(every))
    total = [
        crm(*words[:-1], *more, **now).out.splitlines()[-1].split()
        for more in ((), ("--limit", "3"))
    ]
    assert total[0] == total[1] or not asked.count("won")


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return histories.made(tmp_path_factory.mktemp("past") / "ws", 200, seed=5)


def test_in_one_pipeline_of_deals_no_leads_are_told(crm: Crm, worked: Path) -> None:
    all_ = json.loads(crm("report", "sources", "--json").out)
    done = crm("report", "sources", "--pipeline", "sales", "--json")
    assert {"leads", "converted"} < all_[0].keys()
    some = json.loads(done.out)
    assert some
    assert not {"leads", "converted"} & some[0].keys()
    table = crm("report", "sources", "--pipeline", "sales", CRM_LANG="en")
    assert "left out, for they stand in another pipeline: leads" in table.err
    assert crm("report", "sources", "--pipeline", "sales", "--drill", "1,leads").code == 2
