"""Records, robots and triggers played through in memory, in the order of time: nothing is written or leaves.

A rehearsal plays the time to come (`simulate`), a replay the time that was (`replay`).
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from crmcli.automation import lapses, robot_runs, time_events, trigger_moves
from crmcli.automation.event_subjects import subjects
from crmcli.automation.foresight import Foresight
from crmcli.automation.job_failures import REFUSALS, raise_general, reason_of
from crmcli.automation.ledger import CRM, DEFERRED, Job, OwnStep, enter, jobs_of
from crmcli.automation.own_values import OWN, UnknownValues
from crmcli.automation.record_plan import STAGED, RecordPlan, plan_of
from crmcli.automation.robots import DEEPEST, Step, next_at
from crmcli.automation.sending_gate import why_not_now
from crmcli.automation.sent_lately import SentLately
from crmcli.automation.time_events import OF_TIME, TimeEvent
from crmcli.automation.trigger_decisions import decide
from crmcli.channels.base import sender_class
from crmcli.dataclass import dataclass, replace
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.language import tr
from crmcli.model.actions import action_said, channel_of
from crmcli.model.channels import CHANNELS
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.trigger_events import HEARD
from crmcli.model.values import entity_of
from crmcli.sales.records import attachments
from crmcli.workspace import Change, Workspace


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that would happen: when, to which record, by whom, and what."""

    at: datetime
    record: str
    who: str
    what: str
    action: str = ""
    """What kind of act that is: task, email, move."""


