"""The leads and deals that an event is about, also where it happened to a task, an offer or a client."""

from __future__ import annotations

from crmcli.automation.record_plan import STAGED
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.model.entities import ENTITIES
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.values import entity_of
from crmcli.sales.intake.whose import of_client
from crmcli.workspace import UnknownStage, Workspace


def subjects(ws: Workspace, event: Event) -> list[Record]:
    """The leads or deals that an event is about: its own record, what a task or an offer is for, or of a
    contact or company the open deals, that with the latest activity first, else the open leads."""
    try:
        record = ws.get(event.record) if entity_of(event.record) else None
        if record is not None and (parent := ENTITIES[record.entity].parent):
            target = str(record.get(parent))
            record = ws.get(target) if target else None
    except (NotFound, InvalidData, Forbidden):
        return []  # it is gone or unreadable: there is nothing that could be moved
    if record is None or record.entity in STAGED:
        return [record] if record else []
    return _of_client(ws, record)


def _of_client(ws: Workspace, client: Record) -> list[Record]:
    for entity in reversed(STAGED):
        if working := [one for one in of_client(ws, entity, client) if _is_open(ws, one)]:
            return sorted(working, key=lambda record: _latest(ws, record), reverse=True)
    return []


def _is_open(ws: Workspace, record: Record) -> bool:
    try:
        return ws.stage_of(record).is_open
    except UnknownStage:
        return False


def _latest(ws: Workspace, record: Record) -> tuple[str, str]:
    events = ws.events(record=record.id, newest_first=True, limit=1)
    return (events[0].id if events else "", record.id)
