"""From a condition's tree to SQL text and its parameters, with the same answer as `holds`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass, field
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.conditions.paths import PathStep, Route, routes
from crmcli.model.conditions.tree import And, Condition, Empty, In, Literal, Node, Not, Or
from crmcli.model.kinds import Key, Kind
from crmcli.model.spelling import SPELLED_OTHERWISE, spellings
from crmcli.store.index import derived
from crmcli.store.index.columns import Columns

if TYPE_CHECKING:
    from crmcli.model.conditions.holds import Env, Test

Parameter = str | float
"""What takes the place of a question mark."""

_HALVES = re.compile("[\ud800-\udfff]")
_NOWHERE = "\uffff"
_ODD = SPELLED_OTHERWISE.replace("'", "''")
_CONTAINS = f"CASE WHEN {{0}} GLOB '{_ODD}' THEN contains({{0}}, ?) ELSE {{1}} END"


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece of SQL and the values for its question marks, in order."""

    text: str
    parameters: list[Parameter] = field(default_factory=list)


def where(condition: Condition | None, env: Env | None, columns: Columns, entity: str) -> Sql:
    """What a row of the entity's table must be for the (checked) condition to hold; `1` for none."""
    if condition is None:
        return Sql("1")
    if env is None:
        raise TypeError("a condition means nothing without its Env")
    return _Compiler(env, columns, entity).node(condition.tree)


class _Compiler:
    """Turns nodes into SQL that is true exactly where they hold; elsewhere it is false or NULL."""

    def __init__(self, env: Env, columns: Columns, entity: str) -> None:
        self._env = env
        self._columns = columns
        self._entity = entity

    def node(self, node: Node) -> Sql:
        if isinstance(node, And):
            return _joined([self.node(part) for part in node.parts], "AND", "1")
        if isinstance(node, Or):
            return _joined([self.node(part) for part in node.parts], "OR", "0")
        if isinstance(node, Not):
            return _negated(self.node(node.part))
        if isinstance(node, Empty):
            return _negated(self._reaches(node.path, lambda _: [()]))
        if isinstance(node, In):
            return self._any(node.path, "=", node.values)
        if node.op == "!=":
            return _negated(self._any(node.path, "=", (node.value,)))
        return self._any(node.path, node.op, (node.value,))

    def _any(self, path: tuple[str, ...], op: str, values: tuple[Literal, ...]) -> Sql:
        from crmcli.model.conditions.holds import tests

        return self._reaches(
            path, lambda kind: [tests(op, kind, value, self._env) for value in values]
        )

    def _reaches(
        self, path: tuple[str, ...], wanted: Callable[[Kind], list[tuple[Test, ...]]]
    ) -> Sql:
        """Whether some key at the end of the path passes one of the rows of tests."""
        ways = routes(path, self._env.schema, self._entity)
        return _joined([self._along(way, wanted(way[-1].field.kind)) for way in ways], "OR", "0")

    def _along(self, way: Route, wanted: list[tuple[Test, ...]]) -> Sql:
        step, rest = way[0], way[1:]
        column = column_of(step, self._columns, step.entity)
        key = column or "key"
        inner = self._linked(key, rest, wanted) if rest else _passes(key, wanted)
        if column:
            return inner
        number = self._columns.list_of(step)
        return Sql(
            f"{step.entity}.num IN (SELECT num FROM item WHERE field = {number} AND {inner.text})",
            inner.parameters,
        )

    def _linked(self, key: str, rest: Route, wanted: list[tuple[Test, ...]]) -> Sql:
        target = self._along(rest, wanted)
        return Sql(
            f"{key} IN (SELECT id FROM {rest[0].entity} WHERE {target.text})", target.parameters
        )


def column_of(step: PathStep, columns: Columns, row: str) -> str:
    """What in a row of an entity's table is the key of a step; "" for a list or a map."""
    if not step.field.derived:
        return columns.column(step)
    return derived.expression(step.field, columns, step.entity, row)


