"""Delivering within one tick: queued messages leave, events over which something failed are read again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from crmcli.automation import outbox
from crmcli.automation.approval.gate import Gate
from crmcli.automation.channel_pace import ChannelPace
from crmcli.automation.job_failures import jobs_here
from crmcli.automation.ledger import Job, OwnStep
from crmcli.automation.sent_lately import SentLately
from crmcli.automation.tick_result import TickResult
from crmcli.automation.trigger_runs import retry_event
from crmcli.language import tr
from crmcli.model.channels import CHANNELS
from crmcli.model.values import format_instant
from crmcli.store.index.pending import Plan
from crmcli.workspace import Workspace

MOST_FAILURES = 3
"""After so many failures in a row a lane of messages is let rest until the next tick."""


class Deliveries:
    """Sends what is due, and knows what was sent lately and which lanes are down."""

    def __init__(self, ws: Workspace, result: TickResult) -> None:
        self._ws = ws
        self._result = result
        self._lately = SentLately(ws)
        self._failing: dict[str, int] = {}
        self._unset: list[str] = []
        self._pace = ChannelPace(ws)
        self._reached: list[str] = []

    def run(self, gate: Gate) -> int:
        """Send the messages that `gate` lets go, the oldest first; what fails three times in a row waits.
        Events over which something failed are read again at their time. How many that were."""
        self._plan_jobs()
        self._unset = self._not_set_up(gate)
        delivered = 0
        for job in self._ready(gate):
            self._ws.read_clock()
            if job.is_of_crm:
                self._result.heard(retry_event(self._ws, job))
                delivered += 1
            elif not self._rests(outbox.lane_of(job)):
                delivered += self._send(job)
        return delivered

    def tell_waiting(self, gate: Gate) -> None:
        """Let `gate` tell of channels that let out all that they may, and how much waits for the next."""
        self._plan_jobs()
        for channel in self._reached:
            waiting = self._ws.agenda.ready_count(format_instant(self._ws.now), channel)
            if waiting:
                told = self._pace.told(channel)
                gate.limits[told] = tr("{}; waiting for the next tick: {}", told, waiting)

    def _rests(self, lane: str) -> bool:
        """Whether what is in a lane waits for the next tick, where limits are looked at anew."""
        if lane not in self._reached and self._pace.is_reached(lane):
            self._reached.append(lane)
        return lane in self._resting()

    def _send(self, job: Job) -> bool:
        ended = outbox.deliver(self._ws, job.key, self._lately)
        if ended is not None:
            lane = outbox.lane_of(job).removesuffix(outbox.BY_PERSON)
            failed = self._failing.get(lane, 0) + 1
            self._failing[lane] = failed if ended.word == "failed" else 0
            self._result.told(ended)
        return ended is not None

    def _resting(self) -> list[str]:
        failing = [name for name, count in self._failing.items() if count >= MOST_FAILURES]
        down = [*self._unset, *failing]
        return [*down, *(lane + outbox.BY_PERSON for lane in down), *self._reached]

    def _not_set_up(self, gate: Gate) -> list[str]:
        """The channels by which messages wait to leave that are not set up, which `gate` tells."""
        waiting = self._ws.agenda.ready_channels(format_instant(self._ws.now))
        return [name for name in waiting if name in CHANNELS and gate.why_not_set_up(name)]

    def _plan_jobs(self) -> None:
        """Put into the agenda when each job needs somebody of which something was written."""
        agenda, now = self._ws.agenda, self._ws.now
        while found := agenda.touched_jobs():
            jobs = jobs_here(self._ws, [key for _, key in found])
            agenda.plan_jobs([_plan(mark, jobs.get(key), now) for mark, key in found])

    def _ready(self, gate: Gate) -> Iterator[Job]:
        """Every message that should leave now, the longest waiting first."""
        agenda, now, place = self._ws.agenda, self._ws.now, ("", "")
        while page := agenda.ready_jobs(format_instant(now), place, self._resting()):
            place = page[-1]
            jobs = jobs_here(self._ws, [key for _, key in page])
            for job in (jobs[key] for _, key in page if key in jobs):
                if job.is_of_crm or (outbox.ready(job, now) and not gate.why_not_message(job)):
                    yield job


def _plan(mark: int, job: Job | None, now: datetime) -> Plan:
    """When a job needs somebody besides its record's own turn."""
    if job is not None and job.is_outgoing:
        moment = outbox.time_of(job, now)
        return Plan(mark, format_instant(moment) if moment else None, outbox.lane_of(job))
    if job is not None and job.action == OwnStep.HEAR and job.state == "failed" and job.retry_at:
        return Plan(mark, format_instant(job.retry_at))
    return Plan(mark, None)
