"""Documents that a person sends: rendered, attached to a message, and noted as sent, in one transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.automation import person_mail
from crmcli.dataclass import replace
from crmcli.sales.documents import invoices
from crmcli.sales.documents.attached import document
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.automation.person_mail import PersonMail, Posted
    from crmcli.channels.message import Message


def with_invoice(ws: Workspace, invoice_id: str, mail: PersonMail) -> PersonMail:
    """The mail with the invoice as PDF in it."""
    return replace(mail, attached=(*mail.attached, document(ws, ws.get(invoice_id))))


def preview(ws: Workspace, invoice_id: str, mail: PersonMail) -> Message:
    """The message as it would leave; its refusals are those of `send`."""
    return person_mail.message_of(ws, ws.get(invoice_id), mail)


def send(ws: Workspace, invoice_id: str, mail: PersonMail) -> Posted:
    """Send an invoice; it is noted as sent, with the very files that leave."""
    with ws.change("invoice send") as change:
        files = [(file.name, file.content) for file in mail.attached]
        sent = invoices.note_sent_in(change, ws, invoice_id, files)
        key = person_mail.queue(change, ws, sent, mail)
    return person_mail.deliver(ws, key)
