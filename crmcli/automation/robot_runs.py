"""Letting robots act: one step at a time, looked at again under the lock, each in its own change.

A rehearsal plays with the same functions, in a change that is never written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from crmcli.automation.acting_again import why_not_again
from crmcli.automation.actions.work import Work, act
from crmcli.automation.job_failures import Attempt, bug_in, check_rule, fail_in, is_general
from crmcli.automation.ledger import Done, enter
from crmcli.automation.record_plan import STAGED, RecordPlan, plan_for
from crmcli.automation.robots import DEEPEST, QUARANTINE, Step, exit_facts, is_wild
from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.action_texts import listed_words
from crmcli.model.actions import ACTIONS, UNSET
from crmcli.model.automation import Robot
from crmcli.model.conditions.holds import holds
from crmcli.model.conditions.reasons import explained
from crmcli.model.conditions.tree import Condition
from crmcli.model.entities import ENTITIES, having
from crmcli.model.fields import Record
from crmcli.model.presence import stand_in
from crmcli.model.redaction import redacted
from crmcli.model.values import entity_of
from crmcli.sales.template_names import linked, names_for, owner_names, plain
from crmcli.workspace import Change, Workspace


def take(ws: Workspace, seen: RecordPlan, step: Step) -> Done | None:
    """Take a step that was seen to be due; None if under the lock it is due no more. Whatever the robot
    does and the line that says so are one change. What the verbs refuse becomes a failed job, to be tried
    again, and so does an error of crm's own."""
    robot, record_id = step.robot, seen.record.id
    actor, cause, depth = author(seen, step)
    change_by_robot = partial(ws.change, "tick", actor=actor, cause=cause, depth=depth)
    try:
        with change_by_robot() as change:
            return _take_fresh(ws, change, seen, step)
    except Exception as error:
        if is_general(error):
            raise  # the disk is full, the workspace is busy: nobody's fault here, and no job failed
        if not bug_in(error) and not ws.exists(record_id):
            return None  # somebody has just removed it
        with change_by_robot() as change:
            attempt = Attempt(record_id, robot.do, who=actor, job=step.key, rule=robot.digest)
            done, owner = fail_in(ws, change, attempt, error), str(seen.record.get("owner"))
            if done and done.word == "dead" and owner:
                text = tr("robot {} ({}) failed for good: {}", robot.id, robot.do, done.reason)
                change.note("notice", record_id, {"to": owner, "text": redacted(text)})
        return done


def can_share(ws: Workspace, seen: RecordPlan, step: Step) -> bool:
    """Whether a step may be taken in a change that many share: it touches nothing that the others write."""
    action, robot = ACTIONS.get(step.robot.do), step.robot
    if action is None or not action.is_lone or seen.before is not None:
        return False
    leaving = [one.robot for one in seen.steps if one.robot.exits]
    others = _of_others(ws, seen.record.entity)
    return robot.once != "ever" and not any(one.reads(others) for one in (robot, *leaving))


def _of_others(ws: Workspace, entity: str) -> set[str]:
    """The names under which a lead or deal tells of others, and of tasks."""
    told = {f.name for f in ws.schema.askable(entity) if f.derived or {*f.entities} & {*STAGED}}
    nouns = {*ENTITIES} - {*having("client")} | {*STAGED}
    return (told | nouns) - {entity}


def take_shared(ws: Workspace, change: Change, seen: RecordPlan, step: Step) -> Done | None:
    """The same as `take`, in a change that many share; what is refused is raised, and then nothing of the
    change may be written."""
    actor, cause, depth = author(seen, step)
    change.author = replace(change.author, actor=actor, cause=cause, depth=depth)
    return _take_fresh(ws, change, seen, step)


def author(plan: RecordPlan, step: Step) -> tuple[str, str, int]:
    """Who acts, because of which event, and how deep: as every event of the step has it."""
    visit = plan.visit_of(step)
    assert visit is not None  # who has a step stands in a stage
    return f"robot:{step.robot.id}", (step.start or visit.entry).id, depth_of(plan, step)


def _take_fresh(ws: Workspace, change: Change, seen: RecordPlan, step: Step) -> Done | None:
    plan = plan_for(ws, seen.record.id, change, seen.before)
    fresh = next((s for s in plan.steps if s.key == step.key and s.state == "due"), None)
    return take_in(ws, change, plan, fresh) if fresh else None


