"""Taking a conversion back, while what it made is as it was made."""

from __future__ import annotations

from collections.abc import Iterator

from crmcli.dataclass import replace
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.event import DELETED, Event, edited_event
from crmcli.sales.history.past import PastChange, change_at
from crmcli.sales.history.undo import Undone, take_back
from crmcli.sales.history.undo_plan import Kept
from crmcli.workspace import Workspace
from crmcli.workspace.undone import dead

CONVERTED = "lead.converted"
MOST_TOLD = 5
"""Things in the way that are named."""

_LOGGED = {
    **dict.fromkeys(("call.in", "call.out"), "a call is logged on it"),
    **dict.fromkeys(("mail.in", "sms.in", "message.in"), "a message of the client is logged on it"),
    **dict.fromkeys(("mail.out", "sms.out", "message.out"), "a message to the client was sent"),
    "meeting": "a meeting is logged on it",
    "note": "a note is logged on it",
    "task.done": "a task of it is done",
    "job.queued": "a robot's message waits to be sent",
    **dict.fromkeys(("job.started", "job.failed"), "a robot is at work on it"),
    **dict.fromkeys(("job.done", "job.unknown", "job.resolved"), "a robot has acted on it"),
}
"""What stands in the way, by the last that was written of something since."""

_SEEN_BY_VALUES = ("field.changed", "stage.", "file.changed")
_LEAVES_NOTHING = (
    DELETED, "task.reopened", "duplicate.", "job.", "schedule.", "automation.", "trigger", "robot.called",
    "task.overdue", "checklist.overdue", "booking.", "record.idle", "record.unanswered", "notice",
    "clock.stepped", "change.undone", "sequence.",
)  # fmt: skip
"""Beginnings of kinds of which what is told is gone, or which are crm's own."""


class IsNotConverted(Refused):
    """There is no conversion to take back."""


class ChangedSince(Refused):
    """What a conversion made, or filled up, was changed since."""


def unconvert(ws: Workspace, lead_id: str) -> Undone:
    """Take the conversion of a lead back in one transaction; ChangedSince says what stands in the way."""
    with ws.change("lead unconvert") as change:
        ws.look_again()
        lead = change.get(lead_id)
        past = _conversion(ws, lead_id) if getattr(lead, "converted_at", None) else None
        if past is None:
            raise IsNotConverted(tr("{} is not converted", lead_id), tr("see crm show {}", lead_id))
        done = take_back(ws, change, [past])
        kept = [*done.kept, *_written_since(ws, past)]
        if kept:
            inner = [one for one in kept if one.record != lead_id] or kept
            found = [f"{k.record} {k.field}".rstrip() + f": {tr(k.why)}" for k in inner]
            said = tr("{} stays converted: {}", lead_id, "; ".join(found[:MOST_TOLD]))
            raise ChangedSince(
                said, tr("take that back first, see crm timeline {}", inner[0].record)
            )
    return done


def _written_since(ws: Workspace, past: PastChange) -> Iterator[Kept]:
    """What the timeline tells of the records that a conversion made, after it."""
    is_dead = dead(ws)
    own = {event.id for event in past.each()}
    for made in [event.record for event in past.each() if event.kind.endswith(".created")]:
        since = [e for e in ws.events(record=made) if e.id not in own and not is_dead(e)]
        last = {_subject(event): event for event in since}
        for why in dict.fromkeys(filter(None, map(_why, last.values()))):
            yield Kept(made, "", why)


def _subject(event: Event) -> str:
    """What an event tells of: an activity, a task, an act of a robot, or itself alone."""
    kind, data = event.kind.partition(".")[0], event.data
    by = {"activity": "activity", "task": "task", "job": "key"}.get(kind, "")
    return str(data.get(by) or event.id)


def _why(event: Event) -> str:
    """Why what a conversion made stays, by something that was written of it since; "" if it need not."""
    kind = edited_event(event).kind
    known = _LOGGED.get(kind)
    if known or "changes" in event.data or kind.startswith((*_SEEN_BY_VALUES, *_LEAVES_NOTHING)):
        return known or ""
    return tr("{} stands on its timeline", kind)


def _conversion(ws: Workspace, lead_id: str) -> PastChange | None:
    """What a lead's last conversion wrote, which may have been one of several in a transaction."""
    is_dead = dead(ws)
    events = ws.events(record=lead_id, kinds=(CONVERTED,), newest_first=True)
    last = next((event for event in events if not is_dead(event)), None)
    past = change_at(ws, last.id) if last else None
    if last is None or past is None:
        return None
    ids = [event.id for event in past.each()]
    ends = [event.id for event in past.each() if event.kind == CONVERTED]
    place = ends.index(last.id)
    first = ids[ids.index(ends[place - 1]) + 1] if place else past.id
    end = last.id if place < len(ends) - 1 else past.span[1]
    return replace(past, span=(first, end))
