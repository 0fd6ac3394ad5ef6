"""Whether a condition holds for a record.

The index stores the same keys of values in its columns (each kind has its own, `Kind.key`) and makes
the same `tests` of a literal, so that a condition gives one answer in SQL and here. An absent value,
and text that folds to nothing, has no key. Text compares by code points, as SQLite's BINARY
collation compares UTF-8.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, TypeAlias

from crmcli.dataclass import dataclass
from crmcli.model.calendar_phrases import When
from crmcli.model.conditions.paths import PathStep, step_of
from crmcli.model.conditions.tree import (
    And,
    Condition,
    Empty,
    In,
    Literal,
    Moment,
    Node,
    Not,
    Number,
    Or,
    Text,
)
from crmcli.model.dates import read_when
from crmcli.model.fields import Record
from crmcli.model.kinds import Key, Kind
from crmcli.model.offsets import shift
from crmcli.model.schema import Schema
from crmcli.model.spelling import contains
from crmcli.model.values import Value, entity_of, fold

Test: TypeAlias = tuple[str, Key]
"""A primitive relation of a key to another: one of PRIMITIVES, and the other key."""

PRIMITIVES: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "~": contains,  # as search does
}


_THOUSANDTHS = -3
"""The exponent of numbers like 250.000, which may be 250000."""


@dataclass(frozen=True)
class Env:
    """What a condition is evaluated against besides the record.

    `follow` gives the record that a link points to, None if it cannot be read; `country` is that of
    phone numbers written without one.
    """

    now: datetime
    zone: tzinfo
    schema: Schema
    follow: Callable[[str], Record | None]
    country: str = "RU"
    derive: Callable[[Record, str], Value | None] = lambda _record, _name: None
    """The value of a derived field of a record."""


def tests(op: str, kind: Kind, literal: Literal, env: Env) -> tuple[Test, ...]:
    """What one key must pass, all of it, to stand in the relation `op` to the literal.

    `op` is any operator but `!=`, which is the negation of `=`. ValueError with a sentence if the
    literal does not fit the kind; never for a condition that was checked.
    """
    low, high = bounds(kind, literal, env)
    if not kind.is_time:
        return (("=" if op == "has" else op, low),)
    dated = ((">=", "0"),) if kind.is_yearless else ()  # a day without its year is before no other
    return {
        "=": ((">=", low), ("<", high)),
        "<": (*dated, ("<", low)),
        "<=": (*dated, ("<", high)),
        ">": ((">=", high),),
        ">=": ((">=", low),),
    }[op]


def bounds(kind: Kind, literal: Literal, env: Env) -> tuple[Key, Key]:
    """What a literal means for a kind: dates a span low <= key < high, others one key twice.

    A literal that names a day or several (23.11.2026, today+7d, fri, last month, 2026) is all of
    that in the workspace's zone, against dates and datetimes alike: `due <= today` takes in
    the whole of today, `due > today` begins tomorrow. A literal that names an instant (now, now-2h,
    "2026-11-23 15:00", 2026-11-23T12:00:00Z) is that second; against a date it is its local day.
    ValueError if the literal does not fit the kind.
    """
    if not kind.is_time:
        number = literal.value if isinstance(literal, Number) else None
        if kind.is_number and number is not None and number.as_tuple().exponent != _THOUSANDTHS:
            key: Key = float(number)
        else:
            key = kind.literal(_text_of(literal), env.country)
        return key, key
    if isinstance(literal, Moment):
        sign = "-" if literal.sign < 0 else "+"
        when: When = shift(literal.base, sign, literal.offset, env.now, env.zone)
    else:
        when = read_when(_text_of(literal), env.now, env.zone, past=kind.is_past, day=kind.is_day)
    return kind.span(when, env.zone)


def passes(key: Key, wanted: Iterable[Test]) -> bool:
    """Whether a key passes all tests."""
    return all(PRIMITIVES[op](key, other) for op, other in wanted)


def holds(condition: Condition, record: Record, env: Env) -> bool:
    """Whether the condition holds for the record; it must have been checked for its entity."""
    return is_true(condition.tree, record, env)


def is_true(node: Node, record: Record, env: Env) -> bool:
    """The same of a part of a checked condition."""
    if isinstance(node, And):
        return all(is_true(part, record, env) for part in node.parts)
    if isinstance(node, Or):
        return any(is_true(part, record, env) for part in node.parts)
    if isinstance(node, Not):
        return not is_true(node.part, record, env)
    if isinstance(node, Empty):
        return next(_reached(node.path, record, env), None) is None
    if isinstance(node, In) and node.path[-1] == "id":
        ids = _ids_of(_Same(node))
        return any(key in ids for _, key in _reached(node.path, record, env))
    if isinstance(node, In):
        return _any_passes(node.path, "=", node.values, record, env)
    if node.op == "!=":
        return not _any_passes(node.path, "=", (node.value,), record, env)
    return _any_passes(node.path, node.op, (node.value,), record, env)


class _Same:
    """A comparison by what it is, as to compare its values would take as long as to go through them."""

    __slots__ = ("node",)

    def __init__(self, node: In) -> None:
        self.node = node

    def __hash__(self) -> int:
        return id(self.node)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.node is self.node


@lru_cache(maxsize=16)
def _ids_of(same: _Same) -> frozenset[str]:
    """The ids among which one must be: there may be as many as records."""
    return frozenset(fold(_text_of(value)) for value in same.node.values)


def _any_passes(
    path: tuple[str, ...], op: str, values: tuple[Literal, ...], record: Record, env: Env
) -> bool:
    readings: dict[Kind, list[tuple[Test, ...]]] = {}
    for kind, key in _reached(path, record, env):
        if kind not in readings:
            readings[kind] = [tests(op, kind, value, env) for value in values]
        if any(passes(key, wanted) for wanted in readings[kind]):
            return True
    return False


def _reached(path: tuple[str, ...], record: Record, env: Env) -> Iterator[tuple[Kind, Key]]:
    """The kinds and keys to which a path leads from a record, through every link on the way."""
    for step, owner in reached(path, record, env):
        for key in step.field.kind.keys(value_of(step, owner, env)):
            yield step.field.kind, key


def reached(path: tuple[str, ...], record: Record, env: Env) -> Iterator[tuple[PathStep, Record]]:
    """The fields to which a path leads from a record, through every link on the way, and whose they are."""
    found = step_of(path, env.schema, record.entity)
    if found is None:
        return
    step, rest = found
    if not rest:
        yield step, record
        return
    for link in step.field.kind.keys(value_of(step, record, env)):
        target = env.follow(str(link)) if entity_of(str(link)) in step.targets else None
        if target is not None:
            yield from reached(rest, target, env)


def value_of(step: PathStep, record: Record, env: Env) -> Any:
    """What a record has in the field of a step."""
    field = step.field
    if field.derived:
        return env.derive(record, field.name)
    value: Any = record.custom.get(field.name) if field.custom else record.get(field.name)
    if value is None:
        return field.kind.empty
    return value.get(step.key, "") if step.key else value


def _text_of(literal: Literal) -> str:
    return literal.value if isinstance(literal, Text) else str(literal)
