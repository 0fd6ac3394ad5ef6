"""The story of a record: its events, and those of the records that were merged into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.model.event import as_amended
from crmcli.model.merged import JOINS, PARTINGS

if TYPE_CHECKING:
    from crmcli.model.event import Event
    from crmcli.model.fields import Record
    from crmcli.workspace import Workspace


def absorbed(ws: Workspace, record_id: str) -> list[str]:
    """The records that went into this one and are in it still, and those that had gone into them."""
    found: list[str] = []
    look = [record_id]
    while look:
        here = look.pop()
        events = ws.events(record=here, kinds=JOINS)
        ids = dict.fromkeys(str(e.data.get("merged")) for e in events if e.data.get("into") == here)
        new = [i for i in ids if i not in (*found, record_id) and ws.merged_into(i) == here]
        found += new
        look += new
    return found


def story_of(ws: Workspace, record: Record) -> list[Event]:
    """The events of a record, of those merged into it, and of their leads; each merge once, each
    activity as it is now."""
    inside = absorbed(ws, record.id)
    events = list(ws.events(record=record.id))
    leads = [str(getattr(record, "lead", "") or "")]
    others: list[Event] = []
    for merged in inside:
        own = ws.events(record=merged)
        others += own
        leads += [_lead_of(event) for event in own]
    for lead in dict.fromkeys(leads):
        if lead and lead not in (record.id, *inside):
            others += ws.events(record=lead)
    events += [event for event in others if event.kind not in (*JOINS, *PARTINGS)]
    return as_amended(sorted(events, key=lambda event: event.id))


def _lead_of(event: Event) -> str:
    """The lead that a merged record had come from."""
    changes = event.data.get("changes", {}) if event.kind in JOINS else {}
    return str(changes.get("lead", [""])[0])
