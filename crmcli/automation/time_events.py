"""Events that nothing but time causes: tasks not done in time, records with which long nothing happened."""

from __future__ import annotations

from collections.abc import Iterator, Set
from datetime import datetime, timedelta
from typing import NamedTuple

from crmcli.automation.ledger import CRM
from crmcli.automation.trigger_decisions import awaited_names
from crmcli.automation.unanswered import open_message, what_it_says, wrote
from crmcli.automation.work_time import shift, shift_working
from crmcli.model.durations import Duration, parse_duration
from crmcli.model.fields import Record
from crmcli.model.pipeline import Pipeline
from crmcli.model.task import Task
from crmcli.model.values import format_instant, parse_instant
from crmcli.sales.first_answers import waiting
from crmcli.workspace import Workspace

LATE = timedelta(days=7)
"""What came to pass longer ago is no news: a rule that is new does not dig up the past."""
UNANSWERED = "message.unanswered"
NO_FIRST_ANSWER = "record.unanswered"
PAGE = 500
"""Events that one transaction notes."""


class _Raised(NamedTuple):
    """An event of time: of whom, what kind, and what it says, by which it is known again."""

    record: str
    kind: str
    data: dict[str, str]


def run(ws: Workspace) -> list[str]:
    """Note what time has brought, once, where triggers or robots wait for it; the records."""
    awaited = awaited_names(ws)
    overdue = {"task.overdue", "checklist.overdue"} & awaited
    found = [*(_overdue(ws, overdue) if overdue else ())]
    if "record.idle" in awaited:
        found += [one for pipeline in ws.pipelines for one in _idle(ws, pipeline)]
    if NO_FIRST_ANSWER in awaited:
        found += _without_first_answer(ws)
    if UNANSWERED in awaited:
        found += _unanswered(ws)
    new = [one for one in found if not _is_told(ws, one)]
    for start in range(0, len(new), PAGE):
        with ws.change("tick", actor=CRM) as change:
            for one in new[start : start + PAGE]:
                if not _is_told(ws, one):
                    change.note(one.kind, one.record, one.data)
    if new:
        ws.look_again()
    return [one.record for one in new]


def _is_told(ws: Workspace, one: _Raised) -> bool:
    told = ws.events(record=one.record, kinds=(one.kind,))
    return any(dict(event.data) == one.data for event in told)


def _overdue(ws: Workspace, kinds: Set[str]) -> Iterator[_Raised]:
    since, now = (format_instant(moment) for moment in (ws.now - LATE, ws.now))
    asked = f"done_at is empty and due > {since} and due <= {now}"
    for task in ws.select("task", ws.condition(asked, "task")):
        if not isinstance(task, Task) or (task.ends_at and task.ends_at > ws.now):
            continue
        data = {name: str(_raw(task.get(name))) for name in ("name", "due")} | {"task": task.id}
        is_checked = task.is_checked or not task.checklist
        for kind in sorted(kinds - ({"checklist.overdue"} if is_checked else set())):
            yield _Raised(str(task.get("about")) or task.id, kind, data)


def _idle(ws: Workspace, pipeline: Pipeline) -> Iterator[_Raised]:
    for length in _lengths(pipeline, "record.idle"):
        for record, since in _idle_for(ws, pipeline, parse_duration(length)):
            yield _Raised(record.id, "record.idle", {"for": length, "since": since})


def _lengths(pipeline: Pipeline, on: str) -> list[str]:
    """How long something may last, as the rules for an event say."""
    found = [(rule.on, rule.filters) for stage in pipeline.stages for rule in stage.triggers]
    found += [(robot.on, robot.filters) for stage in pipeline.stages for robot in stage.robots]
    return sorted({word for name, each in found if name == on for word in each.get("for", ())})


def _idle_for(ws: Workspace, pipeline: Pipeline, length: Duration) -> Iterator[tuple[Record, str]]:
    """The open records with which nothing happened for so long, and since when; not those for which that is
    old news."""
    until = shift(ws.now, length, ws.zone, back=True)
    first, last = format_instant(until - LATE), format_instant(until)
    stages = ", ".join(stage.id for stage in pipeline.stages if stage.is_open)
    times = (f"({{0}} > {first} and {{0}} <= {last}{more})".format(name) for name, more in (
        ("last_activity", ""), ("created_at", " and last_activity is empty"),
    ))  # fmt: skip
    asked = f"stage in ({stages}) and ({' or '.join(times)})"
    if pipeline.key:
        asked += f" and pipeline = {pipeline.id}"
    found = list(ws.select(pipeline.entity, ws.condition(asked, pipeline.entity)))
    told = ws.derived(pipeline.entity, ["last_activity"], [record.id for record in found])
    for record in found:
        active = told.get(record.id, {}).get("last_activity")
        yield record, active or str(_raw(record.get("created_at")))


def _unanswered(ws: Workspace) -> Iterator[_Raised]:
    """The first message of a client that none of us answered in time, for each length that rules name."""
    found = {length for one in ws.pipelines for length in _lengths(one, UNANSWERED)}
    lengths = {length: parse_duration(length) for length in sorted(found)}
    since = min(shift(ws.now - LATE, length, ws.zone, back=True) for length in lengths.values())
    for record_id in wrote(ws, since):
        message = open_message(ws, record_id)
        if message is None:
            continue
        for word, length in lengths.items():
            due = shift(message.happened_at, length, ws.zone)
            if ws.now - LATE < due <= ws.now:
                data = {"for": word, "message": message.id, **what_it_says(message)}
                yield _Raised(record_id, UNANSWERED, data)


def _without_first_answer(ws: Workspace) -> Iterator[_Raised]:
    """Who came in and was not answered within the working time of `first_response`."""
    length = ws.settings.first_response
    if length is None:
        return
    calendar = ws.settings.calendar
    since = shift_working(ws.now - LATE, length, calendar, ws.zone, back=True)
    for raw in waiting(ws, condition=f"created_at > {format_instant(since)}"):
        due = shift_working(parse_instant(str(raw["created_at"])), length, calendar, ws.zone)
        if ws.now - LATE < due <= ws.now:
            told = {"for": str(length), "since": str(raw["created_at"])}
            yield _Raised(str(raw["id"]), NO_FIRST_ANSWER, told)


def _raw(value: object) -> object:
    return format_instant(value) if isinstance(value, datetime) else value
