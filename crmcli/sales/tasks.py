"""Tasks: done and reopened, and the lines of their checklists; adding is in records/."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crmcli.dataclass import replace
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.listed import allowed_hint
from crmcli.model.task import Task
from crmcli.model.values import fold
from crmcli.sales.bookings import check_free
from crmcli.workspace import Change, Workspace


def finish(ws: Workspace, task_id: str) -> tuple[Task, bool]:
    """Mark a task as done; says whether it was open."""
    return _mark(ws, task_id, ws.now)


def reopen(ws: Workspace, task_id: str) -> tuple[Task, bool]:
    """Take a finished task up again; says whether it was done."""
    return _mark(ws, task_id, None)


def _mark(ws: Workspace, task_id: str, done_at: datetime | None) -> tuple[Task, bool]:
    with ws.change("task done" if done_at else "task reopen") as change:
        return mark_in(ws, change, task_id, done_at)


def mark_in(
    ws: Workspace, change: Change, task_id: str, done_at: datetime | None
) -> tuple[Task, bool]:
    """The task and whether it changed, in an open change; the event goes to its record, for the triggers."""
    task = _task(change, task_id)
    if task.is_open == (done_at is None):
        return task, False
    marked = replace(task, done_at=done_at)
    check_free(ws, change, task, marked)
    change.save(marked)
    kind = "task.done" if done_at else "task.reopened"
    change.note(kind, task.about or task.id, {"task": task.id, "name": task.name})
    return marked, True


def check_lines(
    ws: Workspace, task_id: str, words: Sequence[str], *, done: bool
) -> tuple[Task, bool]:
    """Mark lines of a task's checklist as done or not, by their numbers or what they say; whether any
    line changed."""
    with ws.change("task check" if done else "task uncheck") as change:
        task = _task(change, task_id)
        lines = [*task.checklist]
        for word in words:
            place = _place(task, word)
            lines[place] = replace(lines[place], done=done)
        marked = replace(task, checklist=tuple(lines))
        return marked, bool(change.save(marked))


def _place(task: Task, word: str) -> int:
    """Which line of the checklist is meant."""
    texts = [line.text for line in task.checklist]
    if word.isdecimal() and 0 < int(word) <= len(texts):
        return int(word) - 1
    same = [n for n, text in enumerate(texts) if fold(text) == fold(word)]
    found = same or [n for n, text in enumerate(texts) if fold(word) in fold(text)]
    if len(found) == 1:
        return found[0]
    if not texts:
        hint = tr("to add one: crm task edit {} --add checklist=…", task.id)
        raise NotFound(tr("{} has no checklist", task.id), hint)
    told = tr("{!r} may be several lines", word) if found else tr("no line {!r}", word)
    raise NotFound(told, allowed_hint(word, texts, tr("lines")))


def _task(change: Change, task_id: str) -> Task:
    task = change.get(task_id)
    if not isinstance(task, Task):
        raise BadUsage(tr("{} is not a task", task_id), "see crm task list")
    return task
