"""crm sql: views that say what lists say, refusals in one line, bounds that hold."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crmcli.errors import BadUsage, CrmError
from crmcli.language import prefer
from crmcli.model.entities import ENTITIES
from crmcli.sales.rates import add as add_rate
from crmcli.sales.sql import ask
from crmcli.store.index.asked import functions
from crmcli.workspace import Workspace
from tests import kit

Crm = Callable[..., kit.Run]
DEMO = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made-up company, with odd values beside."""
    import shutil

    root = tmp_path_factory.mktemp("sql") / "demo"
    root.mkdir()
    for name in ("pipelines.yaml", "settings.yaml"):
        shutil.copy(DEMO / name, root)
    shutil.copytree(DEMO / "data", root / "data")
    ws = kit.opened(root)
    kit.deal(ws, name="Ёлка  «A\"B'C»", amount="12345678901.25", tags=["Ёж", "Ab"], anyway=True)
    kit.deal(ws, name="0", amount="0.01", anyway=True)
    contact = kit.contact(
        ws, name="O'Hara", comment="a\nb\t\\", birthday="--04-12", emails="A@b.example", anyway=True
    )
    kit.edit(ws, contact.id, comment="")
    kit.task(ws, name="x" * 3000, about=contact.id)
    return root


def as_json(value: Any) -> Any:
    """A list or a map of a record as a view has it, with texts in place of numbers."""
    return (
        value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    )


@pytest.mark.parametrize("noun", ENTITIES)
def test_a_view_has_what_a_list_has(crm: Crm, demo: Path, noun: str) -> None:
    ws = kit.opened(demo)
    plural = ENTITIES[noun].plural
    everything = ["--all"] if noun in ("lead", "deal", "task") else []
    listed = crm(noun, "list", *everything, "--json", cwd=demo)
    asked = crm("sql", f"select * from {plural} order by id", "--json", cwd=demo)
    rows = json.loads(asked.out)
    raws = {str(raw["id"]): raw for raw in ws.rows(noun)}
    fields = [field.name for field in ws.schema.fields(noun)]
    nested = {f.name for f in ws.schema.fields(noun) if f.is_many or f.kind.is_map}
    wanted = sorted(json.loads(listed.out), key=lambda row: str(row["id"]))
    assert [row["id"] for row in rows] == sorted(raws)
    for row, want in zip(rows, wanted, strict=True):
        for name in fields:
            there = (
                as_json(raws[row["id"]][name])
                if name in nested and name in want
                else want.get(name)
            )
            assert row[name] == there, (row["id"], name)


def test_amounts_are_exact_in_cents(demo: Path) -> None:
    found = kit.opened(demo).sql(
        "select amount, amount_cents from deals where name like 'ёлка%' or name = '0'"
    )
    assert sorted(found.rows) == [(0.01, 1), (12345678901.25, 1234567890125)]


def test_events_are_the_timeline(demo: Path) -> None:
    ws = kit.opened(demo)
    rows = ws.sql("select id, at, actor, kind, record, cause, data from events order by id").rows
    for row, event in zip(rows, ws.events(), strict=True):
        assert row[0] == event.id
        assert row[2:6] == (event.actor, event.kind, event.record, event.cause)
        assert json.loads(str(row[6])) == dict(event.data)


def test_activities_are_as_they_are_now(crm: Crm, folder: Path, ws: Workspace) -> None:
    deal = kit.deal(ws)
    for text in ("первый", "второй", "третий"):
        crm("log", "note", deal.id, text)
    second, third = json.loads(crm("activity", "list", deal.id, "--json").out)[1:]
    assert crm("activity", "edit", second["id"], "--text", "другой").code == 0
    assert crm("activity", "rm", third["id"], "--yes").code == 0
    again = kit.opened(folder)
    rows = again.sql(
        "select id, at, actor, kind, record, text from activities order by at, id"
    ).rows
    wanted = [
        (
            e.id,
            str(e.data.get("at") or f"{e.at:%Y-%m-%dT%H:%M:%SZ}"),
            e.actor,
            e.kind,
            e.record,
            e.data["text"],
        )
        for e in again.activities()
    ]
    assert sorted(rows) == sorted(wanted)
    assert [row[5] for row in rows] == ["первый", "другой"]


