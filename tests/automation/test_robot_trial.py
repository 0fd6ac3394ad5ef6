from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation import robot_trial
from crmcli.errors import BadUsage, NotFound
from crmcli.model.conditions.holds import holds
from crmcli.model.conditions.reasons import explained
from tests.automation.test_simulate import contents

RULES = """
    stages:
      - id: new
        name: Новая
        robots:
          - {id: call, do: task, with: {title: "Позвонить: {{ deal.name }}", due: 2h}, after: 5d}
          - {id: price, do: set, with: {amount: "700"}, when: amount > 100 and owner = anna}
          - {id: letter, do: email, with: {template: mail/hi.j2, to: olga@kafe.example}}
          - {id: hook, do: webhook, with: {url: "https://hooks.example/x", body: {name: "{{ deal.name }}"}}}
          - {id: late, do: comment, with: {text: Поздно}}
      - id: talks
        name: Переговоры
        robots: [{id: late, do: comment, with: {text: Позже}}, {id: only, do: comment, with: {text: Раз}}]
      - {id: done, name: Готово, robots: [{id: only, do: comment, with: {text: Два}}]}
"""


@pytest.fixture
def deal(house: Any) -> Any:
    house.template("hi", "Subject: О чае\n\nДобрый день, {{ deal.name }}!\n")
    house.rules(RULES)
    return house.add("deal", name="Чай", amount="50", owner="anna")


def test_each_act_is_shown_and_nothing_is_written(house: Any, deal: Any) -> None:
    before = contents(house)
    call = robot_trial.run(house.ws, "call", deal.id)
    assert [task.name for task in call.records] == ["Позвонить: Чай"]
    price = robot_trial.run(house.ws, "price", deal.id)
    assert str(price.condition) == "amount > 100 [no: 50] and owner = anna [yes: anna]"
    assert price.done.effect == "amount: 700"
    letter = robot_trial.run(house.ws, "letter", deal.id)
    assert letter.queued is not None
    assert b"Subject:" in letter.queued[1]
    hook = robot_trial.run(house.ws, "hook", deal.id)
    assert hook.queued is not None
    assert '"name": "Чай"' in hook.queued[1].decode()
    assert contents(house) == before


def test_the_robot_of_the_stage_is_meant_first(house: Any, deal: Any) -> None:
    assert robot_trial.run(house.ws, "late", deal.id).done.effect == "Поздно"
    assert robot_trial.run(house.ws, "talks/late", deal.id).done.effect == "Позже"
    with pytest.raises(BadUsage, match="several robots"):
        robot_trial.run(house.ws, "only", deal.id)
    with pytest.raises(NotFound, match="no robot"):
        robot_trial.run(house.ws, "nobody", deal.id)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("amount > 100", "amount > 100 [no: 50]"),
        ("source is empty", "source is empty [yes: empty]"),
        ("source is not empty", "source is not empty [no: empty]"),
        ("not owner = boris", "not owner = boris [yes: anna]"),
        ("owner in (anna, boris)", "owner in (anna, boris) [yes: anna]"),
        ("contacts.name ~ ольга", "contacts.name ~ ольга [yes: Ольга]"),
        ("contacts.emails ~ kafe", "contacts.emails ~ kafe [yes: olga@kafe.example]"),
        ("name = Чай and (amount = 1 or amount = 50)",
         "name = Чай [yes: Чай] and (amount = 1 [no: 50] or amount = 50 [yes: 50])"),
        ("not (name = Чай or amount = 1)", "not (name = Чай [yes: Чай] or amount = 1 [no: 50])"),
        ("tags has vip", "tags has vip [no: a, b]"),
    ],
)  # fmt: skip
def test_each_part_of_a_condition_tells_what_it_met(house: Any, text: str, told: str) -> None:
    contact = house.add("contact", name="Ольга", emails="olga@kafe.example").id
    given = {"amount": "50", "owner": "anna", "contacts": [contact], "tags": ["a", "b"]}
    deal = house.add("deal", name="Чай", **given)
    ws = house.ws
    condition = ws.condition(text, "deal")
    found = explained(condition, ws.get(deal.id), ws.env)
    assert str(found) == told
    assert found.is_met == holds(condition, ws.get(deal.id), ws.env)


def test_what_a_document_above_would_hand_on_is_told_as_unknown(house: Any, deal: Any) -> None:
    house.template("hi", "Subject: О чае\n\nДобрый день!\n")
    house.rules(
        RULES.replace(
            "- {id: hook",
            "- {id: doc, do: document, with: {kind: offer}}\n          - {id: send, do: comment, with: "
            '{text: "{{ robots.doc.path }}"}, wait: previous}\n          - {id: hook',
        )
    )
    assert robot_trial.run(house.ws, "send", deal.id).done.effect == "(unknown until it runs)"
