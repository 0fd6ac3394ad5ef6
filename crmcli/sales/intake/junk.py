"""A letter that is spam, in one act: its sender is blocked, and what it alone brought about ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from crmcli.channels.incoming.mail import own_addresses
from crmcli.dataclass import dataclass
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.matching.mail_domains import is_nobodys
from crmcli.model.event import ACTIVITIES, Event, told_actor
from crmcli.model.fields import Record
from crmcli.model.local_times import local_minute
from crmcli.model.task import Task
from crmcli.model.values import fold
from crmcli.sales import leads, tasks
from crmcli.sales.consent import block_list
from crmcli.sales.history.story import story_of
from crmcli.sales.intake import letters
from crmcli.workspace import Change, Workspace
from crmcli.workspace.undone import dead

if TYPE_CHECKING:
    from crmcli.channels.incoming_mail import IncomingMail

SPAM = "spam"
"""The reason of the block, and of the lead's end where settings.yaml has it among junk_reasons."""


@dataclass(frozen=True, slots=True)
class Junked:
    """What became of it: the address that is blocked (`is_new`: it was not before), the lead that ended and
    its tasks that are done, or why the lead goes on."""

    address: str
    is_new: bool
    lead: Record
    tasks: tuple[str, ...] = ()
    stays: str = ""


def junk(ws: Workspace, letter: Event, reason: str = "") -> Junked:
    """Block whoever wrote a letter, and end the lead that it made, unless something else happened there.
    Refused for a letter of ours, or of a client who is known otherwise."""
    if letter.kind != "mail.in":
        raise Refused(tr("{} did not come in", letter.id), "see crm mail list")
    mail = letters.read(ws, letter)
    sender = fold(mail.sender.address if mail else str(letter.data.get("from", "")))
    address = _known_by(ws, mail) if mail else sender
    lead = ws.get(ws.heir(letter.record))
    _check(ws, letter, lead, sender, address)
    with ws.change("mail junk") as change:
        new = block_list.add_in(change, ws, [address], SPAM, ws.user)
        stays = _why_stays(ws, lead, sender)
        if stays:
            return Junked(address, bool(new), lead, stays=stays)
        done = _done_tasks(change, ws, lead)
        reasons = ws.settings.directories.get("junk_reasons", {})
        leads.junk_in(change, ws, lead.id, reason=reason or (SPAM if SPAM in reasons else ""))
        return Junked(address, bool(new), lead, done)


def _known_by(ws: Workspace, mail: IncomingMail) -> str:
    """By what address or number whoever wrote is known: who filled in a form, not the site that sent it."""
    from crmcli.channels.incoming_mail.lead_facts import lead_facts

    facts = lead_facts(mail, ws.settings.phone_country)
    if facts.is_form:
        return fold(facts.email or next(iter(facts.phones), ""))
    return fold(facts.email if is_nobodys(mail.sender.address) else mail.sender.address)


def _check(ws: Workspace, letter: Event, record: Record, sender: str, address: str) -> None:
    """Refused where the sender is one of us, or a client of whom more is known than this letter."""
    if "@" not in sender or not address:
        raise Refused(tr("{} says no address", letter.id), "see crm mail show --raw")
    if address in own_addresses(ws.settings):
        raise Refused(tr("{} is one of us", address), "see crm mail show")
    events = ws.events(record=record.id)
    brought = {e.data.get("intake") for e in events if _wrote(e, sender)} - {None}
    if not any(e.kind == "lead.created" and e.cause in brought for e in events):
        told = tr("no letter of this sender made {} {}", record.id, record.get("name"))
        raise Refused(told, tr("crm block add {} keeps the sender out all the same", address))


def _wrote(event: Event, address: str) -> bool:
    """Whether it is a letter from that address."""
    return event.kind == "mail.in" and address in fold(str(event.data.get("from", "")))


def _why_stays(ws: Workspace, lead: Record, address: str) -> str:
    """What else happened on a lead, so that it goes on; "" if nothing did."""
    if ws.stage_of(lead).kind != "open":
        return tr("it has ended already")
    is_undone = dead(ws)
    for event in story_of(ws, lead):
        if is_undone(event) or event.data.get("by") == "undo":
            continue
        is_robots = ":" in event.actor
        is_other = event.kind in ACTIVITIES and not _wrote(event, address)
        if not is_robots and (is_other or event.actor != "crm") and event.kind != "lead.created":
            who, when = told_actor(ws.owner_name(event.actor)), local_minute(event.at, ws.zone)
            return tr("more happened on it since: {} on {}", who, when)
    return ""


def _done_tasks(change: Change, ws: Workspace, lead: Record) -> tuple[str, ...]:
    """The open tasks about it, which robots made: they are done, and their names."""
    found = ws.select("task", ws.condition(f"about = {lead.id} and done_at is empty", "task"))
    return tuple(tasks.mark_in(ws, change, cast("Task", task).id, ws.now)[0].name for task in found)