class Play:
    """The records as they would be: a `change` that is never written, and a clock that goes on until some
    time. Who feeds it puts records into the queue, each with when to look at it, and lets it hear events."""

    def __init__(self, ws: Workspace, change: Change, until: datetime) -> None:
        self.ws = self.real = ws
        self.until = until
        self.change = change
        self.made: dict[str, list[Event]] = {}
        """What was done in it, by record."""
        self._queue: list[tuple[datetime, str]] = []
        self._turns: dict[str, datetime] = {}
        self.past: set[str] = set()
        self.deferred: dict[str, list[Job]] = {}
        self.lately = SentLately(ws)
        self.lines: list[Planned] = []
        self._last: tuple[str, list[Event]] = ("", [])
        self.foresight = Foresight(ws, until, change.get, self.known)

    def put(self, at: datetime, record_id: str) -> None:
        """Let a record have its turn then, if it has none before."""
        if record_id not in self._turns or at < self._turns[record_id]:
            self._turns[record_id] = at
            heapq.heappush(self._queue, (at, record_id))

    def turn_of(self, record_id: str) -> datetime | None:
        """When a record has its next turn; None if it has none."""
        return self._turns.get(record_id)

    def next_at(self) -> datetime | None:
        """When the next record has its turn; None if none has until the end."""
        while self._queue and self._turns.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)  # it was put forward since
        turn, ahead = self._queue[0][0] if self._queue else None, self.foresight.next_at()
        first = min(filter(None, (turn, ahead)), default=None)
        return first if first and first <= self.until else None

    def step(self) -> None:
        """Let time bring what it brings next, or the record act whose turn it is, and see when its next one
        is."""
        ahead = self.foresight.next_at()
        if ahead and not (self._queue and self._queue[0][0] < ahead):
            self.ws.set_clock(max(ahead, self.ws.now))
            one = self.foresight.take()
            with self.surely(one.record):
                self._bring(one)
            return
        at, record_id = heapq.heappop(self._queue)
        del self._turns[record_id]
        self.ws.set_clock(max(at, self.ws.now))
        with self.surely(record_id):
            self.look(record_id, self._take_next(record_id))

    def _bring(self, one: TimeEvent) -> None:
        """Let a record hear of an event of time, if it is so by now and was not told before."""
        is_told = one.kind in OF_TIME and time_events.is_told(self.real, one)
        if is_told or not self.foresight.holds(one):
            return
        self.author(CRM, "", 0)
        if one.kind in OF_TIME:
            self.change.note(one.kind, one.record, one.data)
        else:
            lapses.lapse_in(self.change, one.data[one.kind.partition(".")[0]], self.ws.today)
        for event in self.take_events():
            is_own = entity_of(one.record) in STAGED
            among = [self.change.get(one.record)] if is_own else subjects(self.ws, event)
            for record in among:
                self.hear(event, record.id, among)
                self.look(record.id)

    def _take_next(self, record_id: str) -> RecordPlan | None:
        """What a record does at the moment: messages that waited leave, then a robot acts. Where it
        stands, if nothing was done."""
        for job in self.deferred.pop(record_id, []):
            self.author(job.actor, job.cause, job.depth)
            what = self._leave(job) or tr("deliver {} to {}", job.action, job.facts.get("to"))
            self.tell(record_id, tr("robot {}", job.robot), what, job.action)
            self._heard(record_id)
        plan = self._stand(record_id)
        steps = [step for step in plan.due() if step.key not in self.past] if plan else []
        if plan and steps:
            self.past.add(steps[0].key)
            self._act(plan, steps[0])
        return None if steps else plan

    def _act(self, plan: RecordPlan, step: Step) -> None:
        """Take a step in memory, and let the triggers hear of it."""
        robot, record = step.robot, plan.record
        self.author(*robot_runs.author(plan, step))
        what = self.why_not(plan, step) or self._take(plan, step)
        self.tell(record.id, tr("robot {}", robot.id), f"{action_said(robot.do)}: {what}", robot.do)
        self._heard(record.id)

    def _take(self, plan: RecordPlan, step: Step) -> str:
        """Take the step; what came of it, in words. A queued message counts as sent at once."""
        robot, record, before = step.robot, plan.record, len(self.change.events)
        try:
            done = robot_runs.take_in(self.ws, self.change, plan, step)
        except REFUSALS as refusal:
            enter(self.change, "dead", record.id, step.key, robot.id, robot.do)
            return tr("refused, {}", refusal.message)
        made = jobs_of(event for event in self.change.events[before:] if event.kind == "job.queued")
        waits = "; ".join(filter(None, [self._leave(job) for job in made.values()]))
        if done.word in ("done", "queued"):
            return f"{done.effect}; {waits}" if waits else done.effect
        reason = tr(done.reason)
        return tr("stopped, {}", reason) if done.word == "stopped" else tr("not done, {}", reason)

    def _leave(self, job: Job) -> str:
        """Let a message leave, be refused, or wait for the end of a quiet time; why it did not leave."""
        sender, said = sender_class(channel_of(job.action)), job.facts
        if missing := sender.missing(self.ws.root, self.ws.settings):
            return missing
        refusal = why_not_now(self.ws, job, self.lately) if sender.consent else None
        if refusal is not None and refusal.word == DEFERRED:
            self.deferred.setdefault(job.record, []).append(job)
            until = datetime.fromisoformat(refusal.facts["retry_at"])
            self.put(until, job.record)
            return refusal.reason
        if refusal is None and (waits := self.paced(job)):
            self.deferred.setdefault(job.record, []).append(job)
            self.put(waits[0], job.record)
            return waits[1]
        word, more = (refusal.word, {}) if refusal else self.outcome(job)
        more = more or self._made(job)
        enter(self.change, word, job.record, job.key, job.robot, job.action, **more)
        if refusal is None and sender.consent and not said.get("notice"):
            self.lately.add(job.key, str(said.get("to", "")), self.ws.now)
        if refusal is None and sender.event and not said.get("notice"):
            facts = {"subject": said.get("subject", ""), "to": said.get("to", "")}
            self.change.note(sender.event, job.record, facts)
        return refusal.reason if refusal else ""

    def _made(self, job: Job) -> dict[str, Any]:
        """What the robots below see of a file that was made, in the place of which its page is kept."""
        page = self.change.attachment(str(job.facts.get("file")))
        if not CHANNELS[channel_of(job.action)].is_within or page is None:
            return {}
        kept = attachments.keep_in(self.change, job.record, attachments.New(job.facts["to"], page))
        return {"values": {**job.facts.get("values", {}), **kept}}

    def before(self, record_id: str, event: Event) -> None:
        """Take the steps that were due before an event."""
        while plan := self._stand(record_id, event):
            steps = [step for step in plan.due() if step.key not in self.past]
            if not steps:
                return
            self.past.add(steps[0].key)
            self._act(plan, steps[0])

    def hear(self, event: Event, record_id: str, among: Sequence[Record] = ()) -> None:
        """Let the triggers and robots of a record hear of an event."""
        plan = self._stand(record_id)
        if plan is None or event.depth >= DEEPEST:
            return
        decision = decide(self.ws, plan.record, event, among)
        record, goal = plan.record, decision.stage
        self.author(CRM, event.id, event.depth + 1)
        trigger_moves.call_robots(self.change, self.ws, record, event)
        self.take_events()
        if goal is None:
            return
        self.before(record_id, event)
        on = decision.trigger.on if decision.trigger else event.kind
        self.author(f"trigger:{on}", event.id, event.depth + 1)
        what = tr("move to {}", goal.id)
        try:
            trigger_moves.move(self.change, self.ws, record, decision)
        except REFUSALS as refusal:
            what = tr("refused: {}", refusal.message)
        self.take_events()
        self.tell(record_id, tr("trigger {}", on), what, "move")

    def _heard(self, record_id: str) -> None:
        """Let the triggers hear of what was just done to a record."""
        for event in self.take_events():
            if event.kind in HEARD and event.record == record_id:
                self.hear(event, record_id)

    def _stand(self, record_id: str, before: Event | None = None) -> RecordPlan | None:
        known = self.known(record_id)
        try:
            record = self.change.get(record_id)
        except (NotFound, InvalidData, Forbidden):
            return None
        return plan_of(self.ws, record, known, before)

    def known(self, record_id: str) -> list[Event]:
        """What is known of a record by now, oldest first."""
        if self._last[0] != record_id:
            self._last = record_id, [*self.told(record_id), *self.made.get(record_id, ())]
        return self._last[1]

    def told(self, record_id: str) -> list[Event]:
        """What the timeline tells of a record."""
        return self.ws.events(record=record_id)

    def why_not(self, _plan: RecordPlan, _step: Step) -> str:
        """Why a robot must not act though it is due, "" if it may."""
        return ""

    def paced(self, _job: Job) -> tuple[datetime, str] | None:
        """Until when a message waits for its channel, and why; None if it need not."""
        return None

    def outcome(self, job: Job) -> tuple[str, dict[str, Any]]:
        """How something ends that leaves: the word of the ledger, and what else its line says."""
        gives = channel_of(job.action) == OWN or job.facts.get("wait")
        return "done", {"values": UnknownValues()} if gives else {}

    def look(self, record_id: str, plan: RecordPlan | None = None) -> None:
        """See when a record has its next turn."""
        plan = plan or self._stand(record_id)
        steps = [step for step in plan.steps if step.key not in self.past] if plan else []
        now = (
            self.ws.now
        )  # a message that is tried again by now leaves from the queue, not by its record
        steps = [s for s in steps if s.state != "failed" or (s.due_at and s.due_at > now)]
        moment = next_at(steps, now)
        if moment is not None and moment <= self.until:
            self.put(max(moment, self.ws.now), record_id)

    def take_events(self) -> list[Event]:
        """Put what was just written in memory behind what is known of each record."""
        new = self.change.take_events()
        for event in new:
            self.keep(event)
        return new

    def keep(self, event: Event) -> None:
        """Know from now on of an event, and of what time will make of it."""
        if entity_of(event.record) in STAGED:
            self.made.setdefault(event.record, []).append(event)
            if self._last[0] == event.record:
                self._last = event.record, [*self._last[1], event]
        self.foresight.hear(event)

    def author(self, actor: str, cause: str, depth: int) -> None:
        """Let what is done next be done by somebody, because of an event."""
        then = replace(self.change.author, actor=actor, cause=cause, depth=depth)
        self.change.author = replace(then, at=self.ws.now)

    def tell(self, record_id: str, who: str, what: str, action: str = "") -> None:
        """Tell of one thing that happens."""
        self.lines.append(Planned(self.ws.now, record_id, who, what, action))

    @contextmanager
    def surely(self, record_id: str) -> Iterator[None]:
        """Where some work fails over this one record, a line that says so."""
        try:
            yield
        except Exception as error:
            why = reason_of(raise_general(error))
            self.tell(record_id, CRM, tr("{}: failed, {}", OwnStep.LOOK, why))
