"""do: set, with what is added, emptied and computed."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from crmcli.automation.config_checks import look_through
from crmcli.store.config.schemas import schema_files


def robot(params: str, more: str = "") -> str:
    return f"""
    stages:
      - {{id: new, name: Новая, robots: [{{id: mark, do: set, with: {{{params}}}{more}}}]}}
      - {{id: won, name: Успех, kind: won}}
      - {{id: lost, name: Провал, kind: lost}}
    """


def after(house: Any, params: str) -> Any:
    """The deal after a robot that sets these."""
    house.rules(robot(params))
    deal = house.add(
        "deal", name="Чай", amount="1000.55", tags="старый", comment="раз", close_by="2026-12-31"
    )
    assert house.tick().failures == []
    changed = [event for event in house.events("field.changed") if event.actor == "robot:mark"]
    assert len(changed) == 1  # all of it is one change
    found = house.get(deal.id)
    house.tick("1d")
    assert house.get(deal.id) == found
    return found


@pytest.mark.parametrize(
    ("given", "amount"),
    [
        ('"{{ deal.amount * 1.1 }}"', "1100.61"),  # 1100.605, as amounts are rounded
        ('"{{ deal.amount / 3 }}"', "333.52"),
        ('"{{ deal.amount + 100.5 }}"', "1101.05"),
        ('"{{ -deal.amount + 2000 }}"', "999.45"),
        ('"{{ 1e3 }}"', "1000"),
        ('"{{ [deal.amount, 500] | min }} RUB"', "500"),
    ],
)
def test_an_amount_is_computed(house: Any, given: str, amount: str) -> None:
    assert str(after(house, f"amount: {given}").amount) == amount


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ("today+7d", "2026-11-30"),
        ("+2w", "2026-12-07"),
        ('"{{ deal.close_by }}+2mo"', "2027-02-28"),
        ('"{{ deal.close_by }} - 1y"', "2025-12-31"),
        ('"{{ today }}+1d"', "2026-11-24"),
        ("завтра", "2026-11-24"),
    ],
)
def test_a_day_is_computed(house: Any, given: str, day: str) -> None:
    assert str(after(house, f"close_by: {given}").close_by) == day


def test_lists_and_notes_are_added_to_and_fields_emptied(house: Any) -> None:
    found = after(
        house,
        'append: {tags: [vip, "{{ today.year }}"], comment: "два, {{ deal.name }}"}, unset: close_by',
    )
    assert (found.tags, found.comment, found.close_by) == (
        ("2026", "vip", "старый"),
        "раз\nдва, Чай",
        None,
    )
    assert str(found.amount) == "1000.55"


def test_what_is_set_and_added_to_at_once_has_both(house: Any) -> None:
    found = after(
        house, "comment: ноль, tags: [новый], append: {comment: раз, tags: vip}, unset: [amount]"
    )
    assert (found.comment, found.tags, found.amount) == ("ноль\nраз", ("vip", "новый"), None)


@pytest.mark.parametrize(
    ("params", "told"),
    [
        ("append: {amount: 5}", "amount holds one value"),
        ("append: {nam: 5}", "no field 'nam'"),
        ("append: {stage: won}", "set cannot move"),
        ("append: vip", "'append' must have keys"),
        ("append: {created_at: today}", "'created_at' cannot be set"),
        ("unset: [close_by, stage]", "set cannot move"),
        ("unset: nam", "no field 'nam'"),
        ("unset: [pipeline]", "'pipeline' cannot be set"),
        ('append: {comment: "{{ deal.nam }}"}', "no field 'deal.nam'"),
        ('tags: ["{{ deal.nam }}"]', "no field 'deal.nam'"),
    ],
)
def test_what_cannot_be_is_told(house: Any, params: str, told: str) -> None:
    house.rules(robot(params))
    faults = look_through(house.root, house.now).faults
    assert [told in str(fault) for fault in faults] == [True], faults


def test_a_late_robot_empties_nothing_that_somebody_changed(house: Any) -> None:
    house.rules(robot("unset: [comment, source]", ", after: 1h"))
    deal = house.add("deal", name="Чай", comment="раз", source="web")
    house.wait("2h")
    house.edit(deal.id, comment="два")
    house.rules(robot("unset: [comment, source]", ", after: 1h"))
    house.wait("1h")
    ws = house.ws
    from crmcli.sales import stages

    stages.move(ws, deal.id, "won")
    house.tick()
    found = house.get(deal.id)
    assert (found.comment, found.source) == ("два", "")


def test_editors_know_them() -> None:
    validator = jsonschema.Draft7Validator(
        json.loads(schema_files()["schema/pipelines.schema.json"])
    )
    leads = "leads: {stages: [{id: a, name: a}, {id: b, name: b, kind: won}, {id: c, name: c, kind: lost}]}\n"

    def accepts(params: str) -> bool:
        deals = robot(params).replace("\n    ", "\n  ")
        return validator.is_valid(yaml.safe_load(f"{leads}deals:\n- id: sales\n  name: s\n{deals}"))

    assert accepts("amount: 5, append: {tags: vip}, unset: [close_by]")
    assert accepts("unset: close_by")
    assert not accepts("append: vip")
    assert not accepts("append: {stage: won}")
    assert not accepts("unset: {close_by: yes}")
