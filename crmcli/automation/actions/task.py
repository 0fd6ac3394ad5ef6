"""do: task, a task for an employee."""

from __future__ import annotations

from datetime import datetime

from crmcli.automation.actions.work import Effect, Work
from crmcli.language import tr
from crmcli.model.actions import OWNER
from crmcli.model.durations import parse_duration
from crmcli.model.fields import Record
from crmcli.model.work_time import on_work_day, shift, shift_working
from crmcli.sales.records.given_values import read_values
from crmcli.sales.records.new_record import build


def run(work: Work) -> Effect:
    """A task whose id follows from the job's key: made again elsewhere, it is the same one."""
    task_id = work.new_id("task")
    if work.ws.exists(task_id):
        return Effect("done", {"task": task_id, "found": True}, tr("no change"))
    task = drafted(work, task_id)
    work.change.add(task)
    return Effect("done", {"task": task_id}, f"«{task.get('name')}»")


def drafted(work: Work, task_id: str) -> Record:
    """The task of that id as the robot says it; who owns the record has it if nobody else is named."""
    names = ("comment", "owner", "kind", "length")
    given = {name: [text] for name in names if (text := work.text(name))}
    if given.get("owner") == [OWNER]:  # as for notify; it is so without saying, too
        del given["owner"]
    given["name"] = [work.text("title")]
    given["checklist"] = work.lines("checklist")
    given["participants"] = work.users("participants", work.its_owner)
    given["resources"] = work.texts("resources")
    values = read_values(work.ws, "task", given)
    values["owner"] = values.get("owner") or work.its_owner
    values["about"] = work.target
    values["due"] = _due(work)
    return build(work.ws, "task", values, task_id)


def _due(work: Work) -> datetime | None:
    text, ws = work.text("due"), work.ws
    if not text:
        return None
    try:
        length = parse_duration(text.removeprefix("+"))
    except ValueError:
        given = {"due": [text], "length": [work.text("length")]}
        value = read_values(ws, "task", given)["due"]
        if not isinstance(value, datetime):
            return None
        return on_work_day(value, ws.settings.calendar, ws.zone) if work.workdays else value
    if work.workdays:
        return shift_working(ws.now, length, ws.settings.calendar, ws.zone)
    return shift(ws.now, length, ws.zone)
