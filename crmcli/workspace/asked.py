"""Conditions as they are asked of whom not all is shown: what is masked is not found out by guessing.

A comparison guesses where it asks for parts of what clients are known by, or for many whole numbers at once.
Beyond the day's number, and where a role hides them, such a one is true of what is shown alone: `770-88` is
not found in `+7 926 770-88-15`, which is shown as `+7 926 ***-**-15`. Below the number whoever is found so is
shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeAlias

from crmcli.language import tr
from crmcli.model.conditions.holds import Env, Test, passes, reached, tests, value_of
from crmcli.model.conditions.paths import PathStep, routes
from crmcli.model.conditions.tree import And, Compare, Condition, Empty, In, Node, Not, Or, Text
from crmcli.model.conditions.where import changed, is_negative, leaves, positive, values_of
from crmcli.model.fields import BadValues, Record
from crmcli.model.kinds import Key
from crmcli.model.masked_lines import BETWEEN, COMPARED, masked_each
from crmcli.model.masking import REACHED_BY, SHORTEST, digits_of, typed_contacts
from crmcli.model.values import Raw
from crmcli.workspace import withheld

if TYPE_CHECKING:
    from crmcli.store.index.documents import Documents
    from crmcli.workspace.limits import Limits

Leaf: TypeAlias = "Compare | In | Empty"
_WHOLE = ("=", "!=", "has")
"""Comparisons with all of a value."""
_PHONE = 10 ** (SHORTEST - 1)
_SHORT = re.compile(rf"\d(?:[{BETWEEN}]*\d){{{SHORTEST - 1},}}")
_MASKABLE = re.compile(rf"[^\s,;<>@]+@|\d[\d{BETWEEN}]{{3,}}\d")
_DIGIT = re.compile(r"\d")
_NEVER = Empty(("id",))
_BY_WHAT_IS_SHOWN = "masked phones and e-mails are found whole, or by what is shown of them"


class Place(withheld.Place, Protocol):
    """The opened folder, of which a condition is asked."""

    notes: list[str]

    @property
    def env(self) -> Env:
        """What conditions are evaluated against."""

    def fitting(self, entity: str, condition: Condition) -> Documents[dict[str, Raw]]:
        """The records that fit, whatever may be shown of them."""

    def keys_of(
        self, entity: str, name: str, condition: Condition
    ) -> Iterator[tuple[str, Sequence[Key]]]:
        """Their ids and the keys that they have in a field, which is quicker."""


def as_asked(place: Place, trail: Limits, entity: str, condition: Condition) -> Condition:
    """The condition that answers what may be told; Refused where that asks for many whole numbers, or for
    parts of those of more clients than may be shown."""
    asked = _Asked(place, trail, entity, condition)
    if not trail.withholds:
        trail.found_by_guessing(asked.holders() if trail.is_counting else ())
        return condition
    trail.named(asked.contacts)
    if asked.asks_parts and tr(_BY_WHAT_IS_SHOWN) not in place.notes:
        place.notes.append(tr(_BY_WHAT_IS_SHOWN))
    return asked.as_shown()


def parted(
    place: Place, trail: Limits, entity: str, condition: Condition | None, order: Sequence[str]
) -> tuple[Condition, Condition] | None:
    """A condition without the records that an order would tell what is masked of, and that of these alone;
    None if there are none."""
    asked = condition or Condition("", Not(_NEVER))
    found: set[str] = set()
    for word in order:
        field = place.env.schema.named(entity, word.lstrip("-"))
        if field is None or field.derived or field.kind.is_time or field.kind.is_link:
            continue
        if field.kind.is_number and not field.custom:
            continue
        keys = place.keys_of(entity, field.name, asked)
        found |= _unlike(
            place, trail, [(one, key) for one, keys in keys for key in keys if _bare(key) != key]
        )
    if not found:
        return None
    those = In(("id",), tuple(map(Text, sorted(found))))
    return Condition("", And((asked.tree, Not(those)))), Condition("", And((asked.tree, those)))


class _Asked:
    """One condition, and those of its comparisons that guess."""

    def __init__(self, place: Place, trail: Limits, entity: str, condition: Condition) -> None:
        self._place, self._trail = place, trail
        self._entity, self._condition = entity, condition
        found = leaves(condition.tree)
        on_contacts = [(leaf, look_up) for leaf in found for look_up in self._reached_by(leaf)]
        self.contacts = [
            one for leaf, look_up in on_contacts if _is_whole(leaf)
            for one in typed_contacts(look_up, map(str, values_of(leaf)))
        ]  # fmt: skip
        self.asks_parts = any(
            look_up != "handle" or not any(map(str.isalpha, str(v).rpartition(":")[2]))
            for leaf, look_up in on_contacts if not _is_whole(leaf) for v in values_of(leaf)
        )  # fmt: skip
        numbers = [
            v for leaf in found for v in map(str, values_of(leaf)) if withheld.may_be_whole(v)
        ]
        named = {v if "@" in v else digits_of(v) for v in (*numbers, *self.contacts)}
        self._many = len(named) > withheld.MOST_NAMED

    def _reached_by(self, leaf: Leaf) -> set[str]:
        return {end.field.kind.found_by for end in self._ends(leaf)} & {*REACHED_BY}

    def _guesses(self, leaf: Leaf, end: PathStep) -> bool:
        kind = end.field.kind
        if isinstance(leaf, Empty) or kind.is_time or kind.is_link:
            return False
        if kind.is_number:
            return end.field.custom and (self._many or not _is_whole(leaf))
        return self._many or not _is_whole(leaf)

    def as_shown(self) -> Condition:
        """The same, in which what guesses is true of what is shown alone."""

        def change(leaf: Leaf) -> Node:
            ends = self._ends(leaf)
            if not any(self._guesses(leaf, end) for end in ends):
                return leaf
            found = [self._fitting(leaf, end) for end in ends]
            if not any(hidden for _, hidden in found):
                return leaf
            # Said of each that may be found, for another on the same way may fit by what is shown.
            ids = tuple(Text(one) for fit, hidden in found for one in fit if one not in hidden)
            among = In((*leaf.path[: -1 - bool(ends[0].key)], "id"), ids)
            return Not(among) if is_negative(leaf) else among

        return Condition(self._condition.text, changed(self._condition.tree, change))

    def holders(self) -> set[str]:
        """Whom the answer would tell to have what is guessed, and who is not shown today: a record for which
        a comparison decides, or what it links to."""
        found: set[str] = set()
        for leaf in leaves(self._condition.tree):
            ends = [end for end in self._ends(leaf) if self._guesses(leaf, end)]
            hidden = {one for end in ends for one in self._fitting(leaf, end)[1]}
            for record in self._deciding(leaf) if hidden else ():
                way = reached(leaf.path, record, self._place.env)
                found |= hidden & {holder.id for _, holder in way}
        return found

    def _deciding(self, leaf: Leaf) -> Iterator[Record]:
        """The records that fit if a comparison is true of them, or if it is not."""
        rows = self._place.fitting(self._entity, Condition("", self._without(leaf)))
        return _read(self._place, self._entity, rows)

    def _without(self, leaf: Leaf) -> Node:
        """The condition as if a comparison could be true and could be false."""
        either = [_with(self._condition.tree, leaf, answer=answer) for answer in (True, False)]
        nodes = [node for node in either if not isinstance(node, bool)]
        return Not(_NEVER) if True in either else nodes[0] if len(nodes) == 1 else Or(tuple(nodes))

    def _ends(self, leaf: Leaf) -> list[PathStep]:
        return [r[-1] for r in routes(leaf.path, self._place.env.schema, self._entity)]

    def _fitting(self, leaf: Leaf, end: PathStep) -> tuple[list[str], set[str]]:
        """The records of which a comparison is true, and those of which it is not as they are shown."""
        path = (end.field.name, *filter(None, [end.key]))
        asked = positive(leaf, path)
        if path == leaf.path:  # of others it does not matter
            asked = And((asked, self._without(leaf)))
        wanted = [tests(_op(leaf), end.field.kind, v, self._place.env) for v in values_of(leaf)]
        fit: list[str] = []
        hits: list[tuple[str, Key]] = []
        for record_id, keys in self._keys(end, Condition("", asked)):
            fit.append(record_id)
            if not _passes_any(filter(None, map(_bare, keys)), wanted):
                hits += [(record_id, key) for key in keys if _passes_any([key], wanted)]
        return fit, _unlike(self._place, self._trail, hits, wanted)

    def _keys(self, end: PathStep, condition: Condition) -> Iterator[tuple[str, Sequence[Key]]]:
        """The keys that records which fit have in a field."""
        if not (end.key or end.field.derived):
            yield from self._place.keys_of(end.entity, end.field.name, condition)
            return
        for record in _read(self._place, end.entity, self._place.fitting(end.entity, condition)):
            yield record.id, end.field.kind.keys(value_of(end, record, self._place.env))


def _unlike(
    place: Place,
    trail: Limits,
    hits: Sequence[tuple[str, Key]],
    wanted: Sequence[Sequence[Test]] = (),
) -> set[str]:
    """Those of whom each key is shown otherwise, and none passes a test so."""
    texts = [" ".join(_text_of(key).split()) for _, key in hits]
    short = {one for (one, _), text in zip(hits, texts, strict=True) if _is_short(text)}
    trail.meets([*place.house.rows_of([*short])])
    shown = masked_each(texts, partial(trail.compared, place=place))
    still = {
        one
        for (one, key), text, masked in zip(hits, texts, shown, strict=True)
        if masked == text or (isinstance(key, str) and _passes_any([masked], wanted))
    }
    return {one for one, _ in hits} - still


def _is_short(text: str) -> bool:
    """Whether a number stands there that is too short to be looked for in texts."""
    runs = (sum(map(str.isdecimal, found[0])) for found in _SHORT.finditer(text))
    return any(SHORTEST <= count < COMPARED for count in runs)


def _with(node: Node, leaf: Leaf, *, answer: bool) -> Node | bool:
    """A condition with the answer of one comparison in it, as short as that makes it."""
    if node is leaf:
        return answer
    if isinstance(node, Not):
        part = _with(node.part, leaf, answer=answer)
        return not part if isinstance(part, bool) else Not(part)
    if not isinstance(node, And | Or):
        return node
    parts = [_with(part, leaf, answer=answer) for part in node.parts]
    decides = isinstance(node, Or)
    if decides in parts:
        return decides
    left = tuple(part for part in parts if not isinstance(part, bool))
    return type(node)(left) if len(left) > 1 else left[0] if left else not decides


def _is_whole(leaf: Leaf) -> bool:
    return not isinstance(leaf, Compare) or leaf.op in _WHOLE


def _op(leaf: Leaf) -> str:
    return "=" if not isinstance(leaf, Compare) or leaf.op in _WHOLE else leaf.op


def _read(place: Place, entity: str, rows: Iterable[Mapping[str, Raw]]) -> Iterator[Record]:
    for raw in rows:
        try:
            yield place.env.schema.read(entity, raw)
        except BadValues:  # lists leave it out, too
            continue


def _text_of(key: Key) -> str:
    return key if isinstance(key, str) else f"{key:.0f}"


def _passes_any(keys: Iterable[Key], wanted: Sequence[Sequence[Test]]) -> bool:
    return any(passes(key, test) for key in keys for test in wanted)


def _bare(key: Key) -> Key:
    """A key without what may be masked in it, whosever it is; "" where nothing is left."""
    if not isinstance(key, str):
        return "" if abs(key) >= _PHONE else key
    if not _MASKABLE.search(key):
        return key
    return _MASKABLE.sub(
        lambda found: "…@" if found[0][-1] == "@" else _DIGIT.sub("*", found[0]), key
    )
