"""What people decide about jobs: look at them, try one again, call one off, say how one ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from crmcli.automation.job_choice import (
    WAITS,
    ChosenJobs,
    asked_states,
    condition_of,
    find,
    matching,
)
from crmcli.automation.ledger import AWAITING, OPEN, STATES, TROUBLED, Job, OwnStep, enter
from crmcli.automation.record_plan import plan_of
from crmcli.channels.own import values_of
from crmcli.dataclass import replace
from crmcli.errors import BadUsage, InvalidData, NotFound, Refused
from crmcli.language import tr
from crmcli.model import sent
from crmcli.model.values import entity_of
from crmcli.sales.many import Many, each
from crmcli.workspace import Change, Workspace
from crmcli.workspace.current_stage import current_stage

ENDS = ("sent", "failed", "retry")
RETRIABLE = ("failed", "dead", "missed", "stopped", "cancelled")
RESOLVABLE = ("unknown", "dead")
CANCELLABLE = ("queued", "failed", AWAITING, *TROUBLED)
"""What a person may call off; a job in trouble is so taken off the list."""
LISTED = (*OPEN, AWAITING, *TROUBLED)
"""What is looked at unless somebody asks for more."""
_OF_VERB = {"retry": RETRIABLE, "cancel": (*CANCELLABLE, WAITS), "resolve": RESOLVABLE}


class JobIsOver(Refused):
    """The job's state does not allow that."""


def listed(
    ws: Workspace, states: Sequence[str] = (), record: str = "", text: str = ""
) -> list[Job]:
    """The jobs in these states, the latest last; of one record if it is named, and those alone that fit the
    text of a condition."""
    known = (*STATES, WAITS)
    for state in states:
        if state not in known:
            raise BadUsage(tr("{!r} is not a job state", state), tr("one of {}", ", ".join(known)))
    condition = condition_of(ws, text) if text else None
    return matching(ws, condition, states or asked_states(condition, LISTED), record=record)


def decide(
    ws: Workspace, verb: str, keys: Sequence[str] = (), text: str = "", how: str = ""
) -> tuple[ChosenJobs, Many[Job]]:
    """Retry, cancel or resolve jobs by their keys, or all that fit the text of a condition and are in a state
    for that, in one transaction; what is refused is told."""
    if how and how not in ENDS:
        told = tr("{!r} is not a way to resolve a job", how)
        raise BadUsage(told, tr("one of {}", ", ".join(ENDS)))
    condition = condition_of(ws, text) if text else None
    chosen = ChosenJobs("job", keys, condition, _OF_VERB[verb])
    judges: dict[str, Callable[[Workspace, Job], Job]] = {
        "retry": _retried,
        "cancel": _cancelled,
        "resolve": partial(_resolved, how=how),
    }
    done = each(
        ws, f"jobs {how or verb}", chosen,
        lambda change, key: enter_decision(change, judges[verb](ws, chosen.job(ws, key)), how or verb),
    )  # fmt: skip
    return chosen, done


def _retried(ws: Workspace, job: Job) -> Job:
    """One to try again at the next tick, counting from the start. Refused for one that is under way or done,
    and for a robot whose stage the record has left."""
    if job.state == "unknown":
        told = tr(
            "nobody knows whether {} was sent; a second message may follow the first", job.key
        )
        raise JobIsOver(told, tr("to send it anyway: crm jobs resolve {} retry", job.key))
    if job.state not in RETRIABLE:
        raise JobIsOver(tr("{} is {}: nothing to retry", job.key, tr(job.state)))
    _check_still_there(ws, job)
    return job


def _cancelled(ws: Workspace, job: Job) -> Job:
    """One to call off: a job that is not done, or a robot that waits; the next one of its chain goes on."""
    if job.state == WAITS:
        entry = current_stage(ws, ws.get(job.record)).entry
        return replace(job, cause=entry.id if entry else "")
    if job.state not in CANCELLABLE:
        raise JobIsOver(tr("{} is {} and cannot be cancelled", job.key, tr(job.state)))
    return job


def _resolved(ws: Workspace, job: Job, how: str) -> Job:
    """One of unknown end, of which a person says that it was sent, that it failed, or shall be sent again."""
    if job.state not in RESOLVABLE:
        raise JobIsOver(tr("{} is {}, not unknown", job.key, tr(job.state)), "see crm jobs list")
    if how == "retry":
        _check_still_there(ws, job)
    return job


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


def enter_decision(change: Change, job: Job, how: str) -> Job:
    """Note what a person decided about a job."""
    word, facts = ("cancelled", {}) if how == "cancel" else ("resolved", {"as": how})
    change.author = replace(change.author, cause=job.cause)
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
