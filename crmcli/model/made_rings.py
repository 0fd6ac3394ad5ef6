"""Rings of stages round which robots that make records would go: a deal makes a lead, the lead a deal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from crmcli.model.automation import Robot
from crmcli.model.pipeline import Pipeline, Pipelines


def made_rings(pipelines: Pipelines) -> list[tuple[str, ...]]:
    """Each ring of stages, as PIPELINE/STAGE, where a robot makes the record that goes on; the shortest."""
    made: dict[str, list[str]] = {}
    steps: dict[str, list[str]] = {}
    for pipeline in pipelines:
        for stage in pipeline.stages:
            here = f"{pipeline.id}/{stage.id}"
            robots = [robot for robot in stage.robots if robot.enabled]
            made[here] = [to for robot in robots for to in _made_in(pipelines, robot)]
            moves = [robot.moves_to for robot in robots if robot.moves_to]
            by_events = [f"{pipeline.id}/{to}" for to in pipeline.triggered_from(stage)]
            steps[here] = [*made[here], *(_full(pipeline, to) for to in moves), *by_events]
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for here, targets in made.items():
        for target in targets:
            way = _way(target, here, steps)
            if way is not None:
                found.setdefault(frozenset((here, *way)), (here, *way))
    return list(found.values())


def _full(pipeline: Pipeline, stage: str) -> str:
    return stage if "/" in stage else f"{pipeline.id}/{stage}"


def _made_in(pipelines: Pipelines, robot: Robot) -> Iterator[str]:
    """Where the leads and deals come to stand that a robot makes."""
    params = robot.params
    values = params.get("set") or {}
    if robot.do == "create" and params.get("entity") in ("lead", "deal"):
        named, stage = str(values.get("pipeline") or ""), str(values.get("stage") or "")
        own = pipelines.of(str(params["entity"]))
    elif robot.do == "convert" and "deal" in str(params.get("make") or "deal"):
        named, stage = str(params.get("pipeline") or ""), str(values.get("deal.stage") or "")
        own = pipelines.of("deal")
    else:
        return
    target = (pipelines.find(named) if named else None) or own[0]
    there = (target.named(stage) if stage else None) or target.initial
    yield f"{target.id}/{there.id}"


def _way(start: str, end: str, steps: Mapping[str, list[str]]) -> tuple[str, ...] | None:
    """The shortest way from a stage to another, without the last; None if there is none."""
    if start == end:
        return ()
    ways: list[tuple[str, ...]] = [(start,)]
    seen = {start}
    for way in ways:
        for target in steps.get(way[-1], ()):
            if target == end:
                return way
            if target not in seen:
                seen.add(target)
                ways.append((*way, target))
    return None
