"""One run of automation: receive, trigger, act, deliver, again and again until nothing is due."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

from crmcli.automation import (
    breaker,
    clock_changes,
    hand_edits,
    lapses,
    outbox,
    schedule_runs,
    time_events,
)
from crmcli.automation.approval.acts import Act
from crmcli.automation.approval.gate import Gate
from crmcli.automation.due_records import DueRecords, Turn
from crmcli.automation.job_failures import (
    Attempt,
    Bug,
    fail,
    job_of,
    jobs_here,
    note_fixed,
    raise_general,
)
from crmcli.automation.ledger import CRM, TROUBLED, Done, Job, OwnStep
from crmcli.automation.receive import receive
from crmcli.automation.record_plan import STAGED, RecordPlan, nothing_was_due, plan_for, sleepers
from crmcli.automation.robot_runs import can_share, take, take_shared
from crmcli.automation.robots import Step, next_at
from crmcli.automation.sent_lately import SentLately
from crmcli.automation.trigger_runs import TriggerRun, retry_event, run_triggers
from crmcli.dataclass import dataclass, field
from crmcli.errors import Forbidden, InvalidData, NotFound, Problem, kind_of_bug
from crmcli.language import tr
from crmcli.model.event import Event
from crmcli.model.values import entity_of, format_instant
from crmcli.store import layout
from crmcli.store.index.pending import Plan
from crmcli.workspace import Change, Workspace
from crmcli.workspace.tick_times import alone, is_news, note_end
from crmcli.workspace.undone import dead

MOST_PASSES = 100
"""A guard only: loops end by their depth long before."""
TOGETHER = 100
"""How many acts share a transaction at most: the lock is held for all of them."""
MOST_FAILURES = 3
"""After so many failures in a row a lane of messages is let rest until the next tick."""


@dataclass
class TickResult:
    """What a tick did. `said` narrates it; `failures` is what needs a person now: jobs,
    and moves of triggers that a rule refused; `bugs` are crm's own errors, one of a kind;
    `faults` is what is wrong with single rules of pipelines.yaml, without which it went."""

    busy: bool = False
    limited: bool = False
    said: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    effects: int = 0
    faults: Sequence[Problem] = ()
    elsewhere: str = ""
    """The clone that runs automation, where it is another one and that was not said here yet."""
    bugs: dict[str, Bug] = field(default_factory=dict)

    def met(self, error: Exception, about: str) -> None:
        """Keep an error of crm's own for the end: the first of its kind, and whom each met."""
        self.bugs.setdefault(kind_of_bug(error), Bug(error)).met.append(about)

    def told(self, done: Done) -> None:
        """Take in what came of a step."""
        self.said.append(str(done))
        if done.bug is not None:
            self.met(done.bug, done.record or done.robot)
        if done.word in TROUBLED:
            self.failures.append(tr("{}; see crm jobs list", done))


def tick(ws: Workspace, result: TickResult | None = None) -> TickResult:
    """Run what is due. A second tick at the same time leaves at once, its result `busy`. A `result` that is
    handed in tells what was done even if the tick ends with an error."""
    run = _Run(ws, result or TickResult())
    with alone(ws) as lock:
        run.result.busy = lock is None
        if lock is None:
            return run.result
        if not ws.settings.runs_at(ws.clone):
            run.result.elsewhere = ws.settings.runner if is_news(lock, ws.settings.runner) else ""
            return run.result
        run.result.faults = ws.faults_of_rules()
        if paused := breaker.pause_of(ws):
            run.result.said.append(breaker.told(str(paused.data.get("reason", ""))))
            return run.result
        run.hourly = breaker.left(ws)
        with ws.series():
            for _ in range(MOST_PASSES):
                if not run.passes_once() or run.result.limited:
                    break
                ws.look_again()
                ws.read_clock()
            run.result.failures += run.gate.news()
            note_end(lock, ws.now, anew=run.has_stepped)
    return run.result


