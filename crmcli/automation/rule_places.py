"""Where rules stand in pipelines.yaml: the stages of pipelines, and sequences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import cast

from crmcli.automation.job_failures import jobs_here
from crmcli.automation.jobs import CANCELLABLE
from crmcli.automation.ledger import Job
from crmcli.automation.record_plan import in_stages, plan_for
from crmcli.automation.robots import WAITING
from crmcli.automation.sequence_runs import running
from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.automation import Robot
from crmcli.model.event import STARTED
from crmcli.model.pipeline import SEQUENCES, Pipeline, RobotSequence, Stage
from crmcli.sales.settings.reshape import Tree
from crmcli.sales.settings.stages import raw_stage
from crmcli.workspace import Workspace

ROBOTS, TRIGGERS = "robots", "triggers"


class Place(ABC):
    """A stage or a sequence: what has robots."""

    @property
    @abstractmethod
    def robots(self) -> tuple[Robot, ...]:
        """Its robots when it was read."""

    @property
    @abstractmethod
    def owner(self) -> tuple[str, str]:
        """The pipeline, or SEQUENCES, and the name within it."""

    def __str__(self) -> str:
        return "/".join(self.owner)

    @abstractmethod
    def raw(self, tree: Tree) -> Tree:
        """What pipelines.yaml says of it, in its raw tree."""

    @abstractmethod
    def now(self, ws: Workspace) -> Sequence[Robot]:
        """Its robots as they are by now."""

    @abstractmethod
    def records(self, ws: Workspace) -> Collection[str]:
        """The records for which its robots act."""

    def is_of(self, _ws: Workspace, _job: Job) -> bool:
        """Whether a job of a robot called so is of a robot here."""
        return True

    def rules(self, tree: Tree, kind: str) -> list[Tree]:
        """Its robots or triggers in the raw tree of pipelines.yaml, made where there are none yet."""
        raw = self.raw(tree)
        if not raw.get(kind):
            raw[kind] = []
            if kind == ROBOTS and TRIGGERS in raw:  # robots stand above triggers
                raw[TRIGGERS] = raw.pop(TRIGGERS)
        return cast("list[Tree]", raw[kind])

    def check_new(self, rules: Sequence[Tree]) -> None:
        """BadUsage for a robot whose id is taken here already."""
        taken = [str(one["id"]) for one in rules if any(r.id == one["id"] for r in self.robots)]
        if taken:
            told = tr("{} already has a robot {!r}", str(self), taken[0])
            raise BadUsage(told, tr("change that: crm robots edit {}", self.called(taken[0])))

    def called(self, robot: str) -> str:
        """A robot of it as the command line names it."""
        return f"{self.owner[1]}/{robot}"

    def settle(self, tree: Tree, kind: str) -> None:
        """Take the key away where no rule is left."""
        raw = self.raw(tree)
        if raw.get(kind) == []:
            del raw[kind]

    def waiting(self, ws: Workspace, robot: Robot) -> int:
        """For how many records a robot of it has something to do yet."""
        plans = (plan_for(ws, one) for one in self.records(ws))
        steps = (s for plan in plans for s in plan.steps if plan.owner_of(s) == self.owner)
        return sum(step.robot.id == robot.id and step.state in WAITING for step in steps)

    def queued(self, ws: Workspace, robot: Robot) -> list[Job]:
        """The jobs of a robot of it that are not over."""
        there, jobs = set(self.records(ws)), jobs_here(ws).values()
        own = (job for job in jobs if job.robot == robot.id and job.state in CANCELLABLE)
        return [job for job in own if job.record in there and self.is_of(ws, job)]


@dataclass(frozen=True)
class Home(Place):
    """A stage of a pipeline."""

    pipeline: Pipeline
    stage: Stage

    @property
    def robots(self) -> tuple[Robot, ...]:
        """Its robots when it was read."""
        return self.stage.robots

    @property
    def owner(self) -> tuple[str, str]:
        """The pipeline and the stage."""
        return self.pipeline.id, self.stage.id

    def raw(self, tree: Tree) -> Tree:
        """What pipelines.yaml says of the stage."""
        return raw_stage(tree, self.pipeline, self.stage)

    def now(self, ws: Workspace) -> Sequence[Robot]:
        """The robots of the stage as they are by now."""
        about = self.pipeline.entity, self.pipeline.key, self.stage.id
        found = ws.pipelines.place(*about)[1]
        return found.robots if found else ()

    def records(self, ws: Workspace) -> Collection[str]:
        """The records that stand in the stage."""
        return in_stages(ws, self.pipeline, [self.stage])


@dataclass(frozen=True)
class SequenceHome(Place):
    """A sequence."""

    sequence: RobotSequence

    @property
    def robots(self) -> tuple[Robot, ...]:
        """Its robots when it was read."""
        return self.sequence.robots

    @property
    def owner(self) -> tuple[str, str]:
        """SEQUENCES and the id of the sequence."""
        return SEQUENCES, self.sequence.id

    def called(self, robot: str) -> str:
        """A robot of it as the command line names it."""
        return f"{robot} --sequence {self.sequence.id}"

    def raw(self, tree: Tree) -> Tree:
        """What pipelines.yaml says of the sequence."""
        return cast("Tree", cast("Tree", tree[SEQUENCES])[self.sequence.id])

    def now(self, ws: Workspace) -> Sequence[Robot]:
        """The robots of the sequence as they are by now."""
        return ws.pipelines.sequences[self.sequence.id].robots

    def records(self, ws: Workspace) -> Collection[str]:
        """The records for which it was ever started."""
        return running(ws)

    def is_of(self, ws: Workspace, job: Job) -> bool:
        """Whether a run of the sequence began the job."""
        started = ws.events(record=job.record, kinds=(STARTED,))
        own = (one.id for one in started if one.data.get("sequence") == self.sequence.id)
        return job.cause in own
