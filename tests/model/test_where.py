from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import crmcli
from crmcli.errors import BadUsage
from crmcli.model.company import Company
from crmcli.model.conditions.grammar import parse
from crmcli.model.conditions.holds import PRIMITIVES, Env, bounds, holds
from crmcli.model.conditions.holds import tests as made_tests  # a name that pytest leaves alone
from crmcli.model.conditions.paths import routes
from crmcli.model.conditions.tree import (
    OPERATORS,
    RESERVED,
    And,
    BadCondition,
    Compare,
    Condition,
    Empty,
    In,
    Literal,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Text,
)
from crmcli.model.conditions.where import Aliases, check, resolve
from crmcli.model.contact import Contact
from crmcli.model.dates import read_when
from crmcli.model.deal import Deal
from crmcli.model.durations import UNITS, Duration
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.kinds import Field, declarable, kind_of
from crmcli.model.lead import Lead
from crmcli.model.offer import Offer
from crmcli.model.schema import Schema, record_class
from crmcli.model.task import Task
from crmcli.model.values import CompanyLink, Email, Line, Phone, Value, parse_day_of_year

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(
    2026, 11, 23, 22, 30, tzinfo=UTC
)  # in Moscow it is half past one on Tuesday, the 24th
CUSTOM = (
    Field("Площадь", kind_of("number"), custom=True),
    Field("этаж", kind_of("choice"), choices=("Первый", "второй"), custom=True),
    Field("visit", kind_of("datetime"), custom=True),
    Field("vip", kind_of("bool"), custom=True),
    Field("mobile", kind_of("phones"), custom=True),
    Field("partner", kind_of("link"), entities=("company",), custom=True),
    Field("парк", kind_of("choices"), choices=("север", "юг"), custom=True),
    Field("channel", kind_of("text"), directory="channels", custom=True),
)
SCHEMA = Schema({"deal": CUSTOM})

ROMASHKA = Company(
    id="company-0000000a", name="ООО «Ромашка»", inn="7701234567",
    urls=("https://www.Romashka.ru/",), type="client",
)  # fmt: skip
PETR = Contact(
    id="contact-0000000a", name="Пётр Щукин", emails=(Email("petr@romashka.ru"), Email("p@mail.ru", "home")),
    phones=(Phone("+79161234567", "12"), Phone("спросить у Анны", type="other")),
    companies=(CompanyLink("company-0000000a", "директор"), CompanyLink("company-0000000z")),
)  # fmt: skip
ANNA = Contact(id="contact-0000000b", name="Анна", owner="boris")
DEAL = Deal(
    id="deal-0000000a", name="Поставка ёлок", stage="talk", amount=Decimal("150000.50"), company=ROMASHKA.id,
    contacts=(PETR.id, ANNA.id), tags=("VIP", "опт"), close_by=date(2026, 11, 24), owner="anna",
    created_at=datetime(2026, 11, 23, 20, 59, 59, tzinfo=UTC), utm={"source": "Яндекс"},
    lines=(Line("Ель голубая", price=Decimal(5)),), source="web",
    custom={"Площадь": Decimal(50), "этаж": "Первый", "vip": True, "mobile": (Phone("+79161234567", "2"),),
            "visit": datetime(2026, 11, 24, 9, 0, tzinfo=UTC), "partner": "", "парк": ("юг",), "channel": ""},
)  # fmt: skip
BLANK = Deal(
    id="deal-0000000b",
    custom={"Площадь": None, "этаж": "", "vip": None, "mobile": (), "visit": None, "partner": "", "парк": (), "channel": ""},
)  # fmt: skip
LEAD = Lead(id="lead-0000000a", stage="converted", converted={"deal": DEAL.id})
TASK = Task(id="task-0000000a", name="Позвонить", about=DEAL.id)
OFFER = Offer(id="offer-0000000a", status="sent", deal=DEAL.id, date=date(2026, 11, 20))
STORED: dict[str, Record] = {
    r.id: r for r in (ROMASHKA, PETR, ANNA, DEAL, BLANK, LEAD, TASK, OFFER)
}
ENV = Env(now=NOW, zone=MOSCOW, schema=SCHEMA, follow=STORED.get)


def true(text: str, record: Record = DEAL, env: Env = ENV) -> bool:
    condition = parse(text)
    check(condition, SCHEMA, record.entity)
    return holds(condition, record, env)


# --- reading ---------------------------------------------------------------------------------


