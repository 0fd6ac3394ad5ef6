"""Conditions as they are asked of whom not all is shown: none tells parts of phones and e-mails that are
masked, and texts are compared as they may be shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from crmcli.model.conditions.holds import Env, passes, tests, value_of
from crmcli.model.conditions.paths import PathStep, routes
from crmcli.model.conditions.tree import And, Compare, Condition, Empty, In, Node, Not, Text
from crmcli.model.conditions.where import changed, leaves, values_of
from crmcli.model.fields import BadValues
from crmcli.model.masking import CONTACTS, SHORTEST, digits_of
from crmcli.model.values import Raw
from crmcli.workspace import withheld

if TYPE_CHECKING:
    from crmcli.model.kinds import Key
    from crmcli.store.index.documents import Documents
    from crmcli.workspace.trail import Trail


class Place(Protocol):
    """The opened folder, of which a condition is asked."""

    @property
    def env(self) -> Env:
        """What conditions are evaluated against."""

    def fitting(self, entity: str, condition: Condition) -> Documents[dict[str, Raw]]:
        """The records that fit, whatever may be shown of them."""


def as_asked(place: Place, trail: Trail, entity: str, condition: Condition) -> Condition:
    """The condition that answers what may be told; Refused where that asks for parts of numbers of more
    clients than may be shown, or for many whole ones."""
    if withheld.asks_parts(condition):
        found = [] if trail.is_spent else place.fitting(entity, condition)
        trail.ask_parts({str(raw["id"]) for raw in found})
    if not trail.is_spent:
        return condition
    trail.ask_for([*withheld.wholes_of(condition), *_wholes_in_texts(place.env, entity, condition)])
    return _as_shown(place, trail, entity, condition)


def _as_shown(place: Place, trail: Trail, entity: str, condition: Condition) -> Condition:
    """The same condition, true where a comparison of texts is true of what is shown of them too."""

    def change(leaf: Compare | In | Empty) -> Node:
        if not isinstance(leaf, Compare) or leaf.op in withheld.WHOLE:
            return leaf
        found: list[str] = []
        tail = 1
        for route in routes(leaf.path, place.env.schema, entity):
            if _is_text(route[-1]):
                tail = 1 + bool(route[-1].key)
                found += _unlike(place, trail, route[-1], leaf)
        ids = In((*leaf.path[:-tail], "id"), tuple(map(Text, found)))
        return And((leaf, Not(ids))) if found else leaf

    return Condition(condition.text, changed(condition.tree, change))


def _wholes_in_texts(env: Env, entity: str, condition: Condition) -> Iterator[str]:
    """The whole numbers and addresses that a condition compares with all of a text."""
    for leaf in leaves(condition.tree):
        if isinstance(leaf, In) or (isinstance(leaf, Compare) and leaf.op in withheld.WHOLE):
            ends = [route[-1] for route in routes(leaf.path, env.schema, entity)]
            if any(end.field.kind.is_free or end.field.kind.found_by == "handle" for end in ends):
                yield from filter(withheld.may_be_whole, map(str, values_of(leaf)))


def _is_text(end: PathStep) -> bool:
    kind = end.field.kind
    return end.field.name not in CONTACTS and not (kind.is_time or kind.is_number or kind.is_link)


def _unlike(place: Place, trail: Trail, end: PathStep, leaf: Compare) -> list[str]:
    """The records of which a comparison is true, and not of what is shown of them."""
    path = (end.field.name, *filter(None, [end.key]))
    rows = place.fitting(end.entity, Condition("", Compare(path, leaf.op, leaf.value)))
    suspects = (raw for raw in rows if _may_have_numbers(str(raw.get(end.field.name, ""))))
    wanted = tests(leaf.op, end.field.kind, leaf.value, place.env)
    true: list[tuple[str, str]] = []
    for raw in suspects:
        keys = [" ".join(str(k).split()) for k in _keys(end, raw, place.env) if passes(k, wanted)]
        true += [(str(raw["id"]), key) for key in keys]
    shown = trail.compared("\n".join(key for _, key in true)).split("\n") if true else []
    seen = {one for (one, _), text in zip(true, shown, strict=True) if passes(text, wanted)}
    return sorted({one for one, _ in true} - seen)


def _keys(end: PathStep, raw: dict[str, Raw], env: Env) -> list[Key]:
    try:
        record = env.schema.read(end.entity, raw)
    except BadValues:
        return []
    return [*end.field.kind.keys(value_of(end, record, env))]


def _may_have_numbers(text: str) -> bool:
    return "@" in text or len(digits_of(text)) >= SHORTEST
