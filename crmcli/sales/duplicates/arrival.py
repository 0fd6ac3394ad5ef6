"""Somebody new, who may be known already: asked by phone, e-mail, INN and name when a record is added."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import Ambiguous, InvalidData, NotFound, Refused
from crmcli.model.conditions.holds import keys
from crmcli.model.entities import ENTITIES
from crmcli.model.lead import Lead
from crmcli.model.values import fold
from crmcli.sales.records import verbs

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.sales.duplicates.cards import Card
    from crmcli.sales.records.given_values import Given
    from crmcli.store.index import Index
    from crmcli.store.records.repository import Change
    from crmcli.workspace import Workspace

POLICIES = ("warn", "fail", "link")
"""What to do about a record that is known already: add it and say so; refuse; use what is there."""

_AMONG = {
    "lead": ("contact", "company", "lead"),
    "contact": ("contact", "lead"),
    "company": ("company",),
}
_KINDS = {"phone": ("phone", "phones"), "email": ("email", "emails"), "inn": ("inn",)}
_MOST_OF_A_NAME = 3  # records; a name that more have says little
_MOST_OF_A_KEY = 20  # records of a phone or an address that are looked at; it is an office's then


class AlreadyKnown(Refused):
    """A record that was to be added is there already."""


class Known(NamedTuple):
    """A record that may be the same as a new one, and why; `surely` if a number or address agrees."""

    record: Record
    reasons: tuple[str, ...]
    surely: bool

    def __str__(self) -> str:
        return f"{self.record.id} {self.record.get('name')} ({', '.join(self.reasons)})"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of a record that was to be added: itself, or the one that was used instead."""

    record: Record
    is_new: bool
    known: tuple[Known, ...] = ()


def add(
    ws: Workspace, entity: str, given: Given, policy: str = "warn", *, anyway: bool = False
) -> Arrival:
    """Add a record from values as people write them, mindful of those that are known already.

    With `fail`, AlreadyKnown if a phone, e-mail or INN is; with `link` the known lead, contact or company
    is the answer and nothing is added, but a lead of a known contact or company is added and linked to
    them. Ambiguous where several are known.
    """
    record = verbs.prepared(ws, entity, given, anyway=anyway)
    if entity not in _AMONG:
        verbs.write_new(ws, record)
        return Arrival(record, True)
    if policy == "warn":
        found = tuple(known_to(ws, record, ws.standing))
        verbs.write_new(ws, record)
        return Arrival(record, True, found)
    with ws.change(f"{entity} add") as change:
        ws.look_again()
        found = tuple(known_to(ws, record, ws.index))
        return _settled(ws, change, record, found, policy)


def _settled(
    ws: Workspace, change: Change, record: Record, found: tuple[Known, ...], policy: str
) -> Arrival:
    """What the policy comes to, under the lock: nobody adds the same in this moment."""
    sure = [known for known in found if known.surely]
    if sure and policy == "fail":
        raise AlreadyKnown(
            f"known already: {'; '.join(map(str, sure[:5]))}",
            "leave out --on-duplicate to add it all the same, or say --on-duplicate link",
        )
    same = [known for known in sure if known.record.entity == record.entity]
    if same:
        return Arrival(_only(same), False, found)
    if isinstance(record, Lead):
        for entity in ("contact", "company"):
            there = [known for known in sure if known.record.entity == entity]
            if there and not record.get(entity):
                record = verbs.with_values(ws, record, {entity: _only(there).id})
    change.add(record)
    return Arrival(record, True, found)


def _only(found: Sequence[Known]) -> Record:
    if len(found) > 1:
        shown = "; ".join(map(str, found[:5]))
        entity = found[0].record.entity
        raise Ambiguous(
            f"{len(found)} {ENTITIES[entity].plural} are known by that: {shown}",
            f"look at crm dupes {ENTITIES[entity].plural}, or leave out --on-duplicate link",
        )
    return found[0].record


def known_to(
    ws: Workspace, record: Record, index: Index, among: Sequence[str] = ()
) -> Iterator[Known]:
    """The records that may be this one, the surest first; those of another person's name are not.

    Only look-ups by key: the cost does not grow with the base.
    """
    found: dict[str, bool] = {}
    entities = among or _AMONG[record.entity]
    for kind, text in _keys(ws, record):
        ids = index.lookup(kind, text, entities)
        found.update(dict.fromkeys(ids[:_MOST_OF_A_KEY], True))
    for name in _names(record):
        own = [entity for entity in entities if entity == record.entity]
        ids = index.lookup("name", name, own) if own else []
        if len(ids) <= _MOST_OF_A_NAME:
            found = {**dict.fromkeys(ids, False), **found}
    found.pop(record.id, None)
    if not found:
        return  # nobody, as a rule: what follows need not even be loaded
    from crmcli.sales.duplicates.cards import card_of
    from crmcli.sales.duplicates.weighing import are_strangers

    mine = card_of(ws, record)
    for record_id in sorted(found, key=lambda i: (not found[i], _order(i, entities))):
        if (other := _standing(ws, record_id)) is not None:
            theirs = card_of(ws, other)
            if not are_strangers(mine, theirs):
                yield _known(ws, record, other, (mine, theirs), surely=found[record_id])


def known_of_made(ws: Workspace, made: Mapping[str, Record]) -> Iterator[tuple[str, Known]]:
    """Of the contact and the company that a lead becomes: who was there already, by entity."""
    for entity in ("contact", "company"):
        if entity in made:
            found = known_to(ws, made[entity], ws.standing, [entity])
            yield from ((entity, known) for known in found)


def _known(
    ws: Workspace, record: Record, other: Record, cards: tuple[Card, Card], *, surely: bool
) -> Known:
    from crmcli.sales.duplicates.reasons import reasons

    why = reasons(ws, record, other, cards)
    return Known(other, tuple(why[:3]) or ("same name",), surely)


def _order(record_id: str, entities: Sequence[str]) -> int:
    return list(entities).index(record_id.partition("-")[0])


def _keys(ws: Workspace, record: Record) -> Iterator[tuple[str, str]]:
    for kind, kinds in _KINDS.items():
        for field in ws.schema.fields(record.entity):
            if field.kind in kinds:
                yield from ((kind, str(key)) for key in keys(field.kind, record.get(field.name)))


def _names(record: Record) -> list[str]:
    """The spellings in which the name is looked up: a firm's also with its legal form and without."""
    name = fold(str(record.get("name")))
    if record.entity == "contact":
        return [name] if " " in name and not any(letter.isdigit() for letter in name) else []
    if record.entity != "company":
        return []  # a lead's name is a title
    from crmcli.matching.firms import read_firm

    plain = " ".join(read_firm(name).texts)
    forms = [f"ооо {quoted}" for quoted in (plain, f"«{plain}»", f'"{plain}"')]
    return list(dict.fromkeys([name, plain, *forms]))


def _standing(ws: Workspace, record_id: str) -> Record | None:
    """A record that is there and in use: a lead that has ended is none."""
    try:
        record = ws.get(record_id)
        if isinstance(record, Lead) and ws.stage_of(record).kind != "open":
            return None
    except (NotFound, InvalidData):
        return None  # the index may be behind the folder; a broken file is told of by crm check
    return record
