"""Links between records: which ones a record has, and what it is without one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, cast

from crmcli.model.entities import ENTITIES
from crmcli.model.values import entity_of

if TYPE_CHECKING:
    from crmcli.model.fields import Field, Record
    from crmcli.model.values import CompanyLink
    from crmcli.workspace import Workspace

AT_ONCE = 500
"""Records whose referrers are asked for in one question."""


def links_of(ws: Workspace, record: Record) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """The links of a record: in which field, to what, and to which entities it may point."""
    for field in ws.schema.fields(record.entity):
        value = record.get(field.name)
        if field.kind == "link" and value:
            yield field.name, str(value), field.entities
        elif field.kind == "links":
            yield from ((field.name, i, field.entities) for i in cast("tuple[str, ...]", value))
        elif field.kind == "companies":
            links = cast("tuple[CompanyLink, ...]", value)
            yield from ((field.name, link.company, ("company",)) for link in links)


def linking_fields(ws: Workspace, entity: str, target: str) -> list[Field]:
    """The fields of an entity that may link to records of another."""
    return [
        field
        for field in ws.schema.fields(entity)
        if (field.kind in ("link", "links") and target in field.entities)
        or (field.kind == "companies" and target == "company")
    ]


def referring_to(ws: Workspace, ids: Sequence[str]) -> Iterable[Record]:
    """The records that link to any of these, each once, in a question for each field and 500 ids."""
    found: dict[str, Record] = {}
    by_entity: dict[str, list[str]] = {}
    for record_id in ids:
        by_entity.setdefault(entity_of(record_id), []).append(record_id)
    for target, targets in by_entity.items():
        for entity in ENTITIES:
            for field in linking_fields(ws, entity, target):
                for start in range(0, len(targets), AT_ONCE):
                    listed = ", ".join(targets[start : start + AT_ONCE])
                    condition = ws.condition(f"{field.name} in ({listed})", entity)
                    found.update((r.id, r) for r in ws.select(entity, condition))
    return found.values()
