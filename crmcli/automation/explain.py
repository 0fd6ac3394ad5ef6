"""What robots wait for, and why they did or did not act: for people to look at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from crmcli.automation.approval.gate import Gate
from crmcli.automation.record_plan import STAGED, RecordPlan, plan_for
from crmcli.automation.robots import Step, Visit
from crmcli.dataclass import dataclass
from crmcli.language import tr
from crmcli.model.conditions.reasons import reason
from crmcli.workspace import Workspace

WAITING = ("due", "held", "waiting", "waiting_for_field", "waiting_for_previous", "queued", "started",
           "failed", "awaiting")  # fmt: skip
"""The states in which something is still to come."""


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


def explain(ws: Workspace, ref: str) -> list[RobotLine]:
    """Each robot of the stage in which a record stands, and those of earlier stays that never ran."""
    plan = plan_for(ws, ws.resolve(ref, *STAGED))
    lines: list[RobotLine] = []
    for visit, following in zip(plan.visits, plan.visits[1:], strict=False):
        lines += _left_behind(plan, visit, following)
    lines += _decisions(plan)
    gate = Gate(ws)
    return lines + [line_of(plan, step, gate, _condition(ws, plan, step)) for step in plan.steps]


def line_of(plan: RecordPlan, step: Step, gate: Gate, condition: str = "") -> RobotLine:
    """What a person is told of a robot's next step."""
    robot, record = step.robot, plan.record
    held = gate.why_not_step(plan, step) if step.state in ("waiting", "due") else ""
    why = held or step.reason or (str(robot.timing) if step.state in ("waiting", "due") else "")
    stage = plan.stage.id if plan.stage else ""
    state = "held" if held and step.state == "due" else step.state
    why, name = "; ".join(tr(part) for part in (why, condition) if part), str(record.get("name"))
    about = (record.id, name, stage, robot.id, robot.do)
    return RobotLine(*about, state, step.due_at, why, step.key)


def _condition(ws: Workspace, plan: RecordPlan, step: Step) -> str:
    """Whether the condition holds at present; it counts when the robot is due."""
    when = step.robot.when
    if when is None or step.state not in WAITING or step.state in ("queued", "started"):
        return ""
    found = reason(when, plan.record, ws.env)
    return tr("if {} (met now)", found) if found.is_met else tr("if {} (not met now)", found)


def _decisions(plan: RecordPlan) -> Iterator[RobotLine]:
    """What triggers made of the events of this stay, and of that which began it: each that was tried."""
    since = plan.visit.entry.id if plan.visit else ""
    for event in plan.events:
        if event.id < since or not event.data.get("passed"):
            continue
        on = str(event.data.get("on") or event.actor.removeprefix("trigger:"))
        for stage, why in event.data["passed"]:
            about = (plan.record.id, str(plan.record.get("name")), stage, on, "trigger")
            yield RobotLine(*about, "skipped", event.at, tr(why))


def _left_behind(plan: RecordPlan, visit: Visit, following: Visit) -> Iterator[RobotLine]:
    """The robots of an earlier stage, as it is declared now, for which leaving it came too soon."""
    pipeline, record, entry = plan.pipeline, plan.record, visit.entry
    if pipeline is None or entry.data.get("pipeline", pipeline.id) != pipeline.id:
        return
    stage = pipeline.stage(str(entry.data.get("stage")))
    if stage is None or entry.data.get("robots") is False:
        return
    acted = {job.robot for job in visit.jobs.values() if job.cause == entry.id}
    for robot in stage.robots:
        if robot.id not in acted and robot.enabled:
            why = tr("the record left for {}", following.entry.data.get("stage"))
            about = (record.id, str(record.get("name")), stage.id, robot.id, robot.do)
            yield RobotLine(*about, "cancelled", following.entry.at, why)
