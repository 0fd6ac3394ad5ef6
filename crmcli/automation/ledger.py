"""The ledger of jobs: what the events of the timeline say about each thing that robots do.

A job has a key made of who acts, for which record and why, so it is known again in every run and
in every clone. Its state follows from its events in their order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from crmcli.dataclass import dataclass, field, replace
from crmcli.language import tr
from crmcli.model import sent
from crmcli.model.event import Event, actor_of, told_actor
from crmcli.model.redaction import redacted
from crmcli.model.values import format_instant, parse_instant
from crmcli.workspace import Change

STATES = ("queued", "started", "done", "failed", "dead", "unknown", "skipped", "missed",
          "cancelled", "stopped", "awaiting")  # fmt: skip
OPEN = ("queued", "started", "failed")
"""The states in which the next tick may still act."""
TROUBLED = ("dead", "unknown", "missed", "stopped")
"""The states that wait for a person."""
AWAITING = "awaiting"
"""It has left, and its answer comes later, by crm jobs finish."""

DEFERRED = "deferred"
"""The word for a message that may not leave yet: it stays queued, until `retry_at`."""
SCHEDULE = "schedule:"
"""Begins that of a schedule."""
CRM = "crm"
"""Who stands in the ledger where no robot and no schedule had begun to act: crm itself."""


class OwnStep:
    """What crm itself does before robots and schedules act. Where that fails, this stands in the ledger
    in place of an action."""

    LOOK = "look"  # at a record: what is due for it
    HEAR = "hear"  # an event: whether a trigger waits for it
    PLAN = "plan"  # a schedule: which of its times have come


RETRIES = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
"""Seconds to wait after each failure."""
LONGEST_WAIT = timedelta(seconds=RETRIES[-1] * 1.5)
"""No next try lies farther ahead: the longest wait, spread by half."""
LONGEST_QUIET = timedelta(days=31)
"""Nor the end of a quiet time that a message waits for."""
MOST_ATTEMPTS = 8
LONGEST = timedelta(hours=72)
MOST_STARTS = 3
"""Starts without an end after which a job is given up: it brings down whoever tries it."""


@dataclass(frozen=True, slots=True)
class Job:
    """One thing that a robot or schedule did, does or failed to do, as its last event left it. `facts` is
    what the queued event said, empty for a job that is done within crm; `since` is when it was first tried;
    `attempts` are those that have ended, `starts` claims without an end, `claims` all there were; `claim` is
    the last one; `values` are what it gave back for the robots below."""

    key: str
    record: str
    robot: str
    action: str
    state: str
    at: datetime
    since: datetime
    reason: str = ""
    retry_at: datetime | None = None
    attempts: int = 0
    starts: int = 0
    claims: int = 0
    cause: str = ""
    depth: int = 0
    rule: str = ""
    """The hash of the rule by which it was planned, as that was then."""
    met: str = ""
    """The condition that held when it acted, with the value that each of its parts met."""
    ends_chain: bool = False
    """Whether the rest of its chain is let go, save from the robot `go_to` on."""
    go_to: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    claim: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_outgoing(self) -> bool:
        """Whether it leaves the machine: an e-mail or a web hook, delivered from the queue."""
        return bool(self.facts)

    @property
    def actor(self) -> str:
        """Who acts, as the timeline has it: a person, a schedule or a robot."""
        return actor_of(self.robot)

    @property
    def is_of_crm(self) -> bool:
        """Whether it is a step of crm's own, and no robot's or schedule's act."""
        return self.robot == CRM

    @property
    def is_over(self) -> bool:
        """Whether the next robot of the chain may count from here; dead depends on the robot."""
        return self.state in ("done", "skipped", "missed", "cancelled")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one step: which robot, for which record, the word of the ledger and why. `effect` says
    it in words; `bug` is an error of crm's own that it met."""

    record: str
    robot: str
    action: str
    word: str
    key: str
    reason: str = ""
    effect: str = ""
    bug: Exception | None = None

    def __str__(self) -> str:
        is_robot = ":" not in self.robot and self.robot != CRM
        who = tr("robot {}", self.robot) if is_robot else told_actor(self.robot)
        why = f" ({tr(self.reason)})" if self.reason else ""
        about = f"{self.record}: " if self.record else ""
        return f"{about}{who}, {self.action}: {tr(self.word)}{why}"


def job_key(who: str, record_id: str, *why: str) -> str:
    """The key of a job: the same for the same act, here, tomorrow and in any clone."""
    return hashlib.sha256("\n".join((who, record_id, *why)).encode()).hexdigest()[:20]


def jobs_of(events: Iterable[Event]) -> dict[str, Job]:
    """The jobs that these events tell of, by key, each as its last event left it."""
    jobs: dict[str, Job] = {}
    for event in events:
        key = event.data.get("key")
        is_line = event.kind.startswith("job.") or event.kind == "automation.stopped"
        if is_line and isinstance(key, str) and key:
            jobs[key] = _after(jobs.get(key), event)
    return jobs