def test_the_example_of_the_design_reads_as_one_tree() -> None:
    text = (
        "amount > 100000 and stage != lost and (tags has vip or name ~ 'ромаш') and "
        "close_by < today+7d and emails is not empty and owner in (anna, boris)"
    )
    assert parse(text) == Condition(
        text,
        And((
            Compare(("amount",), ">", Number(Decimal(100000))),
            Compare(("stage",), "!=", Text("lost")),
            Or((Compare(("tags",), "has", Text("vip")), Compare(("name",), "~", Text("ромаш")))),
            Compare(("close_by",), "<", Moment("today", 1, Duration(7, "d"))),
            Not(Empty(("emails",))),
            In(("owner",), (Text("anna"), Text("boris"))),
        )),
    )  # fmt: skip
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a = 1 or b = 2 and not c = 3", Or((Compare(("a",), "=", Number(Decimal(1))), And((
            Compare(("b",), "=", Number(Decimal(2))), Not(Compare(("c",), "=", Number(Decimal(3))))))))),
        ("NOT a IS EMPTY AND b = 1", And((Not(Empty(("a",))), Compare(("b",), "=", Number(Decimal(1)))))),
        ("owner not in (anna)", Not(In(("owner",), (Text("anna"),)))),
        ("close_by<today - 7d", Compare(("close_by",), "<", Moment("today", -1, Duration(7, "d")))),
        ("due > now+2h", Compare(("due",), ">", Moment("now", 1, Duration(2, "h")))),
        ("company.inn = 0278123456", Compare(("company", "inn"), "=", Text("0278123456"))),
        ("email = Иван@Почта.рф", Compare(("email",), "=", Text("Иван@Почта.рф"))),
        ("name = 'О''Брайен \"и Ко\"'", Compare(("name",), "=", Text("О'Брайен \"и Ко\""))),
        ("tags has today-report", Compare(("tags",), "has", Text("today-report"))),
        ("Площадь >= -1.50", Compare(("Площадь",), ">=", Number(Decimal("-1.50")))),
        ("с\u0438\u0306 = \u0438\u0306", Compare(("с\u0439",), "=", Text("\u0438\u0306"))),
        ("name = 'today'", Compare(("name",), "=", Text("today"))),
        ("at = 2026-11-23T09:00:00Z", Compare(("at",), "=", Text("2026-11-23T09:00:00Z"))),
    ],
)  # fmt: skip
def test_reads(text: str, tree: Node) -> None:
    assert parse(text).tree == tree
    assert parse(str(tree)).tree == tree


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "expected a field at position 1, found the end", "FIELD OPERATOR VALUE"),
        ("amount >", "expected a value at position 9, found the end", ""),
        ("amount 5", "expected an operator after 'amount' at position 8, found '5'", "is empty"),
        ("a = 1 b = 2", "expected 'and' or 'or' at position 7, found 'b'", ""),
        ("name = Анна Котова", "expected 'and' or 'or' at position 13, found 'Котова'", "quotes"),
        ("(a = 1", "expected ')' at position 7, found the end", ""),
        ("a = 1)", "expected the end at position 6, found ')'", ""),
        ("a = 'Анна", "the quote opened at position 5 is never closed", "O''Brien"),
        ("a == 1", "'==' at position 3 is not an operator", "write ="),
        ("a = 1 && b = 2", "'&&' at position 7 is not an operator", "write and"),
        ("name contains Ромашка", "expected an operator after 'name' at position 6", "write ~"),
        ("a = «Р»", "unexpected '«' at position 5", "quotes"),
        ("a in 1", "expected '(' at position 6, found '1'", "owner in (anna, boris)"),
        ("a in (1 2)", "expected ',' or ')' at position 9, found '2'", ""),
        ("a in ()", "expected a value at position 7, found ')'", ""),
        ("a is null", "expected 'empty' at position 6, found 'null'", "FIELD is empty"),
        ("a not 1", "expected 'in' at position 7, found '1'", ""),
        ("a = and", "expected a value at position 5, found 'and'", '"and"'),
        ("100 < amount", "expected a field at position 1, found '100'", "amount > 1000"),
        ("a < today+", "expected a time like 7d, 2h or 1mo in 'today+' at position 5", "today+7d"),
        ("a < today+5", "expected a time like 7d, 2h or 1mo in 'today+5' at position 5", ""),
        ("a < now + 3 ", "expected a time like 7d, 2h or 1mo in 'now+3' at position 5", ""),
        ("(" * 51 + "a = 1", "nested more than 50 deep", ""),
        ("not " * 5000 + "a = 1", "nested more than 50 deep", ""),
        ("a" * 100_001, "longer than 100000 characters", ""),
    ],
)  # fmt: skip
def test_says_where_it_cannot_read(text: str, message: str, hint: str) -> None:
    with pytest.raises(BadCondition) as caught:
        parse(text)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message
    assert isinstance(caught.value, BadUsage)


