"""Kinds of values: which items of a list are the same, and that their names stand in one place."""

from __future__ import annotations

import ast
import copy
from pathlib import Path
from typing import Any

import pytest

from crmcli.model.kinds import KINDS, kind_of, merge_lists, without_items
from crmcli.model.values import Raw
from crmcli.present.cells import REPORTED

ROOT = Path(__file__).parents[2] / "crmcli"
PHONE = {"value": "+79161234567", "type": "work"}
FIRM = "company-7k3qf2m9"
OTHER = "company-0000000a"
SHA = "a" * 64
ITEMS: list[tuple[str, list[Raw], list[Raw], list[Raw], list[Raw]]] = [
    # kind, what stands, what is given, the list where the newer counts, the list where it does not
    ("phones", [PHONE], [{"value": "+79161234567", "type": "mobile"}], [{**PHONE, "type": "mobile"}], [PHONE]),
    ("phones", [PHONE], [{"value": "8 (916) 123-45-67"}], [PHONE], [PHONE]),
    ("phones", [PHONE], [{"value": "+79161234567", "ext": "12", "type": "work"}], [PHONE, {**PHONE, "ext": "12"}], [PHONE, {**PHONE, "ext": "12"}]),
    ("emails", [{"value": "a@b.ru", "type": "work"}], [{"value": "A@b.ru", "type": "home"}],
     [{"value": "a@b.ru", "type": "home"}], [{"value": "a@b.ru", "type": "work"}]),
    ("companies", [{"company": FIRM, "role": "юрист"}], [{"company": FIRM, "role": "директор"}],
     [{"company": FIRM, "role": "директор"}], [{"company": FIRM, "role": "юрист"}]),
    ("companies", [{"company": FIRM}], [{"company": FIRM, "role": "юрист"}, {"company": OTHER}],
     [{"company": FIRM, "role": "юрист"}, {"company": OTHER}], [{"company": FIRM, "role": "юрист"}, {"company": OTHER}]),
    ("companies", [{"company": FIRM, "role": "юрист"}], [{"company": FIRM}], [{"company": FIRM, "role": "юрист"}], [{"company": FIRM, "role": "юрист"}]),
    ("accounts", [{"account": "4070", "bic": "1"}], [{"account": "4070", "bic": "2", "bank": "Банк"}],
     [{"account": "4070", "bic": "2", "bank": "Банк"}], [{"account": "4070", "bic": "1", "bank": "Банк"}]),
    ("urls", ["romashka.ru"], ["https://www.Romashka.ru/", "elka.ru"], ["romashka.ru", "elka.ru"], ["romashka.ru", "elka.ru"]),
    ("urls", ["shop.ru/item?id=1"], ["shop.ru/item?id=2"], ["shop.ru/item?id=1", "shop.ru/item?id=2"], ["shop.ru/item?id=1", "shop.ru/item?id=2"]),
    ("handles", ["telegram:@anna"], ["telegram:@Anna", "vk:anna"], ["telegram:@anna", "vk:anna"], ["telegram:@anna", "vk:anna"]),
    ("external", ["hubspot:1"], ["hubspot:1", "hubspot:2"], ["hubspot:1", "hubspot:2"], ["hubspot:1", "hubspot:2"]),
    ("tags", ["vip"], ["VIP", "опт", "a"], ["a", "vip", "опт"], ["a", "vip", "опт"]),
    ("users", ["anna"], ["boris", "Anna"], ["anna", "boris"], ["anna", "boris"]),
    ("checklist", [{"text": "Счёт"}], [{"text": "счёт", "done": "yes"}, {"text": "Звонок"}],
     [{"text": "Счёт", "done": "yes"}, {"text": "Звонок"}], [{"text": "Счёт", "done": "yes"}, {"text": "Звонок"}]),
    ("choices", ["sms"], ["mail", "sms"], ["mail", "sms"], ["mail", "sms"]),
    ("links", [FIRM], [FIRM, OTHER], [FIRM, OTHER], [FIRM, OTHER]),
    ("lines", [{"name": "Монтаж", "quantity": "1", "price": "5"}], [{"name": "Монтаж", "quantity": "1", "price": "5"}],
     [{"name": "Монтаж", "quantity": "1", "price": "5"}], [{"name": "Монтаж", "quantity": "1", "price": "5"}]),
    ("payments", [{"at": "2026-11-23", "amount": "5", "reference": "7"}], [{"at": "2026-11-23", "amount": "5", "reference": "7"}], [{"at": "2026-11-23", "amount": "5", "reference": "7"}], [{"at": "2026-11-23", "amount": "5", "reference": "7"}]),
    ("consents", [{"channel": "mail"}], [{"channel": "mail"}, {"channel": "sms"}], [{"channel": "mail"}, {"channel": "sms"}], [{"channel": "mail"}, {"channel": "sms"}]),
    ("files", [{"name": "a", "file": SHA}], [{"name": "a", "file": SHA}], [{"name": "a", "file": SHA}], [{"name": "a", "file": SHA}]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "now", "new", "newer", "older"), ITEMS)
