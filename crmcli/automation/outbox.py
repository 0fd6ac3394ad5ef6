"""Bringing out what is queued: claim a letter, let go of the lock, send, write down how it ended."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crmcli.automation.job_failures import bug_in, jobs_here, raise_general, reason_of
from crmcli.automation.ledger import (
    LONGEST_WAIT,
    MOST_STARTS,
    Job,
    after_failure,
    enter,
    instant_in,
)
from crmcli.channels.outcome import Failed, Outcome, Sent, Unknown
from crmcli.model.clocks import has_come
from crmcli.model.redaction import redacted
from crmcli.model.values import entity_of, format_instant
from crmcli.sales.consent.permission import why_not_mail
from crmcli.sales.template_names import linked
from crmcli.store.timeline import sent
from crmcli.workspace import Change, FileDamaged, Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import Message

LEASE = timedelta(minutes=10)
"""How long a claim holds; longer than any delivery may take."""
ENDS = ("done", "unknown", "dead", "skipped", "cancelled")
"""How a letter ends, so that only a person's word makes it leave again."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as it ended: the job before it, how it ended, and what became of the job.

    `bug` is an error of crm's own that it met.
    """

    job: Job
    word: str
    reason: str = ""
    bug: Exception | None = None


def ready(job: Job, now: datetime) -> bool:
    """Whether the job is a letter that should leave now, or one whose sender died."""
    if not job.is_outgoing:
        return False
    if job.state == "started":
        return is_abandoned(job, now)
    return job.state == "queued" or (
        job.state == "failed"
        and job.retry_at is not None
        and has_come(job.retry_at, now, LONGEST_WAIT)
    )


def next_look(job: Job, now: datetime) -> datetime | None:
    """When an open letter needs a tick next; None if it needs none."""
    if ready(job, now):
        return now
    if job.is_outgoing and job.state == "started":
        return instant_in(job.claim, "lease_until") or now
    return job.retry_at if job.is_outgoing and job.state == "failed" else None


def time_of(job: Job, now: datetime) -> datetime | None:
    """When a letter was or is to leave; None if it needs nobody."""
    if not ready(job, now):
        return next_look(job, now)
    return min((job.at if job.state == "queued" else job.retry_at) or now, now)


def channel_of(job: Job) -> str:
    """By which way a letter leaves: what fails there for one fails for the next one, too."""
    return str(job.facts.get("to")) if job.action == "webhook" else "mail"


def is_abandoned(job: Job, now: datetime) -> bool:
    """Whether whoever claimed the job is gone: its lease has run out, or its process is dead.

    Only one tick runs at a time, so a claim of our own process number is a dead one's too.
    """
    lease = instant_in(job.claim, "lease_until")
    if lease is None or has_come(lease, now, LEASE):
        return True
    pid = job.claim.get("pid")
    if job.claim.get("boot") != this_boot() or not isinstance(pid, int) or not pid:
        return False
    return pid == os.getpid() or not Path(f"/proc/{pid}").exists()


def deliver(ws: Workspace, key: str) -> Delivery | None:
    """Deliver one letter; None if another has taken or settled it meanwhile."""
    try:
        job = _claim(ws, key)
    except Exception as error:
        return _fail(ws, key, raise_general(error))
    if job is None or job.state in ("dead", "unknown", "skipped"):
        return Delivery(job, job.state, job.reason) if job else None
    outcome, bug = _tried(ws, job)
    with ws.change("tick", actor=_actor(job), cause=job.cause, depth=job.depth) as change:
        return replace(_write_down(ws, change, job, outcome), bug=bug)


def _fail(ws: Workspace, key: str, error: Exception) -> Delivery | None:
    """Write down that a letter could not even be claimed, as if the other side had refused it."""
    with ws.change("tick", actor="crm") as change:
        job = jobs_here(ws, [key]).get(key)
        if job is None or not ready(job, ws.now):
            return None
        outcome = Failed(reason_of(error), again=True)
        return replace(_write_down(ws, change, job, outcome), bug=bug_in(error))


def _tried(ws: Workspace, job: Job) -> tuple[Outcome, Exception | None]:
    """How the sending ended. An error of crm's own in the middle of it leaves open whether a letter
    left. No lock is held here."""
    begun = False
    try:
        hand_over = _prepared(ws, job)
        begun = _channel(ws, job) == "smtp"
        return hand_over(), None
    except Exception as error:
        if bug_in(raise_general(error)) is None:
            return Failed(reason_of(error), again=_may_be_mended(error)), None
        reason = reason_of(error)
        return (Unknown(reason) if begun else Failed(reason, again=True)), error


def call_off(ws: Workspace, record_id: str) -> None:
    """Call off the letters of a record that was removed, or went into another."""
    jobs = jobs_here(ws, record=record_id).values()
    left = [job for job in jobs if job.is_outgoing and job.state in ("queued", "failed")]
    if left:
        fate = "merged" if ws.merged_into(record_id) else "removed"
        with ws.change("tick", actor="crm") as change:
            for job in left:
                _enter(change, job, "cancelled", reason=f"the record was {fate}")


def _actor(job: Job) -> str:
    return job.robot if ":" in job.robot else f"robot:{job.robot}"


def _claim(ws: Workspace, key: str) -> Job | None:
    """Take the job, durably, before anything leaves; the job as it was, or as it had to be ended."""
    with ws.change("tick", actor="crm") as change:
        job = jobs_here(ws, [key]).get(key)
        if job is None or not ready(job, ws.now):
            return None
        ended = _end_of_dead_claim(job) or _refused(ws, job)
        if ended is not None:
            _enter(change, job, ended.word, reason=ended.reason)
            if ended.word != "skipped":
                _tell(change, ws, job, ended.word, ended.reason)
            return replace(job, state=ended.word, reason=ended.reason)
        noted = _noted(job, ws.now)
        claim = {
            "attempt": job.attempts + job.starts + 1,
            "lease_until": format_instant(ws.now + LEASE),
            "by": _channel(ws, job),
            "clone": ws.clone,
            "pid": os.getpid(),
            "boot": this_boot(),
        }
        _enter(change, job, "started", **claim)
        change.note_sent(sent.claimed_line(noted))
    sent.keep(ws.root, noted)
    return job


def _noted(job: Job, now: datetime) -> sent.Claim:
    """The claim as this machine's own list keeps it."""
    to, at = str(job.facts.get("to", "")), format_instant(now)
    return sent.Claim(job.key, job.claims + 1, job.record, job.robot, job.action, to, at)


