"""Known records that a new one may duplicate, by phone, e-mail, INN and name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from crmcli.errors import InvalidData, NotFound
from crmcli.model.entities import ENTITIES
from crmcli.model.values import entity_of, fold

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.workspace import Workspace

_LOOK_UPS = ("phone", "email", "inn")
_MOST_OF_A_NAME = 3  # records; a name that more have says little
_MOST_OF_A_KEY = 20  # records of a phone or an address that are looked at; it is an office's then


class Known(NamedTuple):
    """A record that may be the same as a new one, and why; `surely` if a number or address agrees."""

    record: Record
    reasons: tuple[str, ...]
    surely: bool

    def __str__(self) -> str:
        return f"{self.record.id} {self.record.get('name')} ({', '.join(self.reasons)})"


def known_to(
    ws: Workspace, record: Record, among: Sequence[str] = (), *, as_left: bool = False
) -> Iterator[Known]:
    """The records that may be this one, the most certain first; only look-ups, whatever the size."""
    found: dict[str, bool] = {}
    entities = among or ENTITIES[record.entity].known_among
    for kind, text in _keys(ws, record):
        ids = ws.lookup(kind, text, entities, as_left=as_left)
        found.update(dict.fromkeys(ids[:_MOST_OF_A_KEY], True))
    for name in _names(record):
        own = [entity for entity in entities if entity == record.entity]
        ids = ws.lookup("name", name, own, as_left=as_left) if own else []
        if len(ids) <= _MOST_OF_A_NAME:
            found = {**dict.fromkeys(ids, False), **found}
    found.pop(record.id, None)
    if not found:
        return  # nobody, as a rule: what follows need not even be loaded
    from crmcli.matching.profiles import profile_of
    from crmcli.matching.weighing import are_strangers
    from crmcli.sales.duplicates.reasons import reasons

    mine = profile_of(ws.schema, record)
    for record_id in sorted(found, key=lambda i: (not found[i], entities.index(entity_of(i)))):
        if (other := _standing(ws, record_id)) is not None:
            theirs = profile_of(ws.schema, other)
            if not are_strangers(mine, theirs):
                why = reasons(ws, record, other, (mine, theirs))
                yield Known(other, tuple(why[:3]) or ("same name",), found[record_id])


def known_of_made(ws: Workspace, made: Mapping[str, Record]) -> Iterator[tuple[str, Known]]:
    """Of the contact and the company that a lead becomes: who was there already, by entity."""
    for entity, record in made.items():
        if ENTITIES[entity].known_among:
            found = known_to(ws, record, [entity], as_left=True)
            yield from ((entity, known) for known in found)


def _keys(ws: Workspace, record: Record) -> Iterator[tuple[str, str]]:
    for kind in _LOOK_UPS:
        for field in ws.schema.fields(record.entity):
            if field.kind.found_by == kind:
                yield from ((kind, str(key)) for key in field.kind.keys(record.get(field.name)))


def _names(record: Record) -> list[str]:
    """The spellings in which the name is looked up: a firm's also with its legal form and without."""
    if "staged" in ENTITIES[record.entity].traits:
        return []  # a lead's name is a title
    name = fold(str(record.get("name")))
    if not hasattr(record, "legal_name"):
        return [name] if " " in name and not any(letter.isdigit() for letter in name) else []
    from crmcli.matching.firms import read_firm

    plain = " ".join(read_firm(name).texts)
    forms = [f"ооо {quoted}" for quoted in (plain, f"«{plain}»", f'"{plain}"')]
    return list(dict.fromkeys([name, plain, *forms]))


def _standing(ws: Workspace, record_id: str) -> Record | None:
    """A record that is there and in use: a lead that has ended is none."""
    try:
        record = ws.get(record_id)
        if "staged" in ENTITIES[record.entity].traits and ws.stage_of(record).kind != "open":
            return None
    except (NotFound, InvalidData):
        return None  # the index may be behind the folder; a broken file is told of by crm check
    return record