def test_stays_are_those_of_reports(crm: Crm, demo: Path) -> None:
    from datetime import UTC, datetime

    from crmcli.workspace.stays import stays_of

    ws = kit.opened(demo)

    def at(seconds: float | None) -> str | None:
        return (
            None
            if seconds is None
            else f"{datetime.fromtimestamp(round(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"
        )

    wanted = [
        (stay.record, stay.pipeline, stay.stage, at(stay.entered_at), at(stay.left_at))
        for noun in ("lead", "deal")
        for stay in stays_of(ws, noun, [str(raw["id"]) for raw in ws.rows(noun)])
        if stay.stage
    ]
    found = ws.sql(
        "select record, pipeline, stage, entered_at, left_at, entity, days from stays"
    ).rows
    assert sorted(row[:5] for row in found) == sorted(wanted)
    assert {row[5] for row in found} == {"lead", "deal"}
    [(longest,)] = ws.sql(
        "select max(days) from stays join stages st on (st.entity, st.pipeline, st.id) ="
        " (stays.entity, stays.pipeline, stays.stage) where left_at is null"
    ).rows
    assert longest == max(row[6] for row in found if row[4] is None)


def test_derived_columns_are_those_of_lists(crm: Crm, demo: Path) -> None:
    for noun in ("lead", "contact", "company", "deal"):
        names = ["id", "last_activity", "next_task"]
        listed = json.loads(crm(noun, "list", "--columns", ",".join(names), "--json", cwd=demo).out)
        text = f"select {', '.join(names)} from {ENTITIES[noun].plural}"
        rows = {row["id"]: row for row in json.loads(crm("sql", text, "--json", cwd=demo).out)}
        for row in listed:
            assert {name: row.get(name) or None for name in names} == rows[row["id"]]


def test_last_activity_is_sought_by_the_record(demo: Path) -> None:
    """Else each record of a list goes through all activities that there are."""
    from crmcli.store.index import derived
    from crmcli.store.index.columns import Columns

    ws = kit.opened(demo)
    ws.count("deal")
    columns = Columns(ws.schema, "RU")
    field = next(one for one in ws.schema.askable("deal") if one.name == "last_activity")
    sql = derived.expression(field, columns, "deal", "r")
    with sqlite3.connect(demo / ".crm" / "index.db") as index:
        plan = [row[3] for row in index.execute(f"EXPLAIN QUERY PLAN SELECT {sql} FROM deal AS r")]
    assert any("event USING INDEX event_record" in step for step in plan)
    assert not any("event_kind" in step for step in plan)


def test_lists_have_every_item(demo: Path) -> None:
    ws = kit.opened(demo)
    rows = ws.sql("select entity, id, field, key, value from lists").rows
    for noun in ENTITIES:
        for raw in ws.rows(noun):
            for field in ws.schema.fields(noun):
                if not (field.is_many or field.kind.is_map) or field.name not in raw:
                    continue
                value = raw[field.name]
                main = getattr(field.kind, "main", "value")
                pairs = (
                    value.items()
                    if isinstance(value, dict)
                    else enumerate(value if isinstance(value, list) else [value])
                )
                for key, item in pairs:
                    said = item[main] if isinstance(item, dict) else item
                    assert (noun, raw["id"], field.name, key, said) in rows


def test_stages_users_and_rates(ws: Workspace) -> None:
    import datetime

    add_rate(ws, datetime.date(2026, 11, 1), "usd", "92.50")
    assert ask(ws, "select * from rates").rows == [("2026-11-01", "USD", 92.5)]
    assert ask(ws, "select count(*) from users").rows == [(len(ws.settings.users),)]
    pipelines = [stage.id for pipeline in ws.pipelines for stage in pipeline.stages]
    assert [row[0] for row in ask(ws, "select id from stages").rows] == pipelines


