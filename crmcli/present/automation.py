"""Robots, jobs and the plan of a rehearsal as tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.values import format_instant
from crmcli.present.cells import Column, Listing, rows_of

if TYPE_CHECKING:
    from crmcli.automation.explain import RobotLine
    from crmcli.automation.ledger import Job
    from crmcli.automation.simulate import Planned
    from crmcli.model.pipeline import Pipeline
    from crmcli.workspace import Workspace

ROBOTS = [
    Column("pipeline", "Pipeline"), Column("stage", "Stage"), Column("robot", "Robot", keep=True),
    Column("action", "Does"), Column("acts", "When"), Column("condition", "If"),
    Column("next", "Next", "datetime"),
]  # fmt: skip
WAITING = [
    Column("record", "Record", keep=True), Column("name", "Name"), Column("robot", "Robot"),
    Column("action", "Does"), Column("state", "State", "word"), Column("due_at", "Due", "datetime"),
    Column("why", "Why", whole=True),
]  # fmt: skip
EXPLAINED = [
    Column("stage", "Stage"), Column("robot", "Robot", keep=True), Column("action", "Does"),
    Column("state", "State", "word", keep=True), Column("due_at", "When", "datetime"),
    Column("why", "Why", whole=True), Column("key", "Key"),
]  # fmt: skip
JOBS = [
    Column("key", "Key", keep=True), Column("state", "State", "word", keep=True), Column("record", "Record"),
    Column("robot", "Robot"), Column("action", "Does"), Column("reason", "Why", whole=True),
    Column("to", "To"), Column("retry_at", "Again", "datetime"), Column("at", "When", "datetime"),
]  # fmt: skip
PLAN = [
    Column("at", "When", "datetime", keep=True), Column("record", "Record", keep=True),
    Column("who", "Who"), Column("what", "What"),
]  # fmt: skip


def robots(ws: Workspace) -> Listing:
    """The robots and schedules as they are declared."""
    rows = [row for pipeline in ws.pipelines for row in _declared(ws, pipeline)]
    return Listing(rows, ROBOTS, "no robots or schedules in pipelines.yaml")


def _declared(ws: Workspace, pipeline: Pipeline) -> Iterator[dict[str, Any]]:
    from crmcli.automation.cron_slots import next_slot

    for stage in pipeline.stages:
        for robot in stage.robots:
            yield {
                "pipeline": pipeline.id,
                "stage": stage.id,
                "robot": robot.id,
                "action": robot.do,
                "acts": str(robot.timing) if robot.enabled else tr("disabled"),
                "condition": str(robot.when or ""),
            }
    for schedule in pipeline.schedules:
        slot = next_slot(schedule.cron, ws.zone, ws.now)
        yield {
            "pipeline": pipeline.id,
            "stage": "",
            "robot": schedule.id,
            "action": schedule.do,
            "acts": schedule.cron,
            "condition": str(schedule.where or ""),
            "next": format_instant(slot) if slot else tr("never"),
        }


def outlook(lines: Iterable[RobotLine], columns: list[Column], empty: str) -> Listing:
    """What robots wait for, or why they do not: WAITING or EXPLAINED."""
    names = ("record", "name", "stage", "robot", "action", "state", "due_at", "why", "key")
    return Listing(rows_of(lines, *names), columns, empty)


def jobs(found: Sequence[Job], empty: str) -> Listing:
    """What robots did and could not do."""
    names = ("key", "at", "record", "robot", "action", "state", "retry_at", "reason", "attempts")
    rows = rows_of(found, *names)
    for job, row in zip(found, rows, strict=True):
        row |= {"id": job.key, "attempts": job.attempts + job.starts}
        row |= {**{key: job.facts.get(key, "") for key in ("to", "file")}}
    return Listing(rows, JOBS, empty)


def job_name(job: Job) -> str:
    """How a job is called in a sentence."""
    about = tr(" for {}", job.record) if job.record else ""
    return tr("{}, {} by {}{}", job.key, job.action, job.robot, about)


def plan(planned: Iterable[Planned]) -> Listing:
    """What ticks would do, and when."""
    return Listing.of(planned, PLAN, empty="nothing would happen")
