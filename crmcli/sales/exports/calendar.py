"""Tasks as a calendar: what begins at a time is an event, what is to be done by one is a to-do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, time, timedelta

from crmcli.formats import ics
from crmcli.language import counted, tr
from crmcli.model.durations import parse_duration
from crmcli.model.fields import Record
from crmcli.model.task import Task
from crmcli.model.user import User
from crmcli.workspace import Workspace

SHOWN = "due >= today-90d"
"""What a calendar that is subscribed to shows of the past, and all of the future."""
MIDNIGHT = time()


def calendar(ws: Workspace, records: Iterable[Record]) -> Iterator[str]:
    """A calendar in pieces; tasks without a time are left out, and counted in a note."""
    yield ics.lines(ics.HEAD)
    left = 0
    for task in records:
        if isinstance(task, Task) and task.due:
            yield ics.lines(_component(ws, task, task.due))
        else:
            left += 1
    yield ics.lines([ics.END])
    if left:
        ws.notes.append(tr("left out, since nothing says when: {}", counted(left, "task")))


def calendar_of(ws: Workspace, user: User, *, only_events: bool = False) -> Iterator[str]:
    """The calendar of what a user has to do and takes part in, as programs subscribe to it; `only_events` for
    those which show no to-dos."""
    mine = f'(owner = "{user.id}" or participants has "{user.id}")'
    found = ws.select("task", ws.condition(f"{mine} and {SHOWN}", "task"), order=["due"])
    yield ics.lines([*ics.HEAD, ics.text("X-WR-CALNAME", str(user))])
    yield ics.lines(["REFRESH-INTERVAL;VALUE=DURATION:PT15M", "X-PUBLISHED-TTL:PT15M"])
    for task in found:
        if isinstance(task, Task) and task.due:
            yield ics.lines(_component(ws, task, task.due, only_events))
    yield ics.lines([ics.END])


def _component(ws: Workspace, task: Task, due: datetime, only_events: bool = False) -> list[str]:
    said = [*_of_all(ws, task), *_people(ws, task)]
    if task.is_open:
        said += ics.component("VALARM", _alarm(task))
    if task.kind or task.length or (only_events and task.is_open):
        said[:0] = _time_kept(ws, task, due)
        return ics.component("VEVENT", ["STATUS:CONFIRMED", *said])
    said.insert(0, ics.moment("DUE", due))
    if task.done_at:
        done = [ics.moment("COMPLETED", task.done_at), "PERCENT-COMPLETE:100", "STATUS:COMPLETED"]
        return ics.component("VTODO", [*done, *said])
    return ics.component("VTODO", ["STATUS:NEEDS-ACTION", *said])


def _time_kept(ws: Workspace, task: Task, due: datetime) -> list[str]:
    """From when to when; whole days, which begin with the working day, stand as days."""
    local = due.astimezone(ws.zone)
    days, rest = divmod(parse_duration(task.length).seconds if task.length else 1, 86400)
    if not rest and local.time() in (ws.settings.calendar.opens, MIDNIGHT):
        begins = local.date()
        return [ics.day("DTSTART", begins), ics.day("DTEND", begins + timedelta(days=days))]
    ends = [ics.moment("DTEND", task.ends_at)] if task.ends_at and task.length else []
    return [ics.moment("DTSTART", due), *ends]


def _alarm(task: Task) -> list[str]:
    """A quarter of an hour before it begins, or is due."""
    related = "" if task.kind or task.length else ";RELATED=END"
    return ["ACTION:DISPLAY", ics.text("DESCRIPTION", task.name), f"TRIGGER{related}:-PT15M"]


def _of_all(ws: Workspace, task: Task) -> Iterator[str]:
    """What both have; DTSTAMP is when anything of it changed last."""
    events = ws.events(record=task.id, newest_first=True, limit=1)
    changed = events[0].at if events else task.created_at or ws.now
    yield f"UID:{task.id}@crmcli"
    yield ics.moment("DTSTAMP", changed)
    yield ics.text("SUMMARY", task.name)
    about = [str(ws.get(task.about).get("name"))] if task.about and ws.exists(task.about) else []
    told = [*about, *filter(None, [task.comment]), *map(str, task.checklist)]
    if told:
        yield ics.text("DESCRIPTION", "\n".join(told))
    categories = [word for word in (task.kind.upper(), *task.tags) if word]
    if categories:
        yield ics.text("CATEGORIES", *categories)
    labels = ws.settings.directories.get("resources", {})
    if task.resources:
        yield ics.text("RESOURCES", *(labels.get(one) or one for one in task.resources))


def _people(ws: Workspace, task: Task) -> Iterator[str]:
    """Who has the task, and who takes part, of those whose address settings.yaml has."""
    for role, ids in (("ORGANIZER", (task.owner,)), ("ATTENDEE", task.participants)):
        for user in (ws.settings.users[one] for one in ids if one in ws.settings.users):
            if user.email:
                yield ics.person(role, user.name or user.id, user.email)
