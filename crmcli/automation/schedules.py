"""Letting the schedules of pipelines act: each slot once, with all that it does in one change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from crmcli.automation.actions import Work, act, enter
from crmcli.automation.approval.acts import schedule_place
from crmcli.automation.approval.gate import Gate
from crmcli.automation.failures import (
    PLAN,
    REFUSALS,
    Done,
    Place,
    bug_in,
    check_rule,
    fail,
    is_everybodys,
    known,
    mended,
    reason_of,
    rests,
)
from crmcli.automation.ledger import instant_in, job_key
from crmcli.automation.schedule import Due, Slot, due, slots
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.model.automation import Schedule
from crmcli.model.clocks import TOLERANCE
from crmcli.model.condition import And, Compare, Empty, In, Node, Not, Or
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.holds import holds
from crmcli.model.pipeline import Pipeline
from crmcli.model.values import format_instant
from crmcli.sales.names import names_for, plain
from crmcli.store.repository import Change
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
    def place(self) -> Place:
        """Where it stands in the ledger if it cannot even be thought over."""
        return Place("", PLAN, who=self.who)

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
        events = ws.index.events(kinds=KINDS, newest_first=True, limit=limit)
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
        there = slots(
            table.schedule.cron, zone, until - _SECOND, until
        )  # as lines come by git, too
        begun = next((slot for slot in there if slot.key == last.data.get("slot")), None)
    return Timetable(table.pipeline, table.schedule, until, begun)


def run(ws: Workspace, most: int, gate: Gate) -> list[Done]:
    """Run the slots that have come, with at most so many acts; the rest of a slot follows later.

    A schedule that was never seen begins to count now; the slots of one that is held wait.
    """
    done: list[Done] = []
    tables = timetables(ws)
    failed = known(ws, [table.place for table in tables])
    for table in tables:
        if len(done) >= most:
            break
        job = failed.get(table.place.key)
        if rests(job, ws.now):
            continue
        try:
            done += _run(ws, table, most - len(done), gate)
            if job is not None and job.state in ("failed", "dead"):
                with ws.change("tick", actor=table.who) as change:
                    mended(change, table.place)
        except Exception as error:
            told = fail(ws, table.place, error)
            done += [told] if told else []
    return done


def _run(ws: Workspace, table: Timetable, most: int, gate: Gate) -> list[Done]:
    check_rule(table.schedule)
    if table.until is None:
        _note(ws, table, "schedule.started", {"until": format_instant(ws.now)})
        return []
    if gate.why_not(table.declared_at, table.schedule):
        return []
    if table.begun:
        return _run_slot(ws, table, table.begun, most)  # later ones follow when it is complete
    found = due(table.schedule, ws.zone, table.until, ws.now)
    done = _miss(ws, table, found)
    for slot in found.run:
        if most - len(done) <= 0:
            break
        done += _run_slot(ws, table, slot, most - len(done))
    return done


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
    if record.entity == "deal" and record.get("pipeline") != pipeline.id:
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


def _run_slot(ws: Workspace, table: Timetable, slot: Slot, most: int) -> list[Done]:
    """One slot for its selection; acts that were done before a stop are known by their keys."""
    if table.schedule.once:
        return _run_once(ws, table, slot)
    keys = {record.id: job_key(table.who, record.id, slot.key) for record in selection(ws, table)}
    known = _known(ws, list(keys.values()))
    left = [(record_id, key) for record_id, key in keys.items() if key not in known]
    now, later = left[: max(most, 0)], left[max(most, 0) :]
    return _run_together(ws, table, slot, now, is_over=not later)


def _run_together(
    ws: Workspace, table: Timetable, slot: Slot, wanted: Sequence[tuple[str, str]], *, is_over: bool
) -> list[Done]:
    """A part of a selection in one change; where that fails over one of them, by halves, so that all
    the others have their act and that one is let go."""
    try:
        return _run_part(ws, table, slot, wanted, is_over=is_over)
    except Exception as error:
        if is_everybodys(error) or not wanted:
            raise
        if len(wanted) > 1:
            half = len(wanted) // 2
            done = _run_together(ws, table, slot, wanted[:half], is_over=False)
            return done + _run_together(ws, table, slot, wanted[half:], is_over=is_over)
        with ws.change("tick", actor=table.who, depth=1) as change:
            dead = _dead(change, table, *wanted[0], error)
            _end(change, table, slot, is_over=is_over, ran=1)
        return [dead]


def _run_part(
    ws: Workspace, table: Timetable, slot: Slot, wanted: Sequence[tuple[str, str]], *, is_over: bool
) -> list[Done]:
    done: list[Done] = []
    with ws.change("tick", actor=table.who, depth=1) as change:
        for record_id, key in wanted:
            done += _for_record(ws, change, table, record_id, key)
        _end(change, table, slot, is_over=is_over, ran=len(done))
    return done


def _dead(change: Change, table: Timetable, target: str, key: str, error: Exception) -> Done:
    """Write down for good what failed: the next slot will try anew."""
    reason, action = reason_of(error), table.schedule.do
    enter(change, "dead", target, key, table.who, action, reason=reason)
    return Done(target, table.who, action, "dead", key, reason, bug_in(error))


def _known(ws: Workspace, keys: Sequence[str]) -> set[str]:
    """Those of the keys under which something was done already, though it be by a clock that was wrong."""
    events = ws.in_right_time(ws.index.job_events(keys)) if keys else ()
    return {str(event.data["key"]) for event in events}


def _for_record(
    ws: Workspace, change: Change, table: Timetable, record_id: str, key: str
) -> Iterator[Done]:
    try:
        record = change.get(record_id)
    except (NotFound, InvalidData, Forbidden):
        return  # gone or broken since it was selected
    where = table.schedule.where
    if where is not None and not holds(where, record, ws.env):
        return
    try:
        names = names_for(ws, record)
    except REFUSALS as refusal:
        yield _dead(change, table, record_id, key, refusal)
        return
    yield _act(change, table, _work(ws, change, table, key, record, names))


def _run_once(ws: Workspace, table: Timetable, slot: Slot) -> list[Done]:
    key = job_key(table.who, "", slot.key)
    try:
        done = _act_once(ws, table, slot, key)
    except Exception as error:
        if is_everybodys(error):
            raise
        with ws.change("tick", actor=table.who, depth=1) as change:
            dead = _dead(change, table, "", key, error)
            _end(change, table, slot, is_over=True, ran=1)
        return [dead]
    return [done] if done else []


def _act_once(ws: Workspace, table: Timetable, slot: Slot, key: str) -> Done | None:
    if _known(ws, [key]):
        with ws.change("tick", actor=table.who, depth=1) as change:
            _end(change, table, slot, is_over=True, ran=0)
        return None
    chosen = selection(ws, table)
    with ws.change("tick", actor=table.who, depth=1) as change:
        now = ws.now.astimezone(ws.zone)
        names: dict[str, object] = {
            "records": [plain(ws, record) for record in chosen],
            "us": asdict(ws.settings.us),
            "now": now,
            "today": now.date(),
        }
        done = _act(change, table, _work(ws, change, table, key, None, names))
        queued = [event.data["key"] for event in change.events if event.kind == "job.queued"]
        _end(change, table, slot, is_over=True, ran=1, queued=queued)
    return done


def _work(
    ws: Workspace,
    change: Change,
    table: Timetable,
    key: str,
    record: Record | None,
    names: Mapping[str, object],
) -> Work:
    schedule = table.schedule
    return Work(ws, change, record, table.who, schedule.do, schedule.params, key, names)


def _act(change: Change, table: Timetable, work: Work) -> Done:
    """Act, or write down for good what was refused."""
    try:
        effect = act(work)
    except REFUSALS as refusal:
        return _dead(change, table, work.target, work.key, refusal)
    reason = str(effect.facts.get("reason", ""))
    return Done(work.target, work.who, work.action, effect.word, work.key, reason)


def _end(
    change: Change,
    table: Timetable,
    slot: Slot,
    *,
    is_over: bool,
    ran: int,
    queued: Sequence[str] = (),
) -> None:
    """The line that says how far the slot is. Of a slot that is over nothing comes back."""
    facts: dict[str, Any] = {"slot": slot.key, "until": format_instant(slot.at), "ran": ran}
    if queued:
        facts["queued"] = list(queued)
    change.note("schedule.ran" if is_over else "schedule.started", "", _facts(table, facts))


def _miss(ws: Workspace, table: Timetable, found: Due) -> list[Done]:
    """Slots that came too late are written down in one line and never run.

    `catch_up: none` asks for that; otherwise a person has to know.
    """
    if not found.missed:
        return []
    last = found.missed[-1]
    key = job_key(table.who, "", last.key)
    count = len(found.missed)
    word = "skipped" if table.schedule.catch_up == "none" else "missed"
    reason = f"{last.key} came too late" + (f", and {count - 1} before it" if count > 1 else "")
    was_done = bool(_known(ws, [key]))
    with ws.change("tick", actor=table.who, depth=1) as change:
        if not was_done:
            enter(change, word, "", key, table.who, table.schedule.do, reason=reason, slot=last.key)
        change.note("schedule.ran", "", _facts(table, {"until": format_instant(last.at), "ran": 0}))
    if was_done:
        return []
    return [Done("", table.who, table.schedule.do, word, key, reason)]


def _note(ws: Workspace, table: Timetable, kind: str, facts: Mapping[str, Any]) -> None:
    with ws.change("tick", actor=table.who, depth=1) as change:
        change.note(kind, "", _facts(table, facts))


def _facts(table: Timetable, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"schedule": table.who, "cron": table.schedule.cron, **facts}
