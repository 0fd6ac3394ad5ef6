"""What other rules would make of what waits for robots: it would stay, move, end or start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from crmcli.automation.job_failures import raise_general
from crmcli.automation.record_plan import STAGED, in_stages, plan_for
from crmcli.automation.robots import WAITING
from crmcli.automation.sequence_runs import running
from crmcli.dataclass import dataclass, field
from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.model.automation import Robot
from crmcli.model.pipeline import Pipelines
from crmcli.store.layout import PIPELINES
from crmcli.workspace import Workspace
from crmcli.workspace.storage import committed_file

KINDS = ("stay", "move", "end", "start")


class Waiting(NamedTuple):
    """A record at a robot: when that was to act and when it would; None where no time is known."""

    record: str
    name: str
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True, slots=True)
class RobotDiff:
    """What becomes of those that wait at one robot, by KINDS."""

    place: str
    records: dict[str, list[Waiting]] = field(default_factory=lambda: {kind: [] for kind in KINDS})

    @property
    def differs(self) -> bool:
        """Whether anything would be otherwise."""
        return any(found for kind, found in self.records.items() if kind != "stay")


class _Step(NamedTuple):
    name: str
    due_at: datetime | None


def committed_rules(ws: Workspace, revision: str) -> Pipelines:
    """The rules that pipelines.yaml had in a commit; NotFound if there is none."""
    text = committed_file(ws, revision, PIPELINES)
    if text is None:
        told = tr("git has no {} in {!r}", PIPELINES, revision)
        raise NotFound(told, "see git log pipelines.yaml")
    return ws.read_pipelines(text, forgiving=True)


def rules_diff(ws: Workspace, old: Pipelines, new: Pipelines) -> list[RobotDiff]:
    """Each robot of the stages and sequences whose robots differ, with what waits at it."""
    before, after = _under(ws, old), _under(ws, new)
    found: dict[str, RobotDiff] = {}
    for record_id in _touched(before, old, new):
        olds, news = _steps(before, record_id), _steps(after, record_id)
        for place in dict.fromkeys((*olds, *news)):
            was, is_now = olds.get(place), news.get(place)
            kind = "end" if is_now is None else "start" if was is None else "move"
            kind = "stay" if was == is_now else kind
            name = (was or is_now or _Step("", None)).name
            times = (was.due_at if was else None, is_now.due_at if is_now else None)
            one = found.setdefault(place, RobotDiff(place))
            one.records[kind].append(Waiting(record_id, name, *times))
    robots = [(p, s, r) for rules in (old, new) for p in rules for s in p.stages for r in s.robots]
    order = dict.fromkeys(f"{p.id}/{s.id}/{r.id}" for p, s, r in robots)
    return [found[place] for place in dict.fromkeys((*order, *found)) if place in found]


def _under(ws: Workspace, rules: Pipelines) -> Workspace:
    """The same workspace by other rules."""
    other = Workspace(ws.root, ws.settings, ws.user, ws.now, ws.clone)
    other.take_pipelines(rules)
    return other


def _steps(ws: Workspace, record_id: str) -> dict[str, _Step]:
    """The robots that wait for a record, by their place."""
    try:
        plan = plan_for(ws, record_id)
    except Exception as error:  # it is gone or broken, which crm check tells
        raise_general(error)
        return {}
    name = str(plan.record.get("name"))
    steps = [step for step in plan.steps if step.state in WAITING]
    return {"/".join((*plan.owner_of(s), s.robot.id)): _Step(name, s.due_at) for s in steps}


def _touched(before: Workspace, old: Pipelines, new: Pipelines) -> Iterator[str]:
    """The records in stages whose robots differ, and where sequences do all that may be in one."""
    seen: dict[str, None] = {}
    for pipeline in old:
        others = {(p.entity, p.id, s.id): s.robots for p in new for s in p.stages}
        key = (pipeline.entity, pipeline.id)
        stages = [s for s in pipeline.stages if not _same(s.robots, others.get((*key, s.id)))]
        seen.update(dict.fromkeys(in_stages(before, pipeline, stages)))
    names = {*old.sequences, *new.sequences}
    pairs = ((old.sequences.get(name), new.sequences.get(name)) for name in names)
    if any(not a or not b or not _same(a.robots, b.robots) for a, b in pairs):
        seen.update(dict.fromkeys(running(before)))
    yield from (one for one in seen if one.partition("-")[0] in STAGED)


def _same(robots: Sequence[Robot], others: Sequence[Robot] | None) -> bool:
    """Whether two lists of robots do the same; a stage that is not there is another."""
    if others is None:
        return False
    return [(r.digest, r.enabled) for r in robots] == [(r.digest, r.enabled) for r in others]
