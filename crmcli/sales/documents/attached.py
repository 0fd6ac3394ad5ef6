"""What goes with a message: a file from anywhere, or a document of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.model.invoice import Invoice
from crmcli.model.offer import Offer
from crmcli.sales.documents import invoice_files, offers
from crmcli.sales.records import attachments
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import AttachedFile


def attached(ws: Workspace, text: str, *, files: bool = True) -> AttachedFile:
    """A file by its path, unless `files` of this machine are closed, else a document by its number or id.
    NotFound, or BadUsage for another record."""
    from crmcli.channels.message import named_file

    path = Path(text)
    if not files or (not path.exists() and not path.suffix):
        return document(ws, _found(ws, text))
    new = attachments.read(path)
    return named_file(new.name, new.content)


def _found(ws: Workspace, text: str) -> Record:
    try:
        return ws.find(text)
    except NotFound as error:
        told = tr("no file and no document matches {!r}", text)
        raise NotFound(
            told, "give the path of a file, or the number of an offer or invoice"
        ) from error


def document(ws: Workspace, record: Record) -> AttachedFile:
    """An offer or an invoice as PDF, called by its number; BadUsage for another record."""
    from crmcli.channels.message import named_file

    name = f"{str(record.get('name')).replace('/', '-')}.pdf"
    if isinstance(record, Offer):
        return named_file(name, offers.render(ws, record.id, ".pdf"), record.id)
    if isinstance(record, Invoice):
        return named_file(name, invoice_files.render(ws, record.id, ".pdf"), record.id)
    told = tr("{} is not a document", record.id)
    raise BadUsage(told, "give the path of a file, or the number of an offer or invoice")
