"""The messages to clients that have not left: those that wait in the queue, and those that could not leave.

Each is told as the event that queued it, `kind` being `job.` and the state of its job.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmcli.automation.approval.gate import Gate
from crmcli.automation.ledger import OPEN, Job, jobs_of
from crmcli.dataclass import replace
from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.model.actions import ACTIONS, channel_of
from crmcli.model.event import PERSON, Event
from crmcli.model.fields import Record
from crmcli.sales.intake import letters as told
from crmcli.sales.intake.whose import worked_on
from crmcli.workspace import Workspace

STATES = (*OPEN, "dead", "unknown")
_LOST = ("job.dead", "job.unknown")
_MOST = 1000
"""So many jobs are looked at of those that are open, and of those that failed for good."""


def unsent(ws: Workspace, channel: str = "", ref: str = "") -> list[Event]:
    """Those that go by a channel, or by any, for a record and those behind it, or for all."""
    record = ws.find(ref) if ref else None
    gate = Gate(ws)
    found = []
    for queued, job in _queued(ws, record):
        if job.state in STATES and channel in ("", channel_of(job.action)) and _to_clients(job):
            why = job.reason or gate.why_not_message(job)
            more = {
                "text": told.queued_text(ws, queued),
                "number": job.facts.get("to"),
                "why": tr(why),
            }
            found.append(replace(queued, kind=f"job.{job.state}", data={**queued.data, **more}))
    return found


def _queued(ws: Workspace, record: Record | None) -> Iterator[tuple[Event, Job]]:
    """The events that queued messages which may not have left, each with what became of it."""
    if record is None:
        lost = ws.events(kinds=_LOST, newest_first=True, limit=_MOST)
        keys = {key for _, key in ws.agenda.open_jobs()[-_MOST:]}
        keys |= {str(event.data.get("key")) for event in lost}
        events = ws.timeline.job_events(sorted(keys)) if keys else []
    else:
        whose = dict.fromkeys(one.id for one in (record, *worked_on(ws, record)))
        events = [event for one in whose for event in ws.timeline.job_events((), one)]
    jobs = jobs_of(ws.in_right_time(events))
    for event in events:
        if event.kind == "job.queued" and (job := jobs.get(str(event.data.get("key")))):
            yield event, job


def _to_clients(job: Job) -> bool:
    action = ACTIONS.get(job.action)
    return job.is_outgoing and action is not None and action.is_message


def letters(ws: Workspace, ref: str, limit: int, kinds: Sequence[str], channel: str) -> list[Event]:
    """The last messages of a record, or of all, the oldest first: with those that have not left."""
    found = [*told.letters(ws, ref, limit, kinds), *unsent(ws, channel, ref)]
    return sorted(found, key=lambda event: (event.happened_at, event.id))[-limit:]


def named(ws: Workspace, ref: str, kinds: Sequence[str], channel: str) -> Event:
    """A message by its id or the beginning of it, or the last one of a record, whether it has left or not;
    NotFound."""
    by_id = [one for one in unsent(ws, channel) if len(ref) > 3 and one.id.startswith(ref)]
    if len(by_id) == 1:
        return by_id[0]
    try:
        waiting = unsent(ws, channel, ref)
    except NotFound:  # it is the id of one
        waiting = []
    try:
        last = told.named(ws, ref, kinds)
    except NotFound:
        if not waiting:
            raise
        return waiting[-1]
    return max([*waiting, last], key=lambda event: (event.happened_at, event.id))


def troubling(ws: Workspace, whose: str = "") -> list[Event]:
    """Those that somebody should know of: what a person sent and has not left, what of robots fails."""
    return [
        one
        for one in unsent(ws)
        if _by_person(one) or one.kind not in _CALM
        if _is_of(ws, one, whose)
    ]


_CALM = ("job.queued", "job.started")
"""What every message of a robot is for a while."""


def _by_person(event: Event) -> bool:
    return str(event.data.get("robot", "")).startswith(PERSON)


def _is_of(ws: Workspace, event: Event, whose: str) -> bool:
    """Whether a user sent it, or its record is the user's or nobody's."""
    if not whose or event.data.get("robot") == f"{PERSON}{whose}":
        return True
    if not (event.record and ws.exists(event.record)):
        return True
    return str(ws.get(event.record).get("owner") or "") in ("", whose)