def signature(ws: Workspace) -> str:
    """A digest of all that says when robots are due: with another one every record is looked at."""
    assert ws.pipelines  # read first, for a better complaint than that a file is missing
    rules = hashlib.sha256(ws.file(layout.PIPELINES) or b"")
    calendar = ws.settings.calendar
    days = [sorted(calendar.holidays), sorted(calendar.workdays)]  # sets have no order of their own
    times = (ws.settings.time_zone, calendar.days, calendar.opens, calendar.closes, days)
    rules.update(repr(ws.settings.presences).encode())
    rules.update(clock_changes.mark(ws).encode())
    rules.update(repr(times).encode())
    return rules.hexdigest()


class _Run:
    """The work of one tick: what was taken already, how many acts are left, which lanes are down."""

    def __init__(self, ws: Workspace, result: TickResult) -> None:
        self.ws = ws
        self.result = result
        self.taken: set[str] = set()
        self.failing: dict[str, int] = {}
        self.settled: list[tuple[str, str | None]] = []
        self.unreceived: dict[str, Exception] = {}
        self.has_stepped = False
        self.held: dict[str, Act] = {}
        self.lately = SentLately(ws)
        self.hourly = ws.settings.max_hourly
        self.sharing: Change | None = None
        """The open change in which many act, if one is."""

    gate: Gate
    """What may leave the machine, looked at anew in each pass."""

    def passes_once(self) -> bool:
        """One pass over all of it; says whether anything happened, so that more may be due."""
        ws = self.ws
        stepped = clock_changes.notice(ws)
        self.result.failures += stepped
        self.has_stepped = self.has_stepped or bool(stepped)
        hand_edits.recall(ws)
        ws.agenda.agenda_signature(signature(ws))
        self.gate = Gate(ws, self.held)
        self._is_dead = dead(ws)
        self.unreceived = {}
        moved = hand_edits.receive(ws, self.unreceived)
        edited = hand_edits.receive_values(ws, self.unreceived)
        self._meet_unread()
        received = receive(ws, ())  # no channel receives yet
        self.result.said += [tr("{}: moved by hand", record_id) for record_id in moved]
        self.result.said += [tr("{}: edited by hand", record_id) for record_id in edited]
        lapsed = lapses.run(ws)
        self.result.said += [
            tr("{} {} is {} now", one.id, one.get("name"), one.get("status")) for one in lapsed
        ]
        timed = time_events.run(ws)
        acts = self.result.effects
        heard = run_triggers(ws, self._act_before, lambda: self._left() > 0)
        caught_up = self.result.effects - acts
        for told in heard:
            self._heard(told)
        acted = self._schedule() + self._act()
        return bool(
            moved
            or edited
            or lapsed
            or timed
            or received
            or heard
            or caught_up
            or acted + self._deliver()
        )

    def _meet_unread(self) -> None:
        """Tell of errors over records that stand in no stage, at which nobody looks again."""
        for record_id, error in self.unreceived.items():
            if entity_of(record_id) not in STAGED:
                self.result.met(error, record_id)

    def _heard(self, told: TriggerRun) -> None:
        for line in told.moved:
            way = (line["record"], line["from"], line["to"])
            self.result.said.append(tr("{}: from {} to {} by a trigger", *way))
        for line in told.refused:
            words = tr("{}: not moved by a trigger: {}", line["record"], line["why"][-1])
            self.result.said.append(words)
            self.result.failures.append(words)
        for failed in told.failed:
            self.result.told(failed)

    def _left(self) -> int:
        return max(min(self.ws.settings.max_effects, self.hourly) - self.result.effects, 0)

    def _told(self, done: Done) -> None:
        self.result.told(done)
        self.result.effects += 1

    def _schedule(self) -> int:
        done = schedule_runs.run(self.ws, self._left(), self.gate)
        for one in done:
            self._told(one)
        return len(done)

    def _act(self) -> int:
        """Let robots act in the order in which they are due."""
        self._look_at_changed()
        queue = DueRecords(self.ws, self._look)
        acted = singly = 0
        while (turn := queue.take()) is not None:
            if not self._left():
                most = self.ws.settings.max_effects
                self.result.limited = True
                words = tr("stopped after {} actions; the next tick continues", most)
                is_over = self.result.effects >= self.hourly
                self.result.failures.append(breaker.pause(self.ws) if is_over else words)
                break
            together = None if singly else self._act_together(queue, turn)
            if (
                together is None
            ):  # where many share a change, one that fails is found by taking each alone
                singly = (singly or TOGETHER) - 1
                together = self._act_alone(queue, turn)
            acted += together
        self._settle()
        return acted

    def _act_alone(self, queue: DueRecords, turn: Turn) -> int:
        """Let one robot act in a change of its own; how many did."""
        step = self._due(turn.plan)[0]
        self.taken.add(step.key)
        self.ws.read_clock()
        done = take(self.ws, turn.plan, step)
        if done is not None:
            self._told(done)
        queue.again(turn.record)
        return int(done is not None)

    def _act_together(self, queue: DueRecords, first: Turn) -> int | None:
        """Let the robots that come next act in one change, as long as each is about its record alone; how
        many did. None where that was nothing, or one of them failed, and nothing was written."""
        if not self._can_share(first):
            return None
        self.ws.read_clock()
        taken, settled = set(self.taken), len(self.settled)
        met, done = list[str](), list[Done]()
        turn: Turn | None = first
        try:
            with self.ws.change("tick", actor=CRM) as self.sharing:
                while turn and len(met) < min(TOGETHER, self._left()) and self._can_share(turn):
                    met.append(turn.record)
                    step = self._due(turn.plan)[0]
                    self.taken.add(step.key)
                    told = take_shared(self.ws, self.sharing, turn.plan, step)
                    done += [told] if told else []
                    queue.again(turn.record)
                    turn = queue.take()
        except Exception as error:
            raise_general(error)
            self.taken, self.settled[settled:], self.sharing = taken, [], None
            for record_id in dict.fromkeys([*met, *([turn.record] if turn else [])]):
                queue.again(record_id)
            return None
        finally:
            self.sharing = None
        if turn:
            queue.put_back(turn)
        for told in done:
            self._told(told)
        return len(done)

    def _can_share(self, turn: Turn) -> bool:
        """Whether what a record has to do next may stand in one change with what others do."""
        return can_share(self.ws, turn.plan, self._due(turn.plan)[0])

    def _act_before(self, record_id: str, event: Event) -> None:
        """Let the robots of a record act that were due before an event, in the order in which they were."""
        if nothing_was_due(self.ws, event):
            return
        try:
            while True:
                plan = plan_for(self.ws, record_id, before=event)
                if plan.visit is None or self._is_dead(plan.visit.entry) or not self._due(plan):
                    return
                step = self._due(plan)[0]
                self.taken.add(step.key)
                done = take(self.ws, plan, step)
                if done is not None:
                    self._told(done)
        except (NotFound, InvalidData, Forbidden):
            return  # it is gone, or broken, which `crm check` tells
        except Exception as error:
            self.result.met(raise_general(error), record_id)

    def _look_at_changed(self) -> None:
        """Put into the agenda when each record is due that changed since it was thought over."""
        changed = self.ws.agenda.dirty()
        asleep = sleepers(self.ws, [one for one in changed if one not in self.unreceived])
        self.settled = [(record_id, None) for record_id in asleep]
        for record_id in changed:
            if record_id not in asleep:
                self._look(record_id)
        self._settle()

    def _settle(self) -> None:
        self.ws.agenda.settle_all(self.settled)
        self.settled.clear()

    def _look(self, record_id: str) -> Turn | None:
        """Look at a record and settle when it is due next; its turn if that is now."""
        attempt = Attempt(record_id, OwnStep.LOOK)
        try:
            if record_id in self.unreceived:
                raise self.unreceived[record_id]
            return self._turn(record_id, attempt)
        except (NotFound, InvalidData, Forbidden):
            if self.sharing:
                raise
            # It is gone, or broken (`crm check` tells where): once fixed, it is looked at again.
            if not self.ws.exists(record_id):
                outbox.call_off(self.ws, record_id)
            self.settled.append((record_id, None))
        except Exception as error:
            if self.sharing:
                raise
            told = fail(self.ws, attempt, error)
            if told is not None:
                self.result.told(told)
            job = job_of(self.ws, attempt)
            again = job.retry_at if job else None
            self.settled.append((record_id, format_instant(again) if again else None))
        return None

    def _turn(self, record_id: str, attempt: Attempt) -> Turn | None:
        plan = plan_for(self.ws, record_id, self.sharing)
        job = plan.jobs.get(attempt.key)
        if job is not None and job.state in ("failed", "dead") and not self.sharing:
            with self.ws.change("tick", actor=CRM) as change:
                note_fixed(change, attempt)
        steps = self._due(plan)
        due_at = (steps[0].due_at or self.ws.now) if steps else None
        moment = due_at or next_at(plan.steps, self.ws.now)
        self.settled.append((record_id, format_instant(moment) if moment else None))
        return Turn(due_at, record_id, plan) if due_at else None

    def _due(self, plan: RecordPlan) -> list[Step]:
        """What is due, may happen and was not taken in this tick: nothing is tried twice in a row."""
        left = [step for step in plan.due() if step.key not in self.taken]
        return [step for step in left if not self.gate.why_not_step(plan, step)]

    def _deliver(self) -> int:
        """Send the messages, the oldest first; what fails three times in a row waits. Events over which
        something failed are read again at their time."""
        self._plan_jobs()
        delivered = 0
        for job in self._ready():
            self.ws.read_clock()
            if job.is_of_crm:
                self._heard(retry_event(self.ws, job))
                delivered += 1
                continue
            lane = outbox.lane_of(job)
            if lane in self._resting():
                continue
            ended = outbox.deliver(self.ws, job.key, self.lately)
            if ended is not None:
                failed = self.failing.get(lane, 0) + 1
                self.failing[lane] = failed if ended.word == "failed" else 0
                self.result.told(ended)
                delivered += 1
        return delivered

    def _resting(self) -> list[str]:
        return [name for name, count in self.failing.items() if count >= MOST_FAILURES]

    def _plan_jobs(self) -> None:
        """Put into the agenda when each job needs somebody of which something was written."""
        agenda, now = self.ws.agenda, self.ws.now
        while found := agenda.touched_jobs():
            jobs = jobs_here(self.ws, [key for _, key in found])
            agenda.plan_jobs([_plan(mark, jobs.get(key), now) for mark, key in found])

    def _ready(self) -> Iterator[Job]:
        """Every message that should leave now, the longest waiting first."""
        agenda, now, place = self.ws.agenda, self.ws.now, ("", "")
        while page := agenda.ready_jobs(format_instant(now), place, self._resting()):
            place = page[-1]
            jobs = jobs_here(self.ws, [key for _, key in page])
            for job in (jobs[key] for _, key in page if key in jobs):
                if job.is_of_crm or (outbox.ready(job, now) and not self.gate.why_not_message(job)):
                    yield job


def _plan(mark: int, job: Job | None, now: datetime) -> Plan:
    """When a job needs somebody besides its record's own turn."""
    if job is not None and job.is_outgoing:
        moment = outbox.time_of(job, now)
        return Plan(mark, format_instant(moment) if moment else None, outbox.lane_of(job))
    if job is not None and job.action == OwnStep.HEAR and job.state == "failed" and job.retry_at:
        return Plan(mark, format_instant(job.retry_at))
    return Plan(mark, None)
