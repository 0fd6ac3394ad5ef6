"""crm pipeline: stages, robots, triggers and schedules as they are declared."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.params import Noun, Session, Verb
from crmcli.errors import NotFound
from crmcli.model.plural import counted
from crmcli.present.cells import Column

if TYPE_CHECKING:
    from crmcli.automation.config_checks import Soundness
    from crmcli.model.automation import Robot, Schedule, Trigger
    from crmcli.model.pipeline import Pipeline, Stage

LIST = [
    Column("id", "Id", keep=True), Column("name", "Name"), Column("entity", "Of"),
    Column("stages", "Stages", "count"), Column("robots", "Robots", "count"),
    Column("triggers", "Triggers", "count"), Column("schedules", "Schedules", "count"),
]  # fmt: skip
STAGES = [
    Column("id", "Stage", keep=True), Column("name", "Name"), Column("kind", "Kind"),
    Column("probability", "%", "count"), Column("max_days", "Days", "count"),
    Column("requires", "Requires"), Column("color", "Color"),
]  # fmt: skip
ROBOTS = [
    Column("stage", "Stage"), Column("id", "Robot"), Column("do", "Does"), Column("acts", "When"),
    Column("when", "If"), Column("with", "With"),
]  # fmt: skip
TRIGGERS = [
    Column("on", "Trigger"), Column("stage", "Moves to"), Column("when", "If"),
    Column("fields", "Fields"), Column("back", "Back"),
]  # fmt: skip
SCHEDULES = [
    Column("id", "Schedule"), Column("cron", "Cron"), Column("do", "Does"), Column("where", "For"),
    Column("with", "With"),
]  # fmt: skip
PROBLEMS = [
    Column("path", "File"), Column("line", "Line", "count"), Column("severity", "Severity"),
    Column("message", "Message"), Column("hint", "Hint"),
]  # fmt: skip


@click.group(cls=Noun)
def pipeline() -> None:
    """Stages, robots and triggers as pipelines.yaml declares them."""


@pipeline.command("list", cls=Verb)
@click.pass_obj
def list_(session: Session) -> None:
    """List the pipelines.

    Example: crm pipeline list
    """
    rows = [
        {
            "id": line.id,
            "name": line.name,
            "entity": line.entity,
            "stages": len(line.stages),
            "robots": sum(len(stage.robots) for stage in line.stages),
            "triggers": sum(len(stage.triggers) for stage in line.stages),
            "schedules": len(line.schedules),
        }
        for line in session.workspace.pipelines
    ]
    session.out.records(rows, LIST)


@pipeline.command(cls=Verb)
@click.argument("ref", metavar="[PIPELINE]", default="")
@click.pass_obj
def show(session: Session, ref: str) -> None:
    """Show stages, robots and triggers.

    All pipelines are shown where none is named.

    Example: crm pipeline show sales
    """
    chosen = _chosen(session, ref)
    if not session.out.is_table:
        rows = [_row(line) for line in chosen]
        stages = [{"pipeline": row["id"], **stage} for row in rows for stage in row["stages"]]
        if session.out.format in ("csv", "tsv", "ids"):
            session.out.records(stages, [Column("pipeline"), *STAGES])
        elif ref:
            session.out.one(rows[0], LIST)
        else:
            session.out.records(rows, LIST)
        return
    for line in chosen:
        _print(session, line)


def _chosen(session: Session, ref: str) -> list[Pipeline]:
    declared = session.workspace.pipelines
    if not ref:
        return list(declared)
    found = declared.find(ref)
    if found is None:
        raise NotFound(
            f"there is no pipeline {ref!r}", f"pipelines: {', '.join(p.id for p in declared)}"
        )
    return [found]


def _print(session: Session, line: Pipeline) -> None:
    row = _row(line)
    out = session.out
    colors = {stage.id: stage.color for stage in line.stages if stage.color}
    title = f"{line.name} ({line.id})" if line.name != line.id else line.id
    out.section(title, row["stages"], [STAGES[0].named({}, colors), *STAGES[1:]])
    robots = [{"stage": s["id"], **robot} for s in row["stages"] for robot in s["robots"]]
    triggers = [{"stage": s["id"], **trigger} for s in row["stages"] for trigger in s["triggers"]]
    out.section("Robots", robots, ROBOTS)
    out.section("Triggers", triggers, TRIGGERS)
    out.section("Schedules", row["schedules"], SCHEDULES)


def _row(line: Pipeline) -> dict[str, Any]:
    return {
        "id": line.id,
        "name": line.name,
        "entity": line.entity,
        "initial": line.initial.id,
        "stages": [_stage(stage) for stage in line.stages],
        "schedules": [_schedule(schedule) for schedule in line.schedules],
    }


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        "id": stage.id,
        "name": stage.name,
        "kind": stage.kind,
        "color": stage.color,
        "probability": stage.probability,
        "max_days": stage.max_days,
        "requires": ["|".join(names) for names in stage.requires],
        "robots": [_robot(robot) for robot in stage.robots],
        "triggers": [_trigger(trigger) for trigger in stage.triggers],
    }


def _robot(robot: Robot) -> dict[str, Any]:
    return {
        "id": robot.id,
        "do": robot.do,
        "acts": str(robot.timing) if robot.enabled else "disabled",
        "when": str(robot.when or ""),
        "with": dict(robot.params),
    }


def _trigger(trigger: Trigger) -> dict[str, Any]:
    return {
        "on": trigger.on,
        "when": str(trigger.when or ""),
        "fields": list(trigger.fields),
        "back": trigger.back,
    }


def _schedule(schedule: Schedule) -> dict[str, Any]:
    return {
        "id": schedule.id,
        "cron": schedule.cron,
        "do": schedule.do,
        "where": str(schedule.where or ""),
        "with": dict(schedule.params),
    }


@pipeline.command(cls=Verb)
@click.pass_obj
def check(session: Session) -> None:
    """Look for mistakes in settings, pipelines and templates.

    Exit code 6 if there are any. What may be meant so is only a warning.

    Example: crm pipeline check
    """
    from datetime import UTC, datetime

    from crmcli.automation.config_checks import look_through

    start = Path(session.folder) if session.folder else None
    found = look_through(start, session.now or datetime.now(UTC))
    if session.out.is_table:
        for problem in found.faults:
            session.out.prose(str(problem))
        for oddity in found.oddities:
            session.out.note(f"warning: {oddity}")
        if not found.faults:
            session.out.note(_all_is_well(found))
    else:
        marked = [("error", p) for p in found.faults] + [("warning", p) for p in found.oddities]
        rows = [
            {"path": p.path, "line": p.line, "severity": severity, "message": p.message, "hint": p.hint}
            for severity, p in marked
        ]  # fmt: skip
        session.out.records(rows, PROBLEMS)
    if found.faults:
        click.get_current_context().exit(6)


def _all_is_well(found: Soundness) -> str:
    declared = list(found.pipelines or ())
    stages = [stage for line in declared for stage in line.stages]
    counts = [
        (len(declared), "pipeline"),
        (len(stages), "stage"),
        (sum(len(stage.robots) for stage in stages), "robot"),
        (sum(len(stage.triggers) for stage in stages), "trigger"),
        (sum(len(line.schedules) for line in declared), "schedule"),
    ]
    told = ", ".join(counted(count, word) for count, word in counts)
    return f"all is well: {told}"
