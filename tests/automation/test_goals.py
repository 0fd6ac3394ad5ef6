"""goal and exit_when: when a chain of robots ends, or goes on elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from crmcli.automation.explain import explain
from crmcli.automation.simulate import rehearse
from crmcli.errors import InvalidData
from crmcli.model.schema import Schema
from crmcli.store.config.pipelines import load_pipelines
from tests import kit
from tests.automation.conftest import SETTINGS

HEAD = "{{id: first, do: comment, with: {{text: Раз}}{}}}"
CHAIN = (
    "{id: second, do: comment, with: {text: Два}, after: 2d, wait: previous}",
    "{id: third, do: comment, with: {text: Три}, after: 2d, wait: previous}",
    "{id: last, do: comment, with: {text: Конец}, wait: previous}",
    "{id: aside, do: comment, with: {text: Рядом}, after: 3d}",
)


def chain(house: Any, more: str) -> Any:
    house.rules(kit.robots(HEAD.format(f", {more}" if more else ""), *CHAIN))
    return house.add("deal", name="Чай")


def notes(house: Any) -> list[str]:
    return [event.data["text"] for event in house.events("note")]


def days(house: Any, count: int) -> None:
    for _ in range(count):
        house.tick("1d")


@pytest.mark.parametrize(
    ("more", "left"),
    [
        ("", ["Раз", "Два", "Рядом", "Три", "Конец"]),
        ("goal: amount > 100", ["Раз", "Рядом"]),
        ("exit_when: amount > 100", ["Раз", "Рядом"]),
        ("goal: {when: amount > 100}", ["Раз", "Рядом"]),
        ("goal: {when: amount > 100, go_to: last}", ["Раз", "Конец", "Рядом"]),
        ("goal: {when: amount > 100, go_to: third}", ["Раз", "Рядом", "Три", "Конец"]),
        ("goal: amount > 1000", ["Раз", "Два", "Рядом", "Три", "Конец"]),
        (
            "goal: {when: amount > 100, go_to: last}, exit_when: amount > 900",
            ["Раз", "Конец", "Рядом"],
        ),
    ],
)
def test_what_a_chain_still_does_once_its_goal_is_met(
    house: Any, more: str, left: list[str]
) -> None:
    deal = chain(house, more)
    house.tick()
    days(house, 1)
    house.edit(deal.id, amount="500")
    days(house, 6)
    assert notes(house) == left


def test_a_goal_once_met_stays_met(house: Any) -> None:
    deal = chain(house, "goal: amount > 100")
    house.tick()
    house.edit(deal.id, amount="500")
    house.tick()
    house.edit(deal.id, amount="5")
    days(house, 6)
    assert notes(house) == ["Раз", "Рядом"]
    states = {line.robot: (line.state, line.why) for line in explain(house.ws, deal.id)}
    assert states["second"] == ("skipped", "goal met: amount > 100")
    assert states["third"] == ("cancelled", "goal met: amount > 100")


def test_a_goal_met_at_the_outset_keeps_the_first_from_acting(house: Any) -> None:
    house.rules(kit.robots(HEAD.format(", goal: amount > 100"), *CHAIN))
    house.add("deal", name="Чай", amount="500")
    house.tick()
    assert notes(house) == []


def test_a_message_that_waits_is_let_go_with_the_chain(house: Any) -> None:
    house.template("hi", "Subject: Привет\n\nДобрый день!\n")
    letter = "{id: hi, do: email, with: {template: mail/hi.j2, to: o@kafe.example}, exit_when: amount > 100}"
    house.rules(kit.robots(letter, "{id: on, do: comment, with: {text: Дальше}, wait: previous}"))
    house.write("settings.yaml", SETTINGS + "automation: {quiet_hours: '11:00-15:00'}\n")
    deal = house.add("deal", name="Чай")
    house.tick()
    house.edit(deal.id, amount="500")
    house.tick("4h")
    assert house.letters() == []
    [job] = house.jobs()
    assert (job.state, job.reason) == ("skipped", "the chain ends: amount > 100")
    assert notes(house) == []


def test_a_message_that_waited_too_long_is_missed(house: Any) -> None:
    house.template("hi", "Subject: Привет\n\nДобрый день!\n")
    letter = "{id: hi, do: email, with: {template: mail/hi.j2, to: o@kafe.example}, max_late: 2h}"
    house.rules(kit.robots(letter))
    house.write("settings.yaml", SETTINGS + "automation: {quiet_hours: '11:00-15:00'}\n")
    house.add("deal", name="Чай")
    house.tick()
    house.tick("4h")
    assert house.letters() == []
    assert house.state("hi") == "missed"


def test_how_late_it_is_counts_from_when_it_was_first_to_leave(house: Any, post: Any) -> None:
    house.template("hi", "Subject: Привет\n\nДобрый день!\n")
    letter = "{id: hi, do: email, with: {template: mail/hi.j2, to: o@kafe.example}, max_late: 2h}"
    house.rules(kit.robots(letter))
    house.add("deal", name="Чай")
    post.mode = "later"
    for _ in range(3):
        house.tick("50m")
    post.mode = "take"
    house.tick("50m")
    assert (house.state("hi"), post.letters) == ("missed", [])


def test_the_rehearsal_foresees_it(house: Any) -> None:
    house.rules(
        kit.robots(
            "{id: price, do: set, with: {amount: 500}, after: 1d}",
            HEAD.format(", goal: amount > 100"),
            *CHAIN[:2],
        )
    )
    house.add("deal", name="Чай")
    lines = rehearse(house.ws, house.now + timedelta(days=9))
    assert [line.what for line in lines][-1] == "comment: not done, goal met: amount > 100"
    assert len(lines) == 3


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ("goal: amnt > 100", "amnt"),
        ("exit_when: 'amount >'", "exit_when"),
        ("goal: {go_to: last}", "'when' is missing"),
        ("goal: {when: amount > 1, go_to: first}", "no robot 'first' further down the chain"),
        ("goal: {when: amount > 1, go_to: aside}", "no robot 'aside' further down the chain"),
        ("goal: {when: amount > 1, goto: last}", "unknown key 'goto'"),
    ],
)
def test_what_is_no_goal_is_told(house: Any, more: str, fault: str) -> None:
    house.rules(kit.robots(HEAD.format(f", {more}"), *CHAIN))
    with pytest.raises(InvalidData) as caught:
        load_pipelines(house.root, Schema())
    assert fault in "\n".join(problem.message for problem in caught.value.problems)
