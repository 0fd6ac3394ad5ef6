"""What ticks would do until some time, played through in memory: nothing is written, nothing leaves."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import takewhile

from crmcli.automation import (
    hand_edits,
    outbox,
    robot_runs,
    schedule_progress,
    trigger_moves,
    trigger_runs,
)
from crmcli.automation.approval.gate import Gate
from crmcli.automation.cron_slots import due, slots
from crmcli.automation.event_subjects import subjects
from crmcli.automation.job_failures import REFUSALS, jobs_here, raise_general, reason_of
from crmcli.automation.ledger import CRM, DEFERRED, Job, OwnStep, enter, jobs_of
from crmcli.automation.record_plan import STAGED, RecordPlan, plan_of
from crmcli.automation.robots import DEEPEST, Step, next_at
from crmcli.automation.sending_gate import why_not_now
from crmcli.automation.sent_lately import SentLately
from crmcli.automation.trigger_decisions import awaited_names, decide
from crmcli.automation.waiting import candidates
from crmcli.channels.base import sender_class
from crmcli.dataclass import dataclass, replace
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.language import counted, tr
from crmcli.model.actions import channel_of
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.trigger_events import HEARD, names_of
from crmcli.workspace import Workspace
from crmcli.workspace.current_stage import CurrentStage
from crmcli.workspace.undone import dead

MOST_LINES = 10_000
"""Lines after which a rehearsal ends: rules may go on for ever."""
MOST_COUNTED = 1_000_000
"""The same where they are only counted."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that would happen: when, to which record, by whom, and what."""

    at: datetime
    record: str
    who: str
    what: str
    action: str = ""
    """What kind of act that is: task, email, move."""


def rehearse(ws: Workspace, until: datetime, most: int = MOST_LINES) -> list[Planned]:
    """Play the ticks from now until then, as if one came at each moment at which something is due; `most`
    lines of it."""
    begun = ws.now
    rehearsal = _Rehearsal(ws, until, most)
    slots_to_come = rehearsal.slots()  # first, for the play moves the clock
    rehearsal.play()
    ws.set_clock(begun)
    lines = sorted([*rehearsal.lines, *slots_to_come], key=lambda line: line.at)[: most + 1]
    if len(lines) > most:
        told = tr("more than {} lines: stopped here", most)
        lines[most:] = [Planned(lines[most - 1].at, "", "crm", told)]
    return lines


