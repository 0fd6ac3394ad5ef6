"""Sending what is queued: claim a message, release the lock, send, record how it ended."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from crmcli.automation.job_failures import bug_in, jobs_here, raise_general, reason_of, rests
from crmcli.automation.ledger import (
    AWAITING,
    DEFERRED,
    MOST_STARTS,
    OPEN,
    Done,
    Job,
    after_failure,
    enter,
    instant_in,
)
from crmcli.automation.sending_gate import Refusal, why_not_now
from crmcli.automation.sent_lately import SentLately
from crmcli.channels.base import Queued, Sender, Unsound, sender_class
from crmcli.channels.outcome import Failed, Later, Outcome, Sent, Skipped, Unknown
from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model import sent
from crmcli.model.actions import channel_of
from crmcli.model.clocks import has_come
from crmcli.model.event import PERSON
from crmcli.model.redaction import redacted
from crmcli.model.values import entity_of, format_instant
from crmcli.sales.records import attachments
from crmcli.workspace import Change, FileDamaged, Workspace

LEASE = timedelta(minutes=10)
"""How long a claim holds; longer than any delivery may take."""
ENDS = ("done", AWAITING, "unknown", "dead", "skipped", "cancelled")
"""How a message ends, so that only a person's word makes it leave again."""

BY_PERSON = f" {PERSON}"
"""Ends the lane of what a person sent, which waits for no limit of the channel."""


class _Try(NamedTuple):
    """How one sending ended, what its record's timeline then says, and an error of crm's own in it."""

    outcome: Outcome
    told: Mapping[str, Any] = MappingProxyType({})
    bug: Exception | None = None


def ready(job: Job, now: datetime) -> bool:
    """Whether the job is a message that should leave now, or one whose sender died."""
    if not job.is_outgoing or job.state not in OPEN:
        return False
    if job.state == "started":
        return is_abandoned(job, now)
    return not rests(job, now)


def time_of(job: Job, now: datetime) -> datetime | None:
    """When an outgoing message was or is to leave; None if it needs nobody."""
    if ready(job, now):
        return min((job.retry_at if job.state == "failed" else job.at) or now, now)
    if job.is_outgoing and job.state == "started":
        return instant_in(job.claim, "lease_until") or now
    return job.retry_at if job.is_outgoing and job.state in ("failed", "queued") else None


def lane_of(job: Job) -> str:
    """What fails together with it: after some failures in a row the others there are let rest."""
    lane = _class_of(job).lane(job.facts)
    return lane + BY_PERSON if job.robot.startswith(PERSON) else lane


def is_abandoned(job: Job, now: datetime) -> bool:
    """Whether whoever claimed the job is gone: its lease has run out, or its process is dead. Only one tick
    runs at a time, so a claim of our own process number is a dead one's too."""
    lease = instant_in(job.claim, "lease_until")
    if lease is None or has_come(lease, now, LEASE):
        return True
    pid = job.claim.get("pid")
    if job.claim.get("boot") != this_boot() or not isinstance(pid, int) or not pid:
        return False
    return pid == os.getpid() or not Path(f"/proc/{pid}").exists()


def deliver(ws: Workspace, key: str, lately: SentLately | None = None) -> Done | None:
    """Deliver one message; None if another has taken or settled it meanwhile. Who delivers many hands on
    what was sent lately."""
    try:
        job = _claim(ws, key, lately or SentLately(ws))
    except Exception as error:
        return _fail(ws, key, raise_general(error))
    if not isinstance(job, Job):
        return job
    tried = _tried(ws, job)
    with ws.change("tick", actor=job.actor, cause=job.cause, depth=job.depth) as change:
        return _write_down(ws, change, job, tried)


def _fail(ws: Workspace, key: str, error: Exception) -> Done | None:
    """Write down that a message could not even be claimed, as if the other side had refused it."""
    with ws.change("tick", actor="crm") as change:
        job = jobs_here(ws, [key]).get(key)
        if job is None or not ready(job, ws.now):
            return None
        return _write_down(ws, change, job, _Try(Failed(reason_of(error)), bug=bug_in(error)))


def _tried(ws: Workspace, job: Job) -> _Try:
    """How the sending ended, not written down yet. An error of crm's own in the middle of it leaves open
    whether a message left. No lock is held here."""
    begun = False
    try:
        sender = _class_of(job)(ws.root, ws.settings)
        content = ws.attached(str(job.facts["file"]))
        prepared = sender.prepared(Queued(job.key, job.facts, content), ws.now)
        begun = not sender.may_repeat(sender.transport)
        return _Try(prepared.send(), prepared.told)
    except Exception as error:
        reason = reason_of(error)
        if bug_in(raise_general(error)) is None:
            return _Try(Failed(reason, again=not isinstance(error, Unsound | FileDamaged)))
        return _Try(Unknown(reason) if begun else Failed(reason), bug=error)


def call_off(ws: Workspace, record_id: str) -> None:
    """Call off the messages of a record that was removed, or went into another."""
    jobs = jobs_here(ws, record=record_id).values()
    left = [job for job in jobs if job.is_outgoing and job.state in ("queued", "failed")]
    if left:
        is_merged = ws.merged_into(record_id)
        cancel(ws, left, tr("the record was merged" if is_merged else "the record was removed"))


