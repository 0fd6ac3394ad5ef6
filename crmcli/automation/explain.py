"""What robots wait for, and why they did or did not act: for people to look at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from crmcli.automation.approval.gate import Gate
from crmcli.automation.changed_rules import form_of
from crmcli.automation.channel_pace import ChannelPace
from crmcli.automation.ledger import Job
from crmcli.automation.record_plan import STAGED, RecordPlan, place_of, plan_for, plan_of
from crmcli.automation.robots import ADDED_LATER, IMPORTED, WAITING, Step
from crmcli.automation.sequence_runs import why_ended
from crmcli.automation.trigger_runs import hearing, leaves_robots
from crmcli.automation.triggers import ALREADY_THERE, out_of_place
from crmcli.automation.visits import Visit
from crmcli.dataclass import dataclass, replace
from crmcli.language import tr
from crmcli.model.automation import Robot
from crmcli.model.conditions.reasons import explained
from crmcli.model.event import Event, told_actor
from crmcli.model.local_times import local_minute
from crmcli.model.pipeline import SEQUENCES
from crmcli.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RobotLine:
    """One robot's part in one stay of a record in a stage."""

    record: str
    name: str
    stage: str
    robot: str
    action: str
    state: str
    due_at: datetime | None
    why: str
    key: str = ""
    is_trigger: bool = False

    @property
    def kind(self) -> str:
        """What acts: a robot or a trigger."""
        return "trigger" if self.is_trigger else "robot"


def explain(ws: Workspace, ref: str) -> list[RobotLine]:
    """Every robot of each stage in which a record stood, then of the one where it stands: what it did or
    will do, and why; then every trigger of its pipeline."""
    plan = plan_for(ws, ws.resolve(ref, *STAGED))
    gate, pace = Gate(ws), ChannelPace(ws)
    unheard = {one.event.id for one in hearing(ws).events if one.event.record == plan.record.id}
    lines: list[RobotLine] = []
    for visit, following in zip(plan.visits, plan.visits[1:], strict=False):
        _, stage = place_of(ws, visit.entry)
        own = (stage.id if stage else "", stage.robots if stage else ())
        past = list(_of_past(plan, visit, following.entry, *own))
        if following.entry.id in unheard and leaves_robots(ws, following.entry):
            past = _with_due(ws, plan, following.entry, past, gate, pace)
        lines += past
    lines += _decisions(ws, plan)
    for run in plan.runs:
        if run.end:
            robots = ws.pipelines.sequences[run.sequence].robots
            lines += _of_past(plan, run, run.end, _name_of(run), robots)
    lines += [line_of(plan, step, gate, pace, _condition(ws, plan, step)) for step in plan.steps]
    runs = [run for run in plan.runs if not run.end]
    for visit in [plan.visit, *runs] if plan.visit else runs:
        own_steps = [step for step in plan.steps if (step.run or plan.visit) == visit]
        lines += _undeclared(plan, visit, {step.robot.id for step in own_steps})
    return [*lines, *_triggers(ws, plan)]


def _with_due(
    ws: Workspace,
    plan: RecordPlan,
    left: Event,
    lines: list[RobotLine],
    gate: Gate,
    pace: ChannelPace,
) -> list[RobotLine]:
    """The lines of a stage that was left since the last tick: what was due before that, the next one does."""
    then = plan_of(ws, plan.record, plan.events, before=left)
    found = (line_of(then, step, gate, pace, _condition(ws, then, step)) for step in then.due())
    due = {line.robot: line for line in found}
    return [due.get(line.robot, line) for line in lines]


def _name_of(visit: Visit) -> str:
    """Where it is said of a robot what it did: the stage, or the sequence."""
    if visit.sequence:
        return f"{SEQUENCES}/{visit.sequence}"
    return str(visit.entry.data.get("stage"))


def line_of(
    plan: RecordPlan, step: Step, gate: Gate, pace: ChannelPace, condition: str = ""
) -> RobotLine:
    """What a person is told of a robot's next step."""
    robot, record = step.robot, plan.record
    held = gate.why_not_step(plan, step) if step.state in ("waiting", "due") else ""
    if step.state == "queued" and plan.visit:
        job = plan.visit.jobs[step.key]
        held = gate.why_not_message(job) or pace.why_not(job)
    why = held or step.reason or (robot.acts if step.state in ("waiting", "due") else "")
    stage = _name_of(step.run) if step.run else plan.stage.id if plan.stage else ""
    state = "held" if held and step.state == "due" else step.state
    if state == "due":
        condition = "; ".join(filter(None, (pace.why_not_now(robot.do), condition)))
    rule = _rule_of(robot, plan.jobs.get(step.key))
    why = "; ".join(tr(part) for part in (why, rule, condition) if part)
    about = (record.id, str(record.get("name")), stage, robot.id, robot.do)
    return RobotLine(*about, state, step.due_at, why, step.key)


def _rule_of(robot: Robot, job: Job | None) -> str:
    """By what a job was done: when and if the rule has it done, or that it was planned by an earlier form of
    it; with the values that its condition met."""
    if job is None:
        return ""
    met = tr("if {}", job.met or robot.when) if job.met or robot.when else ""
    earlier = form_of(robot, job)
    if earlier or job.state != "done":
        met = met if job.met else ""
        return "; ".join(filter(None, (earlier, met)))
    return "; ".join(filter(None, (robot.acts, met)))


