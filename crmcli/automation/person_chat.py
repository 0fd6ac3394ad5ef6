"""The message that a person writes into the chat of a client; it leaves as an SMS of a person does."""

from __future__ import annotations

from crmcli.automation.person_mail import ANYWAY, MustNotBeMailed
from crmcli.automation.person_sms import PersonSms
from crmcli.channels.chat import Chat
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.sales.chats import NoChat, address_of
from crmcli.sales.consent.permission import why_not
from crmcli.workspace import Workspace


def message_for(ws: Workspace, record: Record, text: str, *, anyway: bool = False) -> PersonSms:
    """The message as it would leave; NoChat, or Refused where the client wants none."""
    to = address_of(ws, record)
    if not to:
        hint = "a client begins a chat; see crm chat list"
        raise NoChat(tr("{} has never written in a chat", record.id), hint)
    if not text.strip():
        raise Refused("there is nothing to say")
    if why := "" if anyway else why_not(ws, record, [to], Chat.consent):
        raise MustNotBeMailed(why, ANYWAY)
    return PersonSms(to, text.strip(), anyway, Chat.name())
