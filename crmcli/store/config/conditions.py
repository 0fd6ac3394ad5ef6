"""Conditions in the rules of pipelines.yaml, and what robots make of them: goals and exits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import TypeVar

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.automation import Exit, Robot
from crmcli.model.conditions import where
from crmcli.model.conditions.tree import BadCondition, Condition
from crmcli.model.listed import allowed_hint
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.frame import Frame

T = TypeVar("T")


def understood(place: Cursor, read: Callable[[], T]) -> T | None:
    """What stands at a place, read as a condition or a part of one; None with a fault if it is none."""
    try:
        return read()
    except BadCondition as error:
        place.fault(f"{place.name!r}: {error.message}", error.hint)
        return None


def condition(doc: str) -> shapes.Shape:
    """A condition, None where it is absent or not understood."""
    return shapes.Shape(doc, _condition, lambda: {"type": "string"}, None)


def _condition(place: Cursor, frame: Frame) -> Condition | None:
    text, about = place.text(), (frame.schema, frame.entity)
    if not text:
        return None
    return understood(place, lambda: where.resolve(where.read(text, *about), *about, frame.aliases))


def _goal(place: Cursor, frame: Frame) -> Exit | None:
    """A condition, or one with the robot at which the chain goes on."""
    if isinstance(place.value, dict):
        got = GOAL_KEYS.read(place, frame)
    else:
        got = {"when": _condition(place, frame), "go_to": ""}
    return Exit(got["when"], got["go_to"], is_goal=True) if got["when"] else None


def _exit(place: Cursor, frame: Frame) -> Exit | None:
    when = _condition(place, frame)
    return Exit(when, is_goal=place.name == "goal") if when else None


def with_sound_goals(robots: Sequence[Robot], places: Iterable[Cursor]) -> tuple[Robot, ...]:
    """The robots of a stage; a fault at each goal that does not go on at a robot further down its chain."""
    found = []
    for number, (robot, place) in enumerate(zip(robots, places, strict=True)):
        below = takewhile(lambda one: one.timing.wait_previous, robots[number + 1 :])
        known = [one.id for one in below]
        for target in (one.go_to for one in robot.exits if one.go_to and one.go_to not in known):
            told = tr("no robot {!r} further down the chain", target)
            hint = allowed_hint(target, known) if known else "the robots below need wait: previous"
            place.at("goal").at("go_to").fault(told, hint, of_rule=True)
            robot = replace(robot, fault=str(place.findings.problems[-1]))
        found.append(robot)
    return tuple(found)


GOAL_KEYS = shapes.keys(
    "",
    {
        "when": shapes.needed(condition("The condition.")),
        "go_to": shapes.text("The robot further down the chain at which it goes on."),
    },
)
GOAL = shapes.Shape(
    "What this robot and those that wait for it are for: once it holds, the rest of the chain is let"
    " go, or the chain goes on at the robot go_to. Looked at before every step, and before a message"
    " leaves.",
    _goal,
    lambda: {"anyOf": [{"type": "string"}, GOAL_KEYS.schema(required=True)]},
    None,
    keys=GOAL_KEYS.keys,
)
GOAL_OF_ALL = replace(
    condition("What the sequence is for: once it holds, all of it is let go."), read=_exit
)
EXIT_OF_ALL = replace(condition("Once it holds, all of the sequence is let go."), read=_exit)
EXIT = replace(
    condition(
        "Once it holds, this robot and those that wait for it are let go; looked at like goal."
    ),
    read=_exit,
)
