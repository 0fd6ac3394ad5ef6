"""Loops cannot run away: twenty sets of rules that would go round stop with a notice."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from crmcli.automation import breaker
from crmcli.automation.config_checks import look_through
from crmcli.sales import activities
from tests import kit

SET = "do: set, with: {amount: '{{ deal.amount + 1 }}'}"
SAY = "do: comment, with: {text: Ещё}"
MOVE = "do: move, with: {stage: %s}"


def rules(first: str, second: str, first_on: str = "", second_on: str = "") -> str:
    """Two stages, each with a robot and a trigger; triggers go back too."""

    def stage(name: str, robot: str, on: str) -> str:
        robots = f"robots: [{{id: r-{name}, {robot}}}]" if robot else "robots: []"
        triggers = f"triggers: [{{on: {on}, back: yes}}]" if on else "triggers: []"
        return f"      - {{id: {name}, name: {name}, {robots}, {triggers}}}\n"

    return f"\n    stages:\n{stage('a', first, first_on)}{stage('b', second, second_on)}"


PING = [
    rules(f"{MOVE % 'b'}{delay}", f"{MOVE % 'a'}{condition}")
    for delay, condition in (
        (", when: name is not empty", ""), (", when: amount > 0", ", when: amount > 0"),
        (", after: 1m", ""), (", after: 1m", ", after: 1m"),
    )
]  # fmt: skip
ROUND = [
    rules(one, other, back, on)
    for (one, on), (other, back) in product(
        ((SET, "field.changed"), (SAY, "note"), (SET, "owner.changed, choose: all")), repeat=2
    )
][:8]
CALLED = [
    rules(f"{SET}, on: field.changed", ""),
    rules(f"{SET}, on: field.changed, fields: [amount]", ""),
    rules(f"{SET}, on: field.changed, after: 1m", ""),
    rules(f"{SAY}, on: note", ""),
    rules(f"{SAY}, on: note, after: 5m", ""),
    rules(f"{SAY}, on: note", SET, "field.changed", "note"),
    rules(f"{MOVE % 'b'}, on: note", SAY, "note"),
    rules(f"{MOVE % 'b'}, on: field.changed", SET, "field.changed"),
]
SETS = [*PING, *ROUND, *CALLED]


def test_there_are_twenty() -> None:
    assert len(dict.fromkeys(SETS)) == 20


@pytest.mark.parametrize("number", kit.some(range(len(SETS)), 3))
def test_a_loop_stops_with_a_notice(house: Any, number: int) -> None:
    house.rules(SETS[number])
    deal = house.add("deal", name="Чай", amount="100")
    told = list(house.tick().failures)
    activities.log(house.ws, deal.id, "note", "Начали")
    house.edit(deal.id, amount="200", owner="boris")
    for _ in range(60):
        result = house.tick("6m")
        told += result.failures
        if not result.said:
            break
    assert result.said == []  # it has come to rest
    acts = [event for event in house.events() if event.kind in ("job.done", "stage.entered")]
    assert len(acts) < 100
    is_told = any("a loop" in line for line in told)
    assert is_told == bool(house.events("automation.stopped"))
    assert is_told or len(acts) < 8


@pytest.mark.parametrize("number", kit.some(range(len(SETS)), 3))
def test_check_warns_of_the_loop(house: Any, number: int) -> None:
    house.rules(SETS[number])
    odd = [one.message for one in look_through(house.root, house.now).oddities]
    quiet = SETS[number].count("owner.changed") == 2 or "owner.changed" in SETS[number]
    assert quiet or any("in a loop" in line for line in odd)


def test_no_event_where_nothing_changed(house: Any) -> None:
    house.rules(rules("do: set, with: {amount: '100'}, on: field.changed", ""))
    deal = house.add("deal", name="Чай", amount="50")
    house.edit(deal.id, amount="70")
    for _ in range(3):
        house.tick("1h")
    assert len(house.events("field.changed", deal.id)) == 2


def test_too_much_within_an_hour_waits_for_a_person(house: Any) -> None:
    settings = (house.root / "settings.yaml").read_text("utf-8")
    house.write("settings.yaml", settings + "automation: {max_hourly: 5}\n")
    house.rules(rules(SAY, ""))
    for n in range(8):
        house.add("deal", name=f"Чай {n}")
    [failure] = house.tick().failures
    assert "automation is paused: robots did 5 things within an hour" in failure
    assert "crm robots resume" in failure
    assert len(house.events("note")) == 5
    again = house.tick("2h")  # time alone releases nothing
    assert (again.failures, len(house.events("note"))) == ([], 5)
    assert breaker.resume(house.ws)
    assert not breaker.resume(house.ws)
    assert house.tick().failures == []
    assert len(house.events("note")) == 8
