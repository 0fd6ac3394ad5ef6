"""What is said later of an activity, on its record: how it is now, or that it is none."""

from __future__ import annotations

from crmcli.model.event import ACTIVITIES, AMENDMENTS, DELETED, EDITED, Event, as_amended
from crmcli.model.values import format_instant
from crmcli.workspace import Change, Workspace


def amend_in(change: Change, event_id: str, now: Event) -> None:
    """Note within an open change how an activity is now."""
    data = {"at": format_instant(now.happened_at), **now.data}
    change.note(
        EDITED, now.record, {"activity": event_id, "kind": now.kind, "actor": now.actor, **data}
    )


def is_of_people(event: Event) -> bool:
    """Whether it is an activity, or what was said of one later, that somebody wrote down."""
    is_said = event.kind in (*ACTIVITIES, *AMENDMENTS)
    return is_said and ":" not in event.actor and not event.data.get("message_id")


def take_back_in(change: Change, ws: Workspace, event: Event) -> None:
    """Undo, within an open change, what an event said of an activity: it is as it was before."""
    activity = str(event.data.get("activity") or event.id)
    earlier = as_amended(ws.events(record=event.record, before=event.id))
    before = next((one for one in earlier if one.id == activity), None)
    if before is None:
        change.note(DELETED, event.record, {"activity": activity})
    else:
        amend_in(change, activity, before)
