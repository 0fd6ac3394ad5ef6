"""What ticks would do until some time, played through in memory: nothing is written, nothing leaves."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from crmcli.automation import hand_edits, outbox, robot_runs, schedule_progress, trigger_runs
from crmcli.automation.approval.gate import Gate
from crmcli.automation.cron_slots import due, slots
from crmcli.automation.explain import with_robots
from crmcli.automation.job_failures import REFUSALS, jobs_here, raise_general, reason_of
from crmcli.automation.ledger import CRM, OwnStep, enter
from crmcli.automation.record_plan import STAGED, RecordPlan, plan_of
from crmcli.automation.robots import DEEPEST, Step, next_at
from crmcli.channels.base import sender_class
from crmcli.dataclass import dataclass, replace
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.language import counted, tr
from crmcli.model.actions import channel_of
from crmcli.model.event import HEARD, Event
from crmcli.model.fields import Record
from crmcli.sales import stages
from crmcli.sales.history.undo import dead
from crmcli.workspace import Workspace
from crmcli.workspace.current_stage import CurrentStage

MOST_LINES = 10_000
"""Lines after which a rehearsal ends: rules may go on for ever."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One thing that would happen: when, to which record, by whom, and what."""

    at: datetime
    record: str
    who: str
    what: str


def rehearse(ws: Workspace, until: datetime) -> list[Planned]:
    """Play the ticks from now until then, as if one came at each moment at which something is due."""
    lines: list[Planned] = []
    begun = ws.now
    slots_to_come = _slots(ws, until)  # first, for the play moves the clock
    played = _Rehearsal(ws).play(until)
    for line in heapq.merge(played, slots_to_come, key=lambda line: line.at):
        lines.append(line)
        if len(lines) == MOST_LINES:
            told = tr("more than {} lines: stopped here", MOST_LINES)
            lines.append(Planned(line.at, "", "crm", told))
            break
    ws.set_clock(begun)
    return lines


def _slots(ws: Workspace, until: datetime) -> list[Planned]:
    """The slots of the schedules: those that have come at once, the others in their time."""
    lines: list[Planned] = []
    gate = Gate(ws)
    for table in schedule_progress.timetables(ws):
        schedule = table.schedule
        missed = due(schedule, ws.zone, table.until, ws.now).run if table.until else ()
        chosen = len(schedule_progress.selection(ws, table))
        for_all = tr("for {}", counted(chosen, "record"))
        held = gate.why_not(table.declared_at, schedule)
        what = f"{schedule.do} {'once' if schedule.once else for_all}{': ' if held else ''}{held}"
        coming = (*missed, *slots(schedule.cron, ws.zone, ws.now, until))
        lines += [Planned(max(slot.at, ws.now), "", table.who, what) for slot in coming]
    return sorted(lines, key=lambda line: (line.at, line.who))