def take_in(ws: Workspace, change: Change, plan: RecordPlan, step: Step) -> Done:
    """The same, in an open change; refusals are raised before anything is written."""
    robot, record = step.robot, plan.record
    word, reason = why_not(ws, plan, step)
    if not word:
        who, owner = f"robot:{robot.id}", owner_now(ws, step.robot, record)
        contact = linked(ws, step.whose) if entity_of(step.whose) == "contact" else None
        names = partial(names_of, ws, plan, contact, owner)
        params = _still_free(plan, step) if plan.before else robot.params
        act_of, workdays = (robot.do, params, step.key, names), robot.timing.workdays
        rule = (robot.digest, str(explained(robot.when, record, ws.env)) if robot.when else "")
        return act(Work(ws, change, record, who, *act_of, workdays, contact, owner, *rule))
    if word == "stopped":
        facts = {"key": step.key, "robot": robot.id, "action": robot.do, "reason": reason}
        change.note("automation.stopped", record.id, facts)
        return Done(record.id, robot.id, robot.do, word, step.key, reason)
    # What a date led to, and not what has passed since: void if the clock was wrong.
    timed = step.verdict != "run" and bool(robot.timing.field) and not step.exit
    more = {"timed": True} if timed else exit_facts(step.exit)
    more = {**more, "rule": robot.digest}
    return enter(change, word, record.id, step.key, robot.id, robot.do, reason=reason, **more)


def names_of(
    ws: Workspace, plan: RecordPlan, contact: Record | None = None, owner: str = ""
) -> dict[str, object]:
    """What templates see of a record for a robot: also what those above gave back, whose date has come, and
    who stands in for the owner."""
    names = names_for(ws, plan.record)
    names["robots"] = {job.robot: job.values for job in plan.jobs.values() if job.values}
    if contact is not None:
        names["contact"] = plain(ws, contact)
    if owner and owner != str(plan.record.get("owner")):
        names["owner"] = owner_names(ws, owner)
    return names


def why_not(ws: Workspace, plan: RecordPlan, step: Step) -> tuple[str, str]:
    """The word of the ledger with which a step is let go now, and why; empty if its robot may act.
    InvalidData if pipelines.yaml is wrong about the robot."""
    check_rule(step.robot)
    job = plan.jobs.get(step.key)
    if job is None or job.depth:  # nobody asked for it
        if depth_of(plan, step) > DEEPEST:
            return "stopped", tr("a loop: one act led to more than {} automation steps", DEEPEST)
        if is_wild(step.robot.id, plan.events, ws.now):
            told = tr("a loop: the robot acted {} times on this record in 24 hours", QUARANTINE)
            return "stopped", told
    has_left = plan.before and (plan.before.kind == "stage.entered" or plan.is_called(step))
    if has_left and step.robot.moves_to:
        return "skipped", "the record has moved on"
    if step.verdict != "run":
        return "missed" if step.verdict == "miss" else "skipped", step.reason
    split, when = step.robot.split, step.robot.when
    if split is not None and not split.takes(plan.record.id):
        return "skipped", tr("not in its part: {}", split)
    if step.robot.absent == "drop" and _is_away(ws, plan.record):
        return "skipped", tr("{} is away", plan.record.get("owner"))
    why = unmet_condition(ws, when, plan.record) or why_not_again(ws, plan, step)
    return "skipped" if why else "", why


def _is_away(ws: Workspace, record: Record) -> bool:
    own = ws.settings.presences.get(str(record.get("owner")))
    return own is not None and own.is_away(ws.today)


def owner_now(ws: Workspace, robot: Robot, record: Record) -> str:
    """Whose is what a robot makes: the owner's, or during an absence the deputy's, if it asks for that."""
    owner = str(record.get("owner"))
    if robot.absent != "reassign":
        return owner
    return stand_in(ws.settings.presences, owner, ws.today) or owner


def _still_free(plan: RecordPlan, step: Step) -> Mapping[str, Any]:
    """What a robot that is late may do: it sets no field that somebody changed since it was due."""
    robot = step.robot
    if robot.do not in ACTIONS or not ACTIONS[robot.do].sets_fields:
        return robot.params
    later = [e for e in plan.events if step.due_at and e.at > step.due_at and ":" not in e.actor]
    changed = {name for event in later for name in event.data.get("changes", ())}
    params = {name: value for name, value in robot.params.items() if name not in changed}
    left = [name for name in listed_words(params.get(UNSET)) if name not in changed]
    return {**params, UNSET: left} if UNSET in params else params


def unmet_condition(ws: Workspace, condition: Condition | None, record: Record) -> str:
    """Why a rule passes a record by, "" if it does not: its condition does not hold now."""
    if condition is None or holds(condition, record, ws.env):
        return ""
    return tr("condition not met: {}", explained(condition, record, ws.env))


def depth_of(plan: RecordPlan, step: Step) -> int:
    """How many steps of automation led to this one, it included."""
    job = plan.jobs.get(step.key)
    if job is not None:
        return job.depth or 1  # 0: a person asked for it
    visit = plan.visit_of(step)
    start = step.start or (visit.entry if visit else None)
    return start.depth + 1 if start else 1
