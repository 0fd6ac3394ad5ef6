"""Exporting, and coming back: export, import into another workspace, export, the same bytes."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crmcli.errors import BadUsage
from crmcli.model.entities import having
from crmcli.model.kinds import EMAIL_TYPES, PHONE_TYPES, UTM_KEYS, Field
from crmcli.model.schema import Schema
from crmcli.model.values import ID_LETTERS, Raw
from crmcli.sales.exports.export import Layout, export
from crmcli.sales.exports.sheet_rows import guard, unguard
from crmcli.workspace import Workspace
from tests import kit
from tests.sales.conftest import PIPELINES

SETTINGS = """
users:
  anna: {name: Анна Смирнова}
directories:
  sources: {web: Сайт, call: Звонок}
fields:
  lead: &all
    z_text: {type: text}
    z_note: {type: note}
    z_number: {type: number}
    z_money: {type: money}
    z_date: {type: date}
    z_datetime: {type: datetime}
    z_bool: {type: bool}
    z_choice: {type: choice, choices: [flat, 'a; b', 'да']}
    z_choices: {type: choices, choices: [flat, 'a; b', 'да']}
    z_link: {type: link}
    z_url: {type: url}
    z_phone: {type: phone}
    z_email: {type: email}
"""
FORMATS = (Layout(), Layout(excel=True), Layout(format="jsonl"), Layout(format="xlsx"))


def new_workspace(root: Path) -> Workspace:
    (root / "data").mkdir(parents=True)
    (root / "pipelines.yaml").write_text(PIPELINES, "utf-8")
    fields = SETTINGS.partition("lead: &all\n")
    for_all = "".join(f"  {e}:\n{fields[2]}" for e in ("lead", "contact", "company", "deal"))
    text = fields[0].rstrip() + "\n" + for_all
    (root / "settings.yaml").write_text(text, "utf-8")
    return kit.opened(root)


@pytest.fixture
def ws(tmp_path: Path) -> Workspace:
    return new_workspace(tmp_path / "ws")


def put(ws: Workspace, entity: str, *raws: Mapping[str, Raw]) -> None:
    with ws.change("test") as change:
        for raw in raws:
            change.add(ws.schema.read(entity, raw))
    ws.look_again()


def text_of(ws: Workspace, entity: str, layout: Layout, where: str = "") -> str:
    ws.look_again()
    condition = ws.condition(where, entity) if where else None
    return b"".join(export(ws, entity, condition, layout)).decode()


def bytes_of(ws: Workspace, entity: str, layout: Layout) -> bytes:
    ws.look_again()
    return b"".join(export(ws, entity, None, layout))


def rows(text: str) -> list[dict[str, str]]:
    text = text.removeprefix("\ufeff")
    delimiter = ";" if text.split("\n")[0].count(";") else ","
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


# -- one field after the other ---------------------------------------------------------------


def test_a_contact_as_people_read_it(ws: Workspace) -> None:
    put(ws, "company", {"id": "company-7k3qf2m9", "name": "ООО «Ёлка»"})
    put(
        ws,
        "contact",
        {
            "id": "contact-7k3qf2m9",
            "name": "Анна Орлова",
            "phones": [
                {"value": "+79161234567", "ext": "12", "type": "mobile"},
                {"value": "+74951234567", "type": "work"},
            ],
            "emails": [{"value": "a@b.ru", "type": "home"}],
            "companies": [{"company": "company-7k3qf2m9", "role": "директор"}],
            "tags": ["b2b", "vip"],
            "utm": {"source": "yandex", "odd": "x"},
            "batch": "batch-1",
            "strange": "ключ",
        },
    )
    [row] = rows(text_of(ws, "contact", Layout()))
    assert row["phones"] == "mobile:+79161234567 x12; work:+74951234567"
    assert row["emails"] == "home:a@b.ru"
    assert row["companies"] == "company-7k3qf2m9: директор"
    assert row["company_names"] == "ООО «Ёлка»"
    assert row["tags"] == "b2b; vip"
    assert row["utm_source"] == "yandex"
    assert json.loads(row["unknown"]) == {"strange": "ключ", "utm": {"odd": "x"}}
    assert "batch" not in row


def test_the_columns_are_the_names_of_the_fields(ws: Workspace) -> None:
    for entity in ("lead", "contact", "company", "deal", "task", "offer"):
        header = text_of(ws, entity, Layout()).strip().split(",")
        fields = [f.name for f in ws.schema.fields(entity) if f.name not in ("batch", "utm")]
        assert [name for name in header if name in fields] == fields


def test_chosen_columns_and_conditions(ws: Workspace) -> None:
    put(ws, "lead", {"id": "lead-7k3qf2m9", "name": "А", "amount": "100", "stage": "new"},
        {"id": "lead-7k3qf2m8", "name": "Б", "amount": "300", "stage": "new"})  # fmt: skip
    assert text_of(ws, "lead", Layout(columns=("name", "amount")), "amount > 200") == (
        "name,amount\nБ,300\n"
    )
    wanted = Layout(format="jsonl", columns=("name",))
    assert text_of(ws, "lead", wanted, "amount < 200") == '{"name": "А"}\n'
    with pytest.raises(BadUsage, match="no column 'amont'") as refusal:
        text_of(ws, "lead", Layout(columns=("amont",)))
    assert "'amount'" in refusal.value.hint


def test_what_is_derived_is_there_when_it_is_named(ws: Workspace) -> None:
    one = kit.deal(ws, name="А")
    kit.deal(ws, name="Б")
    kit.task(ws, name="Позвонить", about=one.id, due="2026-12-01")
    assert "next_task" not in text_of(ws, "deal", Layout())
    columns = ("name", "next_task", "last_activity")
    text = text_of(ws, "deal", Layout(columns=columns))
    rows = sorted(text.splitlines(), key=str.casefold)
    assert (rows[0], rows[1][:13], rows[2]) == (",".join(columns), "А,2026-12-01T", "Б,,")
    lines = text_of(ws, "deal", Layout(format="jsonl", columns=columns)).splitlines()
    assert sorted([*json.loads(line)] for line in lines) == [["name"], ["name", "next_task"]]
    back = kit.bring(ws, "deal", text.encode())
    assert back.unmapped == {}


@pytest.mark.parametrize(
    ("amount", "number"),
    [("1000", 1000), ("1000.50", 1000.5), ("-0.01", -0.01), ("1234567890123456", "1234567890123456")],
)  # fmt: skip
def test_sums_are_numbers_in_json_lines_as_in_lists(
    ws: Workspace, amount: str, number: object
) -> None:
    put(ws, "deal", {"id": "deal-7k3qf2m9", "name": "А", "amount": amount, "stage": "request",
                     "pipeline": "sales"})  # fmt: skip
    assert json.loads(text_of(ws, "deal", Layout(format="jsonl")))["amount"] == number


def test_what_makes_no_sense_is_refused(ws: Workspace) -> None:
    with pytest.raises(BadUsage, match="is not an export format"):
        text_of(ws, "lead", Layout(format="pdf"))
    with pytest.raises(BadUsage, match="leads cannot be exported as vCards"):
        text_of(ws, "lead", Layout(format="vcard"))
    with pytest.raises(BadUsage, match="--excel"):
        text_of(ws, "lead", Layout(format="jsonl", excel=True))


def test_an_excel_file(ws: Workspace) -> None:
    put(
        ws,
        "lead",
        {
            "id": "lead-7k3qf2m9", "name": "=1+1", "stage": "new", "comment": "+7 звонить\nвечером",
            "first_name": "'Анна", "last_name": "-5", "amount": "-5.50", "company_name": "@ООО",
        },
    )  # fmt: skip
    text = text_of(ws, "lead", Layout(excel=True))
    assert text.startswith("\ufeffid;name;stage;")
    assert text.endswith("\r\n")
    [row] = rows(text)
    assert (row["name"], row["company_name"], row["first_name"]) == ("'=1+1", "'@ООО", "''Анна")
    assert row["comment"] == "'+7 звонить\nвечером"
    assert (row["last_name"], row["amount"]) == ("-5", "-5.50")
    cells = [cell for row in rows(text) for cell in row.values()]
    assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in cells)
    found = kit.bring(ws, "lead", text.replace("lead-7k3qf2m9", "lead-7k3qf2m8"))
    assert found.created == 1
    assert text_of(ws, "lead", Layout(excel=True)).count("'=1+1") == 2
    assert ws.get("lead-7k3qf2m8").get("name") == "=1+1"
    assert ws.get("lead-7k3qf2m8").get("first_name") == "'Анна"


@given(st.text(alphabet="'=+-@\t\ra1.", max_size=6))
def test_exactly_one_guarding_apostrophe_comes_off(cell: str) -> None:
    for excel in (True, False):
        assert unguard(guard(cell, excel=excel), own=True) == cell


def test_in_files_of_others_only_formulas_lose_an_apostrophe(ws: Workspace) -> None:
    kit.bring(ws, "contact", "Имя;Должность;Пол\n'+7 Анна;''кавычки'';ж\n")
    [contact] = ws.select("contact")
    assert (contact.get("first_name"), contact.get("position")) == ("+7 Анна", "''кавычки''")


# -- coming back ----------------------------------------------------------------------------


def test_contacts_bring_the_names_of_their_companies(ws: Workspace, tmp_path: Path) -> None:
    put(ws, "company", {"id": "company-7k3qf2m9", "name": "Ёлка; Ко", "inn": "7707083893"},
        {"id": "company-7k3qf2m8", "name": "Ёлка; Ко", "kpp": "1"})  # fmt: skip
    put(ws, "contact", {"id": "contact-7k3qf2m9", "name": "А", "companies": [
        {"company": "company-7k3qf2m8"}, {"company": "company-7k3qf2m9", "role": "a; b"},
        {"company": "company-00000000"},
    ]})  # fmt: skip
    first = text_of(ws, "contact", Layout())
    other = new_workspace(tmp_path / "other")
    found = kit.bring(other, "contact", first)
    assert (found.made, found.dangling_links) == ({"company": 2}, 1)
    assert text_of(other, "contact", Layout()) == first

    companies = text_of(ws, "company", Layout())
    found = kit.bring(other, "company", companies)
    assert (found.completed, found.created, found.skipped) == (2, 0, 0)
    assert text_of(other, "company", Layout()) == companies
    assert text_of(other, "contact", Layout()) == first
    assert kit.bring(other, "company", companies).skipped == 2


@pytest.mark.parametrize("name", ["0:", ":", "Ёлка (info@elka.ru)", "Ёлка (17)", '["Ёлка"]', "[Ё"])
def test_a_name_beside_an_id_is_taken_to_the_letter(
    ws: Workspace, tmp_path: Path, name: str
) -> None:
    company, contact = "company-7k3qf2m9", "contact-7k3qf2m9"
    put(ws, "company", {"id": company, "name": name})
    put(ws, "contact", {"id": contact, "name": name, "companies": [{"company": company}]})
    put(ws, "deal", {"id": "deal-7k3qf2m9", "pipeline": "sales", "stage": "request",
        "company": company, "contacts": [contact]})  # fmt: skip
    for entity in ("contact", "deal"):
        other = new_workspace(tmp_path / entity)
        first = text_of(ws, entity, Layout())
        assert kit.bring(other, entity, first).conflicts == []
        assert text_of(other, entity, Layout()) == first


@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("part", ["first_name", "middle_name", "last_name", "name"])
def test_names_of_any_form_come_back_as_they_were(
    ws: Workspace, tmp_path: Path, layout: Layout, part: str
) -> None:
    odd = ["0,0 0", "1,5", "-", "нет", "n/a", "12.04", "Лис, Вера", "Орлова Вера Павловна", "0x1"]
    odd += ["Hill, Dr. Vera", "1E5", "NULL", "2026-01-01", "Martin Hill Jr.", "#N/A", "+7", "'нет"]
    put(ws, "contact", *({"id": f"contact-{n:08}", part: name} for n, name in enumerate(odd)))
    first = bytes_of(ws, "contact", layout)
    other = new_workspace(tmp_path / "other")
    kit.bring(other, "contact", first)
    assert bytes_of(other, "contact", layout) == first


def test_another_name_beside_an_id_is_told(ws: Workspace) -> None:
    put(ws, "company", {"id": "company-7k3qf2m9", "name": "Ёлка"})
    put(
        ws,
        "contact",
        {"id": "contact-7k3qf2m9", "name": "А", "companies": [{"company": "company-7k3qf2m9"}]},
    )
    text = text_of(ws, "contact", Layout()).replace("Ёлка", "Сосна").replace("contact-7k3qf2m9", "")
    found = kit.bring(ws, "contact", text)
    assert (found.created, found.conflicts) == (1, [(2, "company_names")])


def test_two_contacts_with_one_phone_come_back(ws: Workspace, tmp_path: Path) -> None:
    phone: Raw = [{"value": "+79161234567", "type": "work"}]
    put(ws, "contact", {"id": "contact-7k3qf2m8", "name": "А", "phones": phone},
        {"id": "contact-7k3qf2m9", "name": "Б", "phones": phone})  # fmt: skip
    other = new_workspace(tmp_path / "other")
    text = text_of(ws, "contact", Layout())
    assert kit.bring(other, "contact", text).created == 2
    assert text_of(other, "contact", Layout()) == text


def test_an_edited_export_is_read_as_people_write(ws: Workspace) -> None:
    put(
        ws,
        "contact",
        {
            "id": "contact-7k3qf2m9",
            "name": "А",
            "phones": [{"value": "+79161234567", "type": "mobile"}],
        },
    )
    text = text_of(ws, "contact", Layout(columns=("id", "name", "phones", "tags")))
    text = text.replace("mobile:+79161234567", '"8 (916) 123-45-67 доб. 3, раб. 8 495 123 45 67"')
    text = text.replace(",\n", ',"vip, b2b"\n')
    assert kit.bring(ws, "contact", text, on_duplicate="replace").replaced == 1
    raw = ws.schema.write(ws.get("contact-7k3qf2m9"))
    assert raw["phones"] == [
        {"value": "+79161234567", "ext": "3", "type": "work"},
        {"value": "+74951234567", "type": "work"},
    ]
    assert raw["tags"] == ["b2b", "vip"]
    bad = text_of(ws, "contact", Layout()).replace("+74951234567", "+7")
    assert kit.bring(ws, "contact", bad, on_duplicate="replace").rejected == 1


def test_an_export_without_some_columns_gets_the_usual_defaults(
    ws: Workspace, tmp_path: Path
) -> None:
    put(
        ws,
        "lead",
        {
            "id": "lead-7k3qf2m9",
            "name": "А",
            "stage": "working",
            "phones": [{"value": "+79161234567", "type": "work"}],
        },
    )
    other = new_workspace(tmp_path / "other")
    kit.bring(other, "lead", text_of(ws, "lead", Layout(columns=("id", "name"))))
    raw = other.schema.write(other.get("lead-7k3qf2m9"))
    assert (raw["stage"], raw["owner"], raw["created_at"]) == (
        "new",
        "anna",
        "2026-11-23T09:00:00Z",
    )


# -- the property ---------------------------------------------------------------------------

LETTERS = st.characters(exclude_categories=("Cs", "Cn"), exclude_characters="\0")
PLAIN = st.text("абвЁё abc1", min_size=1, max_size=12)
NASTY = st.text(
    alphabet="'=+-@\t\r\n;,\"|[]{}: #&*!?>%`~\\\u00a0\u2028\x85\ufeffaЯё0", min_size=1, max_size=10
)
ANY_TEXT = st.one_of(PLAIN, NASTY, st.text(LETTERS, min_size=1, max_size=10)).filter(bool)
EIGHT = st.text(ID_LETTERS, min_size=8, max_size=8)
GOOD_PHONE = st.from_regex(r"\+79[0-9]{9}", fullmatch=True)
EMAIL = st.from_regex(r"[a-zA-Z][a-z0-9.]{0,8}[a-z]@[a-z]{2,6}\.(ru|рф)", fullmatch=True).filter(
    lambda text: ".." not in text
)
MONEY = st.decimals(-(10**10), 10**10, places=2).map(lambda number: f"{number:f}")
NUMBER = st.decimals(-(10**6), 10**6, places=4).map(lambda number: f"{number:f}")
HANDLE = st.sampled_from(["telegram:anna_s", "vk:id1", "https://t.me/anna_s", "@anna"])
DATE = st.dates(date(1700, 1, 1), date(2300, 1, 1)).map(lambda day: day.isoformat())
INSTANT = st.datetimes().map(lambda moment: moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0"))


def id_of(entity: str) -> st.SearchStrategy[str]:
    return EIGHT.map(lambda letters: f"{entity}-{letters}")


def some(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(items, max_size=3)


def phone() -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {
            "value": st.one_of(GOOD_PHONE, GOOD_PHONE, ANY_TEXT),
            "type": st.sampled_from(PHONE_TYPES),
        },
        optional={"ext": st.one_of(st.from_regex("[0-9]{1,6}", fullmatch=True), ANY_TEXT)},
    )


def email() -> st.SearchStrategy[dict[str, str]]:
    return st.fixed_dictionaries(
        {"value": st.one_of(EMAIL, EMAIL, ANY_TEXT), "type": st.sampled_from(EMAIL_TYPES)}
    )


ACCOUNT = st.sampled_from(
    [
        {
            "account": "40702810938000012345",
            "bic": "044525225",
            "corr": "30101810400000000225",
            "bank": "ПАО Сбербанк, г. Москва",
        },
        {"account": "40702810938000012345", "bic": "044525225"},
        {"account": "DE89370400440532013000", "bic": "COBADEFFXXX", "bank": "Bank: 1; 2"},
        {"account": "без номера", "bank": "123456789"},
    ]
)
CONSENT = st.fixed_dictionaries(
    {"channel": st.sampled_from(["mail", "sms"]), "at": INSTANT}, optional={"text": ANY_TEXT}
)
LINE = st.fixed_dictionaries(
    {"name": ANY_TEXT, "quantity": NUMBER, "price": MONEY},
    optional={"unit": ANY_TEXT, "vat": st.sampled_from(["0", "20", "22"])},
)
NESTED: st.SearchStrategy[Raw] = st.recursive(
    ANY_TEXT, lambda inner: st.lists(inner, min_size=1, max_size=2) | st.dictionaries(PLAIN, inner, min_size=1, max_size=2), max_leaves=4
)  # fmt: skip


def value_of(field: Field) -> st.SearchStrategy[Any]:
    """Any value that a field of that kind may have in a file."""
    link = id_of(field.entities[0] if field.entities else "contact")
    links = {"link": link, "links": some(link)}
    if field.kind.name in links:
        return links[field.kind.name]
    if field.directory == "sources":
        return st.sampled_from(["web", "call"])
    return {
        "text": ANY_TEXT,
        "note": ANY_TEXT,
        "user": st.one_of(st.just("anna"), ANY_TEXT),
        "currency": st.sampled_from(["RUB", "USD"]),
        "inn": st.sampled_from(["7707083893", "500100732259"]),
        "kpp": st.just("773601001"),
        "ogrn": st.sampled_from(["1027700132195", "304500116000157"]),
        "vat_id": st.just("DE136695976"),
        "accounts": some(ACCOUNT),
        "consents": some(CONSENT),
        "files": some(
            st.fixed_dictionaries({"name": st.just("план.pdf"), "file": st.just("a" * 64)})
        ),
        "phones": some(phone()),
        "emails": some(email()),
        "tags": some(ANY_TEXT),
        "urls": some(
            st.one_of(st.just("https://example.ru/a,b;c"), st.just("example.ru"), ANY_TEXT)
        ),
        "companies": some(
            st.fixed_dictionaries({"company": id_of("company")}, optional={"role": ANY_TEXT})
        ),
        "lines": some(LINE),
        "length": st.sampled_from(["15m", "2h", "31d"]),
        "users": some(st.one_of(st.just("anna"), ANY_TEXT)),
        "checklist": some(
            st.fixed_dictionaries({"text": ANY_TEXT}, optional={"done": st.just("yes")})
        ),
        "handles": some(st.one_of(HANDLE, HANDLE, ANY_TEXT)),
        "external": st.dictionaries(st.sampled_from(["hubspot", "1c"]), ANY_TEXT, max_size=2),
        "utm": st.dictionaries(st.one_of(st.sampled_from(UTM_KEYS), PLAIN), ANY_TEXT, max_size=3),
        "converted": st.dictionaries(
            st.sampled_from(["contact", "deal"]), id_of("deal"), max_size=2
        ),
        "money": MONEY,
        "number": NUMBER,
        "chance": st.decimals(0, 100, places=2).map(lambda number: f"{number:f}"),
        "date": DATE,
        "birthday": st.one_of(DATE, st.sampled_from(["--04-12", "--02-29"])),
        "datetime": INSTANT,
        "happened": INSTANT,
        "bool": st.sampled_from(["yes", "no"]),
        "choice": st.sampled_from(field.choices or ("x",)),
        "choices": some(st.sampled_from(field.choices or ("x",))),
        "url": st.just("https://пример.рф/путь?a=1"),
        "phone": GOOD_PHONE,
        "email": EMAIL,
    }[field.kind.name]


@st.composite
def raw_records(draw: st.DrawFn, entity: str, schema: Schema) -> dict[str, Raw]:
    """A record as a file may hold it: some fields, some keys that nobody declared."""
    fields = [f for f in schema.fields(entity) if f.name not in ("id", "stage", "pipeline")]
    chosen = draw(st.lists(st.sampled_from(fields), max_size=6, unique_by=lambda f: f.name))
    raw: dict[str, Raw] = {field.name: draw(value_of(field)) for field in chosen}
    if draw(st.booleans()):
        names = {f.name for f in schema.fields(entity)}
        strange = st.one_of(PLAIN, st.sampled_from(["Телефон", "unknown", "phone"]))
        raw.update(
            draw(st.dictionaries(strange.filter(lambda n: n not in names), NESTED, max_size=2))
        )
    raw["id"] = draw(id_of(entity))
    if entity == "lead":
        raw["stage"] = draw(st.sampled_from(["new", "working", "junk"]))
    if entity == "deal":
        raw["pipeline"], raw["stage"] = draw(
            st.sampled_from([("sales", "request"), ("sales", "cheap"), ("service", "bad")])
        )
    return raw


@pytest.fixture(scope="session")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return new_workspace(tmp_path_factory.mktemp("schema") / "ws").schema


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@pytest.mark.parametrize("entity", having("importable"))
@given(data=st.data())
def test_export_import_export_is_the_same(entity: str, data: st.DataObject, schema: Schema) -> None:
    raws = data.draw(
        st.lists(
            raw_records(entity, schema), min_size=1, max_size=3, unique_by=lambda r: str(r["id"])
        )
    )
    names = data.draw(st.lists(ANY_TEXT, min_size=1, max_size=2))
    layout = data.draw(st.sampled_from(FORMATS))
    with tempfile.TemporaryDirectory() as folder:
        ws = new_workspace(Path(folder) / "ws")
        put(ws, entity, *raws)
        _name_some_links(ws, names)
        first = bytes_of(ws, entity, layout)
        other = new_workspace(Path(folder) / "other")
        found = kit.bring(other, entity, first)
        told = (found.created, found.rejected, found.skipped, found.conflicts)
        assert told == (len(raws), 0, 0, []), found.reasons
        assert bytes_of(other, entity, layout) == first
        here, there = (text_of(w, entity, Layout(format="jsonl")) for w in (ws, other))
        sets = [[json.loads(line) for line in text.split("\n") if line] for text in (here, there)]
        assert sets[0] == sets[1]


def _name_some_links(ws: Workspace, names: list[str]) -> None:
    """Make some of the records that are linked to."""
    ids: list[str] = []
    for entity in ("contact", "deal"):
        for record in ws.select(entity):
            if entity == "contact":
                ids += [link.company for link in record.companies]  # type: ignore[attr-defined]  # a contact
            else:
                ids += [record.company, *record.contacts]  # type: ignore[attr-defined]  # a deal
    for record_id, name in zip(dict.fromkeys(i for i in ids if i), names, strict=False):
        put(ws, record_id.split("-")[0], {"id": record_id, "name": name})
