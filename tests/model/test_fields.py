from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crmcli.model.contact import Contact
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import BadValues
from crmcli.model.kinds import EMAIL_TYPES, PHONE_TYPES, Field, kind_of
from crmcli.model.schema import Schema, record_class
from crmcli.model.values import (
    CONSENT_CHANNELS,
    BankAccount,
    CompanyLink,
    Consent,
    Email,
    Line,
    Phone,
    Raw,
    Value,
)

SCHEMA = Schema(
    {
        "lead": (
            Field("Площадь", kind_of("number"), custom=True),
            Field("tour", kind_of("choices"), custom=True),
        )
    }
)
LEAD: dict[str, Raw] = {
    "id": "lead-0000000a",
    "name": "Заявка",
    "phones": [{"value": "+79161234567", "ext": "12", "type": "mobile"}],
    "emails": [{"value": "a@b.ru", "type": "work"}],
    "amount": "1200.50",
    "utm": {"source": "yandex"},
    "tags": ["vip", "опт"],
    "created_at": "2026-11-23T09:00:00Z",
    "Площадь": "50",
    "кем-то": {"добавлено": ["да"]},
}


def test_a_record_is_typed_and_written_back_as_it_was() -> None:
    lead = SCHEMA.read("lead", LEAD)
    assert lead.get("phones") == (Phone("+79161234567", "12", "mobile"),)
    assert lead.get("amount") == Decimal("1200.50")
    assert lead.get("created_at") == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert lead.get("Площадь") == Decimal(50)
    assert lead.get("tour") == ()
    assert lead.unknown == {"кем-то": {"добавлено": ["да"]}}
    assert lead.entity == "lead"
    assert SCHEMA.write(lead) == LEAD
    assert list(SCHEMA.write(lead)) == list(LEAD)


def test_fields_come_in_one_order_and_without_the_absent() -> None:
    shuffled = dict(reversed(LEAD.items())) | {"comment": "", "birthday": ""}
    assert list(SCHEMA.write(SCHEMA.read("lead", shuffled))) == list(LEAD)


def test_every_fault_is_named() -> None:
    with pytest.raises(BadValues) as caught:
        SCHEMA.read(
            "lead",
            {**LEAD, "amount": "много", "birthday": "31.12.1990", "name": ["a"], "Площадь": "x"},
        )
    assert [name for name, _ in caught.value.faults] == ["name", "birthday", "amount", "Площадь"]
    assert "amount: 'много' is not a number" in str(caught.value)


@pytest.mark.parametrize("name", ["custom", "unknown", "entity", "_x", "нет", "get_"])
def test_only_declared_fields_can_be_got(name: str) -> None:
    with pytest.raises(KeyError):
        SCHEMA.read("lead", LEAD).get(name)
    with pytest.raises(KeyError):
        SCHEMA.field("lead", name)


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("phones", "+79161234567", (Phone("+79161234567"),)), ("phones", ["1", {"value": "2", "ext": "3"}], (Phone("1"), Phone("2", "3"))),
        ("emails", [{"value": "a@b.ru", "type": "home"}], (Email("a@b.ru", "home"),)),
        ("companies", ["company-0000000a", {"company": "company-0000000b", "role": "директор"}],
         (CompanyLink("company-0000000a"), CompanyLink("company-0000000b", "директор"))),
        ("lines", [{"name": "Ель", "quantity": "2.5", "price": "10.00", "vat": "20", "unit": "шт"}],
         (Line("Ель", Decimal("2.5"), "шт", Decimal(10), Decimal(20)),)),
        ("lines", ["Ель"], (Line("Ель"),)), ("tags", ["b", "a", "b"], ("a", "b")), ("links", ["b", "a"], ("b", "a")),
        ("tags", "", ()), ("bool", "yes", True), ("bool", "no", False), ("bool", "", None), ("date", "2026-11-23", date(2026, 11, 23)),
        ("money", "", None), ("utm", "", {}), ("text", "007", "007"),
    ],
)  # fmt: skip
def test_reads_a_value(kind: str, raw: Raw, expected: Value) -> None:
    assert kind_of(kind).parse(raw) == expected


