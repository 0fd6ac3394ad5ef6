"""What is told later of something that came in or left before, as where the recording of a call is."""

from __future__ import annotations

from datetime import timedelta

from crmcli.channels.incoming import Incoming
from crmcli.dataclass import replace
from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.model.event import ACTIVITIES, KEPT, TAKEN, Event, as_amended
from crmcli.sales.history.amendments import amend_in
from crmcli.sales.intake import kept as store
from crmcli.sales.intake.kept import Kept, Taken
from crmcli.workspace import Change, Workspace

PATIENCE = timedelta(days=1)
"""So long what is told later waits for what it belongs to."""


class NotYet(NotFound):
    """What it belongs to has not come yet."""


def add_to(change: Change, ws: Workspace, kept: Kept, incoming: Incoming) -> Taken:
    """Say more of an event in an open change; NotYet while that may still come."""
    said = ws.timeline.events_of_message(incoming.adds_to)
    told = [event for event in said if event.kind in ACTIVITIES and event.record]
    told = told or _told_before(ws, said)
    if not told:
        why = why_never(ws, said, kept)
        change.note(TAKEN, "", {"intake": kept.id, "why": why})
        return Taken(kept, why=why)
    for event in told:
        as_is = as_amended(ws.events(record=event.record))
        now = next((one for one in as_is if one.id == event.id), None)
        if now is not None:  # else a person removed it
            amend_in(change, event.id, replace(now, data={**now.data, **incoming.told}))
    record = ws.get(ws.heir(told[0].record))
    change.note(TAKEN, record.id, {"intake": kept.id})
    return Taken(kept, record)


def _told_before(ws: Workspace, said: list[Event]) -> list[Event]:
    """The activity that something said more of, which had come another way without its id."""
    came = next((event for event in said if event.kind == KEPT), None)
    taken = ws.timeline.intake_events(came.id) if came else []
    ids = [str(event.data["activity"]) for event in taken if event.data.get("activity")]
    return [event for one in ids if (event := ws.timeline.event(one)) and event.record]


def why_never(ws: Workspace, said: list[Event], kept: Kept) -> str:
    """Why there is nothing to which it could belong; NotYet while there may be."""
    came = next((event for event in said if event.kind == KEPT), None)
    if came is not None:
        other = store.named(ws, came.id)
        if other.state in ("taken", "dropped"):
            return other.why or tr("it is {} already", tr(other.state))
    elif ws.now - kept.at > PATIENCE:
        return tr("what it belongs to never came")
    raise NotYet("what it belongs to has not come yet", "crm tick tries it again")
