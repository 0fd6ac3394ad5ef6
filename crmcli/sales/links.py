"""Links between records: which ones a record has, and what it is without one of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.model.values import CompanyLink
    from crmcli.workspace import Workspace


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
