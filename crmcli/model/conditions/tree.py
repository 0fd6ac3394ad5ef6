"""The tree of a condition; written out, it is a condition again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import TypeAlias

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage
from crmcli.model.durations import Duration
from crmcli.model.values import format_decimal

RESERVED = ("and", "or", "not", "in", "is", "has", "empty")
OPERATORS = ("=", "!=", ">", ">=", "<", "<=", "~", "has")

# What a literal is without quotes, for the reader and for the writer.
WORD = r"[\w\u0300-\u036f.\-@+:/]+"  # with combining marks: macOS writes й as two characters
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
MOMENT_BEGUN = re.compile(r"(today|now)([+-]([0-9].*)?)?", re.IGNORECASE)


class BadCondition(BadUsage):
    """A condition cannot be read, or does not fit the fields that it names.

    `position` counts from 1; 0 where the trouble is with a field or a value rather than a place.
    """

    def __init__(self, message: str, hint: str = "", position: int = 0) -> None:
        super().__init__(message, hint)
        self.position = position


@dataclass(frozen=True, slots=True)
class Text:
    """A word or a quoted text. What it means (a date, a phone, an id) the field's kind decides."""

    value: str

    def __str__(self) -> str:
        bare = re.fullmatch(WORD, self.value) and self.value.lower() not in RESERVED
        if bare and not NUMBER.fullmatch(self.value) and not MOMENT_BEGUN.fullmatch(self.value):
            return self.value
        return '"' + self.value.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Number:
    """A number written plainly: `100000`, `-1.50`. `007` is a Text, so that no zero is lost."""

    value: Decimal

    def __str__(self) -> str:
        return format_decimal(self.value)


@dataclass(frozen=True, slots=True)
class Moment:
    """`today` or `now`, plus (sign 1) or minus (sign -1) an offset: `today+7d`, `now-2h`."""

    base: str
    sign: int = 1
    offset: Duration | None = None

    def __str__(self) -> str:
        if self.offset is None:
            return self.base
        minutes = "in" if self.offset.unit == "m" else ""  # a bare m might be months
        return f"{self.base}{'-' if self.sign < 0 else '+'}{self.offset}{minutes}"


Literal: TypeAlias = Text | Number | Moment


@dataclass(frozen=True, slots=True)
class Compare:
    """Some key to which the path leads stands in the relation `op` to the value.

    `=`, `>`, `>=`, `<`, `<=`, `~`, `has`: true if at least one key passes all the tests
    that `model.holds.tests` makes of the value; false where there is no key.
    `!=`: the negation of `=`, so true where there is no key. `has` is `=` on a field with a list.
    """

    path: tuple[str, ...]
    op: str
    value: Literal

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} {self.op} {self.value}"


@dataclass(frozen=True, slots=True)
class In:
    """Some key of the path equals one of the values: `=` to each of them, joined by `or`."""

    path: tuple[str, ...]
    values: tuple[Literal, ...]

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} in ({', '.join(map(str, self.values))})"


@dataclass(frozen=True, slots=True)
class Empty:
    """The path leads to no key at all: no value, an empty list, a link that leads nowhere."""

    path: tuple[str, ...]

    def __str__(self) -> str:
        return f"{'.'.join(self.path)} is empty"


@dataclass(frozen=True, slots=True)
class And:
    """All of the parts hold."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(_inside(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one of the parts holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(_inside(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold. There is no third answer: what is not true is false."""

    part: Node

    def __str__(self) -> str:
        if isinstance(self.part, Empty):
            return f"{'.'.join(self.part.path)} is not empty"
        return f"not {_inside(self.part)}"


Node: TypeAlias = Compare | In | Empty | And | Or | Not


def nodes_of(node: Node) -> Iterator[Node]:
    """A node and all that it consists of."""
    yield node
    for part in (
        node.parts if isinstance(node, And | Or) else [node.part] if isinstance(node, Not) else []
    ):
        yield from nodes_of(part)


def _inside(node: Node) -> str:
    return f"({node})" if isinstance(node, And | Or) else str(node)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was written, and the tree that it means."""

    text: str
    tree: Node

    def __str__(self) -> str:
        return self.text
