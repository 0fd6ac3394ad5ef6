"""The schedules that are declared: how far each has been carried out, and for which records it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, tzinfo

from crmcli.automation.approval.acts import schedule_place
from crmcli.automation.cron_slots import Slot, slots
from crmcli.automation.job_failures import Attempt
from crmcli.automation.ledger import OwnStep, instant_in
from crmcli.dataclass import dataclass
from crmcli.model.automation import Schedule
from crmcli.model.clocks import TOLERANCE
from crmcli.model.conditions.tree import And, Compare, Empty, In, Node, Not, Or
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.pipeline import Pipeline
from crmcli.workspace import Workspace

KINDS = ("schedule.started", "schedule.ran")
_RECENT = 500
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Timetable:
    """A schedule with its pipeline, and how far it has been carried out.

    `until` is None for one that was never seen, or whose cron line has changed since; `begun` is a
    slot that was begun and whose selection was too large for one tick.
    """

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
        return schedule_place(self.pipeline.id, self.schedule.id)


def timetables(ws: Workspace) -> list[Timetable]:
    """Every schedule that is declared, with how far it has come."""
    declared = [Timetable(p, s) for p in ws.pipelines for s in p.schedules]
    if not declared:
        return []
    latest = _latest(ws, {table.who: table.schedule.cron for table in declared})
    return [_with_past(table, latest.get(table.who), ws.zone) for table in declared]


def _latest(ws: Workspace, crons: Mapping[str, str]) -> dict[str, Event]:
    """The event of each schedule that says how far it is: mostly among the recent ones, else among all."""
    found: dict[str, Event] = {}
    for limit in (_RECENT, None):
        found = {}
        past: dict[str, list[Event]] = {}
        events = ws.events(kinds=KINDS, newest_first=True, limit=limit)
        for event in events:
            past.setdefault(str(event.data.get("schedule")), []).append(event)
        for who, cron in crons.items():
            last = _farthest(past.get(who, ()), cron, ws.now)
            if last is not None:
                found[who] = last
        is_enough = crons.keys() <= past.keys() and not _has_stepped_since(ws, events)
        if is_enough or len(events) < _RECENT:
            break
    return found


def _farthest(events: Sequence[Event], cron: str, now: datetime) -> Event | None:
    """Of the events of one schedule, newest first, the one that says how far it has been carried out.

    What lies ahead was written by a clock that was wrong, and after a clock that was behind the newest
    is not the farthest. Of those under another cron line nothing counts.
    """
    best: Event | None = None
    latest: datetime | None = None
    for event in events:
        if event.data.get("cron") != cron:
            break
        until = instant_in(event.data, "until")
        if until is not None and until <= now + TOLERANCE and (latest is None or until > latest):
            best, latest = event, until
    return best


def _has_stepped_since(ws: Workspace, events: Sequence[Event]) -> bool:
    return any(step.id > events[-1].id for step in ws.clock_steps) if events else False


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


def selection(ws: Workspace, table: Timetable) -> list[Record]:
    """The records that the schedule is for: of its pipeline, open unless its condition names stages."""
    where = table.schedule.where
    any_stage = where is not None and _names_stage(where.tree)
    return [
        record
        for record in ws.select(table.pipeline.entity, where)
        if _belongs(table.pipeline, record, any_stage=any_stage)
    ]


def _belongs(pipeline: Pipeline, record: Record, *, any_stage: bool) -> bool:
    if getattr(record, "pipeline", "") != pipeline.key:
        return False
    stage = pipeline.stage(str(record.get("stage")))
    return any_stage or (stage is not None and stage.is_open)


def _names_stage(node: Node) -> bool:
    if isinstance(node, And | Or):
        return any(_names_stage(part) for part in node.parts)
    if isinstance(node, Not):
        return _names_stage(node.part)
    assert isinstance(node, Compare | In | Empty)
    return node.path == ("stage",)
