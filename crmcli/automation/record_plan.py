"""Where one record stands: its stage, its visits and what the robots there have to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from crmcli.automation.hand_edits import BY_HAND
from crmcli.automation.ledger import Job, jobs_of
from crmcli.automation.linked_dates import changed_at, dates_of
from crmcli.automation.robot_times import Clock, waited
from crmcli.automation.robots import WAITING, Step, steps_of
from crmcli.automation.sequence_runs import running, runs_of, was_started
from crmcli.automation.visits import Visit, visits
from crmcli.dataclass import dataclass, replace
from crmcli.model.automation import Robot
from crmcli.model.conditions.holds import holds
from crmcli.model.entities import having
from crmcli.model.event import ENTRIES, Event
from crmcli.model.fields import Record
from crmcli.model.pipeline import SEQUENCES, Pipeline, Stage
from crmcli.model.values import entity_of
from crmcli.workspace import Change, UnknownStage, Workspace
from crmcli.workspace.current_stage import CurrentStage, current_stages, with_first_entry

STAGED = having("staged")
LONG_LEFT = timedelta(days=30)
"""After so long nothing is done any more for a stage that a record has left."""
MANY = 200
"""Records beyond which it is worth looking first for those that sleep."""


@dataclass(frozen=True, slots=True)
class RecordPlan:
    """A lead or deal as robots see it. Without a stage that is declared there are no steps."""

    record: Record
    events: Sequence[Event]
    visits: Sequence[Visit]
    steps: Sequence[Step]
    pipeline: Pipeline | None = None
    stage: Stage | None = None
    before: Event | None = None
    """The event before which the robots of this visit were to act, if it is not about what is due now."""
    runs: Sequence[Visit] = ()
    """The runs of sequences, also those that are over."""

    @property
    def visit(self) -> Visit | None:
        """The stay that it is about; None for a record that never came anywhere."""
        return self.visits[-1] if self.visits else None

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Every job of the record, of whatever visit."""
        return self.visits[-1].jobs if self.visits else jobs_of(self.events)

    def visit_of(self, step: Step) -> Visit | None:
        """The stay, or the run of a sequence, to which a step belongs."""
        return step.run or self.visit

    def owner_of(self, step: Step) -> tuple[str, str]:
        """The pipeline and the stage of a step's robot; of that of a sequence SEQUENCES and its name."""
        if step.run:
            return SEQUENCES, step.run.sequence
        return self.pipeline.id if self.pipeline else "", self.stage.id if self.stage else ""

    @property
    def waits(self) -> str:
        """At which robots it waits: `sales/offer/ask sales/offer/overdue`; of a chain at that whose turn is
        next."""
        ahead = [step for step in self.steps if step.state != "waiting_for_previous"]
        found = [step for step in ahead if step.state in WAITING]
        return " ".join("/".join((*self.owner_of(step), step.robot.id)) for step in found)

    def is_called(self, step: Step) -> bool:
        """Whether the event before which it was to act, and which moves the record, started it."""
        return bool(self.before and step.start and step.start.data.get("event") == self.before.id)

    def due(self) -> list[Step]:
        """The steps to take now, in the order of their time, then of the stage."""
        found = [step for step in self.steps if step.state == "due" and step.due_at]
        until = self.visit.until if self.visit else None
        if until is not None:
            found = [s for s in found if (s.due_at and s.due_at <= until) or self.is_called(s)]
        return sorted(found, key=lambda step: step.due_at or datetime.max.replace(tzinfo=UTC))


def with_robots(ws: Workspace, more: Iterable[str] = ()) -> Iterator[str]:
    """The records that stand in stages which have robots, those of sequences, and `more`; each once."""
    found = dict.fromkeys([*more, *running(ws)])
    for pipeline in ws.pipelines:
        stages = [stage for stage in pipeline.stages if stage.robots]
        found.update(dict.fromkeys(in_stages(ws, pipeline, stages)))
    yield from found


def in_stages(
    ws: Workspace, pipeline: Pipeline, stages: Sequence[Stage], where: str = ""
) -> list[str]:
    """The records that stand in some stages of a pipeline, and for which a condition holds."""
    if not stages:
        return []
    condition = f"stage in ({', '.join(stage.id for stage in stages)})"
    if pipeline.key:
        condition += f" and pipeline = {pipeline.id}"
    condition += f" and ({where})" if where else ""
    rows = ws.rows(pipeline.entity, ws.condition(condition, pipeline.entity))
    return [str(row["id"]) for row in rows]


def sleepers(ws: Workspace, candidates: Sequence[str]) -> set[str]:
    """Those of many records for which nothing can be due: no robots where they stand, or imported
    ones whose robots sleep, and no sequence."""
    if len(candidates) <= MANY:
        return set()
    awake = running(ws)
    robots = {(p.entity, p.key, stage.id): stage.robots for p in ws.pipelines for stage in p.stages}
    called = {where for where, own in robots.items() if any(robot.on for robot in own)}

    def sleeps(place: CurrentStage) -> bool:
        where = (entity_of(place.record), place.pipeline, place.stage)
        if where in called or place.record in awake:
            return False
        is_idle = where in robots and not robots[where]
        return is_idle or (place.entry is not None and place.entry.data.get("robots") is False)

    places = (place for place in current_stages(ws, candidates) if not place.has_strayed)
    return {place.record for place in places if sleeps(place)}


