"""Whether a robot may act again: it acted in this stay, for this record or for this client before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmcli.automation.ledger import Job
from crmcli.automation.record_plan import RecordPlan
from crmcli.automation.robots import Step
from crmcli.automation.visits import Visit, visits
from crmcli.language import tr
from crmcli.model.automation import Robot
from crmcli.model.durations import Duration
from crmcli.model.event import STARTED, Event
from crmcli.model.local_times import local_day
from crmcli.model.work_time import shift
from crmcli.sales.template_names import company_of, contact_of
from crmcli.workspace import Workspace

NO_ACT = ("skipped", "missed", "cancelled", "dead", "stopped")
"""The states of jobs by which nothing was done."""


def why_not_again(ws: Workspace, plan: RecordPlan, step: Step) -> str:
    """Why a robot does not act again; "" if it may, or has not acted yet."""
    robot = step.robot
    if robot.again == "on_event" or (robot.once == "visit" and not robot.again):
        return ""
    jobs = [job for job in _before(ws, plan, step) if job.key != step.key]
    last = max(jobs, key=lambda job: job.at, default=None)
    if last is None:
        return ""
    when = (local_day(last.at, ws.zone), last.record)
    if not isinstance(robot.again, Duration):
        return tr("it acted on {} already ({})", *when)
    if shift(last.at, robot.again, ws.zone) <= ws.now:
        return ""
    return tr("it acted on {} ({}), again after {}", *when, robot.again)


def _before(ws: Workspace, plan: RecordPlan, step: Step) -> Iterator[Job]:
    """What the robot did before, as far as `once` reaches."""
    visit = plan.visit_of(step)
    if visit is None:
        return
    robot, stays = step.robot, plan.visits
    if robot.once == "visit" and not visit.sequence:
        stays = stays[-1:]
    for job in _acts(robot, visit, stays, plan.events):
        if robot.once != "visit" or not visit.sequence or job.cause == visit.entry.id:
            yield job
    for other in _others(ws, plan) if robot.once == "ever" else ():
        events = ws.in_right_time(ws.events(record=other))
        yield from _acts(robot, visit, visits(events), events)


def _acts(
    robot: Robot, visit: Visit, stays: Sequence[Visit], events: Sequence[Event]
) -> Iterator[Job]:
    """What a robot did for a record in its stays in the same stage, or runs of the same sequence."""
    runs = {event.id: str(event.data.get("sequence")) for event in events if event.kind == STARTED}
    place = _place(visit)
    for job in stays[-1].jobs.values() if stays else ():
        if job.robot != robot.id or job.state in NO_ACT:
            continue
        then = [one for one in stays if one.entry.id <= job.cause]
        if job.cause in runs:
            is_here = runs[job.cause] == visit.sequence
        else:
            is_here = not visit.sequence and bool(then) and _place(then[-1]) == place
        if is_here:
            yield job


def _place(stay: Visit) -> tuple[object, object]:
    return stay.entry.data.get("pipeline"), stay.entry.data.get("stage")


def _others(ws: Workspace, plan: RecordPlan) -> Iterator[str]:
    """The other records of the same kind of the same client: the contact, of none the company."""
    record = plan.record
    client = contact_of(ws, record) or company_of(ws, record)
    if client is None:
        return
    links = [
        own.name
        for own in ws.schema.fields(record.entity)
        if client.entity in own.entities and not own.system
    ]
    asked = " or ".join(f"{name} = {client.id}" for name in links)
    for row in ws.rows(record.entity, ws.condition(asked, record.entity)) if asked else ():
        if str(row["id"]) != record.id:
            yield str(row["id"])
