"""`choose: ask`: somebody says which of a client's open deals an event meant."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.explain import explain
from crmcli.automation.simulate import rehearse
from crmcli.automation.trigger_answers import NobodyAsks, answer, questions
from crmcli.errors import Ambiguous, Refused
from crmcli.sales import activities
from crmcli.sales.history.undo import undo

RULES = """
    stages:
      - id: new
        name: Новая
        robots: [{id: heard, do: comment, with: {text: звонок}, on: call.in}]
      - {id: there, name: Там, triggers: [{on: call.in, choose: ask}]}
"""


@pytest.fixture
def deals(house: Any) -> list[str]:
    house.rules(RULES)
    client = house.add("contact", first_name="Анна")
    found = [
        house.add("deal", name=f"Чай {n}", owner="anna", contacts=client.id).id for n in range(3)
    ]
    activities.log(house.ws, client.id, "call.in", "Алло")
    house.tick()
    return found


def test_the_answer_moves_the_deal_that_was_meant(house: Any, deals: list[str]) -> None:
    [question] = questions(house.ws)
    assert sorted(question.deals) == sorted(deals)
    [asked] = house.events("notice")
    assert all(f"{deal} {house.get(deal).name}" in asked.data["text"] for deal in deals)
    done = answer(house.ws, deals[1])
    assert done is not None
    assert [house.get(deal).stage for deal in deals] == ["new", "there", "new"]
    entry = house.events("stage.entered", deals[1])[-1]
    assert (entry.actor, entry.data["by"], entry.cause) == ("anna", "trigger", question.event)
    for other in (deals[0], deals[2]):
        passed = house.events("trigger.passed", other)[-1]
        assert passed.data["passed"] == [["", f"{deals[1]} was meant, says anna"]]
    assert questions(house.ws) == []
    before = house.kinds()
    for deal in deals:
        with pytest.raises(Refused, match=f"answered already: {deals[1]}, by anna"):
            answer(house.ws, deal)
    assert house.kinds() == before
    house.tick("1h")
    assert [house.get(deal).stage for deal in deals] == ["new", "there", "new"]


def test_who_is_not_asked_about(house: Any, deals: list[str]) -> None:
    other = house.add("deal", name="Кофе").id
    with pytest.raises(NobodyAsks, match="no event asks"):
        answer(house.ws, other)
    with pytest.raises(NobodyAsks):
        answer(house.ws, deals[0], "zzz")


def test_an_answer_can_be_taken_back(house: Any, deals: list[str]) -> None:
    answer(house.ws, deals[0])
    undo(house.ws)
    assert house.get(deals[0]).stage == "new"
    answer(house.ws, deals[2])
    assert house.get(deals[2]).stage == "there"


def test_of_several_events_one_is_named(house: Any, deals: list[str]) -> None:
    client = house.get(deals[0]).contacts[0]
    house.wait("1h")
    activities.log(house.ws, client, "call.in", "Ещё раз")
    house.tick()
    first, second = questions(house.ws)
    with pytest.raises(Ambiguous, match="2 events ask"):
        answer(house.ws, deals[0])
    begins = next(b for n in range(99) if not first.event.startswith(b := second.event[:n]))
    answer(house.ws, deals[0], begins)
    assert [one.event for one in questions(house.ws)] == [first.event]
    answer(house.ws, deals[1], first.event)
    assert [house.get(deal).stage for deal in deals] == ["there", "there", "new"]


def test_a_robot_that_waits_for_the_event_that_moves_its_record(house: Any) -> None:
    house.rules(RULES.replace(", choose: ask", ""))
    deal = house.add("deal", name="Чай").id
    activities.log(house.ws, deal, "call.in", "Алло")
    house.tick()
    kinds = [e.kind for e in house.events(record=deal)]
    assert kinds[-4:] == ["robot.called", "note", "job.done", "stage.entered"]
    [line] = [one for one in explain(house.ws, deal) if one.robot == "heard"]
    assert (line.stage, line.state, line.why) == ("new", "done", "by call.in")
    house.tick()
    assert len(house.events("job.done", deal)) == 1


CALLED = """
stages:
  - id: new
    name: Новая
    robots:
      - {id: heard, do: comment, on: call.in, with: {text: звонок}%s}
  - {id: there, name: Там, triggers: [{on: call.in}]}
"""


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ("", "done"),
        (", exit_when: source = web", "skipped"),
        (", when: source = phone", "skipped"),
        (", after: 1h", "cancelled"),
    ],
)
def test_what_such_a_robot_does(house: Any, more: str, state: str) -> None:
    house.rules(CALLED % more)
    deal = house.add("deal", name="Чай", source="web").id
    ahead = _rehearsed(house, deal)
    activities.log(house.ws, deal, "call.in", "Алло")
    house.tick()
    house.tick("2h")
    assert house.get(deal).stage == "there"
    [line] = [one for one in explain(house.ws, deal) if one.robot == "heard"]
    assert line.state == state
    assert ahead == (state == "done")


def test_such_a_robot_that_moves_does_not(house: Any) -> None:
    house.rules(CALLED.replace("comment", "move").replace("text: звонок", "stage: lost") % "")
    deal = house.add("deal", name="Чай").id
    activities.log(house.ws, deal, "call.in", "Алло")
    house.tick()
    assert house.get(deal).stage == "there"
    [line] = [one for one in explain(house.ws, deal) if one.robot == "heard"]
    assert (line.state, line.why.split(";")[0]) == ("skipped", "the record has moved on")


def _rehearsed(house: Any, deal: str) -> bool:
    """Whether the robot acts in a rehearsal in which the call was heard of."""
    activities.log(house.ws, deal, "call.in", "Алло")
    told = any("звонок" in line.what for line in rehearse(house.ws, house.now))
    undo(house.ws)
    return told