def _condition(ws: Workspace, plan: RecordPlan, step: Step) -> str:
    """Whether the record is of the robot's part, and whether the condition holds at present; it counts when
    the robot is due."""
    when, split = step.robot.when, step.robot.split
    if split and step.state in ("waiting", "due") and not split.takes(plan.record.id):
        return tr("not in its part: {}", split)
    if when is None or step.state not in WAITING or step.state in ("queued", "started"):
        return ""
    return explained(when, plan.record, ws.env).now()


def _in_words(ws: Workspace, plan: RecordPlan, why: str) -> str:
    """Why a trigger moves nothing; where the record stands there already, by what it came there."""
    if why != ALREADY_THERE or plan.visit is None:
        return tr(why)
    came = plan.visit.entry
    who, when = told_actor(ws.owner_name(came.actor)), local_minute(came.at, ws.zone)
    if came.kind == "stage.entered":
        return tr("the record is already there: moved by {} on {}", who, when)
    return tr("the record is already there: added by {} on {}", who, when)


def _decisions(ws: Workspace, plan: RecordPlan) -> Iterator[RobotLine]:
    """What triggers made of the events of this stay, and of that which began it: each that was tried."""
    since = plan.visit.entry.id if plan.visit else ""
    for event in plan.events:
        if event.id < since or not event.data.get("passed"):
            continue
        on = str(event.data.get("on") or event.actor.removeprefix("trigger:"))
        for stage, why in event.data["passed"]:
            about = (plan.record.id, str(plan.record.get("name")), stage, on, "trigger")
            told = _in_words(ws, plan, why)
            yield RobotLine(*about, "skipped", event.at, told, is_trigger=True)


def _of_past(
    plan: RecordPlan, visit: Visit, end: Event, name: str, robots: Sequence[Robot]
) -> Iterator[RobotLine]:
    """What the robots of an earlier stage or sequence, as it is declared now, did, or that its end came too
    soon."""
    there = visit.entry.data.get("robots")
    jobs = {job.robot: job for job in _jobs_of(visit)}
    for robot in robots:
        about = (name, robot.id, robot.do)
        if job := jobs.get(robot.id):
            line = _of_job(plan, job, name)
            said = (line.why, _rule_of(robot, job))
            yield replace(line, why="; ".join(filter(None, said)))
        elif there is False or (isinstance(there, list) and robot.id not in there):
            why = IMPORTED if there is False else ADDED_LATER
            yield _past_line(plan, about, "never", None, tr(why))
        elif not robot.enabled:
            yield _past_line(plan, about, "paused", None, tr("disabled in pipelines.yaml"))
        else:
            yield _past_line(plan, about, "cancelled", end.at, why_ended(end))
    yield from _undeclared(plan, visit, {robot.id for robot in robots})


def _jobs_of(visit: Visit) -> list[Job]:
    """The jobs of one stay, the latest last."""
    calls = [event.id for events in visit.starts.values() for event in events]
    found = [job for job in visit.jobs.values() if job.cause in (visit.entry.id, *calls)]
    return sorted(found, key=lambda job: (job.at, job.key))


def _undeclared(plan: RecordPlan, visit: Visit, declared: Collection[str]) -> Iterator[RobotLine]:
    """What robots did in a stay that the stage does not have any more."""
    for job in _jobs_of(visit):
        if job.robot not in declared and ":" not in job.robot and not job.is_of_crm:
            line = _of_job(plan, job, _name_of(visit))
            met = tr("if {}", job.met) if job.met else ""
            why = filter(None, (line.why, met, tr("no longer declared")))
            yield replace(line, why="; ".join(why))


def _of_job(plan: RecordPlan, job: Job, stage: str) -> RobotLine:
    about = (stage, job.robot, job.action)
    line = _past_line(plan, about, job.state, job.retry_at or job.at, tr(job.reason))
    return replace(line, key=job.key)


def _past_line(
    plan: RecordPlan, about: tuple[str, str, str], state: str, at: datetime | None, why: str
) -> RobotLine:
    record = plan.record
    return RobotLine(record.id, str(record.get("name")), *about, state, at, why)


def _triggers(ws: Workspace, plan: RecordPlan) -> Iterator[RobotLine]:
    """When each trigger of the record's pipeline last moved it, and what it does if its event comes now."""
    for n, stage in enumerate(plan.pipeline.stages if plan.pipeline else ()):
        for trigger in stage.triggers:
            moved = _last_moved(plan, stage.id, trigger.on)
            against = out_of_place(trigger, plan.pipeline, n, plan.record) if plan.pipeline else ""
            state = "done" if moved else ("" if against else "waiting")
            why = [_in_words(ws, plan, against or "moves it here when that happens")]
            why += [f"{name}: {', '.join(found)}" for name, found in trigger.filters.items()]
            if moved and moved.data.get("met"):
                why.append(tr("if {}", moved.data["met"]))
            elif trigger.when is not None:
                why.append(explained(trigger.when, plan.record, ws.env).now())
            about = (stage.id, trigger.on, "move")
            line = _past_line(plan, about, state, moved.at if moved else None, "; ".join(why))
            yield replace(line, is_trigger=True)


def _last_moved(plan: RecordPlan, stage: str, on: str) -> Event | None:
    """The move by which a trigger last brought the record to its stage."""
    moves = (event for event in reversed(plan.events) if event.kind == "stage.entered")
    by_it = (e for e in moves if e.actor == f"trigger:{on}" and e.data.get("stage") == stage)
    return next(by_it, None)
