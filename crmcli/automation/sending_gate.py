"""Whether a message may leave for a client now; asked under the lock, before anything leaves.

In this order: consent, block list, goal and exit of the robot's chain, the limit of messages, quiet time.
What a person sent is asked for consent alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from crmcli.automation.ledger import DEFERRED, Job
from crmcli.automation.record_plan import place_of
from crmcli.automation.robots import exit_facts, with_exits
from crmcli.automation.sent_lately import SentLately
from crmcli.automation.sequence_runs import run_begun, why_ended
from crmcli.channels.base import sender_class
from crmcli.dataclass import dataclass
from crmcli.language import counted, tr
from crmcli.model.actions import channel_of
from crmcli.model.automation import Robot
from crmcli.model.conditions.holds import holds
from crmcli.model.event import ENTRIES, PERSON
from crmcli.model.fields import Record
from crmcli.model.local_times import local_minute
from crmcli.model.settings import Us
from crmcli.model.user import User
from crmcli.model.values import entity_of, fold, format_instant
from crmcli.model.work_time import after_quiet, shift
from crmcli.sales import chats
from crmcli.sales.consent.client_zone import zone_of
from crmcli.sales.consent.permission import address_of, addresses_of, holders, people_of, why_not
from crmcli.sales.template_names import linked
from crmcli.workspace import Workspace

CHAT = "chat"


class Refusal(NamedTuple):
    """Why a message does not leave now: the word of the ledger, the reason, and what else its line says."""

    word: str
    reason: str
    facts: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that is about to leave: for which record, to which addresses, because of which job."""

    job: Job
    record: Record | None
    to: Sequence[str]


def why_not_now(ws: Workspace, job: Job, lately: SentLately) -> Refusal | None:
    """Why a message must not leave now; None if it may. Notices to our own people always may, and what a
    person sent `anyway`."""
    if job.facts.get("notice") or job.facts.get("anyway"):
        return None
    record = linked(ws, job.record) if entity_of(job.record) else None
    to = [part.strip() for part in str(job.facts.get("to", "")).split(", ") if part.strip()]
    consent, topic = sender_class(channel_of(job.action)).consent, str(job.facts.get("topic", ""))
    refused = why_not(ws, record, to, consent, topic)
    if refused:
        return Refusal("skipped", refused)
    if job.robot.startswith(PERSON):
        return None
    message = Outgoing(job, record, to)
    refusal = _of_robot(ws, message) or _taken_over(ws, message)
    if refusal or _is_own(ws, to):
        return refusal
    return _too_many(ws, message, lately) or _quiet(ws, message)


def _of_robot(ws: Workspace, message: Outgoing) -> Refusal | None:
    """Whether the robot, as it is declared now, still means it: no goal was met, it is not too late, and its
    sequence was not ended."""
    job, robots = message.job, tuple[Robot, ...]()
    told = ws.events(record=job.record, kinds=ENTRIES) if message.record else ()
    entry = next((one for one in reversed(told) if one.id <= job.cause), None)
    run = run_begun(ws, job.record, job.cause)
    if run is not None and run.end is not None:
        return Refusal("skipped", why_ended(run.end))
    if run is not None:
        robots = ws.pipelines.sequences[run.sequence].robots
    elif entry is not None and (stage := place_of(ws, entry)[1]):
        robots = stage.robots
    for robot, exits in with_exits(robots):
        if robot.id != job.robot:
            continue
        record = message.record
        met = [one for one in exits if record is not None and holds(one.when, record, ws.env)]
        if met:
            return Refusal("skipped", str(met[0]), exit_facts(met[0]))
        late = robot.timing.max_late
        if late is not None and ws.now > shift(job.since, late, ws.zone):
            return Refusal("missed", tr("more than {} late", late))
    return None


def _taken_over(ws: Workspace, message: Outgoing) -> Refusal | None:
    """Whether a person answers in the chat, or the client refuses it, so that robots keep quiet."""
    if channel_of(message.job.action) != CHAT or message.record is None:
        return None
    records = chats.people_of_chat(ws, message.record)
    if chats.refuses(ws, records):
        return Refusal("skipped", "the client refuses messages in this chat")
    who = chats.taken_by(ws, records)
    return Refusal("skipped", tr("{} answers in this chat", who)) if who else None


def _too_many(ws: Workspace, message: Outgoing, lately: SentLately) -> Refusal | None:
    cap = ws.settings.most_messages
    if cap is None:
        return None
    people = [*holders(ws, message.to), *people_of(ws, message.record)[:2]]
    known = [address for one in people for address in addresses_of(one)]
    if lately.count({*message.to, *known}) < cap.count:
        return None
    told = tr("the client got {} within {} already", counted(cap.count, "message"), cap.per)
    return Refusal("skipped", told)


def _quiet(ws: Workspace, message: Outgoing) -> Refusal | None:
    until = quiet_until(ws, message)
    if until is None:
        return None
    told = tr("quiet time for the client, until {}", local_minute(until, ws.zone))
    return Refusal(DEFERRED, told, {"retry_at": format_instant(until)})


def quiet_until(ws: Workspace, message: Outgoing) -> datetime | None:
    """When the quiet time ends in which a client would get a message now; None if there is none now."""
    settings = ws.settings
    if not settings.quiet.is_set:
        return None
    zone = zone_of(ws, message.record, message.to)
    until = after_quiet(ws.now, settings.quiet, settings.calendar, zone)
    return until if until > ws.now else None


def _is_own(ws: Workspace, to: Sequence[str]) -> bool:
    """Whether a message goes to our own people alone."""
    people: list[User | Us] = [*ws.settings.users.values(), ws.settings.us]
    own = [word for one in people for word in _reached_by(ws, one)]
    return bool(to) and set(own).issuperset(map(address_of, to))


def _reached_by(ws: Workspace, one: User | Us) -> Iterator[str]:
    from crmcli.model.phones import key

    yield fold(one.email)
    if one.phone:
        yield f"+{key(one.phone, ws.settings.phone_country)}"
