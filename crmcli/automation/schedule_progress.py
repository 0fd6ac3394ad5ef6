"""The schedules that are declared: how far each has been carried out, and for which records it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import takewhile

from crmcli.automation.approval.acts import place_of
from crmcli.automation.cron_slots import Slot, slots
from crmcli.automation.job_failures import Attempt
from crmcli.automation.ledger import OwnStep, instant_in
from crmcli.dataclass import dataclass
from crmcli.model.automation import Schedule
from crmcli.model.clocks import TOLERANCE
from crmcli.model.conditions.where import leaves
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.pipeline import Pipeline
from crmcli.workspace import Workspace

KINDS = ("schedule.started", "schedule.ran")
_RECENT = 500
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Timetable:
    """A schedule with its pipeline, and how far it has been carried out. `until` is None for one that was
    never seen, or whose cron line has changed since; `begun` is a slot that was begun and whose selection
    was too large for one tick."""

    pipeline: Pipeline
    schedule: Schedule
    until: datetime | None = None
    begun: Slot | None = None

    @property
    def who(self) -> str:
        """Its name on the timeline."""
        return f"schedule:{self.pipeline.id}/{self.schedule.id}"

    @property
    def attempt(self) -> Attempt:
        """Where it stands in the ledger if it cannot even be thought over."""
        return Attempt("", OwnStep.PLAN, who=self.who)

    @property
    def declared_at(self) -> str:
        """Where it is declared."""
        return place_of(self.pipeline.id, "schedules", self.schedule.id)


def timetables(ws: Workspace) -> list[Timetable]:
    """Every schedule that is declared, with how far it has come."""
    tables = [Timetable(p, s) for p in ws.pipelines for s in p.schedules]
    if not tables:
        return []
    latest = _latest(ws, {table.who: table.schedule.cron for table in tables})
    return [_with_past(table, latest[table.who], ws.zone) for table in tables]


def _latest(ws: Workspace, crons: Mapping[str, str]) -> dict[str, Event | None]:
    """The event of each schedule that says how far it is: mostly among the recent ones, else among all."""
    events = ws.events(kinds=KINDS, newest_first=True, limit=_RECENT)
    past = _by_schedule(events)
    is_stepped = any(step.id > events[-1].id for step in ws.clock_steps) if events else False
    if len(events) == _RECENT and (is_stepped or crons.keys() - past.keys()):
        past = _by_schedule(ws.events(kinds=KINDS, newest_first=True))
    return {who: _farthest(past.get(who, ()), cron, ws.now) for who, cron in crons.items()}


def _by_schedule(events: Iterable[Event]) -> dict[str, list[Event]]:
    past: dict[str, list[Event]] = {}
    for event in events:
        past.setdefault(str(event.data.get("schedule")), []).append(event)
    return past


def _farthest(events: Sequence[Event], cron: str, now: datetime) -> Event | None:
    """Of the events of one schedule, newest first, the one that says how far it has been carried out. What
    lies ahead was written by a clock that was wrong, and after a clock that was behind the newest is not
    the farthest. Of those under another cron line nothing counts."""
    same = takewhile(lambda event: event.data.get("cron") == cron, events)
    dated = [(until, event) for event in same if (until := instant_in(event.data, "until"))]
    held = [pair for pair in dated if pair[0] <= now + TOLERANCE]
    return max(held, key=lambda pair: pair[0])[1] if held else None


def _with_past(table: Timetable, last: Event | None, zone: tzinfo) -> Timetable:
    if last is None:
        return table
    until = instant_in(last.data, "until")
    begun = None
    if until is not None and last.kind == "schedule.started":
        # Asked for anew: lines come by git, too.
        there = slots(table.schedule.cron, zone, until - _SECOND, until)
        begun = next((slot for slot in there if slot.key == last.data.get("slot")), None)
    return Timetable(table.pipeline, table.schedule, until, begun)


def acts_once(schedule: Schedule, chosen: int) -> bool:
    """Whether it acts one time for all: not where its condition fits no record. One without a condition
    reminds by the clock, whatever there is."""
    return schedule.once and (chosen > 0 or schedule.where is None)


def selection(ws: Workspace, table: Timetable) -> list[Record]:
    """The records that the schedule is for: of its pipeline, open unless its condition names stages."""
    where, pipeline = table.schedule.where, table.pipeline
    chosen = ws.select(pipeline.entity, where)
    chosen = [record for record in chosen if getattr(record, "pipeline", "") == pipeline.key]
    if where is not None and any(leaf.path == ("stage",) for leaf in leaves(where.tree)):
        return chosen
    are_open = {stage.id for stage in pipeline.stages if stage.is_open}
    return [record for record in chosen if str(record.get("stage")) in are_open]
