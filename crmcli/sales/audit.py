"""What was kept of who did what: the audit and the timeline together, and whether the audit is whole."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from heapq import merge
from operator import attrgetter

from crmcli.model.audit import KINDS, OWN
from crmcli.model.event import Event
from crmcli.store.timeline.event_ids import before_all
from crmcli.workspace import Workspace
from crmcli.workspace import audit as kept


def told(
    ws: Workspace,
    since: datetime,
    users: Collection[str] = (),
    door: str = "",
    kinds: Collection[str] = (),
) -> list[Event]:
    """What was kept and changed since then, in order; what is not empty narrows it."""

    def fits(event: Event) -> bool:
        is_kept = event.kind in (*KINDS, *OWN)
        return (
            (not users or event.actor in users or (is_kept and event.data.get("by") in users))
            and (not door or (is_kept and event.data.get("door") == door))
            and (not kinds or event.kind in kinds)
            and event.at >= since
        )

    changed = ws.events(after=before_all(since)) if not door else []
    both = merge(kept.kept(ws, since), changed, key=attrgetter("id"))
    return [event for event in both if fits(event)]