def _after(job: Job | None, event: Event) -> Job:
    """The job as one more event leaves it."""
    data = event.data
    if job is None:
        job = Job(
            key=data["key"], record=event.record, robot=str(data.get("robot", "")), state="",
            action=str(data.get("action", "")), at=event.at, since=event.at, cause=event.cause,
            depth=event.depth,
        )  # fmt: skip
    word = "stopped" if event.kind == "automation.stopped" else event.kind.partition(".")[2]
    if word == "resolved":
        return _resolved(job, event)
    reason = redacted(str(data.get("reason", "")))  # older lines quote addresses as they were
    rule = str(data.get("rule") or job.rule)
    met = str(data.get("met") or job.met)
    became: dict[str, Any] = {"state": word, "at": event.at, "reason": reason, "retry_at": None}
    became |= {"rule": rule, "met": met}
    return replace(job, **became | _told_by(word, job, event))


def _told_by(word: str, job: Job, event: Event) -> dict[str, Any]:
    """What else the word of an event says of its job."""
    data = event.data
    if word == DEFERRED:
        return {"state": "queued", "starts": 0, "retry_at": instant_in(data, "retry_at")}
    if word == "queued":
        to = {"to": redacted(str(data["to"]))} if "to" in data else {}
        return {"facts": {**data, **to}}
    if word == "started":
        return {"starts": job.starts + 1, "claims": job.claims + 1, "claim": data}
    if word == "failed":
        retry_at = instant_in(data, "retry_at") or event.at
        return {"starts": 0, "attempts": job.attempts + 1, "retry_at": retry_at}
    told = data.get("claims")
    claims = max(job.claims, told if isinstance(told, int) else 0)
    more: dict[str, Any] = {"starts": 0, "claims": claims}
    if word == "skipped":
        more["ends_chain"] = data.get("ends_chain") is True
        more["go_to"] = str(data.get("go_to", ""))
    if word in ("done", "dead", "unknown"):
        more["attempts"] = job.attempts + max(job.starts, 1)
    if word == "done" and isinstance(data.get("values"), dict):
        more["values"] = data["values"]
    return more


def enter(
    change: Change, word: str, target: str, key: str, who: str, action: str, **facts: Any
) -> Done:
    """Write one line of the ledger: `job.<word>` with the job's key; `who` is the acting robot. Everybody
    who has the folder can read it, so what is secret in an address does not stand there."""
    shown = {k: redacted(v) if isinstance(v, str) else v for k, v in facts.items()}
    robot = who.removeprefix("robot:")
    given = {"key": key, "robot": robot, "action": action, **shown}
    data = {name: value for name, value in given.items() if value not in ("", None)}
    if word == "queued":
        change.note_sent(sent.queued_line(key, data))
    change.note(f"job.{word}", target, data)
    return Done(target, robot, action, word, key, str(data.get("reason", "")))


def instant_in(data: Mapping[str, Any], name: str) -> datetime | None:
    """An instant of an event's data; None if none can be read there, as lines come by hand and git."""
    try:
        return parse_instant(str(data.get(name, "")))
    except (ValueError, OverflowError):
        return None


def _resolved(job: Job, event: Event) -> Job:
    """A person has decided: it was sent, it failed, or it shall be tried again from the start."""
    how = event.data.get("as", "")
    state = {"sent": "done", "retry": "queued" if job.is_outgoing else "failed"}.get(how, "dead")
    retry_at, depth = (event.at, 0) if how == "retry" else (None, job.depth)
    reason = tr("{}, says {}", how, event.actor)
    tried = 0 if how == "retry" else job.attempts
    job = replace(job, state=state, at=event.at, since=event.at, attempts=tried, starts=0)
    return replace(job, reason=reason, retry_at=retry_at, depth=depth)


def after_failure(
    key: str, attempts: int, since: datetime, now: datetime, reason: str, *, again: bool = True
) -> tuple[str, dict[str, Any]]:
    """The word and the facts of the line that says that a job failed for the `attempts`-th time."""
    retry_at = next_try(key, attempts, since, now) if again else None
    facts: dict[str, Any] = {"reason": reason, "attempt": attempts}
    if retry_at is None:
        return "dead", facts
    return "failed", {**facts, "retry_at": format_instant(retry_at)}


def next_try(job_key: str, attempts: int, since: datetime, now: datetime) -> datetime | None:
    """When to try again after the `attempts`-th failure; None if it is to be given up. The wait is spread
    by half either way, by the key, so that what failed together does not come back together."""
    if attempts >= MOST_ATTEMPTS or now - since >= LONGEST:
        return None
    seconds = RETRIES[min(attempts, len(RETRIES)) - 1]
    seed = hashlib.sha256(f"{job_key} {attempts}".encode()).digest()
    spread = 0.5 + int.from_bytes(seed[:4], "big") / 2**32
    return now + timedelta(seconds=int(seconds * spread))
