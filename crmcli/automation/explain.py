"""What robots wait for, and why they did or did not act: for people to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from crmcli.automation.approval.gate import Gate
from crmcli.automation.job_failures import CRM, LOOK, own, reason_of
from crmcli.automation.record_plan import STAGED, Standing, stand
from crmcli.automation.robots import Step, Visit
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.model.conditions.holds import holds
from crmcli.model.pipeline import Stage
from crmcli.workspace import Workspace

WAITING = ("due", "held", "waiting", "waiting_for_field", "waiting_for_previous", "queued", "started",
           "failed")  # fmt: skip
"""The states in which something is still to come."""


@dataclass(frozen=True, slots=True)
class Line:
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


def waiting(ws: Workspace, record: str = "") -> list[Line]:
    """What is still to come from robots, of one record or of all; the earliest first."""
    found: list[Line] = []
    gate = Gate(ws)
    for record_id in [record] if record else with_robots(ws):
        try:
            standing = stand(ws, record_id)
            found += [
                _line(standing, step, gate) for step in standing.steps if step.state in WAITING
            ]
        except (NotFound, InvalidData, Forbidden):
            continue  # gone since it was listed, or unreadable, which `crm check` reports
        except Exception as error:
            why = reason_of(own(error))
            found.append(Line(record_id, "", "", CRM, LOOK, "failed", None, why))
    return sorted(found, key=lambda line: (line.due_at is None, line.due_at or ws.now, line.record))


def with_robots(ws: Workspace, more: Iterable[str] = ()) -> Iterator[str]:
    """The records that stand in stages which have robots, and `more`; each once."""
    found = dict.fromkeys(more)
    for pipeline in ws.pipelines:
        stages = [stage.id for stage in pipeline.stages if stage.robots]
        if not stages:
            continue
        condition = f"stage in ({', '.join(stages)})"
        if pipeline.entity == "deal":
            condition += f" and pipeline = {pipeline.id}"
        rows = ws.index.select(pipeline.entity, ws.condition(condition, pipeline.entity), ws.env)
        found.update(dict.fromkeys(str(row["id"]) for row in rows))
    yield from found


def explain(ws: Workspace, ref: str) -> list[Line]:
    """Each robot of the stage in which a record stands, and those of earlier stays that never ran."""
    standing = stand(ws, ws.resolve(ref, *STAGED))
    lines: list[Line] = []
    for visit, following in zip(standing.visits, standing.visits[1:], strict=False):
        lines += _left_behind(standing, visit, following)
    gate = Gate(ws)
    return lines + [
        _line(standing, step, gate, _condition(ws, standing, step)) for step in standing.steps
    ]


def _line(standing: Standing, step: Step, gate: Gate, condition: str = "") -> Line:
    robot, record = step.robot, standing.record
    held = gate.why_not_step(standing, step) if step.state in ("waiting", "due") else ""
    why = held or step.reason or (str(robot.timing) if step.state in ("waiting", "due") else "")
    stage = standing.stage.id if standing.stage else ""
    return Line(
        record.id,
        str(record.get("name")),
        stage,
        robot.id,
        robot.do,
        "held" if held and step.state == "due" else step.state,
        step.due_at,
        "; ".join(part for part in (why, condition) if part),
        step.key,
    )


def _condition(ws: Workspace, standing: Standing, step: Step) -> str:
    """Whether the condition holds at present; it counts when the robot is due."""
    when = step.robot.when
    if when is None or step.state not in WAITING or step.state in ("queued", "started"):
        return ""
    now = "so now" if holds(when, standing.record, ws.env) else "not so now"
    return f"if {when} ({now})"


def _left_behind(standing: Standing, visit: Visit, following: Visit) -> Iterator[Line]:
    """The robots of an earlier stage, as it is declared now, for which leaving it came too soon."""
    stage = _stage(standing, visit)
    if stage is None or visit.entry.data.get("robots") is False:
        return
    acted = {job.robot for job in visit.jobs.values() if job.cause == visit.entry.id}
    for robot in stage.robots:
        if robot.id not in acted and robot.enabled:
            yield Line(
                standing.record.id,
                str(standing.record.get("name")),
                stage.id,
                robot.id,
                robot.do,
                "cancelled",
                following.entry.at,
                f"the record left for {following.entry.data.get('stage')}",
            )


def _stage(standing: Standing, visit: Visit) -> Stage | None:
    if standing.pipeline is None:
        return None
    pipeline = visit.entry.data.get("pipeline", standing.pipeline.id)
    if pipeline != standing.pipeline.id:
        return None
    return standing.pipeline.stage(str(visit.entry.data.get("stage")))
