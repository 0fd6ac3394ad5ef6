"""One robot, run for one record without effect: in a change that is never written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from crmcli.automation.actions.work import Work, act
from crmcli.automation.job_failures import check_rule
from crmcli.automation.ledger import Done, job_key
from crmcli.automation.linked_dates import dates_of
from crmcli.automation.own_values import UnknownValues, gives_back
from crmcli.automation.record_plan import STAGED, plan_for
from crmcli.automation.robot_runs import names_of
from crmcli.automation.rule_edits import chosen_robot
from crmcli.dataclass import dataclass
from crmcli.model.automation import Robot
from crmcli.model.conditions.reasons import Reason, explained
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.pipeline import SEQUENCES
from crmcli.model.values import entity_of
from crmcli.sales.template_names import linked
from crmcli.workspace import Workspace


@dataclass(frozen=True, slots=True)
class RobotTrial:
    """What a robot would do for a record now: whether its condition holds, how the act would end, what it
    would write of which records, and the message or request that would leave, as kept."""

    robot: Robot
    stage: str
    record: Record
    condition: Reason | None
    done: Done
    events: Sequence[Event]
    records: Sequence[Record]
    queued: tuple[dict[str, Any], bytes] | None


def run(ws: Workspace, name: str, ref: str) -> RobotTrial:
    """Run a robot of the record's pipeline for it, whatever its condition and its time say."""
    record = ws.find(ref, *STAGED)
    stage, robot = _robot(ws, record, name)
    check_rule(robot)
    who = f"robot:{robot.id}"
    change = ws.trial("test", who)
    contact = _whose(ws, record, robot)

    def names() -> dict[str, object]:
        found = names_of(ws, plan_for(ws, record.id), contact)
        every = (one for stage in ws.pipeline_of(record).stages for one in stage.robots)
        unknown = {one.id: UnknownValues() for one in every if gives_back(one)}
        return {**found, "robots": {**unknown, **cast("dict[str, object]", found["robots"])}}

    key = job_key(robot.id, record.id, "test")
    timed = robot.timing.workdays
    done = act(Work(ws, change, record, who, robot.do, robot.params, key, names, timed, contact))
    queued = [event.data for event in change.events if event.kind == "job.queued"]
    content = change.attachment(queued[0]["file"]) if queued else None
    made = [e.record for e in change.events if e.kind == f"{entity_of(e.record)}.created"]
    return RobotTrial(
        robot=robot,
        stage=stage,
        record=record,
        condition=explained(robot.when, record, ws.env) if robot.when else None,
        done=done,
        events=[event for event in change.events if not event.kind.startswith("job.")],
        records=[change.get(one) for one in made],
        queued=(dict(queued[0]), content or b"") if queued else None,
    )


def _robot(ws: Workspace, record: Record, name: str) -> tuple[str, Robot]:
    """The robot that is called so, of its pipeline or of a sequence for its kind."""
    pipeline = ws.pipeline_of(record)
    places = [(stage.id, stage.robots) for stage in pipeline.stages]
    sequences = ws.pipelines.sequences.values()
    own = [one for one in sequences if one.entity == record.entity]
    places += [(f"{SEQUENCES}/{one.id}", one.robots) for one in own]
    return chosen_robot(pipeline.id, places, name, str(record.get("stage")))


def _whose(ws: Workspace, record: Record, robot: Robot) -> Record | None:
    """The contact whose date the robot goes by, of a linked date."""
    dates = dates_of(ws, record, robot.timing.field) if robot.timing.field else ()
    whose = next((dated.whose for dated in dates if dated.whose), "")
    return linked(ws, whose) if entity_of(whose) == "contact" else None
