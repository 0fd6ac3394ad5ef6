"""What goes with a message: a file from anywhere, or a document of the workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.offer import Offer
from crmcli.sales.documents import offers
from crmcli.sales.records import attachments
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.channels.message import AttachedFile
    from crmcli.model.fields import Record


def attached(ws: Workspace, text: str) -> AttachedFile:
    """A file by its path, else a document by its number or id. NotFound, or BadUsage for another record."""
    from crmcli.channels.message import named_file

    path = Path(text)
    if not path.exists() and not path.suffix:
        return _document(_found(ws, text), ws)
    new = attachments.read(path)
    return named_file(new.name, new.content)


def _found(ws: Workspace, text: str) -> Record:
    try:
        return ws.find(text)
    except NotFound as error:
        told = tr("no file and no document matches {!r}", text)
        raise NotFound(told, "give the path of a file, or the number of an offer") from error


def _document(record: Record, ws: Workspace) -> AttachedFile:
    from crmcli.channels.message import named_file

    if not isinstance(record, Offer):
        told = tr("{} is not a document", record.id)
        raise BadUsage(told, "give the path of a file, or the number of an offer")
    return named_file(f"{record.name.replace('/', '-')}.pdf", offers.render(ws, record.id, ".pdf"))
