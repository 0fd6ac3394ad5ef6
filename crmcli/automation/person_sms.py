"""The SMS and chat messages that a person sends: queued as those of robots are, and handed over at once."""

from __future__ import annotations

import secrets

from crmcli.automation.actions import to_phone
from crmcli.automation.ledger import enter
from crmcli.automation.person_mail import ANYWAY, Delivery, MustNotBeMailed, deliver
from crmcli.channels.chat import Chat
from crmcli.dataclass import dataclass
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.event import PERSON
from crmcli.model.fields import Record
from crmcli.sales.chats import NoChat, address_of
from crmcli.sales.consent.permission import why_not
from crmcli.workspace import Workspace

CHANNEL = "sms"


@dataclass(frozen=True, slots=True)
class PersonSms:
    """An SMS about a record: to which number, what it says, and its topic if it has one; `anyway` also to who
    refuses it."""

    to: str
    text: str
    anyway: bool = False
    channel: str = CHANNEL
    topic: str = ""


def sms_for(
    ws: Workspace,
    record: Record,
    text: str,
    *,
    to: str = "",
    anyway: bool = False,
    topic: str = "",
) -> PersonSms:
    """The SMS as it would leave; Refused if there is no number for it, or whoever has that wants none."""
    from crmcli.model.phones import dialled

    given = dialled(to, ws.settings.phone_country, Refused)
    number = given if to else to_phone.number_for(ws, record, CHANNEL)
    if not number:
        told = "{} {} has no mobile number, nor do its contact and company"
        told = tr(told, record.id, record.get("name"))
        raise Refused(told, "give one: --to +79161234567")
    sms = PersonSms(number, text.strip(), anyway, topic=topic)
    return _checked(ws, record, sms, CHANNEL)


def message_for(ws: Workspace, record: Record, text: str, *, anyway: bool = False) -> PersonSms:
    """The message for a chat as it would leave; NoChat, or Refused where the client wants none."""
    to = address_of(ws, record)
    if not to:
        hint = "a client begins a chat; see crm chat list"
        raise NoChat(tr("{} has never written in a chat", record.id), hint)
    return _checked(ws, record, PersonSms(to, text.strip(), anyway, Chat.name()), Chat.consent)


def _checked(ws: Workspace, record: Record, message: PersonSms, consent: str) -> PersonSms:
    if not message.text:
        raise Refused("there is nothing to say")
    if why := "" if message.anyway else why_not(ws, record, [message.to], consent, message.topic):
        raise MustNotBeMailed(why, ANYWAY)
    return message


def send(ws: Workspace, record_id: str, sms: PersonSms) -> Delivery:
    """Send it now, by its channel; it waits in the outbox if it cannot leave now."""
    key = secrets.token_hex(16)
    with ws.change(f"{sms.channel} send") as change:
        record = change.get(record_id)
        file = to_phone.attach(change, record, sms.channel, key, sms.to, sms.text, ws.actor)
        facts = {"to": sms.to, "file": file, **({"anyway": True} if sms.anyway else {})}
        facts |= {"topic": sms.topic} if sms.topic else {}
        enter(change, "queued", record.id, key, f"{PERSON}{ws.actor}", sms.channel, **facts)
    return deliver(ws, key)
