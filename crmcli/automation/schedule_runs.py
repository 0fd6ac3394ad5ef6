"""Letting the schedules of pipelines act: each slot once, with all that it does in one change."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from typing import Any

from crmcli.automation.actions.work import Work, act, module_of
from crmcli.automation.approval.gate import Gate
from crmcli.automation.cron_slots import Due, Slot, due
from crmcli.automation.job_failures import (
    REFUSALS,
    bug_in,
    check_rule,
    fail,
    is_general,
    job_of,
    note_fixed,
    reason_of,
    rests,
)
from crmcli.automation.ledger import Done, enter, job_key
from crmcli.automation.robot_runs import unmet_condition
from crmcli.automation.schedule_progress import Timetable, acts_once, selection, timetables
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.language import tr
from crmcli.model.actions import ACTIONS
from crmcli.model.fields import Record
from crmcli.model.rule_digest import rule_digest
from crmcli.model.values import format_instant
from crmcli.sales.template_names import names_for, plain
from crmcli.workspace import Change, Workspace


def run(ws: Workspace, most: int, gate: Gate) -> list[Done]:
    """Run the slots that have come, with at most so many acts; the rest of a slot follows later. A schedule
    that was never seen begins to count now; the slots of one that is held wait."""
    done: list[Done] = []
    for table in timetables(ws):
        if len(done) >= most:
            break
        job = job_of(ws, table.attempt)
        if rests(job, ws.now):
            continue
        try:
            done += _run(ws, table, most - len(done), gate)
            if job is not None and job.state in ("failed", "dead"):
                with ws.change("tick", actor=table.who) as change:
                    note_fixed(change, table.attempt)
        except Exception as error:
            told = fail(ws, table.attempt, error)
            done += [told] if told else []
    return done


def _run(ws: Workspace, table: Timetable, most: int, gate: Gate) -> list[Done]:
    check_rule(table.schedule)
    if table.until is None:
        with _change(ws, table) as change:
            change.note("schedule.started", "", _facts(table, {"until": format_instant(ws.now)}))
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


def _run_slot(ws: Workspace, table: Timetable, slot: Slot, most: int) -> list[Done]:
    """One slot for its selection, each record of it or `once` for all together, which has no id; acts
    that were done before a stop are known by their keys."""
    chosen = [record.id for record in selection(ws, table)]
    wanted = [""] if acts_once(table.schedule, len(chosen)) else chosen
    keys = {record_id: job_key(table.who, record_id, slot.key) for record_id in wanted}
    known = _known(ws, list(keys.values()))
    left = [(record_id, key) for record_id, key in keys.items() if key not in known]
    made = _prepared(ws, table, slot) if left else _nothing
    return _run_together(ws, table, slot, left[:most], made, is_over=len(left) <= most)


def _nothing() -> None:
    """What actions need of which nothing is made beforehand."""


def _prepared(ws: Workspace, table: Timetable, slot: Slot) -> Callable[[], Any]:
    """What an action by the clock makes before the lock is taken; a refusal is raised where it acts."""
    if not ACTIONS[table.schedule.do].by_clock:
        return _nothing
    try:
        made = module_of(table.schedule.do).prepared(ws, table.schedule, table.who, slot)
    except REFUSALS as error:
        refusal = error

        def refuse() -> Any:
            raise refusal

        return refuse
    return lambda: made


def _run_together(
    ws: Workspace,
    table: Timetable,
    slot: Slot,
    wanted: Sequence[tuple[str, str]],
    made: Callable[[], Any],
    *,
    is_over: bool,
) -> list[Done]:
    """A part of a selection in one change; where that fails over one of them, by halves, so that all
    the others have their act and that one is let go."""
    try:
        done: list[Done] = []
        with _change(ws, table) as change:
            for record_id, key in wanted:
                acted = _act(ws, change, table, record_id, key, made)
                done += [acted] if acted else []
            _end(change, table, slot, is_over=is_over, ran=len(done))
        return done
    except Exception as error:
        if is_general(error) or not wanted:
            raise
        if len(wanted) > 1:
            half = len(wanted) // 2
            first = _run_together(ws, table, slot, wanted[:half], made, is_over=False)
            return first + _run_together(ws, table, slot, wanted[half:], made, is_over=is_over)
        with _change(ws, table) as change:
            dead = _dead(change, table, *wanted[0], error)
            _end(change, table, slot, is_over=is_over, ran=1)
        return [dead]


def _dead(change: Change, table: Timetable, target: str, key: str, error: Exception) -> Done:
    """Write down for good what failed: the next slot will try anew."""
    reason, action = reason_of(error), table.schedule.do
    done = enter(change, "dead", target, key, table.who, action, reason=reason)
    return replace(done, bug=bug_in(error))


def _known(ws: Workspace, keys: Sequence[str]) -> set[str]:
    """Those of the keys under which something was done already, though it be by a clock that was wrong."""
    events = ws.in_right_time(ws.timeline.job_events(keys)) if keys else ()
    return {str(event.data["key"]) for event in events}


def _act(
    ws: Workspace,
    change: Change,
    table: Timetable,
    record_id: str,
    key: str,
    made: Callable[[], Any],
) -> Done | None:
    """Act, or write down for good what was refused; None for a record that it is not for any more."""
    record: Record | None = None
    if record_id:
        try:
            record = change.get(record_id)
        except (NotFound, InvalidData, Forbidden):
            return None  # gone or broken since it was selected
        if unmet_condition(ws, table.schedule.where, record):
            return None
    try:
        names = names_for(ws, record) if record else _names_for_all(ws, table)
        do, params, rule = table.schedule.do, table.schedule.params, rule_digest(table.schedule)
        about = (ws, change, record, table.who, do, params, key, lambda: names)
        return act(Work(*about, rule=rule, prepared=made))
    except REFUSALS as refusal:
        return _dead(change, table, record_id, key, refusal)


def _names_for_all(ws: Workspace, table: Timetable) -> dict[str, object]:
    now = ws.now.astimezone(ws.zone)
    records = [plain(ws, record) for record in selection(ws, table)]
    return {"records": records, "us": asdict(ws.settings.us), "now": now, "today": now.date()}


def _end(change: Change, table: Timetable, slot: Slot, *, is_over: bool, ran: int) -> None:
    """The line that says how far the slot is. Of a slot that is over nothing comes back."""
    facts: dict[str, Any] = {"slot": slot.key, "until": format_instant(slot.at), "ran": ran}
    queued = [event.data["key"] for event in change.events if event.kind == "job.queued"]
    if queued and table.schedule.once:
        facts["queued"] = queued
    change.note("schedule.ran" if is_over else "schedule.started", "", _facts(table, facts))


def _miss(ws: Workspace, table: Timetable, found: Due) -> list[Done]:
    """Slots that came too late are written down in one line and never run. `catch_up: none` asks for that;
    otherwise a person has to know."""
    if not found.missed:
        return []
    last = found.missed[-1]
    key = job_key(table.who, "", last.key)
    count = len(found.missed)
    word = "skipped" if table.schedule.catch_up == "none" else "missed"
    reason = tr("too late to run for {}", last.key.replace("T", " "))
    reason += tr(", and for {} before it", count - 1) if count > 1 else ""
    who, do, done = table.who, table.schedule.do, []
    was_done = bool(_known(ws, [key]))
    with _change(ws, table) as change:
        if not was_done:
            done = [enter(change, word, "", key, who, do, reason=reason, slot=last.key)]
        change.note("schedule.ran", "", _facts(table, {"until": format_instant(last.at), "ran": 0}))
    return done


def _change(ws: Workspace, table: Timetable) -> AbstractContextManager[Change]:
    return ws.change("tick", actor=table.who, depth=1)


def _facts(table: Timetable, facts: Mapping[str, Any]) -> dict[str, Any]:
    return {"schedule": table.who, "cron": table.schedule.cron, **facts}
