"""What a card says of a contact, as facts that can be compared, and three states of them merged."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from crmcli.dataclass import dataclass, field
from crmcli.formats.vcard_lines import CardLine
from crmcli.model.kinds import InputContext
from crmcli.model.values import fold
from crmcli.sales.exports.vcard_fields import NAMES, dialled, meaning

Fact: TypeAlias = "tuple[str, str]"
"""A field, and its value or one of its items."""
Facts: TypeAlias = "Mapping[Fact, Any]"
"""Facts with what the field is given by them: a text, or a phone with its type."""

SCALARS = (*NAMES, "name", "birthday", "position", "comment")
"""Fields with one value; those of all others are items, each of which comes and goes alone."""
_EXACT = frozenset((*SCALARS, "address", "tags", "organisation"))


def facts_of(lines: Iterable[CardLine], ctx: InputContext) -> dict[Fact, Any]:
    """All that lines say; a title that belongs to one of several companies is no position."""
    lines = list(lines)
    groups = {line.group for line in lines if line.name == "ORG" and line.group}
    found: dict[Fact, Any] = {}
    for line in lines:
        if line.name != "TITLE" or line.group not in groups:
            found.update(facts_in(line, ctx))
    return found


def facts_in(line: CardLine, ctx: InputContext) -> dict[Fact, Any]:
    """What one line says; what cannot be read says nothing."""
    try:
        said = meaning(line, ctx)
    except ValueError:
        return {}
    return {(name, _text(name, value)): value for name, value in said}


def _text(name: str, value: Any) -> str:
    text = dialled(value) if isinstance(value, dict) else str(value)
    return " ".join(text.split()) if name in _EXACT else fold(text)


def digest(fact: Fact) -> str:
    """A fact as it is remembered: enough to know it again, too little to read it."""
    return hashlib.sha256("\0".join(fact).encode()).hexdigest()[:12]


def digests(facts: Iterable[Fact]) -> list[str]:
    """The same of several, in an order that is always the same."""
    return sorted(map(digest, facts))


@dataclass(slots=True)
class Merge:
    """What each side lacks of the other: facts that come to it and go from it. `yielded` is what the card
    said of fields that both sides changed, where ours stays."""

    to_contact: dict[Fact, Any] = field(default_factory=dict)
    from_contact: list[Fact] = field(default_factory=list)
    to_card: list[Fact] = field(default_factory=list)
    from_card: list[Fact] = field(default_factory=list)
    yielded: dict[str, str] = field(default_factory=dict)


def merged(
    ours: Facts, theirs: Facts, before: tuple[Collection[str], Collection[str]] | None
) -> Merge:
    """What is to be done so that both say the same; `before` are the digests of what each said when they did
    last, None where they meet for the first time: then items are united and gaps filled, nothing else."""
    merge = Merge()
    was_ours, was_theirs = before or ((), ())
    changed = _differing(ours, was_ours), _differing(theirs, was_theirs)
    _items(merge, ours, theirs, was_ours, was_theirs)
    for name in SCALARS:
        mine, yours = _of(ours, name), _of(theirs, name)
        here = _has_changed(name, ours, was_ours, changed[0])
        there = _has_changed(name, theirs, was_theirs, changed[1])
        if mine == yours or not (here or there):
            continue
        if before is None:
            here, there = not yours, not mine
        if there and not here:
            _move(merge.to_contact, merge.from_contact, theirs, yours, mine)
        elif here:
            if there:
                merge.yielded[name] = " ".join(text for _, text in yours)
            merge.to_card += mine
            merge.from_card += yours
    return merge


def _items(
    merge: Merge, ours: Facts, theirs: Facts, was_ours: Collection[str], was_theirs: Collection[str]
) -> None:
    """Items that one side got and the other lacks, or that one lost and the other has."""
    for fact, value in theirs.items():
        if fact[0] not in SCALARS and fact not in ours:
            if digest(fact) not in was_theirs:
                merge.to_contact[fact] = value
            elif digest(fact) in was_ours:
                merge.from_card.append(fact)
    for fact in ours:
        if fact[0] not in SCALARS and fact not in theirs:
            if digest(fact) not in was_ours:
                merge.to_card.append(fact)
            elif digest(fact) in was_theirs:
                merge.from_contact.append(fact)


def _differing(now: Facts, was: Collection[str]) -> set[str]:
    """The digests of what is new or gone."""
    return set(map(digest, now)) ^ set(was)


def _has_changed(name: str, now: Facts, was: Collection[str], changed: Collection[str]) -> bool:
    """Whether a field says something else than it did. What was there and is gone shows in that something of
    all that was there is missing, and nothing of the field is left."""
    mine = _of(now, name)
    if any(digest(fact) in changed for fact in mine):
        return True
    return not mine and tagged(name) in was


def tagged(name: str) -> str:
    """A mark among the digests: the field had a value."""
    return f"+{name}"


def remembered(facts: Facts) -> list[str]:
    """What is remembered of a side: its facts, and which single fields had a value."""
    return [*digests(facts), *(tagged(name) for name in SCALARS if _of(facts, name))]


def _of(facts: Facts, name: str) -> list[Fact]:
    return [fact for fact in facts if fact[0] == name]


def _move(
    to: dict[Fact, Any], gone: list[Fact], source: Facts, new: Sequence[Fact], old: Sequence[Fact]
) -> None:
    to.update((fact, source[fact]) for fact in new)
    gone += [fact for fact in old if not new]
