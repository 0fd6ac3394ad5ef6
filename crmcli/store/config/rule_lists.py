"""Lists of robots, triggers and schedules: each rule read with what is wrong with it alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import TypeVar

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.automation import Robot, Schedule, Trigger
from crmcli.store.config import shapes
from crmcli.store.config.conditions import with_sound_goals
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.frame import Frame
from crmcli.store.config.robots import read_robot, read_schedule
from crmcli.store.config.triggers import read_trigger

R = TypeVar("R", Robot, Schedule, Trigger)


def _rules(
    place: Cursor, read: Callable[[Cursor, Frame], R], frame: Frame, limit: shapes.Limit
) -> tuple[R, ...]:
    """The rules of a list, each with what is wrong with it alone; of a list that is too long none may act."""
    rules: list[R] = []
    lines: dict[str, int] = {}
    problems = place.findings.problems
    too_many = place.count_fault(*limit)
    for entry in islice(place.items(), limit[0]):
        before = len(problems)
        rule = read(entry, frame)
        name = "" if isinstance(rule, Trigger) else rule.id
        if name and name in lines:
            what = type(rule).__name__.lower()
            entry.fault(
                tr("{} {!r} is there twice", tr(what), name),
                tr("the first is in line {}", lines[name]),
            )
        own = problems[before:]
        place.findings.of_rules += own
        if own or too_many:
            rule = replace(rule, fault=too_many or str(own[0]))
        if not isinstance(rule, Trigger) and (not name or name in lines):
            rule = replace(rule, id=f"{name or 'rule'}-in-line-{rule.line}")  # surely its own
        lines.setdefault(name, entry.line)
        rules.append(rule)
    return tuple(rules)


def _robots(place: Cursor, frame: Frame) -> tuple[Robot, ...]:
    rules = _rules(place, read_robot, frame, (limits.ROBOTS, "a list of robots"))
    return with_sound_goals(rules, islice(place.items(), limits.ROBOTS))


def _rule_list(doc: str, read: Callable[[Cursor, Frame], R], limit: shapes.Limit) -> shapes.Shape:
    definition = read.__name__.removeprefix("read_")
    return shapes.Shape(
        doc,
        lambda place, frame: _rules(place, read, frame, limit),
        lambda: {"type": "array", "items": {"$ref": f"#/definitions/{definition}"}},
        (),
    )


ROBOTS = shapes.Shape(
    "What is done, in order.",
    _robots,
    lambda: {"type": "array", "items": {"$ref": "#/definitions/robot"}},
    (),
)
TRIGGERS = _rule_list(
    "Events that move a record to this stage; forward only, unless back: yes.",
    read_trigger, (limits.TRIGGERS, "a list of triggers"),
)  # fmt: skip
SCHEDULES = _rule_list(
    "What the clock does for records of this pipeline.",
    read_schedule, (limits.SCHEDULES, "a list of schedules"),
)  # fmt: skip