ZONE = "Europe/Moscow"
WORTH = {
    "local('2025-12-31T20:59:59Z', 'day')": "2025-12-31",
    "local('2025-12-31T21:00:00Z', 'day')": "2026-01-01",
    "local('2025-12-31T21:00:00Z', 'week')": "2026-W01",
    "local('2025-12-31T21:00:00Z', 'month')": "2026-01",
    "local('2025-12-31T21:00:00.250Z', 'quarter')": "2026-Q1",
    "local('2025-12-31T21:00:00Z', 'year')": "2026",
    "local('2026-11-29', 'week')": "2026-W48",
    "local(null, 'day')": None, "local('', 'day')": None,
    "fold('ЁЛКА  Ab')": "елка ab", "fold(null)": None, "fold(7)": "7",
    "today()": "2026-11-23", "now()": "2026-11-23T09:00:00Z",
    "'ЁЖ' like 'е_'": 1, "'Ромашка' like '%РОМ%ка'": 1, "'a%b' like 'a!%b' escape '!'": 1, "'axb' like 'a!%b' escape '!'": 0,
    "'ab' like 'a'": 0, "'' like '%'": 1, "'aba' like 'ab%ba'": 0, "null like 'a'": None, "'a\nb' like 'a_b'": 1,
    "'x' where 0 and exists (select 1 from leads)": "",
    "iif(1, 2, (select count(*) from stays))": 2, "(select score from deals limit 1)": None,
    "'x' not like '%y%'": 1, "12 like '1_'": 1, "instr('абв', 'в')": 3, "instr('a', 'b')": 0, "instr('a', null)": None,
    "replace('абв', 'б', 'x')": "аxв", "replace('a', '', 'x')": "a", "trim('  a ')": "a", "ltrim('xxa', 'x')": "a",
    "rtrim('a ')": "a", "substr('Ёлка', 2)": "лка", "coalesce(null, 2.5)": 2.5, "round(2.567, 1)": 2.6,
    "json_extract('{\"a\": [1]}', '$.a[0]')": 1, "'{\"a\": 5}' ->> 'a'": 5, "iif(1, 'a', 'b')": "a",
}  # fmt: skip


def test_functions(demo: Path) -> None:
    ws = kit.opened(demo)
    found = {call: ws.sql(f"select {call}").rows for call in WORTH}
    assert found == {call: [(value,)] if value != "" else [] for call, value in WORTH.items()}


def test_like_is_what_sqlite_says(demo: Path) -> None:
    """Of ASCII texts, for all patterns of four letters."""
    from itertools import product

    texts = ["".join(t) for n in range(4) for t in product("aB", repeat=n)]
    patterns = ["".join(p) for n in range(5) for p in product("aB%_", repeat=n)]
    plain = sqlite3.connect(":memory:")
    for pattern in patterns:
        for text in texts:
            [(want,)] = plain.execute("select ? like ?", (text, pattern))
            assert functions._like(pattern, text) == want, (pattern, text)


SAID = {
    "select nmae from deals": "there is no column 'nmae' | did you mean 'name'?",
    "select d.stge from deals d": "there is no column 'd.stge' | did you mean 'stage'?",
    "select * from deels": "there is no view 'deels' | did you mean 'deals'?",
    "select * from main.deals": "there is no view 'main.deals' | write deals, without the schema",
    "select *\nfrom deals\n  were stage = 1": "line 3, column 8: cannot read 'stage' | see crm help sql",
    "select 'x, name from deals": "line 1, column 8: cannot read \"'x, name from deals\" | see crm help sql",
    "select (1": "the query ends before it is complete | see crm help sql",
    "select 1; select 2": "there is more than one statement | leave one of them, without its ;",
    "delete from deals": "a query begins with SELECT, WITH or VALUES, not with 'delete' | crm sql --views lists what may be read",
    "select id from deals d join leads l": "several views have a column 'id' | say of which, like deals.id",
    "select foldd('x')": "there is no function foldd | did you mean 'fold'?",
    "select fold()": "the function fold takes another number of values | see crm help sql",
    "select :who": "the query has a parameter :who and no value for it | give it by --param who=VALUE",
    "select ?": "a parameter has no name | write :NAME, and --param NAME=VALUE",
    "select local('x', 'day')": "local: 'x' is no date and no instant | see crm help sql",
    "select json('{')": "what should be JSON is none | ask json_valid() first",
    "select sum(9223372036854775807) from (values (1), (2))": "a sum became too large | use total() instead of sum()",
    "select 1 where sum(1)": "an aggregate like sum() cannot stand there | use HAVING, or a subquery",
    "select count(*) from deals group by count(*)": "an aggregate like sum() cannot stand there | use HAVING, or a subquery",
    "": "the query is empty | crm sql --views lists what may be read",
}  # fmt: skip