def _passes(key: str, wanted: list[tuple[Test, ...]]) -> Sql:
    if len(wanted) > 1 and all(len(row) == 1 and row[0][0] == "=" for row in wanted):
        return _among(key, [row[0][1] for row in wanted])
    alternatives = []
    for row in wanted:
        parts = [_relation(key, op, bindable(other)) for op, other in row]
        alternatives.append(_joined(parts, "AND", f"{key} IS NOT NULL"))
    return _joined(alternatives, "OR", "0")


def _relation(key: str, op: str, other: Parameter) -> Sql:
    """Whether a key stands to another as an operator says; only what may be spelled otherwise is looked at
    by us."""
    if op != "~":
        return Sql(f"{key} {op} ?", [other])
    found = spellings(str(other))
    plain = " OR ".join([f"instr({key}, ?) > 0"] * len(found))
    return Sql(_CONTAINS.format(key, plain), [other, *found])


def _among(key: str, others: Sequence[Key]) -> Sql:
    """A list of any length as one parameter."""
    text = json.dumps([bindable(other) for other in others])
    return Sql(f"{key} IN (SELECT value FROM json_each(?))", [text])


def bindable(key: Key) -> Parameter:
    """A key as SQLite takes it. Half a character, from a broken command line, stands in no file."""
    return _HALVES.sub(_NOWHERE, key) if isinstance(key, str) else key


def _negated(part: Sql) -> Sql:
    return Sql(f"({part.text}) IS NOT TRUE", part.parameters)


def _joined(parts: list[Sql], word: str, nothing: str) -> Sql:
    """The parts in a balanced tree: SQLite takes no expression more than a thousand deep."""
    if not parts:
        return Sql(nothing)
    while len(parts) > 1:
        odd = parts[-1:] if len(parts) % 2 else []
        paired = zip(parts[::2], parts[1::2], strict=False)
        parts = [
            Sql(f"({a.text} {word} {b.text})", [*a.parameters, *b.parameters]) for a, b in paired
        ] + odd
    return parts[0]


def order(names: Sequence[str], columns: Columns, entity: str) -> str:
    """The ORDER BY of field names, `-` before those from great to small; absent values come last.

    The order is total: then by age, then by id. BadUsage for an unknown field or one of many values.
    """
    terms = []
    for name in names:
        path = tuple(name.removeprefix("-").split("."))
        keys = [
            key_along(way, columns, entity, is_sorted=True)
            for way in routes(path, columns.schema, entity)
        ]
        key = keys[0] if len(keys) == 1 else f"coalesce({', '.join(keys)})"
        terms.append(f"{key}{' DESC' if name.startswith('-') else ''} NULLS LAST")
    return ", ".join([*terms, "made", "id"])


def key_along(
    way: Route, columns: Columns, table: str, depth: int = 1, *, is_sorted: bool = False
) -> str:
    """The one key to which a way leads from a row of the table; `is_sorted`: as words are sorted."""
    step = way[0]
    column = columns.columns(step.entity).get(step.field.name) if not step.key else None
    if not column and not step.key and not step.field.derived:
        sorting = tr("cannot sort by {!r}: it may hold several values", step.field.name)
        grouping = tr("cannot group by {!r}: it may hold several values", step.field.name)
        raise BadUsage(
            sorting if is_sorted else grouping,
            "sort by a field that holds one, like name or created_at"
            if is_sorted
            else "group by a field that holds one, like stage, owner or source",
        )
    if step.field.derived:
        key = derived.expression(step.field, columns, step.entity, table)
    elif column:
        key = column.sorted_by.format(table) if is_sorted else f"{table}.{column.name}"
    else:
        number = columns.list_of(step)
        key = f"(SELECT min(key) FROM item WHERE field = {number} AND item.num = {table}.num)"
    if len(way) == 1:
        return key
    inner = key_along(way[1:], columns, f"way{depth}", depth + 1, is_sorted=is_sorted)
    return f"(SELECT {inner} FROM {way[1].entity} AS way{depth} WHERE way{depth}.id = {key})"
