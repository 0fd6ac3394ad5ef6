"""Links between records: which ones a record has, who has links to it, and turning them to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from crmcli.model.conditions.tree import Condition, In, Text
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace

AT_ONCE = 500
"""Records whose referrers are asked for in one question."""


def links_of(ws: Workspace, record: Record) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The links of a record: in which field, to what, and to which entities it may point."""
    for field in ws.schema.fields(record.entity):
        for linked in field.kind.linked(record.get(field.name)):
            yield field.name, linked, field.entities


def referring_to(ws: Workspace, ids: Sequence[str]) -> Iterable[Record]:
    """The records that link to any of these, each once, in a question for each field and 500 ids: whoever may
    see them, for no link may be left that leads nowhere."""
    found: dict[str, Record] = {}
    by_entity: dict[str, list[str]] = {}
    for record_id in ids:
        by_entity.setdefault(entity_of(record_id), []).append(record_id)
    for target, targets in by_entity.items():
        fields = [
            (e, f.name) for e in ENTITIES for f in ws.schema.fields(e) if target in f.entities
        ]
        among = {entity for entity, _ in fields}
        for entity, name in fields:
            for start in range(0, len(targets), AT_ONCE):
                listed = tuple(map(Text, targets[start : start + AT_ONCE]))
                condition = Condition(name, In((name,), listed))
                found.update((r.id, r) for r in ws.house.select(entity, condition, among=among))
    return found.values()


def relinked(ws: Workspace, record: Record, old: str, new: str = "") -> Record:
    """The record with every link to one record pointed to another, or removed if that is ""."""
    fields = ws.schema.fields(record.entity)
    return record.with_values(
        {f.name: f.kind.replaced(record.get(f.name), old, new) for f in fields if f.kind.is_linking}
    )
