"""SQL of people reaches what they may export and nothing else, however it is written."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from crmcli.errors import BadUsage, Forbidden
from crmcli.store.audit import canaries
from crmcli.workspace import Workspace
from tests import kit
from tests.rights.conftest import ACCESS, Base

Crm = Callable[..., kit.Run]
HIDING = """roles:
  half:
    like: head
    deal: {hidden: [amount]}
    lead: {hidden: [comment]}
    contact: {hidden: [phones]}
  outside:
    all: {read: all, export: own}
"""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Boris leads anna and sees neither amounts of deals, nor comments of leads, nor phones."""
    from tests.rights.conftest import SETTINGS, fill

    root = kit.workspace(tmp_path_factory.mktemp("sql") / "team", kit.pipelines(), SETTINGS)
    records = fill(root)
    rules = ACCESS.replace("boris: [head]", "boris: [half]").replace("[assistant]", "[outside]")
    kit.write(root, "access.yaml", rules + HIDING)
    return Base(root, records)


@pytest.fixture
def boris(shared: Base) -> Workspace:
    return shared.open("boris")


INTERNAL = ("deal", "doc", "item", "event", "merged", "words", "talk", "agenda", "file", "meta", "journal",
            "word_index", "dirty", "pending", "problem", "shard")  # fmt: skip
REFUSED = (
    *(f"select * from {table}" for table in INTERNAL),
    *(f"select * from {schema}.deal" for schema in ("main", "temp", "MAIN", '"main"', "[main]", "`main`")),
    *(f"select * from {schema}.deals" for schema in ("main", "'main'", "temp.temp", "x")),
    "select * from main . deal", "select * from main/**/./**/deal", "select * from ma/* */in.deal",
    'select * from "deal"', "select * from [deal]", "select * from `deal`", "select * from 'deal'",
    'select * from "main.deal"', "select * from deal as deals", "select * from DEAL deals",
    # a part of the query, or an alias, by the name of a view
    "with deals as (select * from deal) select * from deals",
    "with deals as (select * from main.deal) select * from deals",
    "with deals(id) as (select id from main.deal) select count(*) from deals",
    "select * from (select * from deal) as deals", "select * from (select * from main.deal) deals",
    "with recursive deals(x) as (select id from deal union select x from deals) select * from deals",
    "with contacts as (with deals as (select id from deal) select * from deals) select * from contacts",
    "select (select group_concat(id) from main.deal) from deals",
    "select exists (select 1 from deal where f_name like 'x%')",
    "select * from deals where id in main.deal", "select * from deals where id in deal",
    "select * from deals where id in (select id from deal)",
    "select * from deals natural join deal", "select * from deals join main.deal using (id)",
    "select * from deals left join item on 1", "select id from deals union all select id from deal",
    "select id from deals intersect select id from main.deal", "values ((select id from deal limit 1))",
    "select id from deals order by (select f_name from deal)",
    "select sum((select count(*) from deal)) over () from deals", "select 1 limit (select count(*) from deal)",
    "select json_group_array(id) filter (where id in (select id from deal)) from deals",
    # columns that the view stands on
    "select f_name from deals", "select num from deals", "select rowid from deals", "select oid from deals",
    "select r.f_amount from deals", "select d.doc from deals", "select deals.doc from deals", "select doc from deals",
    "select main.deals.id from deals", "select event.data from events", "select later.id from activities",
    # SQLite's own
    *(f"select * from {table}" for table in (
        "sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema", "main.sqlite_master",
        "temp.sqlite_master", "SQLITE_MASTER", '"sqlite_master"', "sqlite_sequence", "sqlite_stat1", "dbstat",
        "sqlite_dbpage", "sqlite_stmt", "bytecode('select 1')", "tables_used('select 1')", "pragma_table_info('deal')",
        "pragma_database_list", "pragma_table_list", "pragma_function_list", "pragma_index_list('deal')",
        "json_each((select doc from doc limit 1))", "fts5vocab", "words('x')", "generate_series(1, 2)")),
    *(f"select count(*) from {table}" for table in (
        "deal", "sqlite_master", "sqlite_temp_master", "pragma_database_list", "dbstat", "pragma_table_list")),
    "with deals as (select sql from sqlite_temp_master) select * from deals",
    # functions
    *(f"select {call}" for call in (
        "load_extension('x')", "readfile('/etc/passwd')", "writefile('x', 'y')", "edit('x')", "randomblob(9)",
        "zeroblob(1000000000)", "sqlite_version()", "sqlite_source_id()", "sqlite_compileoption_get(1)",
        "fts3_tokenizer('simple')", "last_insert_rowid()", "changes()", "contains('a', 'b')", "likely(1)",
        "Load_Extension('x')", '"load_extension"(\'x\')', "eval('select 1')", "sqlite_log(1, 'x')",
        "highlight(words, 0, '', '')", "bm25(words)", "snippet(words, 0, '', '', '', 1)", "'a' glob 'a'",
        "'a' regexp 'a'", "'a' match 'a'")),
    # other statements
    "pragma table_list", "pragma query_only=0", "attach ':memory:' as x", "attach 'x.db' as x", "detach main",
    "delete from deals", "insert into deals values (1)", "update deals set name = 1", "drop view deals",
    "create temp table x (y)", "create view x as select 1", "vacuum", "vacuum into 'x.db'", "begin", "commit",
    "analyze", "reindex", "savepoint x", "explain select * from deals", "explain query plan select * from deals",
    "/* x */ explain select 1", "-- x\nexplain select 1", ";select 1", "/*", "--", "", " \n ", ";",
    "with x as (select 1) delete from deals", "with x as (select 1) insert into users select 1, 2",
    "with x as (select 1) update users set name = 1", "select 1; drop view deals", "select 1; select 2",
    "select 1;;select 2", "select * from deals; pragma query_only=0", "select 1 into x", "select\x00 1",
    "replace into users values (1, 2)", "select * from deals returning id", "\ufeffpragma table_list",
    # what is no SQL
    "select", "select * from", "select 'a", 'select "a', "select [a", "select 1 +", "select (1", "select )", "select $",
    "select * from deals where", "select ?", "select ?1", "select @x", "select :x", "select $x", "select #1",
    "select '\ud800'", "select * from deals d, deals d2 where id = 1", "select nosuch('x')", "select sum(sum(amount)) from deals",
    "select 1 union select 1, 2", "select abs(1, 2)", "select json('{')", "select json_extract('{', '$.a')",
    "select local('2026-01-01', 'decade')", "select local('gestern', 'day')", "select x'1'", "select 1e", "select 0x",
)  # fmt: skip


