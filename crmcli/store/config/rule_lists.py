"""Lists of robots, triggers and schedules: each rule read with what is wrong with it alone."""

from __future__ import annotations

from collections.abc import Callable
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


def _rules(place: Cursor, read: Callable[[Cursor, Frame], R], frame: Frame) -> tuple[R, ...]:
    """The rules of a list, each with what is wrong with it alone."""
    rules: list[R] = []
    lines: dict[str, int] = {}
    problems = place.findings.problems
    for entry in place.items():
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
        if own:
            rule = replace(rule, fault=str(own[0]))
        if not isinstance(rule, Trigger) and (not name or name in lines):
            rule = replace(rule, id=f"{name or 'rule'}-in-line-{rule.line}")  # surely its own
        lines.setdefault(name, entry.line)
        rules.append(rule)
    return tuple(rules)


def _robots(place: Cursor, frame: Frame) -> tuple[Robot, ...]:
    place = place.at_most(limits.ROBOTS, "a list of robots")
    return with_sound_goals(_rules(place, read_robot, frame), place.items())


def _rule_list(doc: str, read: Callable[[Cursor, Frame], R], limit: shapes.Limit) -> shapes.Shape:
    definition = read.__name__.removeprefix("read_")
    return shapes.Shape(
        doc,
        lambda place, frame: _rules(place.at_most(*limit), read, frame),
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
