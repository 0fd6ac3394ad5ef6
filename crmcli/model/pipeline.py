"""Pipelines and their stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from crmcli.dataclass import dataclass, field
from crmcli.errors import Problem
from crmcli.model.values import fold

if TYPE_CHECKING:
    from crmcli.model.automation import Robot, Schedule, Trigger
    from crmcli.model.durations import Duration

STAGE_KINDS = ("open", "won", "lost")
LEADS = "leads"
"""The id of the one pipeline of leads."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `requires` is a list of alternatives: `phone|email` is ("phones", "emails")."""

    id: str
    name: str
    kind: str = "open"
    color: str = ""
    max_days: int | None = None
    probability: int | None = None
    requires: tuple[tuple[str, ...], ...] = ()
    robots: tuple[Robot, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    initial: bool = False
    line: int = 0

    @property
    def is_open(self) -> bool:
        """Whether work goes on here."""
        return self.kind == "open"

    @property
    def chance(self) -> Decimal | None:
        """How likely what stands here ends won, per cent, unless somebody knows better."""
        usual = {"won": 100, "lost": 0}.get(self.kind, self.probability)
        return None if usual is None else Decimal(usual)


@dataclass(frozen=True, slots=True)
class RobotSequence:
    """Robots that act for a record from when they are started, whatever its stage.

    `ends` is what ends them early: closing, that the record is closed; stage, that it leaves the stage in
    which they were started; never. `again` says whether they may be started anew when they are through:
    never, on_event for each time, or after so long.
    """

    id: str
    entity: str
    robots: tuple[Robot, ...] = ()
    ends: str = "closing"
    again: str | Duration = "never"
    line: int = 0


SEQUENCES = "sequences"
"""In place of a pipeline where it is said of a robot that it is one of a sequence."""


class Declared(NamedTuple):
    """A robot or schedule, the noun on whose records it acts, and the pipeline or sequence that has it."""

    act: Robot | Schedule
    entity: str
    owner: str


@dataclass(frozen=True)
class Pipeline:
    """The stages of leads, or of one kind of deal, in order.

    The stage marked initial is where a new record stands; the first one if none is marked.
    """

    id: str
    name: str
    entity: str
    stages: tuple[Stage, ...]
    schedules: tuple[Schedule, ...] = ()
    line: int = 0

    @property
    def key(self) -> str:
        """What its records have in their field `pipeline`: its id; "" of leads, which have but one."""
        return "" if self.id == LEADS else self.id

    @property
    def initial(self) -> Stage:
        """Where a new record stands."""
        return next((stage for stage in self.stages if stage.initial), self.stages[0])

    @property
    def won(self) -> Stage:
        """The one final stage of success."""
        return next(stage for stage in self.stages if stage.kind == "won")

    @property
    def lost(self) -> Stage:
        """The first final stage of failure."""
        return next(stage for stage in self.stages if stage.kind == "lost")

    @property
    def awaited(self) -> frozenset[str]:
        """The events and codes for which triggers and robots wait here."""
        by_triggers = {rule.on for stage in self.stages for rule in stage.triggers}
        by_robots = {robot.on for stage in self.stages for robot in stage.robots}
        return frozenset((by_triggers | by_robots) - {""})

    def stage(self, stage_id: str) -> Stage | None:
        """The stage of that id in any case, as conditions compare; None if it is not declared."""
        return self._by_id.get(fold(stage_id))

    @cached_property
    def _by_id(self) -> Mapping[str, Stage]:
        return {stage.id: stage for stage in reversed(self.stages)}

    def named(self, ref: str) -> Stage | None:
        """The stage that a person means: by its id, or else by its name."""
        by_name = (stage for stage in self.stages if fold(stage.name) == fold(ref))
        return self.stage(ref) or next(by_name, None)

    def position(self, stage_id: str) -> int:
        """Where in the order a stage stands, from 0; -1 for one that is no longer declared."""
        return next((n for n, stage in enumerate(self.stages) if stage.id == stage_id), -1)

    def triggered_by(self, robots: Sequence[Robot], stage: Stage | None) -> list[str]:
        """The stages to which triggers move a record because of what robots do, where it stands in a stage,
        or, with none, wherever it does."""
        here = self.position(stage.id) if stage else -1
        return [
            other.id
            for there, other in enumerate(self.stages)
            for trigger in other.triggers
            if there > here or (there < here and trigger.back)
            if any(robot.raises(trigger) for robot in robots)
        ]

    def loops(self, *, at_once: bool) -> tuple[tuple[str, ...], ...]:
        """Rings of stages that robots would send a record round, each from its first stage: those that move,
        and those that cause what a trigger waits for.

        With `at_once`, only moves without condition and delay count: such a ring never ends.
        """
        steps = {
            stage.id: [
                robot.moves_to.removeprefix(f"{self.id}/")
                for robot in stage.robots
                if robot.moves_to and robot.enabled and (robot.is_at_once or not at_once)
            ]
            + ([] if at_once else self.triggered_by(stage.robots, stage))
            for stage in self.stages
        }
        return tuple(ring for stage in steps if (ring := _ring(stage, steps)))


def _calls(robots: Sequence[Robot]) -> dict[str, list[str]]:
    """Which robots that an event starts cause the event of which others."""
    called = [robot for robot in robots if robot.on]
    return {one.id: [other.id for other in called if one.raises(other)] for one in called}


def self_calling(robots: Sequence[Robot]) -> tuple[tuple[str, ...], ...]:
    """Rings of robots each of which causes the event that starts the next one."""
    steps = _calls(robots)
    alone = [(robot,) for robot, others in steps.items() if robot in others]
    return (*alone, *(ring for robot in steps if (ring := _ring(robot, steps))))


def _ring(start: str, steps: Mapping[str, list[str]]) -> tuple[str, ...]:
    """The shortest way from a stage back to itself through later stages of the file; () if none."""
    order = list(steps)
    ways: list[tuple[str, ...]] = [(start,)]
    seen: set[str] = set()
    for way in ways:
        for target in steps[way[-1]]:
            if target == start and len(way) > 1:
                return way
            if target in seen or target not in steps or order.index(target) <= order.index(start):
                continue
            seen.add(target)
            ways.append((*way, target))
    return ()


@dataclass(frozen=True)
class Pipelines:
    """What pipelines.yaml declares: one pipeline of leads, one or more of deals.

    `excused` are the faults of single robots, triggers and schedules, where these were asked to be
    left to the rule itself: it fails when its time comes, and the others act.
    """

    leads: Pipeline
    deals: tuple[Pipeline, ...]
    excused: tuple[Problem, ...] = ()
    sequences: Mapping[str, RobotSequence] = field(default_factory=dict)

    def acts(self) -> Iterator[Declared]:
        """Every robot and schedule that is declared."""
        for pipeline in self:
            for stage in pipeline.stages:
                yield from (Declared(one, pipeline.entity, pipeline.id) for one in stage.robots)
            yield from (Declared(one, pipeline.entity, pipeline.id) for one in pipeline.schedules)
        for own in self.sequences.values():
            owner = f"{SEQUENCES}/{own.id}"
            yield from (Declared(one, own.entity, owner) for one in own.robots)

    def __iter__(self) -> Iterator[Pipeline]:
        yield self.leads
        yield from self.deals

    def of(self, entity: str) -> tuple[Pipeline, ...]:
        """The pipelines of a noun; a record that names none is in the first."""
        return self._by_entity.get(entity, ())

    @cached_property
    def _by_entity(self) -> Mapping[str, tuple[Pipeline, ...]]:
        nouns = {pipeline.entity for pipeline in self}
        return {noun: tuple(one for one in self if one.entity == noun) for noun in nouns}

    def place(self, entity: str, pipeline: str, stage: str) -> tuple[Pipeline | None, Stage | None]:
        """Where a record stands whose file says so; None for what is not declared, and then it is nowhere.

        A file names both by their ids, a deal of the first pipeline its stage alone. This is the one rule by
        which a record is at home: for checks, lists, boards, robots and reports.
        """
        own, wanted = self.of(entity), fold(pipeline)
        found = next((p for p in own if p.id == wanted), None) if pipeline else own[0]
        return found, found.stage(stage) if found else None

    def home(self, entity: str, pipeline: str, stage: str, end: str) -> tuple[Pipeline, Stage]:
        """Where a record belongs that stands nowhere: in what is called as its file says, if that is an
        `end` of its like (initial, won, lost), else in that end."""
        own = self.of(entity)
        named = self.find(pipeline) if pipeline else None
        target = named if named in own and named is not None else own[0]
        usual: Stage = getattr(target, end)
        same = target.named(stage)
        return target, same if same is not None and same.kind == usual.kind else usual

    def find(self, ref: str) -> Pipeline | None:
        """The pipeline that a person means: by its id, or else by its name; `leads` for the leads."""
        by_id = next((pipeline for pipeline in self if pipeline.id == ref), None)
        return by_id or next((p for p in self if fold(p.name) == fold(ref)), None)