# --- checking --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("ammount > 1", "unknown field 'ammount' for deals", "did you mean 'amount'?"),
        ("qqq = 1", "unknown field 'qqq' for deals", "there are id, name, pipeline, stage"),
        ("company.inm = 1", "unknown field 'inm' for companies", "did you mean 'inn'?"),
        ("name.inn = 1", "'name' of deals is not a link, so it has no 'name.inn'", "company, contacts"),
        ("utm.sourse = x", "unknown part 'sourse' of 'utm'", "did you mean 'source'?"),
        ("utm = x", "'=' cannot be used with 'utm'", "utm.source"),
        ("name > а", "'>' cannot be used with 'name', a field of type text", "use one of =, !=, in, ~"),
        ("amount ~ 5", "'~' cannot be used with 'amount', a field of type money", ">="),
        ("stage has x", "'has' cannot be used with 'stage'", "write stage = …"),
        ("company ~ ромашка", "'~' cannot be used with 'company'", "company.name ~ …"),
        ("company = Ромашка", "'company' is a link and 'Ромашка' is not the id of a company",
         "company.name = Ромашка"),
        ("company = contact-0000000a", "'contact-0000000a' is not the id of a company", ""),
        ("vip in (yes)", "'in' cannot be used with 'vip'", ""),
        ("vip = maybe", "vip: 'maybe' is neither yes nor no", ""),
        ("amount > много", "amount: 'много' is not a number like 1200.50", ""),
        ("amount in (1, x)", "amount: 'x' is not a number", ""),
        ("close_by < 5", "close_by: '5' is not a date", ""),
        ("close_by = 31.02.2026", "'31.02.2026' is not a calendar day", ""),
        ("close_by < 03/04/2026", "may be day/month or month/day", ""),
        ('name = " "', "'name' is compared with empty text", "name is empty"),
        ("created_at > 2026-11-23T25:00:00Z", "created_at:", ""),
        ("amount > 12.500", "'12.500' may be 12500 or 12.50", ""),
        ("amount in (7, '3,250')", "'3,250' may be 3250 or 3.25", ""),
    ],
)  # fmt: skip
def test_refuses_what_does_not_fit_the_fields(text: str, message: str, hint: str) -> None:
    with pytest.raises(BadCondition) as caught:
        check(parse(text), SCHEMA, "deal")
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert "\n" not in caught.value.message


def test_checks_every_part_however_deep() -> None:
    with pytest.raises(BadCondition, match="ammount"):
        check(parse("not (name = x or (stage = y and not ammount in (1, 2)))"), SCHEMA, "deal")


def test_a_link_to_several_entities_needs_the_field_in_one_of_them() -> None:
    check(parse("about.stage = new and about.inn = 7701234567"), SCHEMA, "task")
    assert [[step.entity for step in way] for way in routes(("about", "stage"), SCHEMA, "task")] == [
        ["task", "lead"], ["task", "deal"]]  # fmt: skip
    with pytest.raises(BadCondition, match="unknown field 'nothing'"):
        check(parse("about.nothing = 1"), SCHEMA, "task")


# --- holding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "stage = TALK", "name = 'поставка  елок'", "name ~ ЁЛОК", "amount = 150000.5", "amount >= 150000.50",
        "amount > 150000 and amount < 150001", "amount != 150000", "amount in (1, 150000.5)",
        "tags has vip", "tag = vip", "tags ~ оп", "tags != розница", "not tags != vip", "tags in (опт, x)",
        "tags not in (розница)", "contact = contact-0000000b", "contacts has CONTACT-0000000A",
        "company.inn = 7701234567", "company.name ~ ромашка", "company.urls = romashka.ru",
        "company.url = http://www.romashka.ru", "contacts.email ~ romashka", "contacts.emails = P@MAIL.RU",
        "contacts.phone = '8 (916) 123-45-67 доб. 99'", "contacts.phone = 89161234567", "contacts.phone ~ 123-45",
        "contacts.phone ~ 'у анны'", "contacts.companies.inn = 7701234567", "contacts.owner = boris",
        "company.type = client", "lines ~ ель", "utm.source = яндекс", "utm is not empty", "utm.medium is empty",
        "Площадь > 49.9", "этаж = первый", "парк has юг", "vip = да", "vip != no", "mobile = +79161234567",
        "partner is empty", "partner.name is empty", "partner.name != x", "lost_reason is empty",
        "id = deal-0000000a", "close_by is not empty", "contacts.phone is not empty",
    ],
)  # fmt: skip
def test_holds(text: str) -> None:
    assert true(text)


