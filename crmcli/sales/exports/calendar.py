"""Tasks as a calendar: what begins at a time is an event, what is to be done by one is a to-do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from crmcli.formats import ics
from crmcli.language import counted, tr
from crmcli.model.fields import Record
from crmcli.model.task import Task
from crmcli.workspace import Workspace


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


def _component(ws: Workspace, task: Task, due: datetime) -> list[str]:
    said = [*_of_all(ws, task), *_people(ws, task)]
    if task.kind or task.length:
        said.append(ics.moment("DTSTART", due))
        if task.ends_at and task.length:
            said.append(ics.moment("DTEND", task.ends_at))
        return ics.component("VEVENT", [*said, "STATUS:CONFIRMED"])
    said.append(ics.moment("DUE", due))
    if task.done_at:
        return ics.component(
            "VTODO", [*said, ics.moment("COMPLETED", task.done_at), "STATUS:COMPLETED"]
        )
    return ics.component("VTODO", [*said, "STATUS:NEEDS-ACTION"])


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
