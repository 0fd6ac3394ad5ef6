"""Where one record stands: its stage, its visits and what the robots there have to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from crmcli.automation.ledger import Job, jobs_of
from crmcli.automation.robots import Clock, Step, Visit, plan, visits
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.store.repository import Change
from crmcli.workspace import UnknownStage, Workspace

STAGED = ("lead", "deal")


@dataclass(frozen=True, slots=True)
class Standing:
    """A lead or deal as robots see it. Without a stage that is declared there are no steps."""

    record: Record
    events: Sequence[Event]
    visits: Sequence[Visit]
    steps: Sequence[Step]
    pipeline: Pipeline | None = None
    stage: Stage | None = None

    @property
    def visit(self) -> Visit | None:
        """The present stay; None for a record that never came anywhere."""
        return self.visits[-1] if self.visits else None

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Every job of the record, of whatever visit."""
        return self.visits[-1].jobs if self.visits else jobs_of(self.events)

    def due(self) -> list[Step]:
        """The steps to take now, in the order of their time, then of the stage."""
        found = [step for step in self.steps if step.state == "due" and step.due_at]
        return sorted(found, key=lambda step: step.due_at or datetime.max.replace(tzinfo=UTC))


def clock_of(ws: Workspace) -> Clock:
    """The clock that robots of this workspace go by."""
    return Clock(ws.now, ws.settings.calendar, ws.zone)


def stand(ws: Workspace, record_id: str, change: Change | None = None) -> Standing:
    """Look at a record; within an open change as it is there, under the lock.

    NotFound if it is gone, InvalidData if its file cannot be read.
    """
    if change is not None:
        ws.index.refresh_timeline()
    record = change.get(record_id) if change is not None else ws.get(record_id)
    return standing_of(ws, record, ws.index.events(record=record_id))


def standing_of(ws: Workspace, record: Record, events: Sequence[Event]) -> Standing:
    """What follows from a record and its events, oldest first."""
    stays = visits(events)
    try:
        pipeline = ws.pipeline_of(record)
        stage = ws.stage_of(record)
    except UnknownStage:
        return Standing(record, events, stays, ())
    if not stays or stays[-1].entry.data.get("stage") != stage.id:
        return Standing(record, events, stays, (), pipeline, stage)
    steps = plan(record, stage, stays[-1], clock_of(ws))
    return Standing(record, events, stays, steps, pipeline, stage)