@pytest.mark.parametrize(
    "text",
    [
        "stage = tal", "name ~ елки", "amount > 150000.50", "amount < 150000.50", "tags has ви", "tags != vip",
        "company.inn != 7701234567", "contacts.email != p@mail.ru", "contacts.phone = 79161234568",
        "contacts.owner = anna", "utm.source is empty", "partner is not empty", "contacts is empty",
        "vip = no", "contacts.companies.inn is empty", "company.urls = romashka",
    ],
)  # fmt: skip
def test_does_not_hold(text: str) -> None:
    assert not true(text)


@pytest.mark.parametrize("field", ["amount", "close_by", "created_at", "Площадь", "visit"])
def test_an_absent_value_is_only_unequal(field: str) -> None:
    value = "5" if field in ("amount", "Площадь") else "today"
    assert [
        op for op in ("=", ">", ">=", "<", "<=", "!=") if true(f"{field} {op} {value}", BLANK)
    ] == ["!="]
    assert not true(f"{field} in ({value})", BLANK)
    assert true(f"{field} not in ({value})", BLANK)
    assert true(f"{field} is empty", BLANK)


def test_an_absent_text_or_list_is_only_unequal() -> None:
    assert true("name != x and tags != x and company.inn != 1 and contacts.email != a@b.ru", BLANK)
    for text in (
        "name = x",
        "name ~ x",
        "tags has x",
        "tags ~ x",
        "company.inn = 1",
        "name in (x)",
    ):
        assert not true(text, BLANK)


def test_links_lead_on_from_every_entity() -> None:
    assert true("about.stage = talk", TASK)
    assert true("about.company.inn = 7701234567", TASK)
    assert true("converted.deal.amount > 100000", LEAD)
    assert true("converted.contact is empty and converted is not empty", LEAD)
    assert true("deal.contacts.name ~ щукин and status = sent and date = 20.11.2026", OFFER)
    assert true("company = company-0000000a and companies.name ~ ромашка", PETR)


def test_a_link_is_not_followed_to_an_entity_that_it_may_not_point_to() -> None:
    stray = Deal(id="deal-0000000c", company=PETR.id)
    assert not true("company.name ~ пётр", stray)


def test_a_dangling_link_is_a_value_but_leads_to_none() -> None:
    dangling = Deal(id="deal-0000000c", company="company-0000000q")
    assert true("company is not empty and company.name is empty and company.name != x", dangling)


def test_absence_is_not_a_third_truth() -> None:
    assert true("not amount > 5", BLANK)
    assert true("not (amount > 5 or amount <= 5)", BLANK)


# --- days and moments ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the deal closes on the 24th, which is today in Moscow, though not yet in London
        ("close_by = today", True), ("close_by <= today", True), ("close_by >= today", True),
        ("close_by < today", False), ("close_by > today", False), ("close_by > yesterday", True),
        ("close_by = now", True), ("close_by < today+1d", True), ("close_by = сегодня", True),
        ("close_by = 24.11.2026", True), ("close_by = 2026-11-24", True), ("close_by = вт", False),
        ("close_by = 2026-11-23T21:00:00Z", True), ("close_by = 2026-11-23T20:59:59Z", False),
        # the deal was made at 23:59:59 on the 23rd in Moscow
        ("created_at = yesterday", True), ("created_at = 23.11.2026", True), ("created_at = today", False),
        ("created_at < today", True), ("created_at >= today", False), ("created_at <= 2026-11-23", True),
        ("created_at > 2026-11-23", False), ("created_at > 2026-11-22", True),
        ("created_at < 2026-11-23", False), ("created_at = 2026-11-23T20:59:59Z", True),
        ("created_at = '23.11.2026 23:59:59'", True), ("created_at = 2026-11-23T23:59:59+03:00", True),
        ("created_at > now-2h", True), ("created_at > now-1h", False), ("created_at < now", True),
        ("created_at > now-1w and created_at > today-1d", False),
        ("created_at in (today, 2026-11-23)", True),
        # the visit is today at noon in Moscow
        ("visit = today", True), ("visit = 'today'", True), ("visit = '2026-11-24 12:00'", True),
        ("visit > today", False), ("visit >= today", True), ("visit > today+11h", True),
        ("visit < today+99999w", True), ("visit > today-99999w", True), ("visit < now+99999w", True),
        ("visit < 9999-12-31", True), ("visit <= 9999-12-31T23:59:59Z", True), ("visit > 0001-01-01", True),
        ("close_by <= 9999-12-31", True),
    ],
)  # fmt: skip
def test_days_and_moments(text: str, expected: bool) -> None:
    assert true(text) is expected


