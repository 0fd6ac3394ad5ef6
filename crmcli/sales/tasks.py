"""Tasks: done and reopened; adding is in records/."""

from __future__ import annotations

from datetime import datetime

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.task import Task
from crmcli.workspace import Change, Workspace


def finish(ws: Workspace, task_id: str) -> tuple[Task, bool]:
    """Mark a task as done; says whether it was open."""
    return _mark(ws, task_id, ws.now)


def reopen(ws: Workspace, task_id: str) -> tuple[Task, bool]:
    """Take a finished task up again; says whether it was done."""
    return _mark(ws, task_id, None)


def _mark(ws: Workspace, task_id: str, done_at: datetime | None) -> tuple[Task, bool]:
    with ws.change("task done" if done_at else "task reopen") as change:
        return mark_in(change, task_id, done_at)


def mark_in(change: Change, task_id: str, done_at: datetime | None) -> tuple[Task, bool]:
    """The task and whether it changed, in an open change; the event goes to its record, for the triggers."""
    task = change.get(task_id)
    if not isinstance(task, Task):
        raise BadUsage(tr("{} is not a task", task_id), "see crm task list")
    if task.is_open == (done_at is None):
        return task, False
    marked = replace(task, done_at=done_at)
    change.save(marked)
    kind = "task.done" if done_at else "task.reopened"
    change.note(kind, task.about or task.id, {"task": task.id, "name": task.name})
    return marked, True