@pytest.mark.parametrize(
    ("kind", "raw", "why"),
    [
        ("text", ["a"], "must be a single value"), ("tags", {"a": "b"}, "must be a list"),
        ("tags", [["a"]], "a single value"), ("phones", [{"ext": "1"}], "each item needs a 'value'"),
        ("phones", [{"value": "1", "typ": "work"}], "unknown key 'typ'; allowed: value, ext, type"),
        ("phones", [{"value": "1", "type": "mob"}], "'mob' is not one of work, mobile"), ("phones", [["1"]], "each item needs"),
        ("emails", [{"value": "a", "type": "mobile"}], "is not one of work, home"), ("companies", [{"role": "x"}], "needs a 'company'"),
        ("lines", [{"name": "x", "price": "1.005"}], "two decimals"), ("lines", [{"name": "x", "sum": "1"}], "unknown key 'sum'"),
        ("utm", "x", "must be a map"), ("utm", {"source": ["x"]}, "a single value"), ("bool", "true", "neither yes nor no"),
        ("date", "23.11.2026", "is not a date"), ("datetime", "2026-11-23T09:00:00", "no time zone"), ("money", "1.005", "two decimals"),
    ],
)  # fmt: skip
def test_refuses_a_value(kind: str, raw: Raw, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        kind_of(kind).parse(raw)


def test_a_line_free_of_vat_is_not_one_at_zero() -> None:
    raw: Raw = [{"name": "a"}, {"name": "b", "vat": "0"}]
    lines = kind_of("lines").parse(raw)
    assert lines == (Line("a", vat=None), Line("b", vat=Decimal(0)))
    assert kind_of("lines").dump(lines) == [
        {"name": "a", "quantity": "1", "price": "0"}, {"name": "b", "quantity": "1", "price": "0", "vat": "0"}]  # fmt: skip


@pytest.mark.parametrize("entity", sorted(ENTITIES))
def test_every_entity_is_declared_well(entity: str) -> None:
    fields = Schema().fields(entity)
    assert fields[0] == Field("id", kind_of("id"), "Id", system=True)
    assert len({field.name for field in fields}) == len(fields)
    for field in fields:
        assert field.label
        assert field.is_many == isinstance(field.kind.empty, tuple)
        assert set(field.entities) <= set(ENTITIES)
        assert field.kind.is_link == bool(field.entities)
    blank = record_class(entity)(id=f"{entity}-00000000")
    assert all(blank.get(f.name) == f.kind.empty for f in fields[1:])
    assert Schema().write(blank) == {"id": blank.id}
    assert ENTITIES[entity].plural == {"company": "companies"}.get(entity, f"{entity}s")


def test_a_full_name_has_no_gaps() -> None:
    person = Contact(first_name="Пётр", last_name="Щукин")
    assert person.full_name == "Пётр Щукин"
    assert replace(person, middle_name="Ильич").full_name == "Пётр Ильич Щукин"


some_text = st.text(min_size=1, max_size=6)
INSTANTS = st.datetimes(timezones=st.just(UTC)).map(lambda m: m.replace(microsecond=0))
decimals = st.decimals(-(10**9), 10**9, places=2)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(), "number": decimals, "money": decimals, "bool": st.booleans(), "date": st.dates(),
    "datetime": st.datetimes(timezones=st.just(UTC)).map(lambda m: m.replace(microsecond=0)),
    "phones": st.lists(st.builds(Phone, some_text, st.text(max_size=3), st.sampled_from(PHONE_TYPES))).map(tuple),
    "emails": st.lists(st.builds(Email, some_text, st.sampled_from(EMAIL_TYPES))).map(tuple),
    "companies": st.lists(st.builds(CompanyLink, some_text, st.text(max_size=3))).map(tuple),
    "lines": st.lists(st.builds(Line, some_text, decimals, st.text(max_size=3), decimals, st.none() | decimals)).map(tuple),
    "tags": st.sets(some_text).map(lambda s: tuple(sorted(s))), "choices": st.sets(some_text).map(lambda s: tuple(sorted(s))),
    "accounts": st.lists(st.builds(BankAccount, some_text, st.text(max_size=3), st.text(max_size=3), st.text(max_size=3))).map(tuple),
    "consents": st.lists(st.builds(Consent, st.sampled_from(CONSENT_CHANNELS), st.text(max_size=3), st.none() | INSTANTS, st.text(max_size=3), st.none() | INSTANTS)).map(tuple),
    "links": st.lists(some_text).map(tuple), "urls": st.lists(some_text).map(tuple), "utm": st.dictionaries(some_text, st.text()),
}  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])))
def test_a_value_is_read_as_it_was_written(pair: tuple[str, Value]) -> None:
    kind, value = pair
    assert kind_of(kind).parse(kind_of(kind).dump(value)) == value