def test_a_day_is_as_long_as_the_clock_change_makes_it() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    env = Env(now=NOW, zone=berlin, schema=SCHEMA, follow=STORED.get)
    assert bounds(kind_of("datetime"), Text("2026-10-25"), env) == (
        "2026-10-24T22:00:00Z",
        "2026-10-25T23:00:00Z",
    )
    assert bounds(kind_of("datetime"), Text("2026-03-29"), env) == (
        "2026-03-28T23:00:00Z",
        "2026-03-29T22:00:00Z",
    )


def test_a_midnight_that_a_clock_change_skips_is_the_moment_after_it() -> None:
    env = Env(now=NOW, zone=ZoneInfo("America/Asuncion"), schema=SCHEMA, follow=STORED.get)
    assert bounds(kind_of("datetime"), Text("2023-10-01"), env)[0] == "2023-10-01T04:00:00Z"


@pytest.mark.parametrize("kind", ["date", "datetime", "money", "text", "bool"])
def test_of_less_equal_and_greater_exactly_one_holds(kind: str) -> None:
    literals: dict[str, list[Literal]] = {
        "money": [Number(Decimal(5))], "text": [Text("м")], "bool": [Text("yes")],
    }  # fmt: skip
    dates: list[Literal] = [
        Text("2026-11-24"),
        Moment("today"),
        Moment("now"),
        Moment("now", 1, Duration(1, "h")),
    ]
    samples: dict[str, list[Any]] = {
        "date": [date(2026, 11, day) for day in range(20, 29)],
        "datetime": [NOW + timedelta(minutes=30 * n) for n in range(-99, 99)],
        "money": [Decimal(4), Decimal(5), Decimal(6)], "text": ["л", "М", "н"], "bool": [True, False],
    }  # fmt: skip
    for literal in literals.get(kind, dates):
        for value in samples[kind]:
            key = kind_of(kind).key(value)
            answers = [
                all(
                    PRIMITIVES[name](key, other)
                    for name, other in made_tests(op, kind_of(kind), literal, ENV)
                )
                for op in ("<", "=", ">", "<=", ">=")
            ]
            assert answers[:3].count(True) == 1
            assert answers[3] == (answers[0] or answers[1])
            assert answers[4] == (answers[2] or answers[1])


# --- keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("text", "  Ёлка \n", ("елка",)), ("text", "", ()), ("note", " \n ", ()),
        ("money", Decimal("0.10"), (0.1,)), ("number", None, ()), ("bool", False, (0,)), ("bool", None, ()),
        ("date", date(26, 1, 2), ("0026-01-02",)),
        ("datetime", datetime(2026, 11, 23, 12, 0, 0, 5, MOSCOW), ("2026-11-23T09:00:00Z",)),
        ("tags", ("A", "б"), ("a", "б")), ("lines", (Line("Ель"),), ("ель",)),
        ("phones", (Phone("+79161234567", "1"), Phone("Нет")), ("79161234567", "нет")),
        ("phones", (Phone("8 916"),), ("8916",)), ("emails", (Email("A@b.RU"),), ("a@b.ru",)),
        ("urls", ("HTTPS://www.A.ru/b/", "a.ru"), ("a.ru/b", "a.ru", "//a.ru")),
        ("companies", (CompanyLink("company-0000000a", "x"), CompanyLink("")), ("company-0000000a",)),
        ("utm", {"source": "X", "term": ""}, ("x",)), ("links", ("deal-0000000a",), ("deal-0000000a",)),
    ],
)  # fmt: skip
def test_keys(kind: str, value: Value, expected: tuple[object, ...]) -> None:
    assert kind_of(kind).keys(value) == expected


def test_phones_of_a_condition_are_read_in_the_workspaces_country() -> None:
    american = Env(now=NOW, zone=MOSCOW, schema=SCHEMA, follow=STORED.get, country="US")
    record = Contact(id="contact-0000000c", phones=(Phone("+14152933313"),))
    assert true("phone = '(415) 293-3313'", record, american)
    assert not true("phone = '(415) 293-3313'", record)


# --- names -----------------------------------------------------------------------------------

ALIASES: Aliases = {
    "stage": {"в работе": "work", "переговоры": ("talk", "talk2"), "проиграна": "lost"},
    "lead.stage": {"новый": "new"},
    "user": {"анна котова": "anna", "борис": "boris", "я": "anna"},
    "channels": {"сайт": "web"},
}


