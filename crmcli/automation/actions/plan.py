"""do: plan, a call, a meeting or another time that is kept for people and resources."""

from __future__ import annotations

from datetime import datetime, timedelta

from crmcli.automation.actions.task import drafted
from crmcli.automation.actions.work import Effect, Work
from crmcli.dataclass import replace
from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.local_times import local_minute
from crmcli.model.presence import Presence
from crmcli.model.settings import Calendar
from crmcli.model.task import Task
from crmcli.model.work_time import at_local, calendar_of, working_moment
from crmcli.sales.bookings import check_free, clashes, value_at

FARTHEST = timedelta(days=366)


def run(work: Work) -> Effect:
    """A task that begins at a time; the same one if it is made again elsewhere."""
    task_id = work.new_id("task")
    if work.ws.exists(task_id):
        return Effect("done", {"task": task_id, "found": True}, tr("no change"))
    task = drafted(work, task_id)
    if not isinstance(task, Task) or task.due is None:
        said = tr("{}: {!r} says no time", work.who, "due")
        raise BadUsage(said, "like 2d, or a field with a date")
    if work.text("if_busy") == "next" and task.is_booking:
        work.ws.look_again()
        task = _next_free(work, task, task.due)
    check_free(work.ws, work.change, None, task)
    work.change.add(task)
    assert task.due
    if name := work.text("into"):
        record = work.change.get(work.the_record.id)
        field = work.ws.schema.field(record.entity, name)
        due = value_at(work.ws, field, task.due)
        work.change.save(record.with_values({field.name: due}))
    when = local_minute(task.due, work.ws.zone)
    return Effect("done", {"task": task_id, "into": name}, f"«{task.name}» {when}")


def _next_free(work: Work, task: Task, earliest: datetime) -> Task:
    """The task at the first time from then on that is free for all, in the working hours of its people."""
    settings = work.ws.settings
    people = [settings.presences.get(one, Presence()) for one in (task.owner, *task.participants)]
    calendars = [calendar_of(presence, settings.calendar) for presence in people]
    moment = earliest
    while moment - earliest < FARTHEST:
        began = moment
        for calendar in calendars:
            moment = _within(work, task, moment, calendar)
        if moment != began:
            continue  # which the others may not be there for
        tried = replace(task, due=moment)
        taken = clashes(work.ws, work.change, tried)
        if not taken:
            return tried
        moment = max(one.ends_at or moment for one in taken)
    raise Refused(tr("no time of {} is free within a year", task.length), "see crm check")


def _within(work: Work, task: Task, moment: datetime, calendar: Calendar) -> datetime:
    """The moment, or the next one in working hours; of what fits into a day, none that would end after it."""
    zone = work.ws.zone
    begin = working_moment(moment, calendar, zone)
    day = begin.astimezone(zone).date()
    opens, closes = (at_local(day, clock, zone) for clock in (calendar.opens, calendar.closes))
    ends_at = replace(task, due=begin).ends_at or begin
    if ends_at <= closes or ends_at - begin > closes - opens:
        return begin
    return working_moment(closes, calendar, zone)