def cancel(ws: Workspace, jobs: Sequence[Job], why: str) -> None:
    """Write down on the timelines of their records that these jobs are called off."""
    with ws.change("tick", actor="crm") as change:
        for job in jobs:
            _enter(change, job, "cancelled", reason=why)


def _claim(ws: Workspace, key: str, lately: SentLately) -> Job | Done | None:
    """Take the job, durably, before anything leaves: the job as it was, or how it had to be ended."""
    with ws.change("tick", actor="crm") as change:
        job = jobs_here(ws, [key]).get(key)
        if job is None or not ready(job, ws.now):
            return None
        refusal = _why_not(ws, job, lately)
        if refusal:
            done = _enter(change, job, refusal.word, reason=refusal.reason, **refusal.facts)
            _tell(change, ws, job, refusal.word, refusal.reason)
            return done
        to, at = str(job.facts.get("to", "")), format_instant(ws.now)
        noted = sent.Claim(job.key, job.claims + 1, job.record, job.robot, job.action, to, at)
        claim = {
            "attempt": job.attempts + job.starts + 1,
            "lease_until": format_instant(ws.now + LEASE),
            "by": _class_of(job)(ws.root, ws.settings).transport,
            "clone": ws.clone,
            "pid": os.getpid(),
            "boot": this_boot(),
        }
        _enter(change, job, "started", **claim)
        change.note_sent(sent.claimed_line(noted))
    ws.keep_claim(noted)
    return job


def _why_not(ws: Workspace, job: Job, lately: SentLately) -> Refusal | None:
    """How a job has to end, or to wait, before anything leaves; None if it may leave. A claim without an end
    may have left."""
    if job.state != "started":
        return why_not_now(ws, job, lately) if _class_of(job).consent else None
    if job.starts >= MOST_STARTS:
        return Refusal("dead", tr("started {} times and never finished", job.starts))
    may_repeat = _class_of(job).may_repeat(str(job.claim.get("by")))
    return None if may_repeat else Refusal("unknown", "crm was stopped while sending")


def _class_of(job: Job) -> type[Sender]:
    return sender_class(channel_of(job.action))


def _write_down(ws: Workspace, change: Change, job: Job, tried: _Try) -> Done:
    outcome = tried.outcome
    facts: dict[str, Any]
    if isinstance(outcome, Sent):
        word = AWAITING if job.facts.get("wait") else "done"
        facts = {"to": job.facts.get("to"), "ref": outcome.ref}
        values = {**job.facts.get("values", {}), **dict(outcome.values)}
        values |= _kept(ws, change, job, outcome)
        facts |= {"values": values} if values else {}
    elif isinstance(outcome, Skipped):
        word, facts = "skipped", {"reason": outcome.reason}
    elif isinstance(outcome, Unknown):
        word, facts = "unknown", {"reason": outcome.reason}
    elif isinstance(outcome, Later):
        retry_at = format_instant(ws.now + timedelta(seconds=outcome.seconds))
        word, facts = DEFERRED, {"reason": outcome.reason, "retry_at": retry_at}
    else:
        attempt = (job.key, job.attempts + 1, job.since, ws.now, outcome.reason)
        word, facts = after_failure(*attempt, again=outcome.again)
    done = _enter(change, job, word, **facts)
    _tell(change, ws, job, word, facts.get("reason", ""))
    if job.record and not job.facts.get("notice"):
        _note(change, job, tried, is_done=word == "done")
    return replace(done, bug=tried.bug)


def _note(change: Change, job: Job, tried: _Try, *, is_done: bool) -> None:
    """Tell the record what left, or that its address was refused."""
    sender, outcome = _class_of(job), tried.outcome
    if is_done and sender.event:
        more = outcome.told if isinstance(outcome, Sent) else {}
        change.note(sender.event, job.record, {**tried.told, **more})
    if isinstance(outcome, Failed) and outcome.refused and sender.refused:
        own = ("subject", "from", "template", "topic")
        about = {name: tried.told[name] for name in own if name in tried.told}
        about |= {"letter": tried.told["message_id"]} if "message_id" in tried.told else {}
        change.note(sender.refused, job.record, {**about, **dict(outcome.refused)})


def _kept(ws: Workspace, change: Change, job: Job, sent: Sent) -> dict[str, str]:
    """The name and the path of what was made, now that it is among the files of the record."""
    if not sent.content or not ws.exists(job.record):
        return {}
    return attachments.keep_in(change, job.record, attachments.New(sent.ref, sent.content))


def _enter(change: Change, job: Job, word: str, **facts: Any) -> Done:
    if word in ENDS and job.is_outgoing:
        change.note_sent(sent.ended_line(job.key))
    return enter(change, word, job.record, job.key, job.robot, job.action, **facts)


def _tell(change: Change, ws: Workspace, job: Job, word: str, reason: str) -> None:
    """A notice to the owner that a message was not sent, or may not have been."""
    if word not in ("dead", "unknown") or job.facts.get("notice") or not entity_of(job.record):
        return
    owner = str(change.get(job.record).get("owner")) if ws.exists(job.record) else ""
    if owner:
        dead, unknown = "{} to {} was not sent: {}", "{} to {} may or may not have been sent: {}"
        told = tr(dead if word == "dead" else unknown, job.action, job.facts.get("to", "?"), reason)
        change.note("notice", job.record, {"to": owner, "text": redacted(told)})


def this_boot() -> str:
    """This run of the machine; process numbers of another one mean nothing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
