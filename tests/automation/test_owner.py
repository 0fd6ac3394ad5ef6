"""do: owner, and do: move to another pipeline."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from crmcli.automation.config_checks import look_through
from crmcli.automation.simulate import rehearse
from crmcli.sales import stages
from crmcli.sales.settings import pipelines
from crmcli.sales.settings import stages as naming


def robot(given: str) -> str:
    return f"""
    stages:
      - {{id: new, name: Новая, robots: [{{id: give, do: owner, with: {{{given}}}}}]}}
      - {{id: won, name: Успех, kind: won}}
      - {{id: lost, name: Провал, kind: lost}}
    """


def owners(house: Any) -> list[str]:
    return [str(deal.get("owner")) for deal in house.ws.select("deal", order=["name"])]


def settings(house: Any, *users: str) -> None:
    house.write(
        "settings.yaml", "users:\n" + "".join(f"  {u}: {{name: {u.upper()}}}\n" for u in users)
    )


@pytest.mark.parametrize(
    ("given", "owner"),
    [
        ("to: boris", "boris"),
        ("to: Борис Белов", "boris"),
        ("to: \"{{ deal.source or 'anna' }}\"", "anna"),
        ("to: round_robin, among: [boris]", "boris"),
        ("to: round_robin, among: 'Борис Белов, anna'", "boris"),
    ],
)
def test_a_record_is_given_to_somebody_once(house: Any, given: str, owner: str) -> None:
    house.rules(robot(given))
    deal = house.add("deal", name="Чай", owner="anna")
    assert house.tick().failures == []
    assert house.get(deal.id).owner == owner
    events = len(house.events())
    house.tick("1d")
    assert len(house.events()) == events


def test_turns_go_round_and_are_on_the_timeline(house: Any) -> None:
    settings(house, "anna", "boris", "clara")
    house.rules(robot("to: round_robin"))
    for number in range(7):
        house.add("deal", name=f"Сделка {number}", owner="anna")
        house.tick("1m")
    assert owners(house) == ["anna", "boris", "clara", "anna", "boris", "clara", "anna"]
    turns = house.events("turn.taken")
    assert [event.data["to"] for event in turns] == owners(house)
    assert {event.data["robot"] for event in turns} == {"robot:give"}


def test_many_of_one_tick_are_shared_out_evenly(house: Any) -> None:
    settings(house, "anna", "boris", "clara")
    house.rules(robot("to: round_robin, among: [anna, boris, clara]"))
    for number in range(9):
        house.add("deal", name=f"Сделка {number}", owner="anna")
    planned = [line.what for line in rehearse(house.ws, house.now)]
    assert len({what.rpartition(" ")[2] for what in planned}) == 3  # told as it will be
    house.tick()
    assert Counter(owners(house)) == {"anna": 3, "boris": 3, "clara": 3}


def test_who_comes_anew_gets_one_turn_and_who_left_none(house: Any) -> None:
    settings(house, "anna", "boris")
    house.rules(robot("to: round_robin, among: [anna, boris, clara]"))
    for number in range(4):
        house.add("deal", name=f"Сделка {number}", owner="anna")
        house.tick("1m")
    settings(house, "boris", "clara")
    house.user = "boris"
    for number in range(4, 8):
        house.add("deal", name=f"Сделка {number}", owner="boris")
        house.tick("1m")
    assert owners(house)[4:] == ["clara", "boris", "clara", "boris"]


def test_two_clones_choose_the_same(house: Any, clone: Any) -> None:
    settings(house, "anna", "boris", "clara")
    house.rules(robot("to: round_robin"))
    house.add("deal", name="Сделка 0", owner="anna")
    house.tick()
    house.wait("1m")
    house.add("deal", name="Сделка 1", owner="anna")
    other = clone()
    house.tick()
    other.tick()
    assert owners(house) == owners(other) == ["anna", "boris"]


def test_who_has_the_fewest_open_records_gets_it(house: Any) -> None:
    settings(house, "anna", "boris", "clara")
    for name, owner in (("а", "anna"), ("б", "boris"), ("в", "clara"), ("г", "clara")):
        deal = house.add("deal", name=name, owner=owner)
    stages.move(house.ws, deal.id, "won")  # what is won keeps nobody busy
    house.add("lead", name="Лид", owner="anna")
    house.rules(robot("to: least_busy"))
    for name in ("д", "е", "ж"):
        house.add("deal", name=name, owner="anna")
        house.tick("1m")
    assert owners(house)[4:] == ["boris", "clara", "anna"]


def test_it_goes_back_to_who_had_it(house: Any) -> None:
    house.rules(robot("to: previous"))
    first = house.add("deal", name="Никто", owner="anna")
    house.tick()
    [job] = house.jobs()
    assert (job.state, job.reason) == ("skipped", "nobody had it before")
    assert house.get(first.id).owner == "anna"
    deal = house.add("deal", name="Был", owner="anna")
    house.edit(deal.id, owner="boris")
    house.tick()
    assert house.get(deal.id).owner == "anna"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("among: [anna]", "'to' is missing"),
        ("to: round_robin, amon: [anna]", "unknown key 'amon'"),
        ("to: round_robin, among: [anna, clara]", "no user 'clara'"),
        ('to: "{{ deal.boss }}"', "no field 'deal.boss'"),
        ("to: clara", "no user 'clara'"),
    ],
)
def test_what_cannot_be_is_told(house: Any, given: str, told: str) -> None:
    house.rules(robot(given))
    faults = look_through(house.root, house.now).faults
    assert [told in str(fault) for fault in faults] == [True], faults


TWO = """
deals:
  - id: sales
    name: Продажи
    stages:
      - {id: new, name: Новая, robots: [{id: on, do: move, with: {MOVE}}]}
      - {id: won, name: Успех, kind: won}
      - {id: lost, name: Провал, kind: lost}
  - id: service
    name: Сервис
    stages:
      - {id: new, name: Заявка, robots: [{id: call, do: comment, with: {text: принято}}]}
      - {id: work, name: В работе}
      - {id: won, name: Готово, kind: won}
      - {id: lost, name: Отказ, kind: lost}