class _Rehearsal:
    """The records as they would be: a change that is never written, and a clock that goes on."""

    def __init__(self, ws: Workspace, until: datetime, most: int) -> None:
        self.ws = ws
        self.until = until
        self.most = most
        self.change = ws.trial("tick", "crm")
        self.events: dict[str, list[Event]] = {}
        self.seen = 0
        self.queue: list[tuple[datetime, str]] = []
        self.past: set[str] = set()
        self.deferred: dict[str, list[Job]] = {}
        self.lately = SentLately(ws)
        self.gate = Gate(ws)
        self.lines: list[Planned] = []

    def slots(self) -> list[Planned]:
        """The slots of the schedules: those that have come at once, the others in their time."""
        lines: list[Planned] = []
        ws = self.ws
        for table in schedule_progress.timetables(ws):
            schedule = table.schedule
            missed = due(schedule, ws.zone, table.until, ws.now).run if table.until else ()
            chosen = len(schedule_progress.selection(ws, table))
            is_once = schedule_progress.acts_once(schedule, chosen)
            for_all = tr("for {}", counted(chosen, "record"))
            held = self.gate.why_not(table.declared_at, schedule)
            what = f"{schedule.do} {'once' if is_once else for_all}{': ' if held else ''}{held}"
            coming = (*missed, *slots(schedule.cron, ws.zone, ws.now, self.until))
            lines += [
                Planned(max(slot.at, ws.now), "", table.who, what, schedule.do) for slot in coming
            ]
        return sorted(lines, key=lambda line: (line.at, line.who))

    def play(self) -> None:
        """Everything that robots, triggers and the queue would do, in the order of time."""
        self._queued()
        failed: dict[str, Exception] = {}
        for place in hand_edits.strayed(self.ws, self.ws.agenda.dirty(), failed):
            with self._surely(place.record):
                self._stray(place)
        is_dead = dead(self.ws)
        awaited = awaited_names(self.ws)
        for _, event in trigger_runs.hearing(self.ws).events:
            if not is_dead(event):
                with self._surely(event.record):
                    if trigger_runs.leaves_robots(self.ws, event):
                        self._before(event.record, event)
                    is_awaited = not awaited.isdisjoint(names_of(event))
                    among = subjects(self.ws, event) if is_awaited else []
                    for record in among:
                        self._hear(event, record.id, among)
        for record_id in self._due():
            with self._surely(record_id):
                self._queue(record_id)
        while self.queue and len(self.lines) <= self.most and self.queue[0][0] <= self.until:
            at, record_id = heapq.heappop(self.queue)
            self.ws.set_clock(max(at, self.ws.now))
            with self._surely(record_id):
                self._take_next(record_id)
            with self._surely(record_id):
                self._queue(record_id)

    def _due(self) -> Iterator[str]:
        """The records for which robots may be due in that time, or of which events were heard; each once."""
        come = takewhile(lambda one: one.at <= self.until, candidates(self.ws))
        yield from dict.fromkeys([*self.events, *(one.record for one in come)])

    def _take_next(self, record_id: str) -> None:
        """What a record does at the moment: messages that waited leave, then a robot acts."""
        for job in self.deferred.pop(record_id, []):
            self._author(job.actor, job.cause, job.depth)
            what = self._leave(job) or tr("deliver {} to {}", job.action, job.facts.get("to"))
            self._tell(record_id, tr("robot {}", job.robot), what, job.action)
            self._heard(record_id)
        plan = self._stand(record_id)
        steps = [step for step in plan.due() if step.key not in self.past] if plan else []
        if plan and steps:
            self.past.add(steps[0].key)
            self._act(plan, steps[0])

    def _tell(self, record_id: str, who: str, what: str, action: str = "") -> None:
        self.lines.append(Planned(self.ws.now, record_id, who, what, action))

    @contextmanager
    def _surely(self, record_id: str) -> Iterator[None]:
        """Where some work fails over this one record, a line that says so."""
        try:
            yield
        except Exception as error:
            why = reason_of(raise_general(error))
            self._tell(record_id, CRM, tr("{}: failed, {}", OwnStep.LOOK, why))

    def _before(self, record_id: str, event: Event) -> None:
        """Take the steps that were due before an event."""
        while plan := self._stand(record_id, event):
            steps = [step for step in plan.due() if step.key not in self.past]
            if not steps:
                return
            self.past.add(steps[0].key)
            self._act(plan, steps[0])

    def _stand(self, record_id: str, before: Event | None = None) -> RecordPlan | None:
        try:
            record = self.change.get(record_id)
        except (NotFound, InvalidData, Forbidden):
            return None
        events = self.events.get(record_id)
        return plan_of(
            self.ws, record, self.ws.events(record=record_id) if events is None else events, before
        )

    def _queue(self, record_id: str) -> None:
        plan = self._stand(record_id)
        steps = [step for step in plan.steps if step.key not in self.past] if plan else []
        moment = next_at(steps, self.ws.now)
        if moment is not None and moment <= self.until:
            heapq.heappush(self.queue, (max(moment, self.ws.now), record_id))

    def _queued(self) -> None:
        """The messages in the queue, at once or at their next try."""
        for job in jobs_here(self.ws).values():
            at = outbox.time_of(job, self.ws.now)
            if at is not None and at <= self.until:
                held = self.gate.why_not_message(job)
                what = tr("deliver {} to {}", job.action, job.facts.get("to"))
                what += f": {held}" if held else ""
                at, who = max(at, self.ws.now), tr("robot {}", job.robot)
                self.lines.append(Planned(at, job.record, who, what, job.action))
        self.lines.sort(key=lambda line: (line.at, line.record))

    def _stray(self, place: CurrentStage) -> None:
        self._author("edit", "", 0)
        robots = self.ws.robots_of(self.change.get(place.record))
        self.change.note("stage.entered", place.record, hand_edits.facts_of(place, robots))
        self._take_events()
        self._tell(place.record, "edit", tr("came to {}", place.stage))

    def _act(self, plan: RecordPlan, step: Step) -> None:
        """Take a step in memory, and let the triggers hear of it."""
        robot, record = step.robot, plan.record
        self._author(*robot_runs.author(plan, step))
        what = self.gate.why_not_step(plan, step) or self._take(plan, step)
        self._tell(record.id, tr("robot {}", robot.id), f"{robot.do or '?'}: {what}", robot.do)
        self._heard(record.id)

    def _heard(self, record_id: str) -> None:
        """Let the triggers hear of what was just done to a record."""
        for event in self._take_events():
            if event.kind in HEARD and event.record == record_id:
                self._hear(event, record_id)

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
            heapq.heappush(self.queue, (until, job.record))
            return refusal.reason
        word = refusal.word if refusal else "done"
        enter(self.change, word, job.record, job.key, job.robot, job.action)
        if refusal is None and sender.consent and not said.get("notice"):
            self.lately.add(job.key, str(said.get("to", "")), self.ws.now)
        if refusal is None and sender.event and not said.get("notice"):
            facts = {"subject": said.get("subject", ""), "to": said.get("to", "")}
            self.change.note(sender.event, job.record, facts)
        return refusal.reason if refusal else ""

    def _hear(self, event: Event, record_id: str, among: Sequence[Record] = ()) -> None:
        plan = self._stand(record_id)
        if plan is None or event.depth >= DEEPEST:
            return
        decision = decide(self.ws, plan.record, event, among)
        record, goal = plan.record, decision.stage
        if goal is None:
            self._author(CRM, event.id, event.depth + 1)
            trigger_moves.call_robots(self.change, self.ws, record, event)
            self._take_events()
            return
        self._before(record_id, event)
        on = decision.trigger.on if decision.trigger else event.kind
        self._author(f"trigger:{on}", event.id, event.depth + 1)
        what = tr("move to {}", goal.id)
        try:
            trigger_moves.move(self.change, self.ws, record, decision)
        except REFUSALS as refusal:
            what = tr("refused: {}", refusal.message)
        self._take_events()
        self._tell(record_id, tr("trigger {}", on), what, "move")

    def _author(self, actor: str, cause: str, depth: int) -> None:
        self.change.author = replace(
            self.change.author, actor=actor, cause=cause, depth=depth, at=self.ws.now
        )

    def _take_events(self) -> list[Event]:
        """Put what was just written in memory behind what is known of each record."""
        new = self.change.events[self.seen :]
        self.seen = len(self.change.events)
        for event in new:
            if event.record.split("-")[0] in STAGED:
                if event.record not in self.events:
                    self.events[event.record] = self.ws.events(record=event.record)
                self.events[event.record].append(event)
        return new
