"""do: add_line, remove_lines, block and unblock."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.config_checks import look_through
from crmcli.sales.consent.block_list import blocklist

PRODUCTS = """\
sku,name,unit,price,currency,vat,active
RF-1,Кровля,м2,1000,RUB,20,yes
RF-2,Водосток,м,200,RUB,20,yes
"""


def stages(*robots: str) -> str:
    lines = "".join(f"\n          - {robot}" for robot in robots)
    return f"""
    stages:
      - id: new
        name: Новая
        robots:{lines}
      - {{id: won, name: Успех, kind: won}}
      - {{id: lost, name: Провал, kind: lost}}
    """


def lines(house: Any, *robots: str) -> list[tuple[str, str, str]]:
    """What stands in a deal after these robots: name, quantity, price of each line."""
    house.write("data/products.csv", PRODUCTS)
    house.rules(stages(*robots))
    deal = house.add("deal", name="Крыша", source="RF-2")
    assert house.tick().failures == []
    found = house.get(deal.id)
    house.tick("1d")
    assert house.get(deal.id) == found
    assert found.amount == (found.totals.gross if found.lines else None)
    return [(line.name, str(line.quantity), str(line.price)) for line in found.lines]


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ("product: RF-1", ("Кровля", "1", "1000")),
        ("product: кровля, quantity: '2,5'", ("Кровля", "2.5", "1000")),
        ('product: "{{ deal.source }}", quantity: "{{ 3 * 4 }}"', ("Водосток", "12", "200")),
        ("product: Монтаж, price: 5000", ("Монтаж", "1", "5000")),
        ("product: RF-1, price: 900, discount: 10%, vat: none", ("Кровля", "1", "900")),
    ],
)
def test_a_line_is_added_once(house: Any, given: str, line: tuple[str, str, str]) -> None:
    assert lines(house, f"{{id: add, do: add_line, with: {{{given}}}}}") == [line]


ADDED = (
    "{id: one, do: add_line, with: {product: RF-1}}",
    "{id: two, do: add_line, with: {product: RF-2}}",
    "{id: three, do: add_line, with: {product: Монтаж, price: 5}}",
)


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("product: RF-1", ["Водосток", "Монтаж"]),
        ("product: монтаж", ["Кровля", "Водосток"]),
        ("product: крыша", ["Кровля", "Водосток", "Монтаж"]),
        ("", []),
    ],
)
def test_lines_are_taken_away(house: Any, given: str, left: list[str]) -> None:
    remove = f"{{id: off, do: remove_lines, with: {{{given}}}, wait: previous}}"
    assert [name for name, _, _ in lines(house, *ADDED, remove)] == left


def test_a_product_that_is_not_there_is_a_failure_that_changes_nothing(house: Any) -> None:
    house.write("data/products.csv", PRODUCTS)
    house.rules(stages("{id: add, do: add_line, with: {product: RF-9}}"))
    deal = house.add("deal", name="Крыша")
    [failure] = house.tick().said
    assert "RF-9" in failure
    assert (house.state("add"), house.get(deal.id).lines) == ("failed", ())


@pytest.mark.parametrize(
    ("robot", "told"),
    [
        ("do: add_line, with: {quantity: 2}", "'product' is missing"),
        ("do: add_line, with: {product: RF-1, quantity: many}", "many"),
        ("do: add_line, with: {product: RF-1, price: dear}", "dear"),
        ("do: add_line, with: {product: RF-1, discount: ten}", "ten"),
        ("do: add_line, with: {product: RF-1, vat: high}", "high"),
        ("do: remove_lines, with: {products: RF-1}", "unknown key 'products'"),
        ("do: block, with: {whom: a@b.example}", "unknown key 'whom'"),
    ],
)
def test_what_cannot_be_is_told(house: Any, robot: str, told: str) -> None:
    house.rules(stages(f"{{id: bad, {robot}}}"))
    assert [told in str(fault) for fault in look_through(house.root, house.now).faults] == [True]


def test_lines_are_of_deals(house: Any) -> None:
    leads = stages("{id: add, do: add_line, with: {product: RF-1}}").replace("lost", "junk")
    house.rules(
        leads=leads.replace(
            "id: junk, name: Провал, kind: junk", "id: junk, name: Провал, kind: lost"
        )
    )
    assert "'add_line' acts on a deal" in str(look_through(house.root, house.now).faults)


def blocked(house: Any) -> list[str]:
    return [str(block) for block in blocklist(house.ws).blocks.values()]


def test_the_client_is_blocked_with_all_addresses_and_let_go_again(house: Any) -> None:
    contact = house.add(
        "contact",
        name="Ольга Чайкина",
        emails=["olga@kafe.example", "o@kafe.example"],
        phones="+79161234567",
    )
    house.rules(stages('{id: stop, do: block, with: {reason: "спам, {{ deal.name }}"}}'))
    deal = house.add("deal", name="Чай", contacts=contact.id)
    assert house.tick().failures == []
    assert blocked(house) == [
        f"{what} (спам, Чай)" for what in ("+79161234567", "o@kafe.example", "olga@kafe.example")
    ]
    assert {block.by for block in blocklist(house.ws).blocks.values()} == {"robot:stop"}
    events = len(house.events())
    house.tick("1d")
    assert len(house.events()) == events
    house.rules(stages("{id: go, do: unblock}").replace("id: new", "id: again"))
    house.write(
        "data/blocklist.csv",
        (house.root / "data/blocklist.csv").read_text("utf-8") + "spam.example,,,\n",
    )
    house.add("deal", name="Чай", contacts=contact.id)
    house.tick()
    assert blocked(house) == ["spam.example"]
    assert deal.id


def test_what_is_named_is_blocked_and_what_is_there_stays(house: Any) -> None:
    house.rules(stages("{id: stop, do: block, with: {what: [spam.example, '+7 916 123-45-67']}}"))
    house.write("data/blocklist.csv", "what,reason,on,by\nspam.example,давно,,\n")
    house.add("deal", name="Чай")
    assert house.tick().failures == []
    assert blocked(house) == ["+79161234567", "spam.example (давно)"]


def test_who_has_no_address_is_passed_over(house: Any) -> None:
    house.rules(stages("{id: stop, do: block}"))
    house.add("deal", name="Чай")
    house.tick()
    [job] = house.jobs()
    assert (job.state, job.reason) == ("skipped", "there is no e-mail address or phone")
