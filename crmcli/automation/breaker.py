"""The breaker: where robots did more within an hour than anybody meant, all of it waits for a person."""

from __future__ import annotations

from datetime import timedelta

from crmcli.language import tr
from crmcli.model.event import Event
from crmcli.workspace import Workspace

HOUR = timedelta(hours=1)
ACTS = ("job.done", "job.queued")
PAUSED, RESUMED = STATES = ("automation.paused", "automation.resumed")


def pause_of(ws: Workspace) -> Event | None:
    """The event since which automation waits for a person; None if it does not."""
    last = ws.events(kinds=STATES, newest_first=True, limit=1)
    return last[0] if last and last[0].kind == PAUSED else None


def left(ws: Workspace) -> int:
    """How many acts are left within this hour."""
    resumed = ws.events(kinds=(RESUMED,), newest_first=True, limit=1)
    done = ws.timeline.count_since(ACTS, ws.now - HOUR, resumed[0].id if resumed else "")
    return max(ws.settings.max_hourly - int(done), 0)


def pause(ws: Workspace) -> str:
    """Let automation wait for a person; the notice of that."""
    reason = tr("robots did {:,} things within an hour", ws.settings.max_hourly)
    with ws.change("tick", actor="crm") as change:
        change.note(PAUSED, "", {"reason": reason})
    return told(reason)


def told(reason: str) -> str:
    """What people read of a pause."""
    return tr("automation is paused: {}; see crm jobs list, then run crm robots resume", reason)


def resume(ws: Workspace) -> bool:
    """Let automation go on; whether it was paused."""
    with ws.change("robots resume") as change:
        if pause_of(ws) is None:
            return False
        change.note(RESUMED, "")
    return True
