"""Where the configuration names a stage or a pipeline, and the same with another name in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, cast

from crmcli.dataclass import dataclass
from crmcli.model.actions import ACTIONS
from crmcli.model.conditions import grammar
from crmcli.model.conditions.paths import routes
from crmcli.model.conditions.tree import BadCondition, Compare, Empty, In, Literal, Text
from crmcli.model.conditions.where import changed
from crmcli.model.entities import ENTITIES
from crmcli.model.pipeline import LEADS
from crmcli.model.values import fold

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Node
    from crmcli.model.pipeline import Pipeline
    from crmcli.model.schema import Schema
    from crmcli.model.values import Raw
    from crmcli.sales.settings.reshape import Tree

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class NewWords:
    """Other words for a stage (or pipeline, by `kind`) of an entity: the old ones, folded, with the new."""

    schema: Schema
    entity: str
    kind: str
    words: Mapping[str, str]

    def condition(self, text: str, entity: str) -> str:
        """A condition on an entity with the new words, written as it was wherever that says the same."""
        try:
            tree = grammar.parse(text).tree
            wanted = changed(tree, lambda leaf: self._leaf(leaf, entity))
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

    def _leaf(self, leaf: Compare | In | Empty, entity: str) -> Node:
        ends = [route[-1] for route in routes(leaf.path, self.schema, entity)]
        if not any(e.entity == self.entity and e.field.kind.name == self.kind for e in ends):
            return leaf
        if isinstance(leaf, In):
            return In(leaf.path, tuple(dict.fromkeys(map(self._word, leaf.values))))
        if isinstance(leaf, Compare) and leaf.op in ("=", "!="):
            return Compare(leaf.path, leaf.op, self._word(leaf.value))
        return leaf

    def _word(self, value: Literal) -> Literal:
        new = self.words.get(fold(value.value)) if isinstance(value, Text) else None
        return value if new is None else Text(new)

    def in_rules(self, raw: Raw, entity: str, place: Place = ()) -> Iterator[tuple[Place, str]]:
        """What changes in the robots, triggers and schedules of a part of pipelines.yaml."""
        if isinstance(raw, list):
            for number, item in enumerate(raw):
                yield from self.in_rules(item, entity, (*place, number))
        for key, value in raw.items() if isinstance(raw, dict) else ():
            if key in ("when", "where") and isinstance(value, str):
                new = self.condition(value, entity)
                if new != value:
                    yield (*place, key), new
            elif key == "with" and isinstance(value, dict):
                yield from self._in_params(str(cast("Tree", raw).get("do")), value, (*place, key))
            else:
                yield from self.in_rules(value, entity, (*place, key))

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
