"""Rings of places round which robots that make records or start sequences would go: a deal makes a lead,
the lead a deal; one sequence starts the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crmcli.model.automation import Robot
from crmcli.model.pipeline import SEQUENCES, Pipeline, Pipelines, RobotSequence, Stage

Ring = tuple[str, ...]
Steps = dict[str, list[str]]


def made_rings(pipelines: Pipelines) -> list[Ring]:
    """Each ring of stages, as PIPELINE/STAGE, where a robot makes the record that goes on; the shortest."""
    nodes = dict(_nodes(pipelines))
    made = {
        here: [to for one in robots for to in _made_in(pipelines, one)]
        for here, robots in nodes.items()
    }
    return _rings(made, _steps(pipelines, nodes, made))


def started_rings(pipelines: Pipelines) -> list[Ring]:
    """Each ring in which a robot starts a sequence, SEQUENCES/NAME, that may come again, and no record is
    made; a robot that an event starts stands there as PLACE/ROBOT."""
    nodes = dict(_nodes(pipelines))
    started = {here: list(_started(pipelines, robots)) for here, robots in nodes.items()}
    return _rings(started, _steps(pipelines, nodes, {}))


def _nodes(pipelines: Pipelines) -> Iterator[tuple[str, Sequence[Robot]]]:
    """Each place with the robots that act for what comes there, and each robot that an event starts."""
    for place, _, where in _places(pipelines):
        robots = [robot for robot in where.robots if robot.enabled]
        yield place, robots
        yield from ((f"{place}/{robot.id}", [robot]) for robot in robots if robot.on)


def _places(
    pipelines: Pipelines,
) -> Iterator[tuple[str, Sequence[Pipeline], Stage | RobotSequence]]:
    """The stages and sequences, each with the pipelines where its records stand."""
    for pipeline in pipelines:
        for stage in pipeline.stages:
            yield f"{pipeline.id}/{stage.id}", [pipeline], stage
    for name, sequence in pipelines.sequences.items():
        yield f"{SEQUENCES}/{name}", pipelines.of(sequence.entity), sequence


def _steps(pipelines: Pipelines, nodes: Mapping[str, Sequence[Robot]], made: Steps) -> Steps:
    """Where a record, or what is made of it, may go from each place."""
    steps: Steps = {}
    for place, among, where in _places(pipelines):
        own = [place, *(f"{place}/{one.id}" for one in where.robots if one.enabled and one.on)]
        for here in own:
            robots = nodes[here]
            steps[here] = [*made.get(here, ()), *_started(pipelines, robots)]
            for pipeline in among:
                steps[here] += _led(pipeline, where if isinstance(where, Stage) else None, robots)
    return steps


def _started(pipelines: Pipelines, robots: Sequence[Robot]) -> Iterator[str]:
    """The sequences that robots start, of those that are started more than once."""
    for robot in robots:
        name = str(robot.params.get("sequence")) if robot.do == "start_sequence" else ""
        if name in pipelines.sequences and pipelines.sequences[name].again != "never":
            yield f"{SEQUENCES}/{name}"


def _led(pipeline: Pipeline, here: Stage | None, robots: Sequence[Robot]) -> Iterator[str]:
    """Where robots lead a record of a pipeline that stands `here`, or anywhere: by moves, by what triggers
    wait for, and by what other robots wait for."""
    for robot in robots:
        if to := robot.moves_to:
            yield to if "/" in to else f"{pipeline.id}/{to}"
    yield from (f"{pipeline.id}/{to}" for to in pipeline.triggered_by(robots, here))
    for stage in [here] if here else pipeline.stages:
        called = (one for one in stage.robots if one.on and any(r.raises(one) for r in robots))
        yield from (f"{pipeline.id}/{stage.id}/{one.id}" for one in called if one.enabled)


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


def _rings(begun: Steps, steps: Steps) -> list[Ring]:
    """The shortest ring through each step that is `begun`; none that has another one within."""
    found: dict[frozenset[str], Ring] = {}
    for here, targets in begun.items():
        for target in targets:
            way = _way(target, here, steps)
            if way is not None and (way or not here.startswith(f"{SEQUENCES}/")):
                found.setdefault(frozenset((here, *way)), (here, *way))
    return [ring for own, ring in found.items() if not any(other < own for other in found)]


def _way(start: str, end: str, steps: Mapping[str, list[str]]) -> Ring | None:
    """The shortest way from a place to another, without the last; None if there is none."""
    if start == end:
        return ()
    ways: list[Ring] = [(start,)]
    seen = {start}
    for way in ways:
        for target in steps.get(way[-1], ()):
            if target == end:
                return way
            if target not in seen:
                seen.add(target)
                ways.append((*way, target))
    return None