def plan_for(
    ws: Workspace, record_id: str, change: Change | None = None, before: Event | None = None
) -> RecordPlan:
    """Look at a record; within an open change as it is there, under the lock. NotFound if it is gone,
    InvalidData if its file cannot be read."""
    record = change.get(record_id) if change is not None else ws.get(record_id)
    new = [event for event in change.events if event.record == record_id] if change else []
    return plan_of(ws, record, [*ws.events(record=record_id), *new], before)


def plan_of(
    ws: Workspace, record: Record, events: Sequence[Event], before: Event | None = None
) -> RecordPlan:
    """What follows from a record and its events, oldest first; `before` an event, what was to be done when it
    happened: where the record had stood until that moved it, or where it stood and stands."""
    events = ws.in_right_time(events)
    stays = visits(with_first_entry(ws, record, events))
    if before is not None:
        return _plan_before(ws, record, events, stays, before)
    try:
        pipeline = ws.pipeline_of(record)
        stage = ws.stage_of(record)
    except UnknownStage:
        return RecordPlan(record, events, stays, ())
    if not stays or stays[-1].entry.data.get("stage") != stage.id:
        return RecordPlan(record, events, stays, (), pipeline, stage)
    return _planned(ws, record, events, stays, pipeline, stage)


def _plan_before(
    ws: Workspace, record: Record, events: Sequence[Event], stays: list[Visit], before: Event
) -> RecordPlan:
    """The plan of the stay in which an event happened."""
    [event] = ws.in_right_time([before])
    then = [stay for stay in stays if stay.entry.id < event.id]
    is_left = event.kind == "stage.entered"
    if not then or (not is_left and len(then) < len(stays)):
        return RecordPlan(record, events, stays, ())
    # Of a hand edit nobody knows when it was, only that it came after what is due on coming in.
    until = then[-1].entry.at if event.data.get("by") == BY_HAND else event.at
    if ws.now - until > LONG_LEFT:
        return RecordPlan(record, events, stays, ())
    then[-1] = replace(then[-1], until=until)
    pipeline, stage = place_of(ws, then[-1].entry)
    if pipeline is None or stage is None:
        return RecordPlan(record, events, then, ())
    return _planned(ws, record, events, then, pipeline, stage, before)


def nothing_was_due(ws: Workspace, event: Event) -> bool:
    """Whether no robot can have been due before an event, as far as is seen without the record: the event was
    too long ago, or the stay that it ended was shorter than any robot waits."""
    [right] = ws.in_right_time([event])
    if ws.now - right.at > LONG_LEFT:
        return True
    told = ws.events(record=event.record, kinds=ENTRIES)
    entry = next((one for one in reversed(ws.in_right_time(told)) if one.id < event.id), None)
    stage = place_of(ws, entry)[1] if entry else None
    if entry is None or stage is None:
        return False
    if was_started(ws, event.record):
        return False
    clock = Clock(ws.now, ws.settings.calendar, ws.zone)
    timings = [robot.timing for robot in stage.robots]
    return not any(each.field or waited(each, entry.at, clock) <= right.at for each in timings)


def place_of(ws: Workspace, entry: Event) -> tuple[Pipeline | None, Stage | None]:
    """The pipeline and the stage to which an event brought its record, as they are declared now."""
    named, stage = str(entry.data.get("pipeline") or ""), str(entry.data.get("stage"))
    return ws.pipelines.place(entity_of(entry.record), named, stage)


def _planned(
    ws: Workspace,
    record: Record,
    events: Sequence[Event],
    stays: list[Visit],
    pipeline: Pipeline,
    stage: Stage,
    before: Event | None = None,
) -> RecordPlan:
    """The plan of the last of these stays, in a stage that is declared, and of the sequences under way."""
    settings, env = ws.settings, ws.env
    clock = Clock(ws.now, settings.calendar, ws.zone, partial(dates_of, ws), settings.presences)

    def steps(robots: Sequence[Robot], visit: Visit) -> list[Step]:
        if changed := changed_at(ws, record, robots):
            visit = replace(visit, changed={**visit.changed, **changed})
        return steps_of(record, robots, visit, clock, lambda asked: holds(asked, record, env))

    found = steps(stage.robots, stays[-1])
    until = stays[-1].until
    known = [event for event in events if event.id < before.id] if before else events
    runs = [replace(run, until=until) for run in runs_of(ws, known, stays)]
    for run in runs:
        own = ws.pipelines.sequences[run.sequence]
        if run.end is None and own.entity == record.entity:
            found += [replace(step, run=run) for step in steps(own.robots, run)]
    return RecordPlan(record, events, stays, found, pipeline, stage, before, runs)