def test_what_is_wrong_is_said_in_one_line(demo: Path) -> None:
    ws = kit.opened(demo)
    prefer("en")
    for text, wanted in SAID.items():
        with pytest.raises(BadUsage) as told:
            ws.sql(text)
        assert f"{told.value.message} | {told.value.hint}" == wanted


ENDLESS = "with recursive a(x) as (select 1 union all select x + 1 from a) "
HEAVY = {
    f"{ENDLESS} select count(*) from a": "longer",
    f"{ENDLESS} select x from a": "MB|longer",
    f"{ENDLESS} select group_concat(x) from a": "long",
    f"{ENDLESS} select count(*) from (select x from a order by random_ desc)".replace("random_", "-x"): "memory|longer",
    "select count(*) from events a, events b, events c, events d": "longer",
    f"{ENDLESS}, b(s) as (select replace(replace(replace(hex(printf('%900s', 'a')), '2', hex(printf('%900s', 'a'))), '3', 'aa'), '0', 'a'))"
    " select count(*) from a, b where s || x like '%a%a%a%a%a%a%a%b' or instr(s || x, s || 'b')": "longer",
    f"{ENDLESS} select sum(length(hex(zero || x))) from a, (select replace(hex(printf('%900s', 'a')), '2', hex(printf('%900s', 'a'))) zero)": "longer",
    "select printf('%.*c', 1000000000, 'x')": "width", "select format('%1000000000d', 1)": "width",
    "select replace(replace(printf('%900s', 'a'), ' ', printf('%900s', 'a')), ' ', '12345678')": "long",
    "select trim('a', printf('%900s', 'a'))": "letters",
    "with a as (select 1 x), " + ", ".join(
        f"a{n} as (select x from a{n - 1 or ''} union all select x from a{n - 1 or ''})" for n in range(1, 40)
    ) + " select count(*) from a39": "memory|large",
    "select " + "(" * 5000 + "1" + ")" * 5000: "large|long",
    "select " + " or ".join(["1"] * 5000): "large|long",
    " union ".join(["select 1"] * 5000): "large|long",
    "select '" + "x" * 200_000 + "'": "large|long",
    "select * from " + ", ".join(f"deals d{n}" for n in range(100)): "large|longer",
    "select 1 in (" + "1," * 200_000 + "1)": "large|long",
}  # fmt: skip


@pytest.mark.parametrize("number", kit.some(range(len(HEAVY)), 3))
def test_what_takes_too_much_ends(demo: Path, number: int) -> None:
    import re

    text, why = [*HEAVY.items()][number]
    ws = kit.opened(demo)
    prefer("en")
    begun = time.monotonic()
    with pytest.raises(CrmError) as told:
        ws.sql(text, seconds=0.3)
    assert re.search(why, told.value.message), told.value.message
    assert time.monotonic() - begun < 40  # the bound of memory is met by a busy machine too
    assert ws.sql("select 1").rows == [(1,)]


def test_it_stops_at_once(demo: Path) -> None:
    import os
    import subprocess
    import sys

    text = f"{ENDLESS} select count(*) from a where fold(x) = 'x'"
    words = [sys.executable, "-m", "crmcli", "sql", text, "--timeout", "20"]
    quiet = subprocess.PIPE
    with subprocess.Popen(words, cwd=demo, env={**os.environ}, stdout=quiet, stderr=quiet) as run:
        time.sleep(1)
        begun = time.monotonic()
        run.send_signal(signal.SIGINT)
        assert run.wait(10) == 130
        assert time.monotonic() - begun < 2


