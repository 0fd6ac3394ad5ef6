"""The story of a record: its events, and those of the records that were merged into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from crmcli.errors import Ambiguous
from crmcli.language import tr
from crmcli.model.event import Event, as_amended
from crmcli.model.fields import Record
from crmcli.model.merged import JOINS, PARTINGS
from crmcli.model.values import Attachment

if TYPE_CHECKING:
    from crmcli.workspace import Workspace


def beginning_with(
    ws: Workspace, ref: str, kinds: Sequence[str], *, or_key: bool = False
) -> Event | None:
    """The event of these kinds whose id is that or begins so, or else has that key; Ambiguous."""
    near = ws.events(kinds=kinds, after=ref[:-1], before=f"{ref}~")
    found = [event for event in near if event.id.startswith(ref)]
    if or_key and not found:
        found = [event for event in ws.timeline.events_of_message(ref) if event.kind in kinds]
    if len(found) > 1:
        ids = ", ".join(event.id for event in found[:6])
        raise Ambiguous(tr("{!r} is the beginning of several: {}", ref, ids), "give the id")
    return found[0] if found else None


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


def followed(ws: Workspace, record: Record) -> list[str]:
    """The other end of a conversion: of a lead that to which its tasks went, of that one the lead; none,
    where there was none."""
    heir, lead = (str(getattr(record, name, "") or "") for name in ("heir", "lead"))
    if heir:
        return [now] if ws.exists(now := ws.heir(heir)) else []
    is_heir = bool(lead) and ws.exists(lead) and record.id in followed(ws, ws.get(lead))
    return [lead] if is_heir else []


def files_of(ws: Workspace, record: Record) -> list[Attachment]:
    """The files of a record, and those that stand at the other end of a conversion alone."""
    ends = [*map(ws.get, followed(ws, record)), record]
    found = [one for end in ends for one in getattr(end, "files", ())]
    return [*{(one.file, one.name): one for one in found}.values()]


def story_of(ws: Workspace, record: Record) -> list[Event]:
    """The events of a record, of those merged into it, and of their leads; of a lead, what became of its
    deal after. Each merge once, each activity as it is now."""
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
    converted_at = getattr(record, "converted_at", None)
    if converted_at is not None:
        since = [e for one in followed(ws, record) for e in ws.events(record=one)]
        others += [e for e in since if e.at >= converted_at]
    events += [event for event in others if event.kind not in (*JOINS, *PARTINGS)]
    return as_amended(sorted(events, key=lambda event: event.id))


def _lead_of(event: Event) -> str:
    """The lead that a merged record had come from."""
    changes = event.data.get("changes", {}) if event.kind in JOINS else {}
    return str(changes.get("lead", [""])[0])