def resolved(text: str, entity: str = "deal") -> str:
    condition = resolve(parse(text), SCHEMA, entity, ALIASES)
    assert condition.text == text
    return str(condition.tree)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('stage = "В Работе"', "stage = work"), ("stage = work", "stage = work"),
        ("stage = переговоры", "stage in (talk, talk2)"), ("stage != переговоры", "not stage in (talk, talk2)"),
        ("stage in (ПЕРЕГОВОРЫ, lost)", "stage in (talk, talk2, lost)"), ("owner = 'Анна Котова'", "owner = anna"),
        ("not (owner = Я or amount > 5)", "not (owner = anna or amount > 5)"),
        ("contacts.owner = борис and stage is not empty", "contacts.owner = boris and stage is not empty"),
        ("channel = Сайт", "channel = web"), ("stage ~ перег", "stage ~ перег or stage in (talk, talk2)"),
        ("stage ~ old", "stage ~ old"), ("source = Сайт", "source = Сайт"),
    ],
)  # fmt: skip
def test_names_become_ids(text: str, expected: str) -> None:
    assert resolved(text) == expected


def test_an_entity_may_have_names_of_its_own() -> None:
    assert resolved("stage = Новый", "lead") == "stage = new"
    assert (
        resolved("about.stage in (Новый, переговоры)", "task")
        == "about.stage in (new, talk, talk2)"
    )


@pytest.mark.parametrize(
    "text", ["stage = wrk", "stage = 'В роботе'", "owner in (anna, bors)", "stage != 5"]
)
def test_a_value_that_nobody_listed_is_refused(text: str) -> None:
    with pytest.raises(BadCondition, match="is not a value of") as caught:
        resolved(text)
    assert "no longer listed" in caught.value.hint


def test_values_with_names_are_suggested_by_their_ids() -> None:
    with pytest.raises(BadCondition) as caught:
        resolved("stage = qqqq")
    assert caught.value.hint.startswith("there are work, talk, ")
    assert "переговоры" not in caught.value.hint


@pytest.mark.parametrize("text", ["этаж = третий", "этаж in (Первый, третий)", "этаж != третий"])
def test_a_word_that_a_field_does_not_list_is_refused_unless_a_record_has_it(text: str) -> None:
    with pytest.raises(BadCondition, match="'третий' is not a value of 'этаж'"):
        resolved(text)
    held = resolve(parse(text), SCHEMA, "deal", ALIASES, lambda entity, field, value: True)
    assert "третий" in str(held.tree)
    assert resolved("этаж = ПЕРВЫЙ") == "этаж = Первый"


def test_a_resolved_condition_holds_as_it_did() -> None:
    condition = resolve(parse("stage = Переговоры and owner = Я"), SCHEMA, "deal", ALIASES)
    assert holds(condition, DEAL, ENV)


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_example_of_the_guide_is_a_condition(language: str) -> None:
    guide = Path(crmcli.__file__).parent / f"guides/{language}/conditions.txt"
    lines = guide.read_text(encoding="utf-8").splitlines()
    examples = [line.strip().split("   ")[0] for line in lines if line.startswith("  ")]
    entity = {
        "emails is not empty": "contact",
        "about.stage = negotiation": "task",
        "due < now and done_at is empty": "task",
    }
    assert len(examples) == 16
    assert set(entity) < set(examples)
    for example in examples:
        check(parse(example), SCHEMA, entity.get(example, "deal"))


# --- properties ------------------------------------------------------------------------------

words = st.text("абвёйabcXYZ019_.-@+:/", min_size=1, max_size=8)
names = st.from_regex(r"[a-zё_][a-z0-9_ё-]{0,6}", fullmatch=True).filter(
    lambda n: n not in RESERVED
)
texts = st.one_of(
    words,
    st.text(max_size=12),
    st.sampled_from([*RESERVED, "today", "now+1d", "today-", "007", "1"]),
)
moments = st.builds(
    lambda base, sign, count, unit: Moment(base, sign, Duration(count, unit)),
    st.sampled_from(["today", "now"]), st.sampled_from([1, -1]), st.integers(0, 99999), st.sampled_from(sorted(set(UNITS.values()))),
)  # fmt: skip
numbers = st.decimals(-(10**14), 10**14, places=2).map(Number)
literals = st.one_of(
    texts.map(Text), numbers, moments, st.sampled_from([Moment("today"), Moment("now")])
)
paths = st.lists(names, min_size=1, max_size=3).map(tuple)
leaves = st.one_of(
    st.builds(Compare, paths, st.sampled_from(OPERATORS), literals),
    st.builds(In, paths, st.lists(literals, min_size=1, max_size=4).map(tuple)),
    st.builds(Empty, paths),
)


def grown(parts: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    many = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(And, many), st.builds(Or, many), st.builds(Not, parts))


trees: st.SearchStrategy[Node] = st.recursive(leaves, grown, max_leaves=8)


