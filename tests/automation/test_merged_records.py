"""Robots and merges: what waits for the one that went does not run, and no merge starts anything."""

from __future__ import annotations

from typing import Any

from crmcli.sales.merging import merge as merging
from crmcli.sales.merging import unmerge
from tests import kit

RULES = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: task, with: {title: "Позвонить: {{ deal.name }}"}, after: 1d}
          - {id: remind, do: task, with: {title: Срок}, at: {field: close_by}, if_past: skip}
      - id: talks
        name: Переговоры
        triggers:
          - {on: field.changed}
"""
LETTER = kit.robots(
    "{id: hello, do: email, with: {template: mail/hi.j2, to: anna@example.ru}}",
)


def merge(house: Any, survivor: str, other: str) -> None:
    merging.merge(house.ws, merging.plan(house.ws, survivor, [other]))


def test_only_the_survivor_is_called(house: Any) -> None:
    house.rules(RULES)
    one = house.add("deal", name="Чай").id
    house.wait("2h")
    two = house.add("deal", name="Чай ещё").id
    house.tick()
    merge(house, one, two)
    house.tick()
    assert house.titles() == []
    assert house.tick("3d").failures == []
    assert house.titles() == ["Позвонить: Чай"]
    assert house.get(one).stage == "new"


def test_it_is_called_again_when_it_comes_out(house: Any) -> None:
    house.rules(RULES)
    one, two = (house.add("deal", name=name).id for name in ("Чай", "Кофе"))
    merge(house, one, two)
    house.tick("2d")
    assert house.titles() == ["Позвонить: Чай"]
    unmerge.unmerge(house.ws, two)
    house.tick()
    assert house.titles() == ["Позвонить: Кофе", "Позвонить: Чай"]
    house.tick("2d")
    assert len(house.titles()) == 2


def test_no_trigger_hears_of_a_merge(house: Any) -> None:
    house.rules(RULES)
    anna, too = (house.add("contact", name=name).id for name in ("Анна", "Аня"))
    own = house.add("deal", name="Чай", contacts=too).id
    other = house.add("deal", name="Кофе", amount="100").id
    house.tick()
    merge(house, anna, too)
    merge(house, own, other)
    house.tick()
    assert house.get(own).stage == "new"
    unmerge.unmerge(house.ws, other)
    unmerge.unmerge(house.ws, too)
    house.tick()
    assert {house.get(i).stage for i in (own, other)} == {"new"}


def test_a_date_that_came_and_has_passed_is_no_reason_to_act(house: Any) -> None:
    house.rules(RULES)
    one = house.add("deal", name="Чай").id
    two = house.add("deal", name="Кофе", close_by="2026-11-25").id
    house.wait("5d")
    merge(house, one, two)
    house.tick()
    assert house.titles() == ["Позвонить: Чай"]


def test_its_letters_are_called_off(house: Any, post: Any) -> None:
    house.template("hi", "Subject: Здравствуйте\n\nЧай!\n")
    house.rules(LETTER)
    post.mode = "later"
    one, two = (house.add("deal", name=name).id for name in ("Чай", "Кофе"))
    house.tick()
    merge(house, one, two)
    post.letters.clear()
    post.mode = "take"
    house.tick("2d")
    assert len(post.letters) == 1
    states = {job.record: (job.state, job.reason) for job in house.jobs() if job.robot == "hello"}
    assert states[one][0] == "done"
    assert states[two] == ("cancelled", "the record was merged")