class _Rehearsal:
    """The records as they would be: a change that is never written, and a clock that goes on."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self.change = ws.trial("tick", "crm")
        self.events: dict[str, list[Event]] = {}
        self.seen = 0
        self.queue: list[tuple[datetime, str]] = []
        self.past: set[str] = set()
        self.gate = Gate(ws)

    def play(self, until: datetime) -> Iterator[Planned]:
        """Everything that robots, triggers and the queue would do, in the order of time."""
        yield from self._queued(until)
        yield from self._strays()
        yield from self._triggers()
        for record_id in with_robots(self.ws, self.events):
            yield from self._surely(record_id, partial(self._queue, record_id, until))
        while self.queue:
            at, record_id = heapq.heappop(self.queue)
            self.ws.set_clock(max(at, self.ws.now))
            yield from self._surely(record_id, partial(self._go_on, record_id))
            yield from self._surely(record_id, partial(self._queue, record_id, until))

    def _go_on(self, record_id: str) -> Iterator[Planned]:
        plan = self._stand(record_id)
        steps = [step for step in plan.due() if step.key not in self.past] if plan else []
        if plan and steps:
            self.past.add(steps[0].key)
            yield from self._act(plan, steps[0])

    def _surely(
        self, record_id: str, work: Callable[[], Iterator[Planned] | None]
    ) -> Iterator[Planned]:
        """The lines of some work; where it fails over this one record, a line that says so."""
        try:
            yield from work() or ()
        except Exception as error:
            why = reason_of(raise_general(error))
            yield self._line(record_id, CRM, tr("{}: failed, {}", OwnStep.LOOK, why))

    def _stand(self, record_id: str) -> RecordPlan | None:
        try:
            record = self.change.get(record_id)
        except (NotFound, InvalidData, Forbidden):
            return None
        events = self.events.get(record_id)
        if events is None:
            events = self.ws.events(record=record_id)
        return plan_of(self.ws, record, events)

    def _queue(self, record_id: str, until: datetime) -> None:
        plan = self._stand(record_id)
        if plan is None:
            return
        steps = [step for step in plan.steps if step.key not in self.past]
        moment = next_at(steps, self.ws.now)
        if moment is not None and moment <= until:
            heapq.heappush(self.queue, (max(moment, self.ws.now), record_id))

    def _line(self, record_id: str, who: str, what: str) -> Planned:
        return Planned(self.ws.now, record_id, who, what)

    # --- what is there already -----------------------------------------------------------------

    def _queued(self, until: datetime) -> Iterator[Planned]:
        """The messages in the queue, at once or at their next try."""
        lines = []
        for job in jobs_here(self.ws).values():
            at = outbox.time_of(job, self.ws.now)
            if at is not None and at <= until:
                at = max(at, self.ws.now)
                held = self.gate.why_not_message(job)
                what = tr("deliver {} to {}", job.action, job.facts.get("to"))
                what += f": {held}" if held else ""
                lines.append(Planned(at, job.record, tr("robot {}", job.robot), what))
        yield from sorted(lines, key=lambda line: (line.at, line.record))

    def _strays(self) -> Iterator[Planned]:
        failed: dict[str, Exception] = {}
        for place in hand_edits.strayed(self.ws, self.ws.agenda.dirty(), failed):
            yield from self._surely(place.record, partial(self._stray, place))

    def _stray(self, place: CurrentStage) -> Iterator[Planned]:
        self._author("edit", "", 0)
        robots = self.ws.robots_of(self.change.get(place.record))
        self.change.note("stage.entered", place.record, hand_edits.facts_of(place, robots))
        self._take_events()
        yield self._line(place.record, "edit", tr("came to {}", place.stage))

    def _triggers(self) -> Iterator[Planned]:
        is_dead = dead(self.ws)
        for event in (unheard.event for unheard in trigger_runs.hearing(self.ws).events):
            if not is_dead(event):
                yield from self._surely(event.record, partial(self._hear_first, event))

    def _hear_first(self, event: Event) -> Iterator[Planned]:
        record = trigger_runs.subject(self.ws, event)
        if record is not None:
            yield from self._hear(event, record.id)

    # --- what happens --------------------------------------------------------------------------

    def _act(self, plan: RecordPlan, step: Step) -> Iterator[Planned]:
        assert plan.visit is not None  # who has a step stands in a stage
        robot, record = step.robot, plan.record
        self._author(f"robot:{robot.id}", plan.visit.entry.id, robot_runs.depth_of(plan, step))
        what = self.gate.why_not_step(plan, step) or self._take(plan, step)
        yield self._line(record.id, tr("robot {}", robot.id), f"{robot.do}: {what}")
        yield from self._echo(record)

    def _take(self, plan: RecordPlan, step: Step) -> str:
        """Take the step in memory; what came of it, in words."""
        robot, before = step.robot, len(self.change.events)
        try:
            done = robot_runs.take_in(self.ws, self.change, plan, step)
        except REFUSALS as refusal:
            enter(self.change, "dead", plan.record.id, step.key, robot.id, robot.do)
            return tr("refused, {}", refusal.message)
        for event in self.change.events[before:]:
            if event.kind == "job.queued":
                self._arrive(event, plan.record)
        if done.word in ("done", "queued"):
            return done.effect
        reason = tr(done.reason)
        return tr("stopped, {}", reason) if done.word == "stopped" else tr("not done, {}", reason)

    def _arrive(self, event: Event, record: Record) -> None:
        """A queued message counts as sent at once."""
        data = event.data
        enter(self.change, "done", record.id, data["key"], data["robot"], data["action"])
        event_kind = sender_class(channel_of(data["action"])).event
        if event_kind and not data.get("notice"):
            facts = {"subject": data.get("subject", ""), "to": data.get("to", "")}
            self.change.note(event_kind, record.id, facts)

    def _echo(self, record: Record) -> Iterator[Planned]:
        """Let the triggers hear what the robot did."""
        for event in self._take_events():
            if event.kind in HEARD and event.record == record.id:
                yield from self._hear(event, record.id)

    def _hear(self, event: Event, record_id: str) -> Iterator[Planned]:
        plan = self._stand(record_id)
        if plan is None or event.depth >= DEEPEST:
            return
        record, goal = plan.record, trigger_runs.decide(self.ws, plan.record, event).stage
        if goal is None:
            return
        self._author(f"trigger:{event.kind}", event.id, event.depth + 1)
        what = tr("move to {}", goal.id)
        try:
            by = {"by": "trigger"}
            stages.move_in(self.change, self.ws, record, goal.id, reopen=True, data=by)
        except REFUSALS as refusal:
            what = tr("refused: {}", refusal.message)
        self._take_events()
        yield self._line(record_id, tr("trigger {}", event.kind), what)

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
