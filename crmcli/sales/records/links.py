"""Links between records: which ones a record has, who has links to it, and turning them to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from crmcli.model.entities import ENTITIES
from crmcli.model.values import CompanyLink, entity_of, fold

if TYPE_CHECKING:
    from crmcli.model.fields import Field, Record
    from crmcli.model.values import Value
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
            yield from ((field.name, link.company, field.entities) for link in links)


def linking_fields(ws: Workspace, entity: str, target: str) -> list[Field]:
    """The fields of an entity that may link to records of another."""
    return [field for field in ws.schema.fields(entity) if target in field.entities]


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


def relinked(ws: Workspace, record: Record, old: str, new: str = "") -> Record:
    """The record with every link to one record turned to another, or taken away where that is "".

    No list names a record twice.
    """
    values: dict[str, Value] = {}
    for field in ws.schema.fields(record.entity):
        value = record.get(field.name)
        if field.kind == "link" and value == old:
            values[field.name] = new
        elif field.kind == "links" and old in cast("tuple[str, ...]", value):
            ids = (new if i == old else i for i in cast("tuple[str, ...]", value))
            values[field.name] = tuple(dict.fromkeys(filter(None, ids)))
        elif field.kind == "companies":
            values[field.name] = _with_other_company(
                cast("tuple[CompanyLink, ...]", value), old, new
            )
        elif field.kind == "converted" and new:
            parts = cast("Mapping[str, str]", value)
            values[field.name] = {k: new if i == old else i for k, i in parts.items()}
    return record.with_values(values)


def _with_other_company(links: tuple[CompanyLink, ...], old: str, new: str) -> tuple[Any, ...]:
    if old not in (link.company for link in links):
        return links
    items: list[CompanyLink] = []
    for link in links:
        if link.company != old:
            items = with_company(items, link)
        elif new:
            items = with_company(items, CompanyLink(new, link.role))
    return tuple(items)


def with_company(items: list[CompanyLink], new: CompanyLink) -> list[CompanyLink]:
    """The links with one more; a second role in the same company is kept beside the first."""
    same = [n for n, had in enumerate(items) if had.company == new.company]
    roles = {fold(items[n].role) for n in same}
    if not same:
        return [*items, new]
    if not new.role or fold(new.role) in roles:
        return items
    if "" in roles:
        place = next(n for n in same if not items[n].role)
        return [*items[:place], new, *items[place + 1 :]]
    return [*items, new]
