"""Robots and triggers of pipelines.yaml by command: added, changed, moved, taken away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import unified_diff
from typing import cast

from crmcli.automation.config_checks import faults_of_rules, what_is_missing
from crmcli.automation.jobs import enter_decision
from crmcli.automation.rule_places import ROBOTS, TRIGGERS, Home, Place
from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.automation import Robot
from crmcli.model.listed import allowed_hint
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.values import Raw
from crmcli.sales.documents.messages import renderer
from crmcli.sales.settings.reshape import Reshaping, SettingsEdit, Tree, reshaping
from crmcli.store.layout import PIPELINES
from crmcli.workspace import Workspace
from crmcli.workspace.rule_keys import ONE_TIME, without


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a robot comes to stand in its stage: above or below another; at the end if neither is said."""

    above: str = ""
    below: str = ""

    def put(self, robots: list[Tree], robot: Tree) -> None:
        """Put it there; BadUsage if there is no such robot."""
        if self.above and self.below:
            raise BadUsage("--above and --below exclude each other", "pass one of them")
        beside = self.above or self.below
        ids = [str(one.get("id")) for one in robots]
        if beside and beside not in ids:
            told = tr("no robot {!r} in that stage", beside)
            raise BadUsage(told, allowed_hint(beside, ids) if ids else "leave it out")
        place = ids.index(beside) + bool(self.below) if beside else len(robots)
        robots.insert(place, robot)


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What became of pipelines.yaml, and for how many records a robot that is gone was to act."""

    difference: str
    waiting: int = 0
    files: Sequence[str] = ()


def find_robot(pipeline: Pipeline, name: str, stage_id: str = "") -> tuple[Stage, Robot]:
    """The robot that is called so, or STAGE/ROBOT; of several, that of the stage `stage_id`."""
    place, slash, robot_id = name.rpartition("/")
    if slash and (named := pipeline.named(place)):
        name = f"{named.id}/{robot_id}"
    places = [(stage.id, stage.robots) for stage in pipeline.stages]
    place, robot = chosen_robot(pipeline.id, places, name, stage_id)
    return next(stage for stage in pipeline.stages if stage.id == place), robot


def chosen_robot(
    pipeline: str, places: Sequence[tuple[str, Sequence[Robot]]], name: str, here: str
) -> tuple[str, Robot]:
    """The robot of some stages and sequences that is called so, or PLACE/ROBOT; of several, that `here`."""
    every = [(place, robot) for place, robots in places for robot in robots]
    found = [(p, r) for p, r in every if f"/{p}/{r.id}".endswith(f"/{name}")]
    found = [(p, r) for p, r in found if p == here] or found
    if not found:
        known = ", ".join(f"{place}/{robot.id}" for place, robot in every)
        told = tr("pipeline {} has no robot {!r}", pipeline, name)
        raise NotFound(told, tr("one of {}", known) if known else "see crm robots list")
    if len(found) > 1:
        told = tr("several robots are called {!r}", name)
        raise BadUsage(told, tr("one of {}", ", ".join(f"{p}/{r.id}" for p, r in found)))
    return found[0]


def robot_of(home: Place, name: str) -> Robot:
    """The robot of a sequence that is called so; NotFound with the nearest."""
    found = next((robot for robot in home.robots if robot.id == name.rpartition("/")[2]), None)
    if found is None:
        told = tr("{} has no robot {!r}", str(home), name)
        ids = [robot.id for robot in home.robots]
        raise NotFound(told, allowed_hint(name, ids) if ids else "see crm robots list")
    return found


def add(ws: Workspace, home: Place, rule: Tree, spot: Spot | None = None) -> RuleChange:
    """Add a robot to a stage or sequence."""
    home.check_new([rule])

    def edit(tree: Tree) -> None:
        (spot or Spot()).put(home.rules(tree, ROBOTS), rule)

    return _written(ws, "robots add", edit)


def above(ws: Workspace, home: Place, robot: str) -> str:
    """The robot that stands above another one, as it is now; "" for the first one."""
    ids = [one.id for one in home.now(ws)]
    return ids[ids.index(robot) - 1] if robot in ids[1:] else ""


def new_id(home: Place, wanted: str) -> str:
    """An id that no robot there has: `task`, `task-2`."""
    taken = {robot.id for robot in home.robots}
    number = 2
    found = wanted.replace("_", "-")
    while found in taken:
        found, number = f"{wanted}-{number}".replace("_", "-"), number + 1
    return found


def change(
    ws: Workspace, home: Place, robot: Robot, facts: Mapping[str, Raw], unset: Sequence[str] = ()
) -> RuleChange:
    """Give a robot other facts; those under `with` are added to what it has there, unless it does something
    else now, and one time takes the place of another."""
    if not facts and not unset:
        raise BadUsage("nothing to change", "pass what it shall have, or --unset KEY")

    def edit(tree: Tree) -> None:
        robots = home.rules(tree, ROBOTS)
        place = _number(robots, robot)
        old = without(robots[place], unset)
        if facts.get("do", old.get("do")) != old.get("do"):
            old.pop("with", None)
        dropped = ONE_TIME if any(key in facts for key in ONE_TIME) else ()
        new = {key: value for key, value in old.items() if key not in dropped or key in facts}
        new |= facts
        if "with" in facts:
            new["with"] = _merged(old.get("with"), cast("Tree", facts["with"]))
        robots[place] = new

    return _written(ws, "robots edit", edit)


def move(ws: Workspace, home: Place, robot: Robot, to: Place, spot: Spot) -> RuleChange:
    """Give a robot another place in its stage, or another stage."""
    if str(home) == str(to) and not (spot.above or spot.below):
        raise BadUsage("no new place is given", "pass --above ROBOT, --below ROBOT or --to STAGE")

    def edit(tree: Tree) -> None:
        robots = home.rules(tree, ROBOTS)
        raw = robots.pop(_number(robots, robot))
        spot.put(to.rules(tree, ROBOTS), raw)
        home.settle(tree, ROBOTS)

    return _written(ws, "robots move", edit)


def remove(ws: Workspace, home: Place, robot: Robot) -> RuleChange:
    """Take a robot away; what it has queued is cancelled in the same change, and what waits for its time
    goes with it."""
    waiting = home.waiting(ws, robot)

    def edit(tree: Tree) -> None:
        robots = home.rules(tree, ROBOTS)
        del robots[_number(robots, robot)]
        home.settle(tree, ROBOTS)

    def cancel(done: Reshaping) -> None:
        for job in home.queued(ws, robot):
            enter_decision(done.change, job, "cancel")

    return replace(_written(ws, "robots rm", edit, also=cancel), waiting=waiting)


def add_trigger(ws: Workspace, home: Home, rule: Tree) -> RuleChange:
    """Add a trigger to a stage."""

    def edit(tree: Tree) -> None:
        home.rules(tree, TRIGGERS).append(rule)

    return _written(ws, "trigger add", edit)


def remove_trigger(ws: Workspace, home: Home, on: str) -> RuleChange:
    """Take the triggers of an event away from a stage."""
    known = [trigger.on for trigger in home.stage.triggers]
    if on not in known:
        told = tr("stage {} has no trigger {!r}", str(home), on)
        hint = tr("there are {}", ", ".join(known)) if known else "see crm pipeline show"
        raise NotFound(told, hint)

    def edit(tree: Tree) -> None:
        triggers = home.rules(tree, TRIGGERS)
        triggers[:] = [one for one in triggers if one.get("on") != on]
        home.settle(tree, TRIGGERS)

    return _written(ws, "trigger rm", edit)


def _merged(old: Raw | None, new: Tree) -> Tree:
    found = {**old} if isinstance(old, dict) else {}
    for key, value in new.items():
        inner = found.get(key)
        found[key] = (
            {**inner, **value} if isinstance(inner, dict) and isinstance(value, dict) else value
        )
    return found


def _number(robots: Sequence[Tree], robot: Robot) -> int:
    return next(n for n, raw in enumerate(robots) if raw.get("id") == robot.id)


def _written(
    ws: Workspace,
    command: str,
    edit: Callable[[Tree], None],
    also: Callable[[Reshaping], None] = lambda done: None,
) -> RuleChange:
    """pipelines.yaml with other rules, refused for each fault that it did not have; what they need and is
    not there yet is told."""
    texts = renderer(ws)
    lacked = {one.message for one in what_is_missing(ws.pipelines, ws.settings, ws.root)}
    known = {fault.message for fault in faults_of_rules(ws.pipelines, ws.settings, texts, ws.now)}
    with reshaping(ws, command, SettingsEdit(pipelines=edit)) as done:
        for fault in faults_of_rules(ws.pipelines, ws.settings, texts, ws.now):
            if fault.message not in known:
                where = PIPELINES if fault.path == PIPELINES else f"{PIPELINES}, {fault.path}"
                told = tr("{} would not be valid: {}", where, tr(fault.message))
                raise BadUsage(told, fault.hint)
        also(done)
        lacking = [*what_is_missing(ws.pipelines, ws.settings, ws.root)]
    ws.notes += [str(one) for one in lacking if one.message not in lacked]
    return RuleChange(difference(done), files=done.rewritten)


def difference(done: Reshaping) -> str:
    """What a change makes of the files, as git shows it."""
    lines: list[str] = []
    for path, (before, after) in done.texts.items():
        old, new = (text.decode("utf-8", "replace").splitlines() for text in (before, after))
        lines += unified_diff(old, new, path, path, lineterm="")
    return "\n".join(lines)
