"""What people decide about jobs: look at them, try one again, call one off, say how one ended."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.automation.job_failures import jobs_here
from crmcli.automation.ledger import AWAITING, OPEN, STATES, TROUBLED, Job, OwnStep, enter
from crmcli.automation.record_plan import plan_of
from crmcli.automation.waiting import waiting
from crmcli.channels.own import values_of
from crmcli.errors import BadUsage, InvalidData, NotFound, Refused
from crmcli.language import tr
from crmcli.model import sent
from crmcli.model.listed import only_beginning
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace
from crmcli.workspace.current_stage import current_stage

ENDS = ("sent", "failed", "retry")
CANCELLABLE = ("queued", "failed", AWAITING, *TROUBLED)
"""What a person may call off; a job in trouble is so taken off the list."""


class JobIsOver(Refused):
    """The job's state does not allow that."""


def listed(
    ws: Workspace, states: Sequence[str] = (*OPEN, AWAITING, *TROUBLED), record: str = ""
) -> list[Job]:
    """The jobs in these states, the latest last; of one record if it is named."""
    for state in states:
        if state not in STATES:
            raise BadUsage(tr("{!r} is not a job state", state), tr("one of {}", ", ".join(STATES)))
    jobs = jobs_here(ws, record=record).values()
    return sorted((job for job in jobs if job.state in states), key=lambda job: (job.at, job.key))


def find(ws: Workspace, key: str) -> Job:
    """The one job whose key begins like that."""
    jobs = {job.key: job for job in jobs_here(ws).values()}
    return jobs[only_beginning(key, jobs, tr("no job {!r}", key), "see crm jobs list --state all")]


def retry(ws: Workspace, key: str) -> Job:
    """Try a job again at the next tick, counting from the start. Refused for one that is under way or done,
    and for a robot whose stage the record has left."""
    job = find(ws, key)
    if job.state == "unknown":
        raise JobIsOver(
            tr("nobody knows whether {} was sent; a second message may follow the first", job.key),
            tr("to send it anyway: crm jobs resolve {} retry", job.key),
        )
    if job.state not in ("failed", "dead", "missed", "stopped", "cancelled"):
        raise JobIsOver(tr("{} is {}: nothing to retry", job.key, tr(job.state)))
    _check_still_there(ws, job)
    return _decide(ws, job, "retry")


def cancel(ws: Workspace, key: str) -> Job:
    """Call off a job that is not done, or a robot that waits; the next one of its chain goes on."""
    try:
        job = find(ws, key)
    except NotFound:
        job = _waiting(ws, key)
    if job.state not in (*CANCELLABLE, "waiting"):
        raise JobIsOver(tr("{} is {} and cannot be cancelled", job.key, tr(job.state)))
    return _decide(ws, job, "cancel")


def _waiting(ws: Workspace, key: str) -> Job:
    """A robot that has not begun yet, by the key that its job will have."""
    found = [line for line in waiting(ws) if key and line.key.startswith(key)]
    if len(found) != 1:
        raise NotFound(tr("no job {!r}", key), "see crm jobs list and crm robots waiting")
    of = found[0]
    entry = current_stage(ws, ws.get(of.record)).entry
    cause = entry.id if entry else ""
    return Job(of.key, of.record, of.robot, of.action, "waiting", ws.now, ws.now, cause=cause)


def resolve(ws: Workspace, key: str, how: str) -> Job:
    """Say how a job of unknown end has ended: it was sent, it failed, or it shall be sent again."""
    if how not in ENDS:
        told = tr("{!r} is not a way to resolve a job", how)
        raise BadUsage(told, tr("one of {}", ", ".join(ENDS)))
    job = find(ws, key)
    if job.state not in ("unknown", "dead"):
        raise JobIsOver(tr("{} is {}, not unknown", job.key, tr(job.state)), "see crm jobs list")
    if how == "retry":
        _check_still_there(ws, job)
    return _decide(ws, job, how)


def finish(ws: Workspace, key: str, answer: str = "", failed: str = "") -> Job:
    """Bring the answer of a job that waits for one: `{"values": {…}}` as JSON for the robots below, or why it
    failed. BadUsage for another answer, JobIsOver for another job."""
    try:
        values = values_of(answer.encode())
    except ValueError as error:
        told = tr("{!r} is not an answer: {}", answer, error)
        raise BadUsage(told, """write '{"values": {"name": "value"}}'""") from None
    job = find(ws, key)
    if job.state != AWAITING:
        raise JobIsOver(tr("{} is {} and waits for no answer", job.key, tr(job.state)))
    facts = {"reason": failed} if failed else {"values": values}
    with ws.change("jobs finish", cause=job.cause, depth=job.depth) as change:
        who = job.key, job.robot, job.action
        enter(change, "dead" if failed else "done", job.record, *who, **facts)
    return job


def _decide(ws: Workspace, job: Job, how: str) -> Job:
    word, facts = ("cancelled", {}) if how == "cancel" else ("resolved", {"as": how})
    with ws.change(f"jobs {how}", cause=job.cause) as change:
        if job.is_outgoing:
            line = sent.again_line if how == "retry" else sent.ended_line
            change.note_sent(line(job.key))
        enter(change, word, job.record, job.key, job.robot, job.action, **facts)
    return job


def _check_still_there(ws: Workspace, job: Job) -> None:
    """A message can always leave; an act within crm belongs to a stay in a stage."""
    if job.is_outgoing or job.is_of_crm:
        return
    if job.robot.startswith("schedule:"):
        if job.action == OwnStep.PLAN:
            return
        raise JobIsOver(tr("{} runs again at its next time", job.robot), "see crm robots list")
    try:
        if not entity_of(job.record):
            raise NotFound(tr("{} belongs to no record", job.key))
        events = ws.events(record=job.record)
        steps = plan_of(ws, ws.get(job.record), events).steps
    except (NotFound, InvalidData) as error:
        raise JobIsOver(tr("{} cannot be retried: {}", job.key, error.message)) from error
    if job.key not in {step.key for step in steps}:
        told = tr("{} has left the stage of {}", job.record, job.robot)
        raise JobIsOver(told, "nothing is left to run")