@settings(max_examples=150, deadline=None)
@given(trees)
def test_a_tree_written_out_reads_as_the_same_tree(tree: Node) -> None:
    assert parse(str(tree)).tree == tree


@settings(max_examples=300, deadline=None)
@given(st.text("abАё ()'\"=!<>~,.&|«\n\x00+-07dинtoday" + "now", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree = parse(text).tree
    except BadCondition:
        return
    assert parse(str(tree)).tree == tree


days = st.dates()
instants = st.datetimes().map(lambda moment: moment.replace(tzinfo=UTC, microsecond=0))
phones = st.builds(Phone, st.sampled_from(["+79161234567", "нет", "8 916", ""]))
ids = st.sampled_from([*STORED, "deal-0000000z", "", "?"])
BY_KIND: dict[str, st.SearchStrategy[Any]] = {
    "chance": st.none() | st.decimals(0, 100, places=1),
    "number": st.none() | st.decimals(-(10**9), 10**9, places=3), "money": st.none() | st.decimals(0, 10**12, places=2),
    "date": st.none() | days, "birthday": st.none() | days | st.just(parse_day_of_year("--11-23")),
    "datetime": st.none() | instants, "happened": st.none() | instants, "bool": st.none() | st.booleans(),
    "phones": st.lists(phones, max_size=2).map(tuple), "emails": st.lists(st.builds(Email, texts), max_size=2).map(tuple),
    "urls": st.lists(texts, max_size=2).map(tuple), "tags": st.lists(texts, max_size=2).map(tuple),
    "choices": st.lists(texts, max_size=2).map(tuple), "link": ids, "links": st.lists(ids, max_size=2).map(tuple),
    "companies": st.lists(st.builds(CompanyLink, ids), max_size=2).map(tuple),
    "lines": st.lists(st.builds(Line, texts), max_size=2).map(tuple),
    "utm": st.dictionaries(st.sampled_from(["source", "term"]), texts), "converted": st.dictionaries(st.just("deal"), ids),
}  # fmt: skip
EVERYTHING = Schema({
    entity: tuple(Field(f"own_{kind}", kind_of(kind), entities=("deal", "contact") if kind == "link" else (), custom=True)
                  for kind in (k.name for k in declarable().values()))
    for entity in ENTITIES
})  # fmt: skip


def records(entity: str) -> st.SearchStrategy[Record]:
    def strategy(field: Field) -> st.SearchStrategy[Any]:
        return BY_KIND.get(field.kind.name, texts)

    def made(values: dict[str, Any], custom: dict[str, Any]) -> Record:
        return record_class(entity)(**{**values, "id": f"{entity}-00000000"}, custom=custom)

    own = {
        f.name: strategy(f) for f in EVERYTHING.fields(entity) if not f.custom and f.name != "id"
    }
    custom = {f.name: strategy(f) for f in EVERYTHING.custom[entity]}
    return st.builds(made, st.fixed_dictionaries(own), st.fixed_dictionaries(custom))


def checked_leaf(path: tuple[str, ...], entity: str) -> st.SearchStrategy[Node]:
    """A comparison of that path which passes the check, whatever its kind."""
    some = st.one_of(
        literals,
        st.sampled_from(
            [Text(w) for w in ("yes", "2026-11-23", "9999-12-31", "пт", "now", *STORED)]
        ),
    )

    def fits(node: Node) -> bool:
        try:
            check(Condition("", node), EVERYTHING, entity)
        except BadCondition:
            return False
        return True

    compare = st.builds(Compare, st.just(path), st.sampled_from(OPERATORS), some)
    within = st.builds(In, st.just(path), st.lists(some, min_size=1, max_size=2).map(tuple))
    return st.one_of(compare, within, st.just(Empty(path))).filter(fits)


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_holds_never_fails_on_a_checked_condition(data: st.DataObject) -> None:
    entity = data.draw(st.sampled_from(sorted(ENTITIES)))
    record = data.draw(records(entity))
    field = data.draw(st.sampled_from(EVERYTHING.fields(entity)))
    path: tuple[str, ...] = (field.name,)
    for targets in (
        [field.entities or ("company",)]
        if "link" in field.kind.name or field.kind.name == "companies"
        else []
    ):
        inner = data.draw(st.sampled_from(EVERYTHING.fields(targets[0])))
        path = data.draw(st.sampled_from([path, (*path, inner.name)]))
    if field.kind.name == "utm":
        path = data.draw(st.sampled_from([path, ("utm", "source")]))
    node = data.draw(checked_leaf(path, entity) | st.just(Empty(path)))
    zone = data.draw(
        st.sampled_from([UTC, MOSCOW, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("America/New_York")])
    )
    env = Env(
        now=NOW,
        zone=zone,
        schema=EVERYTHING,
        follow=STORED.get,
        country=data.draw(st.sampled_from(["RU", "US"])),
    )
    check(Condition("", node), EVERYTHING, entity)
    answer = holds(Condition("", node), record, env)
    assert holds(Condition("", Not(node)), record, env) is not answer
    if isinstance(node, Compare) and node.op == "=":
        assert holds(Condition("", In(node.path, (node.value,))), record, env) is answer
        assert holds(Condition("", Compare(node.path, "!=", node.value)), record, env) is not answer


@given(
    st.from_regex(
        r"(?i:today(?:[+-][0-9]{1,5}(?:h|d|w|mo|q|y))?|now(?:[+-][0-9]{1,5}(?:m|h|d|w|mo|q|y))?)",
        fullmatch=True,
    )
)
def test_every_moment_that_is_read_means_the_same_in_capitals(token: str) -> None:
    """What the grammar takes, no reader after it may refuse."""
    tree, small = (parse(f"due < {text}").tree for text in (token, token.lower()))
    assert tree == small
    assert read_when(token, NOW, MOSCOW) == read_when(token.lower(), NOW, MOSCOW)
    condition = parse(f"due <= {token} or due > {token}")
    check(condition, SCHEMA, "task")
    assert holds(condition, replace(TASK, due=NOW), ENV)


@pytest.mark.parametrize(
    ("condition", "holds_on"),
    [
        ("created_at = last month", ["2026-10-01", "2026-10-31"]),
        ("created_at = прошлый месяц", ["2026-10-01", "2026-10-31"]),
        ("created_at < this month", ["2026-10-01", "2026-10-31"]),
        ("created_at > last month", ["2026-11-01", "2026-11-20", "2026-11-23"]),
        ("created_at = 2026 and created_at >= Q4 2026", [
            "2026-10-01", "2026-10-31", "2026-11-01", "2026-11-20", "2026-11-23"]),
        ("created_at >= monday", ["2026-11-23"]),
        ("created_at in (friday, понедельник)", ["2026-11-20", "2026-11-23"]),
        ("created_at >= 4 days ago and not created_at = yesterday", ["2026-11-20"]),
        ("created_at <= end of last month", ["2026-10-01", "2026-10-31"]),
        ("due = friday", ["2026-11-27"]),
        ("due > this week and due <= через месяц", ["2026-12-01"]),
    ],
)  # fmt: skip
def test_words_of_the_calendar(condition: str, holds_on: list[str]) -> None:
    days = [
        "2026-10-01",
        "2026-10-31",
        "2026-11-01",
        "2026-11-20",
        "2026-11-23",
        "2026-11-27",
        "2026-12-01",
    ]
    read = parse(condition)
    check(read, SCHEMA, "task")
    assert parse(str(read.tree)).tree == read.tree
    found = []
    for day in days:
        noon = datetime.fromisoformat(f"{day}T12:00:00+03:00")
        past = noon if noon <= NOW else None
        if holds(read, replace(TASK, created_at=past, due=noon), ENV):
            found.append(day)
    assert found == holds_on


def test_minutes_that_may_be_months_are_asked_about() -> None:
    for text in ("due > today-1m", "due > сегодня+2м"):
        with pytest.raises(BadCondition, match="may be minutes or months"):
            check(parse(text), SCHEMA, "task")
    check(parse("due > now-30m and due < today-90min"), SCHEMA, "task")


@pytest.mark.parametrize(
    ("bare", "quoted"),
    [
        ("amount > 50 000", "amount > '50 000'"),
        ("amount >= 1 250 000.50 and stage = won", "amount >= '1 250 000.50' and stage = won"),
        ("amount < 1,250,000", "amount < '1,250,000'"),
        ("amount < 1,5 млн or amount > 2 mln", "amount < '1,5 млн' or amount > '2 mln'"),
        ("amount in (1 000, 2 000)", "amount in ('1 000', '2 000')"),
        ("phone = 8 916 123-45-67", "phone = '8 916 123-45-67'"),
        ("closed_at < 1 октября 2026", "closed_at < '1 октября 2026'"),
        ("closed_at >= Jan 1 2026 and name ~ x", "closed_at >= 'Jan 1 2026' and name ~ x"),
        ("close_by <= 15 дек", "close_by <= '15 дек'"),
        ("close_by = след. неделя", "close_by = 'след. неделя'"),
    ],
)
def test_numbers_and_days_of_several_words_need_no_quotes(bare: str, quoted: str) -> None:
    assert parse(bare).tree == parse(quoted).tree