def test_what_comes_from_outside_is_no_sql(crm: Crm, ws: Workspace) -> None:
    deal = kit.deal(ws, name="x' or 1=1 --", amount="1500")
    kit.deal(ws, name="другая", anyway=True)
    asked = ("sql", "select id from deals where name = :name and amount >= :least", "--ids")
    assert crm(*asked, "--param", "name=x' or 1=1 --", "--param", "least=1000.5").out.split() == [
        deal.id
    ]
    assert (
        crm(*asked, "--param", "name=x' or 1=1 --", "--param", "least='1000'").out == ""
    )  # a text
    for wrong in (
        ["--param", "name"],
        ["--param", "=x"],
        ["--param", "nane=x"],
        ["--param", "name=x", "--param", "name=y"],
    ):
        run = crm(*asked, *wrong)
        assert run.code == 2
        assert run.err.count("\n") == 2


def test_every_format(crm: Crm, ws: Workspace) -> None:
    kit.deal(ws, name='a;"b"', amount="1500.10")
    text = "select name, amount, amount_cents, null as empty, 0.1 + 0.2 as sum, x'00ff' as raw, 1 as id, 2 as id from deals"
    told = {
        name: crm("sql", text, "--format", name).out
        for name in ("table", "json", "jsonl", "csv", "tsv", "yaml", "ids")
    }
    want = {
        "name": 'a;"b"',
        "amount": 1500.1,
        "amount_cents": 150010,
        "empty": None,
        "sum": 0.3,
        "raw": "00ff",
        "id": 1,
        "id_2": 2,
    }
    assert json.loads(told["json"]) == [want]
    assert json.loads(told["jsonl"]) == want
    assert (
        told["csv"]
        == 'name,amount,amount_cents,empty,sum,raw,id,id_2\n"a;""b""",1500.1,150010,,0.3,00ff,1,2\n'
    )
    assert told["tsv"].split("\n")[1] == 'a;"b"\t1500.1\t150010\t\t0.3\t00ff\t1\t2'
    assert told["ids"] == "1\n"
    assert "1 500,1" in told["table"].replace("\xa0", " ")
    assert (
        crm("sql", "-", "--csv", stdin="select 9e999 as x, -0.0 as y, 12345678901234567 as z").out
        == "x,y,z\ninf,0,12345678901234567\n"
    )
    assert crm("sql", "select 1 where 0", "--json").out == "[]\n"


def test_views_are_listed(crm: Crm, folder: Path) -> None:
    rows = json.loads(crm("sql", "--json").out)
    views = {row["view"] for row in rows}
    assert views == {
        *(noun.plural for noun in ENTITIES.values()),
        "lists",
        "events",
        "activities",
        "stays",
        "stages",
        "users",
        "rates",
    }
    assert all(row["about"] for row in rows)
    for view in views:
        columns = [row["column"] for row in rows if row["view"] == view][1:]
        assert kit.opened(folder).sql(f"select * from {view} limit 0").columns == tuple(columns)
    assert crm("sql", "--views", "deals", "--json").out.count('"view": "deals"') > 20
    assert crm("sql", "--views", "deal").code == 3


def test_custom_fields_of_any_name(crm: Crm, folder: Path, ws: Workspace) -> None:
    for name in ("group", "Size", "size", "amount_cents_", "stage_"):
        assert crm("field", "add", "deal", name, "--type", "text").code == 0
    deal = kit.deal(kit.opened(folder), group="Ёж", Size="XL", size="xl")
    found = kit.opened(folder).sql('select id, "group", Size from deals')
    assert found.rows == [(deal.id, "Ёж", "XL")]


def test_a_damaged_timeline_and_unreadable_files_do_not_stop_it(
    crm: Crm, folder: Path, ws: Workspace
) -> None:
    deal = kit.deal(ws)
    kit.write(folder, "data/deals/x/deal-xxxxxxxx.yaml", "id: [")
    journal = next((folder / "data" / "timeline").rglob("*.csv"))
    kit.append(folder, journal.relative_to(folder).as_posix(), "\x00broken,,,\n")
    run = crm(
        "sql",
        "select id, (select count(*) > 0 from events where record = d.id) as told from deals d",
        "--json",
    )
    assert json.loads(run.out) == [{"id": deal.id, "told": 1}]
    assert "crm check" in run.err
