"""Letting robots act: one step at a time, looked at again under the lock, each in its own change.

A rehearsal plays with the same functions, in a change that is never written.
"""

from __future__ import annotations

from crmcli.automation.actions.work import Work, act
from crmcli.automation.job_failures import bug_in, check_rule, is_general, reason_of
from crmcli.automation.ledger import Done, Job, after_failure, enter
from crmcli.automation.record_plan import RecordPlan, plan_for
from crmcli.automation.robots import DEEPEST, QUARANTINE, Step, is_wild
from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.conditions.holds import holds
from crmcli.model.conditions.tree import Condition
from crmcli.model.fields import Record
from crmcli.model.redaction import redacted
from crmcli.sales.template_names import names_for
from crmcli.workspace import Change, Workspace


def take(ws: Workspace, record_id: str, seen: RecordPlan, step: Step) -> Done | None:
    """Take a step that was seen to be due; None if under the lock it is due no more.

    Whatever the robot does and the line that says so are one change. What the verbs refuse becomes
    a failed job, to be tried again, and so does an error of crm's own.
    """
    assert seen.visit is not None  # who has a step stands in a stage
    actor = f"robot:{step.robot.id}"
    cause, depth = seen.visit.entry.id, depth_of(seen, step)
    try:
        with ws.change("tick", actor=actor, cause=cause, depth=depth) as change:
            plan = plan_for(ws, record_id, change)
            fresh = next((s for s in plan.steps if s.key == step.key and s.state == "due"), None)
            return take_in(ws, change, plan, fresh) if fresh else None
    except Exception as error:
        if is_general(error):
            raise  # the disk is full, the workspace is busy: nobody's fault here, and no job failed
        if not bug_in(error) and not ws.exists(record_id):
            return None  # somebody has just removed it
        return _fail(ws, record_id, seen, step, error)


def take_in(ws: Workspace, change: Change, plan: RecordPlan, step: Step) -> Done:
    """The same, in an open change; refusals are raised before anything is written."""
    robot, record = step.robot, plan.record
    word, reason = why_not(ws, plan, step)
    if not word:
        who, names = f"robot:{robot.id}", names_for(ws, record)
        return act(Work(ws, change, record, who, robot.do, robot.params, step.key, names))
    if word == "stopped":
        facts = {"key": step.key, "robot": robot.id, "action": robot.do, "reason": reason}
        change.note("automation.stopped", record.id, facts)
        return Done(record.id, robot.id, robot.do, word, step.key, reason)
    # What a date led to, and not what has passed since: void if the clock was wrong.
    timed = step.verdict != "run" and bool(robot.timing.at or robot.timing.before)
    more = {"timed": True} if timed else {}
    return enter(change, word, record.id, step.key, robot.id, robot.do, reason=reason, **more)


def why_not(ws: Workspace, plan: RecordPlan, step: Step) -> tuple[str, str]:
    """The word of the ledger with which a step is let go now, and why; empty if its robot may act.

    InvalidData if pipelines.yaml is wrong about the robot.
    """
    check_rule(step.robot)
    if not _is_asked_for(plan, step):
        if depth_of(plan, step) > DEEPEST:
            return "stopped", tr("a loop: one act led to more than {} automation steps", DEEPEST)
        if is_wild(step.robot.id, plan.events, ws.now):
            told = tr("a loop: the robot acted {} times on this record in 24 hours", QUARANTINE)
            return "stopped", told
    if step.verdict != "run":
        return "missed" if step.verdict == "miss" else "skipped", step.reason
    unmet = unmet_condition(ws, step.robot.when, plan.record)
    return "skipped" if unmet else "", unmet


def unmet_condition(ws: Workspace, condition: Condition | None, record: Record) -> str:
    """Why a rule passes a record by, "" if it does not: its condition does not hold now."""
    if condition is None or holds(condition, record, ws.env):
        return ""
    return tr("condition not met: {}", condition)


def depth_of(plan: RecordPlan, step: Step) -> int:
    """How many steps of automation led to this one, it included."""
    job = _job(plan, step)
    if job is not None:
        return job.depth or 1  # 0: a person asked for it
    return plan.visit.entry.depth + 1 if plan.visit else 1


def _is_asked_for(plan: RecordPlan, step: Step) -> bool:
    """Whether a person has said that it shall be tried again."""
    job = _job(plan, step)
    return job is not None and job.depth == 0


def _job(plan: RecordPlan, step: Step) -> Job | None:
    return plan.visit.jobs.get(step.key) if plan.visit else None


def _fail(ws: Workspace, record_id: str, seen: RecordPlan, step: Step, error: Exception) -> Done:
    """Write down that the robot failed: to be tried again, or given up with a notice."""
    reason = reason_of(error)
    job = _job(seen, step)
    attempts = (job.attempts if job else 0) + 1
    since = job.since if job else ws.now
    word, facts = after_failure(step.key, attempts, since, ws.now, reason)
    assert seen.visit is not None
    with ws.change(
        "tick",
        actor=f"robot:{step.robot.id}",
        cause=seen.visit.entry.id,
        depth=depth_of(seen, step),
    ) as change:
        robot = step.robot
        done = enter(change, word, record_id, step.key, robot.id, robot.do, **facts)
        owner = str(seen.record.get("owner"))
        if word == "dead" and owner:
            text = tr("robot {} ({}) failed for good: {}", robot.id, robot.do, reason)
            change.note("notice", record_id, {"to": owner, "text": redacted(text)})
    return replace(done, bug=bug_in(error))
