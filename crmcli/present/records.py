"""A record shown whole: its row, its columns, what belongs to it, its story."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from crmcli.model.entities import ENTITIES
from crmcli.model.event import KEPT, TAKEN, Event
from crmcli.model.fields import Record
from crmcli.model.values import entity_of, fold
from crmcli.present.cells import Column
from crmcli.sales.consent.bounces import why_comes_back
from crmcli.sales.history.story import followed, story_of

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.workspace import Workspace

LAST_EVENTS = 10


def raw_row(ws: Workspace, record: Record) -> dict[str, Any]:
    """A record as a row to print."""
    hidden = ws.hidden_of(record.entity)
    raw = {name: value for name, value in ws.schema.write(record).items() if name not in hidden}
    return ws.schema.numbered(record.entity)(raw)


def card_columns(ws: Workspace, record: Record) -> list[Column]:
    """All that a record may have, one column each; what its schema does not know comes last."""
    columns = [Column.of(field) for field in ws.schema.fields(record.entity)]
    return columns + [Column(name) for name in sorted(record.unknown)]


def with_returned_mail(
    ws: Workspace, record: Record, row: dict[str, Any], columns: list[Column]
) -> tuple[dict[str, Any], list[Column]]:
    """The same, and why mail to its addresses is of no use, where it is not."""
    addresses = (fold(email.value) for email in getattr(record, "emails", ()))
    told = [why for address in addresses if (why := why_comes_back(ws, address))]
    if not told:
        return row, columns
    return row | {"mail": "; ".join(told)}, [*columns, Column("mail", "Mail", whole=True)]


def belonging(ws: Workspace, record: Record) -> dict[str, list[dict[str, Any]]]:
    """What links to a record, as rows by entity: a company's contacts and deals, a deal's tasks and those
    of its lead.

    Links that crm itself writes, like that of a deal to its lead, are told by the other side.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    ends = [record.id, *followed(ws, record)]
    linking = {
        other: [
            f"{field.name} = {end}"
            for field in ws.schema.fields(other)
            if not field.system
            for end in (ends if field.name == ENTITIES[other].parent else ends[:1])
            if entity_of(end) in field.entities
        ]
        for other in ENTITIES
    }
    asking = [other for other, links in linking.items() if links]
    for other in asking:
        asked = ws.condition(" or ".join(linking[other]), other)
        found[other] = list(ws.rows(other, asked, among=asking))
    return found


def last_events(ws: Workspace, record: Record, at: datetime | None = None) -> list[Event]:
    """The end of a record's story, now or as it was told at a moment, without the steps behind a message."""
    events = story_of(ws, record)
    if at is not None:
        told = [event.at <= at for event in ws.in_order(events)]
        events = [event for event, is_told in zip(events, told, strict=True) if is_told]
    done = {event.data.get("key") for event in events if event.kind == "job.done"}
    return [event for event in events if not _is_step(event, done)][-LAST_EVENTS:]


def _is_step(event: Event, done: Container[object]) -> bool:
    """Whether something else of the story says it: that a message came or left."""
    if event.kind == "job.done":
        return event.data.get("action") in ("email", "sms", "chat")
    if event.kind == "job.queued":
        return event.data.get("key") in done
    return event.kind in (KEPT, TAKEN, "job.started")