@pytest.mark.parametrize("user", ["boris", "root"])
def test_what_is_refused(shared: Base, user: str) -> None:
    ws = shared.open(user)
    for text in REFUSED:
        with pytest.raises(BadUsage) as told:
            print(text, ws.sql(text))
        lines = f"{told.value.message} {told.value.hint}".replace(text, "")
        assert "\n" not in lines, text
        assert not {"CREATE", "user-defined", "Traceback", "bug"} & {*lines.split()}, text


EVERYTHING = (
    "with deals as (select * from contacts) select * from deals",
    "with deal as (select 'x' as id, 1 as num, 'x' as f_name) select * from deals",
    "with doc(num, id, doc) as (values (1, 'x', '{}')) select * from deals, lists",
    "with event as (select 1 as id) select * from activities",
    "with main as (select * from deals) select * from main", "with temp as (select * from leads) select * from temp",
    "with sqlite as (select 1) select count(*) from sqlite",
    "select * from temp.deals", "select * from DEALS as deal", "select deal.* from deals deal",
    "select * from \"deals\" d, [leads] l, `contacts` c", "select * from/**/deals--x", "select * from deals;",
    "select * from deals; -- select * from deal", "select * from deals;;;", "select 1 -- ;", "/* main.deal */ select name from deals",
    "select \"main.deal\", 'doc', name from deals", "select * from lists", "select * from events",
    "select * from activities", "select count(*), group_concat(data) from events", "select * from deals, stages, users",
    "select d.*, i.* from deals d, json_each(d.contacts) i", "select * from json_tree((select json_group_array(id) from deals))",
    "select * from deals where id not in (select id from leads)", "select * from contacts where name not in (select 'x')",
    "select name, (select group_concat(name) from contacts where id = d.company) from deals d",
    "select name, rank() over (order by amount) from deals", "values (1)", "select 1 as deal, 2 as \"main.doc\"",
    "select * from deals left join contacts on 1 left join companies on 1 left join tasks on 1",
    "select quote(comment), typeof(phones), json_quote(name) from leads", "select data from events where kind like '%.created'",
)  # fmt: skip
SECRETS = ("секрет", "+7916", "100000", "100100")
"""Comments, phones and amounts, which boris does not see of his own team either."""


