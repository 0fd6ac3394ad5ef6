"""The messages that a person sends: queued as those of robots are, and delivered at once.

They leave by the same outbox: once, whatever is killed meanwhile. What could not leave waits there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from crmcli.automation import outbox
from crmcli.automation.actions.email import kept, with_page
from crmcli.automation.approval.gate import ASK, Gate
from crmcli.automation.job_failures import jobs_here
from crmcli.automation.ledger import Job, enter
from crmcli.dataclass import dataclass, replace
from crmcli.errors import Conflict, Refused
from crmcli.language import tr
from crmcli.model.event import PERSON
from crmcli.model.fields import Record
from crmcli.render.mail_text import MailText
from crmcli.sales.consent.permission import why_not_mail
from crmcli.sales.documents import messages
from crmcli.sales.letter_links import with_links
from crmcli.sales.many import Chosen, Many, each
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import AttachedFile, Message

ANYWAY = "to send it all the same: --anyway"


class MustNotBeMailed(Refused):
    """Whoever the message is for wants none, or is on the block list."""


@dataclass(frozen=True, slots=True)
class PersonMail:
    """What a person sends: by which template, or else which `text`, to whom if not to the record's own
    address, with which files; `anyway` also to who must not be mailed. An answer has its `subject`, and the
    ids of the messages before it."""

    template: str
    to: Sequence[str] = ()
    attached: Sequence[AttachedFile] = ()
    anyway: bool = False
    text: str = ""
    subject: str = ""
    answers: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a message: its job, and why it has not left yet, if so."""

    job: Job
    why: str = ""


def message_of(ws: Workspace, record: Record, mail: PersonMail) -> Message:
    """The message as it would leave. Raises MustNotBeMailed, NoAddress, TemplateFailed, NoAttachment."""
    attached = tuple(mail.attached)
    if mail.template:
        message = messages.message_for(ws, mail.template, record, to=mail.to, attached=attached)
    else:
        written = messages.message_of(ws, MailText(mail.subject, f"{mail.text}\n"), mail.to)
        message = replace(written, attachments=attached)
    if mail.answers:
        message = replace(message, subject=mail.subject, answers=tuple(mail.answers))
    why = "" if mail.anyway else why_not_mail(ws, record, message.to, message.topic)
    if why:
        raise MustNotBeMailed(why, ANYWAY)
    return message


def queue(change: Change, ws: Workspace, record: Record, mail: PersonMail) -> Message:
    """Queue a message within an open change; by its key `deliver` sends it afterwards."""
    message, told = message_of(ws, record, mail), dict[str, Any]()
    if mail.template:  # what somebody wrote just now leaves as it is
        message, led = with_links(ws, message)
        told = {"template": mail.template, **led}
    if message.topic:  # a letter to many, whoever sends it
        message = with_page(ws, message)
    facts = kept(change, message) | told
    facts |= {"anyway": True} if mail.anyway else {}
    who = f"{PERSON}{ws.actor}"
    enter(change, "queued", record.id, message.key, who, "email", **facts)
    return message


def queue_each(
    ws: Workspace, chosen: Chosen, mail: PersonMail, *, whole: bool
) -> Many[tuple[str, Message]]:
    """Queue a message about each of several records, in one transaction: their ids and messages, and whom
    none is for."""

    def act(change: Change, record_id: str) -> tuple[str, Message]:
        return record_id, queue(change, ws, change.get(record_id), mail)

    return each(ws, "mail send", chosen, act, whole=whole)


def send(ws: Workspace, record_id: str, mail: PersonMail) -> Delivery:
    """Send a message about a record now; it waits in the outbox if it cannot leave now."""
    with ws.change("mail send") as change:
        message = queue(change, ws, change.get(record_id), mail)
    return deliver(ws, message.key)


def deliver(ws: Workspace, key: str) -> Delivery:
    """Deliver what was queued, unless something has to be approved first."""
    job = jobs_here(ws, [key])[key]
    why = Gate(ws).why_not_message(job)
    if why:
        return Delivery(job, f"{why} ({tr(ASK)})")
    try:
        outbox.deliver(ws, key)
    except Conflict as error:  # it is queued all the same: who tried again would send it twice
        job = jobs_here(ws, [key])[key]
        waits = job.state in ("queued", "failed")
        return Delivery(job if waits else replace(job, state="unknown"), error.message)
    job = jobs_here(ws, [key])[key]
    return Delivery(job, job.reason)
