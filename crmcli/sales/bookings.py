"""Times that tasks keep for people and resources: no two of one at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.durations import LONGEST
from crmcli.model.fields import Record
from crmcli.model.kinds import Field
from crmcli.model.local_times import local_day, local_minute
from crmcli.model.task import Task
from crmcli.model.values import Value, format_instant
from crmcli.workspace import Change, Workspace

_KEEPING = "done_at is empty and length is not empty"


class Busy(Refused):
    """Somebody or something is booked for that time already."""


def check_free(ws: Workspace, change: Change, before: Record | None, record: Record) -> None:
    """Refuse a task that keeps a time of a person or a resource which another keeps; looked at under the
    lock, and one with a length that has no time to keep. What stood before is nobody's fault now."""
    if not isinstance(record, Task) or not (record.length and record.is_open):
        return
    if not record.due:
        raise Refused("a task with a length needs a time", "give it one with --due")
    if isinstance(before, Task) and before.is_open and _same(before, record):
        return
    ws.look_again()
    for other in clashes(ws, change, record):
        raise Busy(said(ws, record, other), "choose another time, or leave out --length")


def take_along(ws: Workspace, change: Change, before: Record, task: Record) -> None:
    """Let the date field into which a robot wrote the time of a task follow it, if it still has that time."""
    if not (isinstance(before, Task) and isinstance(task, Task)):
        return
    old, new = before.due, task.due
    if not (old and new and old != new and task.about and ws.exists(task.about)):
        return
    made = ws.events(record=task.about, kinds=("job.done",), newest_first=True)
    names = (e.data.get("into") for e in made if e.data.get("task") == task.id)
    record, name = change.get(task.about), str(next(names, None) or "")
    field = ws.schema.named(record.entity, name) if name else None
    if field and record.get(field.name) == value_at(ws, field, old):
        change.save(record.with_values({field.name: value_at(ws, field, new)}))


def value_at(ws: Workspace, field: Field, moment: datetime) -> Value:
    """What a date field has of a moment: that, or its day."""
    is_day = field.kind.is_day
    return field.kind.parse(str(local_day(moment, ws.zone)) if is_day else format_instant(moment))


def clashes(ws: Workspace, change: Change, task: Task) -> list[Task]:
    """The other tasks that keep some of its time for the same, the earliest first."""
    assert task.due
    assert task.ends_at
    since = format_instant(task.due - timedelta(seconds=LONGEST))
    where = f"{_KEEPING} and due > {since} and due < {format_instant(task.ends_at)}"
    found = {one.id: one for one in ws.house.select("task", ws.condition(where, "task"))}
    for old, new in change.records:
        if isinstance(old, Task):
            found.pop(old.id, None)
        if isinstance(new, Task):
            found[new.id] = new
    others = [one for one in found.values() if isinstance(one, Task) and _clash(task, one)]
    return sorted(others, key=_place)


def doubles(ws: Workspace) -> Iterator[tuple[Task, Task]]:
    """Times to come that two clones gave twice: the task that has it, and the one that came later."""
    open_ones = ws.select("task", ws.condition(_KEEPING, "task"))
    by_whom: defaultdict[tuple[str, str], list[Task]] = defaultdict(list)
    for one in open_ones:
        if isinstance(one, Task) and one.ends_at and one.ends_at > ws.now:
            for who in one.kept:
                by_whom[who].append(one)
    told: set[str] = set()
    for kept in by_whom.values():
        running: list[Task] = []
        for task in sorted(kept, key=_place):
            running = [one for one in running if _overlap(one, task)]
            for one in running:
                first, later = sorted((one, task), key=lambda t: (str(t.created_at), t.id))
                if later.id not in told:
                    told.add(later.id)
                    yield first, later
            running.append(task)


def said(ws: Workspace, task: Task, other: Task) -> str:
    """Who is busy, when, and with what."""
    kind, who = min(other.kept & task.kept)
    labels = ws.settings.directories.get(kind, {})
    name = ws.owner_name(who) if kind == "users" else labels.get(who) or who
    assert other.due
    assert other.ends_at
    since, until = (local_minute(at, ws.zone) for at in (other.due, other.ends_at))
    if since[:10] == until[:10]:
        until = until[11:]
    what = f": {other.id} {other.name}" if ws.is_seen(other.id) else ""
    return tr("{} is busy from {} to {}{}", name, since, until, what)


def _same(one: Task, other: Task) -> bool:
    return (one.due, one.ends_at, one.kept) == (other.due, other.ends_at, other.kept)


def _place(task: Task) -> tuple[str, str]:
    return format_instant(task.due) if task.due else "", task.id


def _overlap(one: Task, other: Task) -> bool:
    ends = one.due, one.ends_at, other.due, other.ends_at
    begins, over, starts, until = ends
    return bool(begins and over and starts and until and begins < until and starts < over)


def _clash(task: Task, other: Task) -> bool:
    return (
        other.id != task.id
        and other.is_open
        and bool(task.kept & other.kept)
        and _overlap(task, other)
    )
