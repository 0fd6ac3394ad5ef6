"""The condition language: filters, robots, triggers, views and schedules all speak it.

`grammar` reads the text into a `tree`; here it is compared with the fields of an entity, and ids are put
for names; `holds` evaluates it, and has all that SQL needs to give the same answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.conditions import grammar
from crmcli.model.conditions.holds import Env, bounds
from crmcli.model.conditions.paths import PathStep, in_our_words, routes, suggest
from crmcli.model.conditions.tree import (
    And,
    BadCondition,
    Compare,
    Condition,
    Empty,
    In,
    Literal,
    Node,
    Not,
    Or,
    Text,
)
from crmcli.model.kinds import Field
from crmcli.model.schema import Schema
from crmcli.model.spelling import contains
from crmcli.model.values import entity_of, fold

IN_PIPELINE = "\x1f"
"""Parts a pipeline from a stage where only the two together say what is meant."""
Aliases: TypeAlias = Mapping[str, Mapping[str, str | Sequence[str]]]
"""Ids by folded name: for a kind (stage, pipeline, user) or a directory's name (sources, …).

A name that several things bear may have several ids. `deal.stage` comes before `stage`: where an
entity has names of its own.
"""


def check(condition: Condition, schema: Schema, entity: str) -> None:
    """Refuse what does not fit the fields of an entity; `holds` and SQL never fail after that.

    BadCondition for an unknown field, a path through something that is no link, an operator or a
    value that does not fit the field's kind.
    """
    env = Env(datetime(2026, 1, 1, tzinfo=UTC), UTC, schema, lambda _: None)
    for leaf in leaves(condition.tree):
        for route in routes(leaf.path, schema, entity):
            step = route[-1]
            name = ".".join(leaf.path)
            if not isinstance(leaf, Empty):
                _check_operator(name, "in" if isinstance(leaf, In) else leaf.op, step.field)
            for value in values_of(leaf):
                _check_value(name, step, value, env)


def read(text: str, schema: Schema, entity: str) -> Condition:
    """Parse a condition and check it; fields go by their own names in it, however they were named."""
    condition = grammar.parse(text)
    check(condition, schema, entity)

    def change(leaf: Compare | In | Empty) -> Node:
        return replace(leaf, path=in_our_words(leaf.path, schema, entity))

    return Condition(condition.text, changed(condition.tree, change))


def leaves(node: Node) -> list[Compare | In | Empty]:
    """The comparisons of which a tree is made, from left to right."""
    if isinstance(node, And | Or):
        return [leaf for part in node.parts for leaf in leaves(part)]
    return leaves(node.part) if isinstance(node, Not) else [node]


def is_negative(leaf: Compare | In | Empty) -> bool:
    """Whether a comparison is true where its path leads to nothing."""
    return isinstance(leaf, Empty) or (isinstance(leaf, Compare) and leaf.op == "!=")


def positive(leaf: Compare | In | Empty, path: tuple[str, ...]) -> Node:
    """What a comparison says or, if it is negative, denies, of another path."""
    if isinstance(leaf, Empty):
        return Not(Empty(path))
    if isinstance(leaf, Compare) and leaf.op == "!=":
        return Compare(path, "=", leaf.value)
    return replace(leaf, path=path)


def values_of(leaf: Compare | In | Empty) -> tuple[Literal, ...]:
    """What is compared with; nothing where it is asked whether a field is empty."""
    if isinstance(leaf, Empty):
        return ()
    return leaf.values if isinstance(leaf, In) else (leaf.value,)


def _text(value: Literal) -> str:
    return value.value if isinstance(value, Text) else str(value)


def _check_operator(name: str, op: str, field: Field) -> None:
    allowed = field.kind.operators
    if op in allowed:
        return
    if field.kind.is_map:
        hint = tr("name one of its parts, like {0}.source, or write {0} is not empty", name)
    elif field.kind.is_link and op == "~":
        hint = tr("look at a field of what it links to: {}.name ~ …", name)
    elif op == "has":
        hint = tr("{0} holds one value; write {0} = …", name)
    else:
        hint = tr("use one of {}, is empty", ", ".join(allowed))
    raise BadCondition(
        tr("{!r} cannot be used with {!r}, a field of type {}", op, name, field.kind), hint
    )


def _check_value(name: str, step: PathStep, value: Literal, env: Env) -> None:
    text = _text(value)
    if not fold(text):
        raise BadCondition(
            tr("{!r} is compared with empty text", name), tr("write {} is empty", name)
        )
    if step.targets and entity_of(fold(text)) not in step.targets:
        raise BadCondition(
            tr(
                "{!r} is a link and {!r} is not the id of a {}",
                name,
                text,
                " or ".join(step.targets),
            ),
            tr("write {}.name = {}", name, value),
        )
    try:
        bounds(step.field.kind, value, env)
    except ValueError as error:
        raise BadCondition(f"{name}: {error}") from None


def resolve(
    condition: Condition,
    schema: Schema,
    entity: str,
    aliases: Aliases,
    is_held: Callable[[str, Field, str], bool] = lambda *_: False,
) -> Condition:
    """The condition with ids in place of the names of stages, pipelines, users, directory entries.

    Where `aliases` or the field itself knows its values, a value that is neither an id nor a name of it is
    a BadCondition, unless `is_held` says that some record still has it; `~` takes in the ids whose names
    contain the text. `read` or `check` it first.
    """

    def change(leaf: Compare | In | Empty) -> Node:
        known = _names(leaf.path, schema, entity, aliases)
        if not known or isinstance(leaf, Empty):
            return leaf
        ends = [route[-1] for route in routes(leaf.path, schema, entity)]
        kinds = _ids_by_name(ends, aliases, ".kind")
        for text in map(_text, values_of(leaf)):
            meant = known.get(fold(text), ())
            _check_whom(leaf, ends[0], text, meant)
            is_name = fold(text) not in map(fold, meant)
            asked = [e for e in ends if not meant or (is_name and e.field.kind.is_moved)]
            if not meant and _is_told(leaf):
                meant = kinds.get(fold(text), ())
            if any(is_held(e.entity, e.field, text) for e in asked):
                meant = (*meant, text)  # a file that says it by its name means that too
            if meant:
                known[fold(text)] = meant
        if isinstance(leaf, In):
            return _among(leaf.path, [i for v in leaf.values for i in _ids(leaf.path, v, known)])
        if leaf.op == "~":
            return _containing(leaf, known)
        ids = _ids(leaf.path, leaf.value, known)
        if len(ids) == 1 and IN_PIPELINE not in ids[0]:
            return Compare(leaf.path, leaf.op, Text(ids[0]))
        return Not(_among(leaf.path, ids)) if leaf.op == "!=" else _among(leaf.path, ids)

    return Condition(condition.text, changed(condition.tree, change))


def with_heirs(condition: Condition, heir: Callable[[str], str]) -> Condition:
    """The condition with, beside each id of a merged record, that of the one into which it went.

    `heir` tells that, of any other id the same id.
    """

    def both(value: Literal) -> tuple[Literal, ...]:
        record_id = fold(value.value) if isinstance(value, Text) else ""
        now = heir(record_id) if entity_of(record_id) else record_id
        return (value,) if now == record_id else (value, Text(now))

    def change(leaf: Compare | In | Empty) -> Node:
        if isinstance(leaf, In):
            return In(leaf.path, tuple(v for value in leaf.values for v in both(value)))
        if isinstance(leaf, Empty) or leaf.op not in ("=", "!=", "has"):
            return leaf
        ids = both(leaf.value)
        if len(ids) == 1:
            return leaf
        return Not(In(leaf.path, ids)) if leaf.op == "!=" else In(leaf.path, ids)

    return Condition(condition.text, changed(condition.tree, change))


def changed(node: Node, change: Callable[[Compare | In | Empty], Node]) -> Node:
    """A tree with other comparisons in the place of those that it is made of."""
    if isinstance(node, And | Or):
        return type(node)(tuple(changed(part, change) for part in node.parts))
    return Not(changed(node.part, change)) if isinstance(node, Not) else change(node)


def _names(
    path: tuple[str, ...], schema: Schema, entity: str, aliases: Aliases
) -> dict[str, tuple[str, ...]]:
    """Ids by folded name for the field at the end of a path; ids, and words to choose from, stand for
    themselves."""
    ends = [route[-1] for route in routes(path, schema, entity)]
    choices = [choice for step in ends for choice in step.field.choices]
    found = {fold(choice): (choice,) for choice in choices} | _ids_by_name(ends, aliases)
    for record_id in [i for ids in found.values() for i in ids if IN_PIPELINE not in i]:
        found[fold(record_id)] = (record_id,)
    return found


def _ids_by_name(
    ends: Sequence[PathStep], aliases: Aliases, of: str = ""
) -> dict[str, tuple[str, ...]]:
    """The ids that fields know by their names; `of` names what else they are known by."""
    found: dict[str, tuple[str, ...]] = {}
    for step in ends:
        kind = f"{step.field.directory or step.field.kind.name}{of}"
        for name, ids in (aliases.get(f"{step.entity}.{kind}") or aliases.get(kind) or {}).items():
            more = (ids,) if isinstance(ids, str) else tuple(ids)
            found[name] = tuple(dict.fromkeys((*found.get(name, ()), *more)))
    return found


def _ids(
    path: tuple[str, ...], value: Literal, known: Mapping[str, tuple[str, ...]]
) -> tuple[str, ...]:
    text = _text(value)
    if fold(text) in known:
        return known[fold(text)]
    name = ".".join(path)
    if fold(text) == "me":
        raise BadCondition("crm does not know who 'me' is", "use --as USER or CRM_USER")
    plain = (i for ids in known.values() for i in ids if IN_PIPELINE not in i)
    hint = suggest(fold(text), known, dict.fromkeys(plain))
    raise BadCondition(
        tr("{!r} is not a value of {!r}", text, name),
        tr("{}; for one that is no longer listed write {} ~ {}", hint, name, value),
    )


def _check_whom(leaf: Compare | In, end: PathStep, text: str, meant: Sequence[str]) -> None:
    """BadCondition where a word for a user means several."""
    if len(meant) > 1 and end.field.kind.listed_in == "users" and _is_told(leaf):
        told = tr("{!r} may be {}", text, " or ".join(meant))
        raise BadCondition(told, tr("write {} in ({})", ".".join(leaf.path), ", ".join(meant)))


def _is_told(leaf: Compare | In) -> bool:
    """Whether a comparison says whom it means, and not a part of the name."""
    return getattr(leaf, "op", "in") != "~"


def _containing(leaf: Compare, known: Mapping[str, tuple[str, ...]]) -> Node:
    text = _text(leaf.value)
    by_words = ((n, ids) for n, ids in known.items() if "@" not in n or "@" in text)
    named = {i for name, ids in by_words if contains(name, fold(text)) for i in ids}
    if not named:
        return leaf
    return Or((leaf, _among(leaf.path, sorted(named))))


def _among(path: tuple[str, ...], ids: Sequence[str]) -> Node:
    """What has one of these ids, a stage perhaps in one pipeline alone."""
    found: dict[tuple[str, str], list[Literal]] = {}
    for one in ids:
        pipeline, sign, last = one.rpartition(IN_PIPELINE)
        found.setdefault((pipeline, sign), []).append(Text(last))
    link = (*path[:-1], "pipeline")
    parts: list[Node] = []
    for (pipeline, sign), texts in found.items():
        here = Compare(link, "=", Text(pipeline)) if pipeline else Empty(link)
        among = In(path, tuple(texts))
        parts.append(And((here, among)) if sign else among)
    return parts[0] if len(parts) == 1 else Or(tuple(parts))
