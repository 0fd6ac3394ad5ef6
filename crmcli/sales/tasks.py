"""Tasks: done and reopened; adding is in records/."""

from __future__ import annotations

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.task import Task
from crmcli.workspace import Change, Workspace


def finish(ws: Workspace, task_id: str) -> tuple[Task, bool]:
    """Mark a task as done; says whether it was open."""
    with ws.change("task done") as change:
        return finish_in(change, ws, task_id)


def finish_in(change: Change, ws: Workspace, task_id: str) -> tuple[Task, bool]:
    """Mark a task as done within an open change; the event goes to its record, for the triggers."""
    task = _task(change, task_id)
    if not task.is_open:
        return task, False
    done = replace(task, done_at=ws.now)
    change.save(done)
    change.note("task.done", task.about or task.id, {"task": task.id, "name": task.name})
    return done, True


def reopen(ws: Workspace, task_id: str) -> tuple[Task, bool]:
    """Take a finished task up again; says whether it was done."""
    with ws.change("task reopen") as change:
        task = _task(change, task_id)
        if task.is_open:
            return task, False
        opened = replace(task, done_at=None)
        change.save(opened)
        change.note("task.reopened", task.about or task.id, {"task": task.id, "name": task.name})
        return opened, True


def _task(change: Change, task_id: str) -> Task:
    task = change.get(task_id)
    if not isinstance(task, Task):
        raise BadUsage(tr("{} is not a task", task_id), "see crm task list")
    return task
