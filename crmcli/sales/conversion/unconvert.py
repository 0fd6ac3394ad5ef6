"""Taking a conversion back, while what it made is as it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.sales.history.past import PastChange, change_at
from crmcli.sales.history.undo import Undone, take_back
from crmcli.workspace.undone import dead

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

CONVERTED = "lead.converted"
MOST_TOLD = 5
"""Things in the way that are named."""


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
        if done.kept:
            inner = [kept for kept in done.kept if kept.record != lead_id] or done.kept
            found = [f"{k.record} {k.field}".rstrip() + f": {tr(k.why)}" for k in inner]
            said = tr("{} stays converted: {}", lead_id, "; ".join(found[:MOST_TOLD]))
            raise ChangedSince(
                said, tr("take that back first, see crm timeline {}", inner[0].record)
            )
    return done


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
