"""crm robots: which there are, what they wait for, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.params import Noun, Session, Verb
from crmcli.model.values import format_instant
from crmcli.present.cells import Column

if TYPE_CHECKING:
    from crmcli.automation.explain import Line
    from crmcli.model.pipeline import Pipeline
    from crmcli.workspace import Workspace

LIST = [
    Column("pipeline", "Pipeline"), Column("stage", "Stage"), Column("robot", "Robot", keep=True),
    Column("action", "Does"), Column("acts", "When"), Column("condition", "If"),
    Column("next", "Next", "datetime"),
]  # fmt: skip
WAITING = [
    Column("record", "Record", keep=True), Column("name", "Name"), Column("robot", "Robot"),
    Column("action", "Does"), Column("state", "State"), Column("due_at", "Due", "datetime"),
    Column("why", "Why", whole=True),
]  # fmt: skip
EXPLAINED = [
    Column("stage", "Stage"), Column("robot", "Robot", keep=True), Column("action", "Does"),
    Column("state", "State", keep=True), Column("due_at", "When", "datetime"),
    Column("why", "Why", whole=True), Column("key", "Key"),
]  # fmt: skip

robots = Noun("robots", help="What robots there are, what they wait for, and why.")


@robots.command("list", cls=Verb, help="List the robots and schedules as they are declared.")
@click.pass_obj
def list_(session: Session) -> None:
    """List the robots and schedules."""
    ws = session.workspace
    rows = [row for pipeline in ws.pipelines for row in _declared(ws, pipeline)]
    session.out.records(rows, LIST)
    if not rows:
        session.out.note("pipelines.yaml declares no robots and no schedules")


def _declared(ws: Workspace, pipeline: Pipeline) -> list[dict[str, Any]]:
    from crmcli.automation.schedule import next_slot

    rows: list[dict[str, Any]] = [
        {
            "pipeline": pipeline.id,
            "stage": stage.id,
            "robot": robot.id,
            "action": robot.do,
            "acts": str(robot.timing) if robot.enabled else "disabled",
            "condition": str(robot.when or ""),
        }
        for stage in pipeline.stages
        for robot in stage.robots
    ]
    for schedule in pipeline.schedules:
        slot = next_slot(schedule.cron, ws.zone, ws.now)
        row = {"pipeline": pipeline.id, "stage": "", "robot": schedule.id, "action": schedule.do}
        when = {"acts": schedule.cron, "condition": str(schedule.where or "")}
        rows.append({**row, **when, "next": format_instant(slot) if slot else "never"})
    return rows


@robots.command(cls=Verb, help="What is still to come from robots, the earliest first.")
@click.argument("ref", required=False, default="")
@click.pass_obj
def waiting(session: Session, ref: str) -> None:
    """What is still to come from robots."""
    from crmcli.automation import explain as outlook

    ws = session.workspace
    lines = outlook.waiting(ws, ws.resolve(ref, "lead", "deal") if ref else "")
    session.out.records(_rows(lines), WAITING)
    if not lines:
        session.out.note("no robot waits for anything")


@robots.command(
    cls=Verb,
    help="Each robot of a record's stage: what it does next, when, or why it does not; and the robots"
    " of earlier stages that never ran, because the record left.\n\nExample: crm robots explain 7k3",
)
@click.argument("ref")
@click.pass_obj
def explain(session: Session, ref: str) -> None:
    """Each robot of a record's stage, and why."""
    from crmcli.automation import explain as outlook

    lines = outlook.explain(session.workspace, ref)
    session.out.records(_rows(lines), EXPLAINED)
    if not lines:
        session.out.note(_why_none(session.workspace, ref))


def _why_none(ws: Workspace, ref: str) -> str:
    from crmcli.workspace import UnknownStage

    try:
        ws.stage_of(ws.find(ref, "lead", "deal"))
    except UnknownStage as unknown:
        return unknown.message
    return "the record's stage has no robots"


def _rows(lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [
        {
            "record": line.record,
            "name": line.name,
            "stage": line.stage,
            "robot": line.robot,
            "action": line.action,
            "state": line.state,
            "due_at": format_instant(line.due_at) if line.due_at else "",
            "why": line.why,
            "key": line.key,
        }
        for line in lines
    ]
