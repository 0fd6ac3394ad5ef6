"""Events that nothing but time causes: tasks not done in time, records with which long nothing happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta
from typing import NamedTuple

from crmcli.automation.ledger import CRM
from crmcli.automation.trigger_decisions import awaited_names
from crmcli.automation.unanswered import open_message, what_it_says, wrote
from crmcli.model.durations import parse_duration
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.pipeline import Pipeline
from crmcli.model.task import Task
from crmcli.model.values import format_instant, parse_instant
from crmcli.model.work_time import shift, shift_working
from crmcli.sales.first_answers import answer_by, waiting
from crmcli.workspace import Workspace

LATE = timedelta(days=7)
"""What came to pass longer ago is no news: a rule that is new does not dig up the past."""
OVERDUE = frozenset(("task.overdue", "checklist.overdue"))
IDLE = "record.idle"
UNANSWERED = "message.unanswered"
NO_FIRST_ANSWER = "record.unanswered"
OF_TIME = OVERDUE | {IDLE, UNANSWERED, NO_FIRST_ANSWER}
PAGE = 500
"""Events that one transaction notes."""


class TimeEvent(NamedTuple):
    """An event of time: when it is so, of whom, what kind, and what it says, by which it is known again."""

    at: datetime
    record: str
    kind: str
    data: dict[str, str]

    @classmethod
    def of(cls, event: Event) -> TimeEvent:
        """The one that the timeline tells."""
        return cls(event.at, event.record, event.kind, dict(event.data))


def run(ws: Workspace) -> list[str]:
    """Note what time has brought, once, where triggers or robots wait for it; the records."""
    new = [one for one in to_come(ws, ws.now - LATE, ws.now) if not is_told(ws, one)]
    for start in range(0, len(new), PAGE):
        with ws.change("tick", actor=CRM) as change:
            for one in new[start : start + PAGE]:
                if not is_told(ws, one):
                    change.note(one.kind, one.record, one.data)
    if new:
        ws.look_again()
    return [one.record for one in new]


def to_come(
    ws: Workspace, after: datetime, until: datetime, kinds: Set[str] = OF_TIME
) -> Iterator[TimeEvent]:
    """What time brings between two moments as things stand now, where triggers or robots wait for it."""
    asked_for = {kind for one in ws.settings.alerts.values() for kind in one.about}
    awaited = kinds & (awaited_names(ws) | asked_for)
    if overdue := OVERDUE & awaited:
        yield from _overdue(ws, overdue, after, until)
    if IDLE in awaited:
        for pipeline in ws.pipelines:
            yield from _idle(ws, pipeline, after, until)
    if NO_FIRST_ANSWER in awaited:
        yield from _without_first_answer(ws, after, until)
    if UNANSWERED in awaited:
        yield from _unanswered(ws, after, until)


def is_told(ws: Workspace, one: TimeEvent) -> bool:
    """Whether the timeline tells it already."""
    told = ws.events(record=one.record, kinds=(one.kind,))
    return any(dict(event.data) == one.data for event in told)


def _overdue(
    ws: Workspace, kinds: Set[str], after: datetime, until: datetime
) -> Iterator[TimeEvent]:
    first, last = format_instant(after), format_instant(until)
    asked = f"done_at is empty and due > {first} and due <= {last}"
    for task in ws.select("task", ws.condition(asked, "task")):
        yield from (one for one in of_task(task, kinds) if one.at <= until)


def of_task(task: Record, kinds: Set[str]) -> Iterator[TimeEvent]:
    """What time will bring to a task that is to be done by some moment."""
    if not isinstance(task, Task) or task.done_at or task.ends_at is None:
        return
    data = {name: str(_raw(task.get(name))) for name in ("name", "due")} | {"task": task.id}
    is_checked = task.is_checked or not task.checklist
    for kind in sorted((OVERDUE & kinds) - ({"checklist.overdue"} if is_checked else set())):
        yield TimeEvent(task.ends_at, str(task.get("about")) or task.id, kind, data)


def _idle(
    ws: Workspace, pipeline: Pipeline, after: datetime, until: datetime
) -> Iterator[TimeEvent]:
    """The open records with which nothing happened for so long, and since when; not those for which that is
    old news."""
    for word in lengths(pipeline, IDLE):
        ends = (shift(each, parse_duration(word), ws.zone, back=True) for each in (after, until))
        for record, since in _quiet_since(ws, pipeline, *map(format_instant, ends)):
            yield idle_for(ws, record.id, word, since)


def idle_for(ws: Workspace, record_id: str, word: str, since: str) -> TimeEvent:
    """That nothing happens with a record from some moment on."""
    at = shift(parse_instant(since), parse_duration(word), ws.zone)
    return TimeEvent(at, record_id, IDLE, {"for": word, "since": since})


def lengths(pipeline: Pipeline, on: str) -> list[str]:
    """How long something may last, as the rules for an event say."""
    found = [(rule.on, rule.filters) for stage in pipeline.stages for rule in stage.triggers]
    found += [(robot.on, robot.filters) for stage in pipeline.stages for robot in stage.robots]
    return sorted({word for name, each in found if name == on for word in each.get("for", ())})


def _quiet_since(
    ws: Workspace, pipeline: Pipeline, first: str, last: str
) -> Iterator[tuple[Record, str]]:
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


def _unanswered(ws: Workspace, after: datetime, until: datetime) -> Iterator[TimeEvent]:
    """The first message of a client that none of us answered in time, for each length that rules name."""
    words = unanswered_lengths(ws)
    since = min(shift(after, parse_duration(word), ws.zone, back=True) for word in words)
    for record_id in wrote(ws, since):
        message = open_message(ws, record_id)
        found = left_open(ws, message, record_id, words) if message else ()
        yield from (one for one in found if after < one.at <= until)


def unanswered_lengths(ws: Workspace) -> list[str]:
    """How long a message may wait for its answer, as the rules say."""
    return sorted({word for one in ws.pipelines for word in lengths(one, UNANSWERED)})


def left_open(
    ws: Workspace, message: Event, record_id: str, words: Sequence[str]
) -> Iterator[TimeEvent]:
    """That nobody answers a message of a client, for each of these lengths."""
    for word in words:
        at = shift(message.happened_at, parse_duration(word), ws.zone)
        data = {"for": word, "message": message.id, **what_it_says(message)}
        yield TimeEvent(at, record_id, UNANSWERED, data)


def _without_first_answer(ws: Workspace, after: datetime, until: datetime) -> Iterator[TimeEvent]:
    """Who came in and was not answered within the working time of `first_response`."""
    length, calendar = ws.settings.first_response, ws.settings.calendar
    if length is None:
        return
    since = shift_working(after, length, calendar, ws.zone, back=True)
    for raw in waiting(ws, condition=f"created_at > {format_instant(since)}"):
        for one in without_answer(ws, str(raw["id"]), str(raw["created_at"])):
            if after < one.at <= until:
                yield one


def without_answer(ws: Workspace, record_id: str, since: str) -> Iterator[TimeEvent]:
    """That nobody answers who came in at some moment."""
    if length := ws.settings.first_response:
        at = answer_by(ws, parse_instant(since))
        yield TimeEvent(at, record_id, NO_FIRST_ANSWER, {"for": str(length), "since": since})


def _raw(value: object) -> object:
    return format_instant(value) if isinstance(value, datetime) else value