"""
LEADS = """
leads:
  stages:
    - {id: new, name: Новый}
    - {id: good, name: Годен, kind: won}
    - {id: junk, name: Брак, kind: lost}
"""


def two(house: Any, move: str) -> None:
    house.write("pipelines.yaml", LEADS + TWO.replace("MOVE", move))


def test_a_deal_goes_to_another_pipeline_whose_robots_act(house: Any) -> None:
    two(house, "pipeline: service, stage: new")
    deal = house.add("deal", name="Чай", owner="anna")
    assert look_through(house.root, house.now).oddities == ()
    assert house.tick().failures == []
    found = house.get(deal.id)
    assert (found.pipeline, found.stage) == ("service", "new")
    assert [event.data["text"] for event in house.events("note")] == ["принято"]


@pytest.mark.parametrize(
    ("move", "told"),
    [
        ("pipeline: service, stage: works", "no stage 'works' here"),
        ("pipeline: servise, stage: new", "no pipeline 'servise' here"),
        ("pipeline: service", "'stage' is missing"),
        ("stage: work", "no stage 'work' here"),
    ],
)
def test_a_move_to_nowhere_is_told(house: Any, move: str, told: str) -> None:
    two(house, move)
    assert [told in str(fault) for fault in look_through(house.root, house.now).faults] == [True]


def test_a_move_within_its_own_pipeline_may_name_it(house: Any) -> None:
    two(house, "pipeline: sales, stage: new")
    [odd] = look_through(house.root, house.now).oddities
    assert "moves to its own stage" in odd.message


def test_a_move_follows_new_names_of_pipeline_and_stage(house: Any) -> None:
    two(house, "pipeline: service, stage: work")
    service = house.ws.pipelines.deals[1]
    naming.rename(house.ws, service, "work", "Делаем", new_id="doing")
    service = house.ws.pipelines.deals[1]
    pipelines.rename(house.ws, service, "Помощь", new_id="help")
    deal = house.add("deal", name="Чай", owner="anna")
    assert house.tick().failures == []
    found = house.get(deal.id)
    assert (found.pipeline, found.stage) == ("help", "doing")
