"""What pipeline check tells of robots that make records in a ring, start sequences so, and of absences without a deputy."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.automation.config_checks import look_through
from tests import kit

DEAL = "do: create, with: {entity: deal}"
LEAD = "do: create, with: {entity: lead}"
TWO = """
    stages:
      - {id: new, name: Новая, robots: [%s]}
      - {id: talks, name: Переговоры, robots: [%s], triggers: [%s]}
"""


def rules(first: str = "", second: str = "", trigger: str = "") -> str:
    robots = [
        f"{{id: r{number}, {text}}}" if text else "" for number, text in enumerate((first, second))
    ]
    return TWO % (*robots, trigger)


@pytest.mark.parametrize(
    ("deals", "leads", "ring"),
    [
        (rules(DEAL), rules(), "sales/new -> sales/new"),
        (rules(LEAD), rules("do: convert"), "leads/new -> sales/new -> leads/new"),
        (rules("", DEAL), rules(), ""),
        (rules("do: move, with: {stage: talks}", DEAL), rules(), "sales/talks -> sales/new -> sales/talks"),
        (rules(LEAD), rules(DEAL), "leads/new -> sales/new -> leads/new"),
        (rules(LEAD), rules("", "do: convert"), ""),
        (rules(LEAD), rules("do: move, with: {stage: talks}", "do: convert"),
         "leads/talks -> sales/new -> leads/new -> leads/talks"),
        (rules(LEAD), rules("do: convert, with: {make: contact}"), ""),
        (rules(f"{DEAL}, enabled: no"), rules(), ""),
        (rules("do: create, with: {entity: deal, set: {stage: talks}}"), rules(), ""),
        (rules("do: complete_tasks", DEAL, "on: task.done"), rules(), "sales/talks -> sales/new -> sales/talks"),
        (rules("do: create, with: {entity: task, set: {name: x}}"), rules(), ""),
    ],
)  # fmt: skip
def test_rings_of_made_records(house: Any, deals: str, leads: str, ring: str) -> None:
    house.rules(deals, leads)
    found = look_through(house.root, house.now)
    assert found.faults == ()
    told = [odd.message for odd in found.oddities if "make records in a loop" in odd.message]
    assert told == ([f"robots may make records in a loop: {ring}"] if ring else [])


A, B = (f"do: start_sequence, with: {{sequence: {name}}}" for name in "ab")
MOVE = "do: move, with: {stage: %s}"
DONE, WAITS = "do: complete_tasks", "on: task.done"


@pytest.mark.parametrize(
    ("a", "b", "deals", "ring"),
    [
        (B, A, "", "sequences/a -> sequences/b -> sequences/a"),
        (B, f"{A}, enabled: no", "", ""),
        (
            B,
            MOVE % "talks",
            rules("", A),
            "sales/talks -> sequences/a -> sequences/b -> sales/talks",
        ),
        (B, MOVE % "talks", rules(A), ""),
        (A, DONE, "", ""),  # it is under way, so it does not start itself
        (DONE, DONE, rules("", A, WAITS), "sales/talks -> sequences/a -> sales/talks"),
        (DONE, DONE, rules(f"{A}, {WAITS}"), "sales/new/r0 -> sequences/a -> sales/new/r0"),
        (DONE, DONE, rules(A), ""),
        (B, LEAD, rules(A), ""),
    ],
)
@pytest.mark.parametrize("again", ["again: on_event", ""])
def test_rings_of_sequences(house: Any, a: str, b: str, deals: str, ring: str, again: str) -> None:
    both = "".join(
        f"  {name}: {{for: deal, {again}, robots: [{{id: x, {robot}}}]}}\n"
        for name, robot in (("a", a), ("b", b))
    ).replace(", ,", ",")
    house.write("pipelines.yaml", f"{kit.pipelines(deals)}sequences:\n{both}")
    found = look_through(house.root, house.now)
    assert found.faults == ()
    told = [odd.message for odd in found.oddities if "loop" in odd.message]
    assert told == ([f"robots may start sequences in a loop: {ring}"] if ring and again else [])


@pytest.mark.parametrize(
    ("anna", "boris", "told"),
    [
        ("", "", "no user has a deputy"),
        ("deputy: boris", "", ""),
        ("absences: [2026-12-01..2026-12-14]", "deputy: anna", "anna has no deputy"),
        ("deputy: boris, absences: [2026-12-01]", "days: [mon, tue]", "boris has no deputy"),
    ],
)
def test_nobody_stands_in(house: Any, anna: str, boris: str, told: str) -> None:
    house.write("settings.yaml", f"users:\n  anna: {{{anna}}}\n  boris: {{{boris}}}\n")
    house.rules(rules("do: task, with: {title: x}, absent: reassign"))
    odd = [one.message for one in look_through(house.root, house.now).oddities]
    assert [told in one for one in odd if "deputy" in one] == ([True] if told else [])