def test_whatever_is_asked_answers_with_what_is_seen(shared: Base) -> None:
    ws = shared.open("boris")
    nouns = ("deal", "lead", "contact", "company", "task")
    mine = [row for noun in nouns for row in ws.rows(noun)]
    seen = json.dumps(mine, ensure_ascii=False)  # with ids to which they link
    others = [one for one in shared.records.values() if one.id not in seen]
    hidden = {*SECRETS, *(one.id for one in others), *(str(one.get("name")) for one in others)}
    assert len(mine) > 5 < len(others)
    for text in EVERYTHING:
        told = json.dumps(ws.sql(text).rows, ensure_ascii=False, default=str)
        assert not [word for word in hidden if word in told], text


def test_hidden_fields_are_null_and_what_is_not_exported_is_left_out(
    shared: Base, boris: Workspace
) -> None:
    assert set(boris.sql("select amount, amount_cents from deals").rows) == {(None, None)}
    assert set(boris.sql("select comment from leads").rows) == {(None,)}
    assert boris.sql("select phones from contacts where phones is not null").rows == []
    assert boris.sql("select value from lists where field = 'phones'").rows == []
    seen = {row["id"] for row in boris.rows("contact")}
    own = boris.within("export", "contact", None)
    exported = {row["id"] for row in boris.rows("contact", own)}
    assert exported < seen  # the clients of one's deals are read, not exported
    assert {row[0] for row in boris.sql("select id from contacts").rows} == exported
    assert shared.open("root").sql("select amount from deals where amount = 1000").rows == [
        (1000.0,)
    ]
    ivan = shared.open("ivan")  # reads everything, exports what he owns
    assert {row[0] for row in ivan.sql("select distinct owner from deals").rows} == {"ivan"}
    assert {row["id"] for row in ivan.rows("deal")} > {
        row[0] for row in ivan.sql("select id from deals").rows
    }


def test_who_may_not_export_asks_nothing(shared: Base) -> None:
    anna = shared.open("anna")
    for text in (
        "select 1 from deals",
        "select count(*) from events",
        "select * from lists limit 0",
    ):
        with pytest.raises(Forbidden) as told:
            anna.sql(text)
        assert "anna" in told.value.message
    assert anna.sql("select id from users where id = 'anna'").rows == [("anna",)]


def test_the_audit_keeps_what_was_asked(crm: Crm, base: Base) -> None:
    text = "select id, 'x' from deals where owner = :who"
    run = crm("sql", text, "--param", "who=olga", "--csv", cwd=base.root, CRM_USER="root")
    assert run.out.splitlines()[1:] == [f"{base.records['deal olga'].id},x"]
    assert crm("sql", "select 1 from deals", cwd=base.root, CRM_USER="anna").code == 4
    assert crm("sql", "select 1 from deal", cwd=base.root, CRM_USER="root").code == 2
    kept = crm("audit", "list", "--json", cwd=base.root, CRM_USER="root")
    rows = [row for row in json.loads(kept.out) if row["command"] == "sql"]
    kinds = [("Хозяйка", "export"), ("Анна Петрова", "refused"), ("Хозяйка", "command")]
    assert [(row["user"], row["kind"]) for row in rows] == kinds
    assert rows[0]["text"] == f"1 row: {text}"


@pytest.mark.parametrize(("text", "is_told"), [
    ("select id from contacts", True), ("select group_concat(value) from lists", True),
    ("select 'tel ' || phones from contacts", True), ("select count(*) from contacts", False),
])  # fmt: skip
def test_a_canary_that_leaves_is_told(crm: Crm, base: Base, text: str, is_told: bool) -> None:
    done = crm(
        "audit",
        "canary",
        "add",
        "olga",
        "--phone",
        "+7 916 777-66-55",
        cwd=base.root,
        CRM_USER="root",
    )
    assert done.code == 0, done
    before = len(canaries.touched(base.root))
    assert crm("sql", text, cwd=base.root, CRM_USER="root").code == 0
    assert len(canaries.touched(base.root)) - before == int(is_told)


def test_by_the_gate(crm: Crm, base: Base) -> None:
    from crmcli.cli.gate_grammar import is_open

    assert is_open(["sql"])