def _end_of_dead_claim(job: Job) -> Delivery | None:
    """What becomes of a claim without an end; None if the job may simply be done again.

    A Maildir knows the letter by its key and a web hook's other side can, so those are repeated.
    """
    if job.state != "started":
        return None
    if job.starts >= MOST_STARTS:
        return Delivery(job, "dead", f"begun {job.starts} times and never ended")
    if job.claim.get("by") == "smtp":
        return Delivery(job, "unknown", "crm ended while it was sending")
    return None


def _refused(ws: Workspace, job: Job) -> Delivery | None:
    """A letter to somebody who has refused letters since it was queued; None if it may leave.

    Notices to our own people, and what a person sent `anyway`, may.
    """
    if job.action != "email" or job.state == "started" or job.facts.get("notice"):
        return None
    if job.facts.get("anyway"):
        return None
    record = linked(ws, job.record) if entity_of(job.record) else None
    to = [part.strip() for part in str(job.facts.get("to", "")).split(", ") if part.strip()]
    why = why_not_mail(ws, record, to)
    return Delivery(job, "skipped", why) if why else None


def _channel(ws: Workspace, job: Job) -> str:
    if job.action == "webhook":
        return "webhook"
    return "maildir" if ws.settings.mail.deliver.startswith("maildir:") else "smtp"


