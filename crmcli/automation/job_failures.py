"""Failures over one record, event, message or schedule: recorded for it, without stopping the others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from crmcli.automation.ledger import (
    CRM,
    LONGEST_QUIET,
    LONGEST_WAIT,
    Done,
    Job,
    after_failure,
    enter,
    job_key,
    jobs_of,
)
from crmcli.dataclass import dataclass, field, replace
from crmcli.errors import Ambiguous, BadUsage, CrmError, Forbidden, InvalidData, NotFound, Refused
from crmcli.language import tr
from crmcli.model.automation import Robot, Schedule
from crmcli.model.clocks import has_come
from crmcli.model.redaction import redacted
from crmcli.workspace import Change, Workspace

REFUSALS = (Refused, BadUsage, NotFound, Ambiguous, InvalidData, Forbidden)
"""What a verb may say to a robot or trigger: no fault of crm's, and of nobody else's concern."""

_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Bug:
    """One kind of crm's own errors, by type and attempt: the first of them, and whom it met."""

    error: Exception
    met: list[str] = field(default_factory=list)


def is_general(error: Exception) -> bool:
    """Whether the next one would meet it too: the disk is full, the folder is busy, memory is short."""
    if isinstance(error, CrmError):
        return not isinstance(error, REFUSALS)
    return isinstance(error, OSError | MemoryError)


def raise_general(error: Exception) -> Exception:
    """The error, if it is one of what was thought over; what the next one would meet too is raised."""
    if is_general(error):
        raise error
    return error


def bug_in(error: Exception) -> Exception | None:
    """The error if it is one of crm's own; None for a refusal."""
    return None if isinstance(error, CrmError) else error


def reason_of(error: Exception) -> str:
    """What the ledger says of it: one line, of bounded length, that can be written."""
    own = not isinstance(error, CrmError)
    text = tr("a bug in crm: {}: {}", type(error).__name__, error) if own else str(error)
    line = redacted(" ".join(text.encode("utf-8", "replace").decode().split()))
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def check_rule(rule: Robot | Schedule) -> None:
    """InvalidData if pipelines.yaml is wrong about this very rule."""
    if rule.fault:
        raise InvalidData(rule.fault, "see crm pipeline check")


@dataclass(frozen=True, slots=True)
class Attempt:
    """Where something failed: over which record, doing what, because of which event, of which `job` if
    it is not crm's own."""

    record: str
    action: str
    cause: str = ""
    who: str = CRM
    job: str = ""
    rule: str = ""
    """The hash of the rule of that job."""

    @property
    def key(self) -> str:
        """The key of its job."""
        return self.job or job_key(self.who, self.record, self.action, self.cause)


def fail(ws: Workspace, attempt: Attempt, error: Exception) -> Done | None:
    """Write down that it failed, to be tried again or given up; None where that stands there. Raises the
    error itself if it is everybody's. What was given up is not written down again."""
    raise_general(error)
    with ws.change("tick", actor=CRM, cause=attempt.cause) as change:
        return fail_in(ws, change, attempt, error)


def fail_in(ws: Workspace, change: Change, attempt: Attempt, error: Exception) -> Done | None:
    """The same, within an open change."""
    job = job_of(ws, attempt)
    if job is not None and (job.state == "dead" or rests(job, ws.now)):
        return None
    attempts, since = (job.attempts, job.since) if job and job.state == "failed" else (0, ws.now)
    word, facts = after_failure(attempt.key, attempts + 1, since, ws.now, reason_of(error))
    facts["rule"] = attempt.rule
    done = enter(change, word, attempt.record, attempt.key, attempt.who, attempt.action, **facts)
    return replace(done, bug=bug_in(error))


def jobs_here(ws: Workspace, keys: Sequence[str] = (), record: str = "") -> dict[str, Job]:
    """What the ledger says now of these jobs, of those of a record, or of all, by key."""
    return jobs_of(ws.in_right_time(ws.timeline.job_events(keys, record)))


def job_of(ws: Workspace, attempt: Attempt) -> Job | None:
    """What the ledger says now of an attempt."""
    return jobs_here(ws, [attempt.key]).get(attempt.key)


def rests(job: Job | None, now: datetime) -> bool:
    """Whether its next try lies ahead."""
    if job is None or job.state not in ("failed", "queued") or job.retry_at is None:
        return False
    farthest = LONGEST_QUIET if job.state == "queued" else LONGEST_WAIT
    return not has_come(job.retry_at, now, farthest)


def note_fixed(change: Change, attempt: Attempt) -> None:
    """Write down that what failed goes well now."""
    enter(change, "done", attempt.record, attempt.key, attempt.who, attempt.action)
