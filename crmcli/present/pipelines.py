"""Pipelines as they are declared: stages, robots, triggers, schedules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.language import counted, tr
from crmcli.present.cells import Column, Listing, attributes

if TYPE_CHECKING:
    from crmcli.model.automation import Robot
    from crmcli.model.conditions.tree import Condition
    from crmcli.model.pipeline import Pipeline, Stage

PIPELINES = [
    Column("id", "Id", keep=True), Column("name", "Name"), Column("entity", "Of", "word"),
    Column("stages", "Stages", "count"), Column("robots", "Robots", "count"),
    Column("triggers", "Triggers", "count"), Column("schedules", "Schedules", "count"),
]  # fmt: skip
STAGES = [
    Column("id", "Stage", keep=True), Column("name", "Name", whole=True), Column("kind", "Kind", "word"),
    Column("probability", "%", "count"), Column("max_days", "Days", "count"),
    Column("requires", "Requires", whole=True), Column("color", "Color"),
]  # fmt: skip
ROBOTS = [
    Column("stage", "Stage", keep=True), Column("id", "Robot", keep=True), Column("do", "Does"),
    Column("acts", "When", whole=True), Column("when", "If", whole=True),
    Column("with", "With", "params", whole=True),
]  # fmt: skip
TRIGGERS = [
    Column("on", "Trigger", keep=True), Column("stage", "Moves to", keep=True),
    Column("when", "If", whole=True), Column("filters", "Only", whole=True), Column("back", "Back"),
]  # fmt: skip
SCHEDULES = [
    Column("id", "Schedule", keep=True), Column("cron", "Cron", keep=True), Column("do", "Does"),
    Column("where", "For", whole=True), Column("with", "With", "params", whole=True),
]  # fmt: skip


def pipeline_table(declared: Sequence[Pipeline]) -> Listing:
    """The pipelines and how much is in each."""
    rows = [
        {
            **attributes(line, "id", "name", "entity"),
            "stages": len(line.stages),
            "robots": sum(len(stage.robots) for stage in line.stages),
            "triggers": sum(len(stage.triggers) for stage in line.stages),
            "schedules": len(line.schedules),
        }
        for line in declared
    ]
    return Listing(rows, PIPELINES)


def stage_columns(line: Pipeline) -> list[Column]:
    """What a list of stages shows, each in its colour."""
    colors = {stage.id: stage.color for stage in line.stages if stage.color}
    return [STAGES[0].named({}, colors), *STAGES[1:]]


def stage_row(stage: Stage) -> dict[str, Any]:
    """What a stage declares beside its rules."""
    return {
        **attributes(stage, "id", "name", "kind", "color", "probability", "max_days"),
        "requires": ["|".join(names) for names in stage.requires],
    }


def stage_table(declared: Sequence[Pipeline]) -> Listing:
    """The stages of several pipelines."""
    rows = [{"pipeline": p.id, **_stage(stage)} for p in declared for stage in p.stages]
    return Listing(rows, [Column("pipeline"), *STAGES])


def parts(line: Pipeline) -> Iterator[tuple[str, Listing]]:
    """What a pipeline holds, part by part, each under its heading."""
    row = pipeline_row(line)
    title = f"{line.name} ({line.id})" if line.name != line.id else line.id
    yield title, Listing(row["stages"], stage_columns(line))
    robots = [{"stage": s["id"], **robot} for s in row["stages"] for robot in s["robots"]]
    triggers = [{"stage": s["id"], **trigger} for s in row["stages"] for trigger in s["triggers"]]
    yield "Robots", Listing(robots, ROBOTS)
    yield "Triggers", Listing(triggers, TRIGGERS)
    yield "Schedules", Listing(row["schedules"], SCHEDULES)


def size(declared: Sequence[Pipeline]) -> str:
    """How much is declared: `2 pipelines, 11 stages, …`."""
    stages = [stage for line in declared for stage in line.stages]
    counts = (
        counted(len(declared), "pipeline"),
        counted(len(stages), "stage"),
        counted(sum(len(stage.robots) for stage in stages), "robot"),
        counted(sum(len(stage.triggers) for stage in stages), "trigger"),
        counted(sum(len(line.schedules) for line in declared), "schedule"),
    )
    return ", ".join(counts)


def pipeline_row(line: Pipeline) -> dict[str, Any]:
    """A pipeline with all that is in it."""
    return {
        **attributes(line, "id", "name", "entity"),
        "initial": line.initial.id,
        "stages": [_stage(stage) for stage in line.stages],
        "schedules": [
            {**attributes(s, "id", "cron", "do"), "where": _if(s.where), "with": dict(s.params)}
            for s in line.schedules
        ],
    }


def _stage(stage: Stage) -> dict[str, Any]:
    return {
        **stage_row(stage),
        "robots": [_robot(robot) for robot in stage.robots],
        "triggers": [
            {
                "on": t.on,
                "when": _if(t.when),
                "filters": [f"{key}: {', '.join(words)}" for key, words in t.filters.items()],
                "back": t.back,
            }
            for t in stage.triggers
        ],
    }


def _robot(robot: Robot) -> dict[str, Any]:
    acts = robot.acts if robot.enabled else tr("disabled")
    when = _if(robot.when)
    return {"id": robot.id, "do": robot.do, "acts": acts, "when": when, "with": dict(robot.params)}


def _if(condition: Condition | None) -> str:
    return str(condition or "")
