"""Letting robots act: one step at a time, looked at again under the lock, each in its own change."""

from __future__ import annotations

from crmcli.automation.actions.work import Work, act
from crmcli.automation.job_failures import Done, bug_in, check_rule, is_general, reason_of
from crmcli.automation.ledger import Job, after_failure, enter
from crmcli.automation.record_plan import RecordPlan, plan_for
from crmcli.automation.robots import DEEPEST, QUARANTINE, Step, is_wild
from crmcli.model.conditions.holds import holds
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
    cause, depth = seen.visit.entry.id, _depth(seen, step)
    try:
        with ws.change("tick", actor=actor, cause=cause, depth=depth) as change:
            plan, fresh = _again(ws, record_id, step.key, change)
            if plan is None or fresh is None:
                return None
            return _take_in(ws, change, plan, fresh, depth)
    except Exception as error:
        if is_general(error):
            raise  # the disk is full, the workspace is busy: nobody's fault here, and no job failed
        if not bug_in(error) and not ws.exists(record_id):
            return None  # somebody has just removed it
        return _fail(ws, record_id, seen, step, error)


def _again(
    ws: Workspace, record_id: str, key: str, change: Change
) -> tuple[RecordPlan | None, Step | None]:
    plan = plan_for(ws, record_id, change)
    step = next((s for s in plan.steps if s.key == key and s.state == "due"), None)
    return plan, step


def _take_in(ws: Workspace, change: Change, plan: RecordPlan, step: Step, depth: int) -> Done:
    robot, record = step.robot, plan.record
    check_rule(robot)
    stopped = "" if _is_asked_for(plan, step) else _why_stop(plan, step, ws, depth)
    if stopped:
        facts = {"key": step.key, "robot": robot.id, "action": robot.do, "reason": stopped}
        change.note("automation.stopped", record.id, facts)
        return _done(plan, step, "stopped", stopped)
    passed = _why_pass(plan, step, ws)
    if passed:
        word = "missed" if step.verdict == "miss" else "skipped"
        # What a date led to, and not what has passed since: void if the clock was wrong.
        timed = step.verdict != "run" and bool(robot.timing.at or robot.timing.before)
        more = {"timed": True} if timed else {}
        enter(change, word, record.id, step.key, robot.id, robot.do, reason=passed, **more)
        return _done(plan, step, word, passed)
    names = names_for(ws, record)
    work = Work(ws, change, record, f"robot:{robot.id}", robot.do, robot.params, step.key, names)
    effect = act(work)
    return _done(plan, step, effect.word, str(effect.facts.get("reason", "")))


def _why_stop(plan: RecordPlan, step: Step, ws: Workspace, depth: int) -> str:
    """Why a robot must not go on, "" if it may: it would run in circles."""
    if depth > DEEPEST:
        return f"a loop: more than {DEEPEST} steps of automation follow from one act"
    if is_wild(step.robot.id, plan.events, ws.now):
        return f"a loop: the robot acted {QUARANTINE} times for this record within 24 hours"
    return ""


def _why_pass(plan: RecordPlan, step: Step, ws: Workspace) -> str:
    """Why there is nothing to do, "" if there is: too late, passed, or the condition is not met."""
    if step.verdict != "run":
        return step.reason
    when = step.robot.when
    if when is not None and not holds(when, plan.record, ws.env):
        return f"not so: {when}"
    return ""


def _depth(plan: RecordPlan, step: Step) -> int:
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
        "tick", actor=f"robot:{step.robot.id}", cause=seen.visit.entry.id, depth=_depth(seen, step)
    ) as change:
        robot = step.robot
        enter(change, word, record_id, step.key, robot.id, robot.do, **facts)
        owner = str(seen.record.get("owner"))
        if word == "dead" and owner:
            text = f"robot {robot.id} ({robot.do}) failed for good: {reason}"
            change.note("notice", record_id, {"to": owner, "text": redacted(text)})
    return _done(seen, step, word, reason, bug_in(error))


def _done(
    plan: RecordPlan, step: Step, word: str, reason: str, bug: Exception | None = None
) -> Done:
    robot = step.robot
    return Done(plan.record.id, robot.id, robot.do, word, step.key, reason, bug)