def _prepared(ws: Workspace, job: Job) -> Callable[[], Outcome]:
    """What hands the letter over, with all of it read and taken apart."""
    if job.action != "webhook":
        from crmcli.channels import mail

        return partial(mail.deliver, _letter(ws, job), ws.settings.mail, ws.root)
    from crmcli.channels import secrets, webhook

    call = json.loads(_content(ws, job))
    secret = secrets.read(str(job.facts.get("secret", "")))
    hook = webhook.Hook(call["url"], call["body"], job.key, secret, call["headers"])
    return partial(webhook.post, hook, ws.now, ws.settings.webhook.allow)


def _content(ws: Workspace, job: Job) -> bytes:
    return ws.attached(str(job.facts["file"]))


def _letter(ws: Workspace, job: Job) -> Message:
    """The message that was kept, to be sent as it was: same text, same Message-ID."""
    from crmcli.channels.message import from_bytes

    return from_bytes(_content(ws, job), job.key)


def _may_be_mended(refusal: Exception) -> bool:
    """Whether the letter itself is sound, so that it can leave once the settings are right."""
    from crmcli.channels.address import UnsafeHeader
    from crmcli.channels.message import NoAttachment
    from crmcli.channels.webhook import BadHook

    return not isinstance(refusal, UnsafeHeader | NoAttachment | BadHook | FileDamaged)


def _write_down(ws: Workspace, change: Change, job: Job, outcome: Outcome) -> Delivery:
    if isinstance(outcome, Sent):
        _enter(change, job, "done", to=job.facts.get("to"), ref=outcome.ref)
        if job.action == "email" and job.record and not job.facts.get("notice"):
            return _note_mail(ws, change, job)
        return Delivery(job, "done")
    if isinstance(outcome, Unknown):
        _enter(change, job, "unknown", reason=outcome.reason)
        _tell(change, ws, job, "unknown", outcome.reason)
        return Delivery(job, "unknown", outcome.reason)
    told = (job.key, job.attempts + 1, job.since, ws.now, outcome.reason)
    word, facts = after_failure(*told, again=outcome.again)
    _enter(change, job, word, **facts)
    if word == "dead":
        _tell(change, ws, job, word, outcome.reason)
    return Delivery(job, word, outcome.reason)


def _note_mail(ws: Workspace, change: Change, job: Job) -> Delivery:
    """The letter stands on the record's timeline, too; it has left, whatever becomes of its text."""
    try:
        facts, bug = _mail_facts(ws, job), None
    except Exception as error:
        kept = ("subject", "to", "file")
        facts, bug = {name: job.facts.get(name, "") for name in kept}, bug_in(raise_general(error))
    change.note("mail.out", job.record, facts)
    return Delivery(job, "done", bug=bug)


def _mail_facts(ws: Workspace, job: Job) -> dict[str, Any]:
    letter = _letter(ws, job)
    return {
        "text": letter.text,
        "subject": letter.subject,
        "to": ", ".join(letter.to),
        "message_id": letter.id,
        "file": job.facts["file"],
    }


def _enter(change: Change, job: Job, word: str, **facts: Any) -> None:
    if word in ENDS:
        change.note_sent(sent.ended_line(job.key))
    enter(change, word, job.record, job.key, job.robot, job.action, **facts)


def _tell(change: Change, ws: Workspace, job: Job, word: str, reason: str) -> None:
    """A notice to the owner that a letter to the client did not leave, or nobody knows."""
    if job.facts.get("notice") or not entity_of(job.record) or not ws.exists(job.record):
        return
    owner = str(change.get(job.record).get("owner"))
    if owner:
        what = "did not leave" if word == "dead" else "may or may not have left"
        text = redacted(f"{job.action} to {job.facts.get('to', '?')} {what}: {reason}")
        change.note("notice", job.record, {"to": owner, "text": text})


def this_boot() -> str:
    """This run of the machine; process numbers of another one mean nothing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""
