"""Whether a condition holds for a record, and the keys by which values are compared.

The index stores the same keys in its columns and makes the same `tests` of a literal, so that a
condition gives one answer in SQL and here. A key is, by the kind of its field:

| kind | key | of a literal |
|---|---|---|
| number, money | float | a number |
| bool | 1 or 0 | yes/no, да/нет and the like |
| date | text 2026-11-23 | see `bounds` |
| datetime | text 2026-11-23T09:00:00Z, UTC, whole seconds | see `bounds` |
| phone, phones | digits of E.164, no extension; else all digits; else folded text | the same |
| url, urls | folded text without http(s)://, www. and a slash at the end | the same |
| id, link, links | the id as it stands | folded |
| companies, lines | the company's id; the folded name | folded |
| all others | folded text (`values.fold`) | folded |

An absent value, and text that folds to nothing, has no key. Text compares by code points, as
SQLite's BINARY collation compares UTF-8.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, TypeAlias

from crmcli.model.attachment import Attachment
from crmcli.model.conditions.paths import Step, step_of
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
from crmcli.model.dates import When, local_day, read_when, shift, to_utc
from crmcli.model.fields import MANY_KINDS, MAP_KINDS, Record, empty
from crmcli.model.schema import Schema
from crmcli.model.values import Email, Line, Phone, entity_of, fold, format_instant, parse_decimal

Key: TypeAlias = str | float
Test: TypeAlias = tuple[str, Key]
"""A primitive relation of a key to another: one of PRIMITIVES, and the other key."""

PRIMITIVES: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "~": operator.contains,  # SQL: instr(column, ?) > 0
}
DATE_KINDS = ("date", "datetime")
NUMBER_KINDS = ("number", "money")
PHONE_KINDS = ("phone", "phones")
URL_KINDS = ("url", "urls")
AFTER_THAT_SECOND = "~"  # greater than Z, while the next second has a greater digit before it
AFTER_ALL_DATES = "A"  # greater than every text that begins with a digit


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


def comparable(kind: str, value: Any) -> Key | None:
    """The key of a value, or of one item of a list; None if it has none (see the table above)."""
    if value is None or value == "":
        return None
    if kind in NUMBER_KINDS:
        return float(value)
    if kind == "bool":
        return int(value)
    if kind == "date":
        return str(value.isoformat())
    if kind == "datetime":
        return format_instant(value)
    if kind in ("id", "link", "links", "companies"):
        return str(value) or None
    if isinstance(value, Phone | Email):
        value = value.value
    named = isinstance(value, Line | Attachment)
    return _text_key(kind, value.name if named else str(value), "")


def keys(kind: str, value: Any) -> tuple[Key, ...]:
    """All keys of a field's value: none if it is absent, one, or one for each item of a list.

    A map field has the folded texts of its parts; only `is empty` asks for them.
    """
    if kind in MAP_KINDS:
        items: Iterable[Any] = value.values()
    else:
        items = value if kind in MANY_KINDS else (value,)
    found = (comparable(kind, item) for item in items)
    return tuple(key for key in found if key is not None)


def tests(op: str, kind: str, literal: Literal, env: Env) -> tuple[Test, ...]:
    """What one key must pass, all of it, to stand in the relation `op` to the literal.

    `op` is any operator but `!=`, which is the negation of `=`. ValueError with a sentence if the
    literal does not fit the kind; never for a condition that was checked.
    """
    low, high = bounds(kind, literal, env)
    if kind not in DATE_KINDS:
        return (("=" if op == "has" else op, low),)
    return {
        "=": ((">=", low), ("<", high)),
        "<": (("<", low),),
        "<=": (("<", high),),
        ">": ((">=", high),),
        ">=": ((">=", low),),
    }[op]


def bounds(kind: str, literal: Literal, env: Env) -> tuple[Key, Key]:
    """What a literal means for a kind: dates a span low <= key < high, others one key twice.

    A literal that names a day (2026-11-23, 23.11.2026, today, today+7d, tomorrow, fri) is all of
    that day in the workspace's zone, against dates and datetimes alike: `due <= today` takes in
    the whole of today, `due > today` begins tomorrow. A literal that names an instant (now, now-2h,
    "2026-11-23 15:00", 2026-11-23T12:00:00Z) is that second; against a date it is its local day.
    ValueError if the literal does not fit the kind.
    """
    if kind not in DATE_KINDS:
        key = _literal_key(kind, literal, env)
        return key, key
    if isinstance(literal, Moment):
        sign = "-" if literal.sign < 0 else "+"
        when: When = shift(literal.base, sign, literal.offset, env.now, env.zone)
    else:
        when = read_when(_text_of(literal), env.now, env.zone)
    if kind == "date":
        day = local_day(when, env.zone) if isinstance(when, datetime) else when
        return day.isoformat(), _following(day, date.isoformat)
    if isinstance(when, datetime):
        second = format_instant(when)
        return second, second.replace("Z", AFTER_THAT_SECOND)
    return _midnight(when, env.zone), _following(when, lambda day: _midnight(day, env.zone))


def passes(key: Key, wanted: Iterable[Test]) -> bool:
    """Whether a key passes all tests."""
    return all(PRIMITIVES[op](key, other) for op, other in wanted)


def holds(condition: Condition, record: Record, env: Env) -> bool:
    """Whether the condition holds for the record; it must have been checked for its entity."""
    return _true(condition.tree, record, env)


def _true(node: Node, record: Record, env: Env) -> bool:
    if isinstance(node, And):
        return all(_true(part, record, env) for part in node.parts)
    if isinstance(node, Or):
        return any(_true(part, record, env) for part in node.parts)
    if isinstance(node, Not):
        return not _true(node.part, record, env)
    if isinstance(node, Empty):
        return next(_reached(node.path, record, env), None) is None
    if isinstance(node, In):
        return _any_passes(node.path, "=", node.values, record, env)
    if node.op == "!=":
        return not _any_passes(node.path, "=", (node.value,), record, env)
    return _any_passes(node.path, node.op, (node.value,), record, env)


def _any_passes(
    path: tuple[str, ...], op: str, values: tuple[Literal, ...], record: Record, env: Env
) -> bool:
    readings: dict[str, list[tuple[Test, ...]]] = {}
    for kind, key in _reached(path, record, env):
        if kind not in readings:
            readings[kind] = [tests(op, kind, value, env) for value in values]
        if any(passes(key, wanted) for wanted in readings[kind]):
            return True
    return False


def _reached(path: tuple[str, ...], record: Record, env: Env) -> Iterator[tuple[str, Key]]:
    """The kinds and keys to which a path leads from a record, through every link on the way."""
    found = step_of(path, env.schema, record.entity)
    if found is None:
        return
    step, rest = found
    value = _value(step, record)
    if not rest:
        for key in keys(step.field.kind, value):
            yield step.field.kind, key
        return
    for link in keys(step.field.kind, value):
        target = env.follow(str(link)) if entity_of(str(link)) in step.targets else None
        if target is not None:
            yield from _reached(rest, target, env)


def _value(step: Step, record: Record) -> Any:
    field = step.field
    value: Any = record.custom.get(field.name) if field.custom else record.get(field.name)
    if value is None:
        return empty(field.kind)
    return value.get(step.key, "") if step.key else value


def _literal_key(kind: str, literal: Literal, env: Env) -> Key:
    text = _text_of(literal)
    if kind in NUMBER_KINDS:
        try:
            return float(literal.value if isinstance(literal, Number) else parse_decimal(text))
        except (ValueError, OverflowError):
            raise ValueError(f"{text!r} is not a number like 1200.50") from None
    if kind == "bool":
        from crmcli.model.inputs import TRUTHS

        truth = TRUTHS.get(fold(text))
        if truth is None:
            raise ValueError(f"{text!r} is neither yes nor no")
        return int(truth == "yes")
    return _text_key(kind, text, env.country) or ""


def _text_key(kind: str, text: str, country: str) -> str | None:
    if kind in PHONE_KINDS:
        # what stands in a record is E.164 already, or could not be read as a number
        text = re.sub(r" x[0-9]+$", "", text)
        digits = _digits(text, country) if country else "".join(re.findall("[0-9]", text))
        return digits or fold(text) or None
    folded = fold(text)
    if kind in URL_KINDS:
        bare = re.sub(r"^(https?://)?(www\.)?", "", folded).rstrip("/")
        return bare or folded or None
    return folded or None


def _digits(text: str, country: str) -> str:
    from crmcli.model.phones import key

    return key(text, country)


def _text_of(literal: Literal) -> str:
    return literal.value if isinstance(literal, Text) else str(literal)


def _midnight(day: date, zone: tzinfo) -> str:
    return format_instant(to_utc(day, time(), zone))


def _following(day: date, text: Callable[[date], str]) -> str:
    return text(day + timedelta(days=1)) if day < date.max else AFTER_ALL_DATES