def test_an_item_given_again_does_not_stand_there_twice(
    name: str, now: list[Raw], new: list[Raw], newer: list[Raw], older: list[Raw]
) -> None:
    kind, before = kind_of(name), copy.deepcopy((now, new))
    assert merge_lists(kind, now, new, "RU", newer=True) == newer
    assert merge_lists(kind, now, new, "RU") == older
    assert (now, new) == before


def test_every_list_is_in_that_table() -> None:
    assert {kind.name for kind in KINDS.values() if kind.is_many} == {row[0] for row in ITEMS}


def test_of_two_records_a_second_role_stands_beside_the_first() -> None:
    one, two = {"company": FIRM, "role": "юрист"}, {"company": FIRM, "role": "директор"}
    assert merge_lists(kind_of("companies"), [one], [two, two], beside=True) == [one, two]
    assert merge_lists(kind_of("companies"), [{"company": FIRM}], [two], beside=True) == [two]


def test_what_is_taken_away_is_named_by_its_main_part_or_in_full() -> None:
    phones: list[Raw] = [PHONE, {**PHONE, "ext": "12"}]
    assert without_items(kind_of("phones"), phones, [{"value": "8 916 1234567"}], "RU") == []
    gone: list[Raw] = [{"value": "+79161234567", "ext": "12"}]
    assert without_items(kind_of("phones"), phones, gone, "RU") == [PHONE]
    assert without_items(kind_of("tags"), ["vip", "опт"], ["VIP"]) == ["опт"]


def test_no_kind_is_called_as_a_column_of_reports() -> None:
    assert not {*KINDS} & {*REPORTED}


def test_a_kind_is_not_changed_and_knows_what_it_is_told() -> None:
    with pytest.raises(AttributeError, match="not changed"):
        kind_of("text").name = "note"
    with pytest.raises(TypeError, match="has no is_round"):
        type(kind_of("text"))("round", is_round=True)


def _named(tree: ast.AST) -> list[int]:
    """The lines where something is asked for its kind by name."""
    found = []
    facts = {  # field.kind.found_by == "inn" asks the kind
        id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Attribute) and n.attr != "name"
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        texts = {n.value for s in sides for n in ast.walk(s) if isinstance(n, ast.Constant)}
        asked = any(
            isinstance(n, ast.Attribute)
            and n.attr == "kind"
            and id(n) not in facts
            and isinstance(n.value, ast.Name | ast.Attribute)
            and getattr(n.value, "id", getattr(n.value, "attr", "")) in FIELDS
            for s in sides
            for n in ast.walk(s)
        )
        if asked and texts & {*KINDS}:
            found.append(node.lineno)
    return found


FIELDS = ("field", "column", "spec", "f", "c", "own", "place", "declared")
"""How a field, or the column of one, is called."""


def test_the_name_of_a_kind_is_asked_for_nowhere() -> None:
    """What a kind is, it says itself: is_many, is_money, is_link."""
    assert _named(ast.parse('x = field.kind in ("link", "links") or column.kind == "money"')) == [
        1,
        1,
    ]
    found: list[Any] = []
    for path in sorted(ROOT.rglob("*.py")):
        if "kinds" not in path.parts:
            text = path.read_text("utf-8")
            lines = _named(ast.parse(text)) if ".kind" in text else []
            found += [f"{path.relative_to(ROOT)}:{line}" for line in lines]
    assert found == []
