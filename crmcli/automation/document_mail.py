"""Documents that a person sends: rendered, attached to a message, and noted as sent, in one transaction."""

from __future__ import annotations

from crmcli.automation import person_mail
from crmcli.automation.person_mail import Delivery, PersonMail
from crmcli.dataclass import replace
from crmcli.errors import Conflict
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.model.offer import Offer
from crmcli.sales.documents import invoices, offers
from crmcli.sales.documents.attached import document
from crmcli.workspace import Workspace


class DocumentChanged(Conflict):
    """The document was changed while its file was made."""


def with_document(ws: Workspace, record: Record, mail: PersonMail) -> PersonMail:
    """The mail with an offer or an invoice as PDF; refused for one that must not go."""
    verbs = offers if isinstance(record, Offer) else invoices
    verbs.check_sendable(ws, record)
    return replace(mail, attached=(*mail.attached, document(ws, record)))


def send(ws: Workspace, record: Record, mail: PersonMail) -> Delivery:
    """Send a document with the files that `with_document` made of it; DocumentChanged if it is another one
    now."""
    verbs = offers if isinstance(record, Offer) else invoices
    with ws.change(f"{record.entity} send") as change:
        now = change.get(record.id)
        if now != record:
            raise DocumentChanged(tr("{} was changed meanwhile", record.id), "send it again")
        files = [(file.name, file.content) for file in mail.attached]
        sent = verbs.note_sent_in(change, ws, record.id, files)
        message = person_mail.queue(change, ws, sent, mail)
    return person_mail.deliver(ws, message.key)
