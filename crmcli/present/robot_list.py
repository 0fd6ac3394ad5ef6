"""The robots, triggers and schedules as they are written, each in one line of plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.actions import ACTIONS
from crmcli.model.pipeline import SEQUENCES, Pipeline, Stage
from crmcli.model.redaction import redacted
from crmcli.model.trigger_events import EVENTS
from crmcli.model.values import format_instant
from crmcli.present.cells import Column, Listing, plain

if TYPE_CHECKING:
    from crmcli.automation.approval.gate import Gate
    from crmcli.automation.waiting_counts import WaitingCounts
    from crmcli.model.automation import Robot, Schedule, Trigger
    from crmcli.workspace import Workspace

NEXT = Column("next", "Next", "datetime")
ROBOTS = [
    Column("pipeline", "Pipeline"), Column("stage", "Stage"), Column("kind", "What", "word"),
    Column("robot", "Robot", keep=True), Column("action", "Does"), Column("acts", "When"),
    Column("what", "Details"), Column("condition", "If"), Column("above", "After"),
    Column("state", "State"), Column("waits", "Waiting", "count"), NEXT,
]  # fmt: skip


def listed(ws: Workspace) -> list[Pipeline]:
    """The pipelines, and the sequences as the stages of one more."""
    found = list(ws.pipelines)
    if own := ws.pipelines.sequences.values():
        stages = tuple(Stage(one.id, one.id, robots=one.robots) for one in own)
        found.append(Pipeline(SEQUENCES, tr("Sequences"), "", stages))
    return found


class RobotRows:
    """The rows of one workspace: what waits at each robot is counted, and what crm trust holds is told."""

    def __init__(self, ws: Workspace, counts: WaitingCounts, gate: Gate) -> None:
        self._ws = ws
        self._counts = counts
        self._gate = gate

    def listing(self, pipelines: Sequence[Pipeline], stage: str = "") -> Listing:
        """Those of some pipelines; of one stage if it is named."""
        rows = [row for pipeline in pipelines for row in self._of(pipeline, stage)]
        return Listing(rows, ROBOTS, "no robots or schedules in pipelines.yaml")

    def _of(self, pipeline: Pipeline, only: str) -> Iterator[dict[str, Any]]:
        for stage in pipeline.stages:
            if only in ("", stage.id):
                yield from self.of_stage(pipeline, stage)
        yield from self.of_schedules(pipeline) if not only else ()

    def of_stage(self, pipeline: Pipeline, stage: Stage) -> list[dict[str, Any]]:
        """The triggers that bring a record into a stage, then the robots that act there."""
        rows = [self._trigger(pipeline, stage, trigger) for trigger in stage.triggers]
        above = ""
        for robot in stage.robots:
            above = above if robot.timing.wait_previous else ""
            rows.append(self._robot(pipeline, stage, robot, above))
            above = robot.id
        return rows

    def of_schedules(self, pipeline: Pipeline) -> list[dict[str, Any]]:
        """The schedules of a pipeline, with the next time of each."""
        from crmcli.automation.cron_slots import next_slot

        rows = []
        for rule in pipeline.schedules:
            slot = next_slot(rule.cron, self._ws.zone, self._ws.now)
            row = self._row(pipeline, "", rule.id, rule.do, rule.cron, _what(rule.do, rule.params))
            row |= {"kind": "schedule", "condition": str(rule.where or "")}
            row |= {"next": format_instant(slot) if slot else tr("never")}
            row |= {"state": self._state(f"{pipeline.id}/schedules/{rule.id}", rule)}
            rows.append(row | {"with": dict(rule.params)})
        return rows

    def _row(
        self, pipeline: Pipeline, stage: str, name: str, action: str, acts: str, what: str
    ) -> dict[str, Any]:
        given = (pipeline.id, stage, "robot", name, action, acts, what)
        row = dict.fromkeys((column.name for column in ROBOTS), "")
        return {**row, **dict(zip(row, given, strict=False)), "waits": 0}

    def _trigger(self, pipeline: Pipeline, stage: Stage, rule: Trigger) -> dict[str, Any]:
        known = EVENTS.get(rule.on)
        told = [tr(known.doc) if known else f"crm trigger fire {rule.on}"]
        told += [f"{name}: {', '.join(words)}" for name, words in rule.filters.items()]
        told += [f"{name}: yes" for name in ("back", "on_closed") if getattr(rule, name)]
        told += [f"choose: {rule.choose}"] if rule.choose != "latest" else []
        what = "; ".join(part.removesuffix(".") for part in told)
        row = self._row(pipeline, stage.id, rule.on, "move", "", what)
        return row | {
            "kind": "trigger", "condition": str(rule.when or ""), "state": tr(rule.fault),
        }  # fmt: skip

    def _robot(self, pipeline: Pipeline, stage: Stage, robot: Robot, above: str) -> dict[str, Any]:
        place = f"{pipeline.id}/{stage.id}/{robot.id}"
        what = "; ".join((_what(robot.do, robot.params), *_limits(robot)))
        row = self._row(pipeline, stage.id, robot.id, robot.do, robot.acts, what)
        return row | {
            "condition": str(robot.when or ""),
            "above": above,
            "state": self._state(place, robot),
            "waits": self._counts.by_place[place],
            "with": dict(robot.params),
            "rule": robot.digest,
        }

    def _state(self, place: str, rule: Robot | Schedule) -> str:
        if rule.fault:
            return tr(rule.fault)
        if not getattr(rule, "enabled", True):
            return tr("disabled")
        return self._gate.why_not(place, rule)


def _limits(robot: Robot) -> Iterator[str]:
    """What else is written at a robot that says whether it acts."""
    yield from map(str, robot.exits)
    usual = {"once": "visit", "again": "", "split": None, "absent": ""}
    for name, absent in usual.items():
        if (value := getattr(robot, name)) != absent:
            yield f"{name}: {value}"


def _what(do: str, params: Mapping[str, Any]) -> str:
    """What is done, in words: the action, and what it cannot do without."""
    action = ACTIONS.get(do)
    needed = [param for param in action.params if param.required] if action else []
    told = [tr(action.said or do) if action else do]
    for param in needed:
        text = redacted(plain(params.get(param.name)))
        told.append(tr("“{}”", text) if param.kind == "text" else text)
    if not needed:
        told += [f"{name}: {redacted(plain(value))}" for name, value in params.items()]
        return f"{told[0]} {', '.join(told[1:])}".strip()
    return " ".join(told)
