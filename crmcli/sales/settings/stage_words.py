"""Where the configuration names a stage or a pipeline, and the same with another name in its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from crmcli.dataclass import dataclass
from crmcli.model.actions import ACTIONS
from crmcli.model.conditions import grammar
from crmcli.model.conditions.paths import in_our_words, routes
from crmcli.model.conditions.tree import (
    And,
    BadCondition,
    Compare,
    Empty,
    In,
    Literal,
    Node,
    Not,
    Or,
    Text,
)
from crmcli.model.entities import ENTITIES
from crmcli.model.pipeline import LEADS, SEQUENCES, Pipeline
from crmcli.model.schema import Schema
from crmcli.model.values import Raw, fold

if TYPE_CHECKING:
    from crmcli.sales.settings.reshape import Tree

Place = tuple[str | int, ...]


Pins = Mapping[tuple[str, ...], frozenset[str]]
"""The pipelines, folded, in which what a path of links leads to must be."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What stages of other pipelines are called: `old` words mean these too and stay beside the new ones,
    `theirs` mean them only; `new` words mean them from now on, and hold for `pipeline` alone."""

    pipeline: Pipeline
    is_first: bool
    old: frozenset[str]
    theirs: frozenset[str]
    new: frozenset[str]

    def keeps(self, pinned: frozenset[str]) -> bool:
        """Whether what is in one of these pipelines, in any if there are none, may be in ours."""
        return not pinned or bool(pinned & self._names)

    def is_alone(self, pinned: frozenset[str]) -> bool:
        """Whether it can be in no other."""
        return bool(pinned) and pinned <= self._names

    def here(self, link: tuple[str, ...]) -> Node:
        """What is true of a record in our pipeline."""
        path = (*link, "pipeline")
        named: Node = Compare(path, "=", Text(self.pipeline.id))
        return Or((named, Empty(path))) if self.is_first else named

    @property
    def _names(self) -> frozenset[str]:
        return frozenset((self.pipeline.id, fold(self.pipeline.name)))


@dataclass(frozen=True, slots=True)
class NewWords:
    """Other words for a stage (or pipeline, by `kind`) of an entity: the old ones, folded, with the new, ""
    for what goes; of a name that changes also the `parts` that one of both has and the other has not."""

    schema: Schema
    entity: str
    kind: str
    words: Mapping[str, str]
    shared: Shared | None = None
    parts: tuple[str, str] = ("", "")

    def condition(self, text: str, entity: str, own: str = "") -> str:
        """A condition on an entity, of the rules of the pipeline `own`, with the new words, written as it was
        wherever that says the same."""
        try:
            tree = grammar.parse(text).tree
            wanted = self._changed(tree, entity, {(): frozenset((own,))} if own else {})
        except BadCondition:
            return text  # which is told of elsewhere
        if wanted == tree:
            return text
        written = text
        for old, new in self.words.items():
            pattern = rf'(?<![\w-])("?){re.escape(old)}\1(?![\w-])'
            escaped = str(Text(new)).replace("\\", r"\\")
            written = re.sub(pattern, escaped, written, flags=re.I)
        same = _parsed(written)
        return written if same == wanted else str(wanted)

    def _changed(self, node: Node, entity: str, pins: Pins) -> Node:
        if isinstance(node, And):
            found = (_pin(part, self.schema, entity) for part in node.parts)
            pins = {**pins, **dict(filter(None, found))}
        if isinstance(node, And | Or):
            return type(node)(tuple(self._changed(part, entity, pins) for part in node.parts))
        if isinstance(node, Not):
            return Not(self._changed(node.part, entity, pins))
        link = in_our_words(node.path, self.schema, entity)[:-1]
        return self._leaf(node, entity, pins.get(link, frozenset()))

    def _leaf(self, leaf: Compare | In | Empty, entity: str, pinned: frozenset[str]) -> Node:
        ends = [route[-1] for route in routes(leaf.path, self.schema, entity)]
        if not any(e.entity == self.entity and e.field.kind.name == self.kind for e in ends):
            return leaf
        if isinstance(leaf, Compare) and leaf.op == "~" and self._tells_apart(leaf.value, pinned):
            return Compare(leaf.path, "~", Text(""))
        if isinstance(leaf, Empty) or (isinstance(leaf, Compare) and leaf.op not in ("=", "!=")):
            return leaf
        values = leaf.values if isinstance(leaf, In) else (leaf.value,)
        found = [self._words(value, pinned) for value in values]
        everywhere = tuple(dict.fromkeys(value for words, _ in found for value in words))
        here = tuple(dict.fromkeys(value for _, words in found for value in words))
        if (everywhere, here) == (values, ()):
            return leaf
        parts = [_among(leaf, everywhere)] if everywhere or not here else []
        if here and self.shared is not None:
            parts.append(And((self.shared.here(leaf.path[:-1]), _among(leaf, here))))
        node = parts[0] if len(parts) == 1 else Or(tuple(parts))
        if not isinstance(leaf, Compare) or leaf.op == "=":
            return node
        return Compare(node.path, "!=", node.value) if isinstance(node, Compare) else Not(node)

    def _tells_apart(self, value: Literal, pinned: frozenset[str]) -> bool:
        """Whether a part of a name is in one of the two names alone."""
        old, new = (fold(str(getattr(value, "value", ""))) in fold(name) for name in self.parts)
        return old != new and (self.shared is None or self.shared.keeps(pinned))

    def _words(
        self, value: Literal, pinned: frozenset[str]
    ) -> tuple[tuple[Literal, ...], tuple[Literal, ...]]:
        """What comes in the place of a value: what holds everywhere, and what in our pipeline alone."""
        old = fold(value.value) if isinstance(value, Text) else ""
        new, shared = self.words.get(old), self.shared
        if new is None:
            return (value,), ()
        new_words = (Text(new),) if new else ()
        if shared is None or shared.is_alone(pinned):
            return new_words, ()
        if old in shared.theirs:
            return (value,), ()
        kept = (value,) if old in shared.old else ()
        if kept and not shared.keeps(pinned):
            return kept, ()
        return (kept, new_words) if fold(new) in shared.new else ((*kept, *new_words), ())

    def in_rules(
        self, raw: Raw, entity: str, pipeline: str, place: Place = ()
    ) -> Iterator[tuple[Place, str]]:
        """What changes in the robots, triggers and schedules of a part of a pipeline, or of a sequence, which
        is of none."""
        if isinstance(raw, list):
            for number, item in enumerate(raw):
                yield from self.in_rules(item, entity, pipeline, (*place, number))
        for key, value in raw.items() if isinstance(raw, dict) else ():
            if key in ("when", "where", "goal", "exit_when") and isinstance(value, str):
                new = self.condition(value, entity, pipeline)
                if new != value:
                    yield (*place, key), new
            elif key == "with" and isinstance(value, dict):
                own = fold(str(value.get("pipeline") or pipeline))
                pinned = frozenset((own,)) if own else frozenset[str]()
                if self.shared is None or self.shared.keeps(pinned):
                    do = str(cast("Tree", raw).get("do"))
                    yield from self._in_params(do, value, (*place, key))
            else:
                yield from self.in_rules(value, entity, pipeline, (*place, key))

    def in_all_rules(
        self, tree: Tree, pipelines: Iterable[Pipeline]
    ) -> Iterator[tuple[Place, str]]:
        """What changes in the rules of these pipelines of pipelines.yaml, and in its sequences."""
        for pipeline in pipelines:
            place = pipeline_place(tree, pipeline)
            yield from self.in_rules(at(tree, place), pipeline.entity, pipeline.id, place)
        sequences = tree.get(SEQUENCES)
        for name, raw in sequences.items() if isinstance(sequences, dict) else ():
            if isinstance(raw, dict):
                entity = str(raw.get("for") or "deal")
                yield from self.in_rules(raw, entity, "", (SEQUENCES, name))

    def _in_params(self, do: str, params: Tree, place: Place) -> Iterator[tuple[Place, str]]:
        names = ACTIONS[do].of_kind(self.kind) if do in ACTIONS else ()
        for name in names:
            new = self.words.get(fold(str(params.get(name))))
            if new is not None and name in params:
                yield (*place, name), new

    def in_views(self, tree: Tree) -> Iterator[tuple[Place, str]]:
        """What changes in views.yaml."""
        for entity, row in ENTITIES.items():
            views = tree.get(row.plural)
            for number, view in enumerate(views) if isinstance(views, list) else ():
                where = view.get("where") if isinstance(view, dict) else None
                new = self.condition(where, entity) if isinstance(where, str) else where
                if new != where:
                    yield (row.plural, number, "where"), str(new)


def _pin(part: Node, schema: Schema, entity: str) -> tuple[tuple[str, ...], frozenset[str]] | None:
    """Which pipelines a part of a condition allows, with the path of links that leads there."""
    if not isinstance(part, Compare | In) or getattr(part, "op", "=") != "=":
        return None
    path = in_our_words(part.path, schema, entity)
    if path[-1] != "pipeline":
        return None
    values = part.values if isinstance(part, In) else (part.value,)
    return path[:-1], frozenset(fold(str(getattr(value, "value", ""))) for value in values)


def _among(leaf: Compare | In, values: tuple[Literal, ...]) -> Node:
    if isinstance(leaf, Compare) and len(values) == 1:
        return Compare(leaf.path, "=", values[0])
    return In(leaf.path, values)


def _parsed(text: str) -> Node | None:
    try:
        return grammar.parse(text).tree
    except BadCondition:
        return None


def pipeline_place(tree: Tree, pipeline: Pipeline) -> Place:
    """Where a pipeline stands in pipelines.yaml."""
    if not pipeline.key:
        return (LEADS,)
    deals = cast("list[Tree]", tree["deals"])
    return "deals", next(n for n, deal in enumerate(deals) if deal.get("id") == pipeline.id)


def at(tree: Tree, place: Place) -> Raw:
    """What stands at a place of a tree."""
    found: Raw = tree
    for step in place:
        found = cast("Mapping[object, Raw]", found)[step]
    return found


def put(tree: Tree, changes: Iterator[tuple[Place, str]]) -> None:
    """Write texts at their places into a tree."""
    for place, text in [*changes]:
        cast("dict[object, Raw]", at(tree, place[:-1]))[place[-1]] = text
