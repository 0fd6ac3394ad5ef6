"""Pages that robots make, on their way to become PDF: nothing leaves the machine, but it takes its time."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from pathlib import Path

from crmcli.channels.base import Prepared, Queued, Sender
from crmcli.channels.outcome import Outcome, Sent
from crmcli.language import tr
from crmcli.model.settings import Settings
from crmcli.model.values import parse_instant


class Document(Sender):
    """What makes a PDF of a page; the same one each time, by the moment at which the page was made."""

    noun = "a document"
    knows_again = True
    parted_by = "file"

    def prepared(self, message: Queued, now: datetime) -> Prepared:
        """Take the page; it was rendered whole before it was queued."""
        name, made_at = str(message.facts["to"]), parse_instant(str(message.facts["made_at"]))
        return Prepared(partial(_made, message.content.decode(), name, made_at))

    @classmethod
    def missing(cls, root: Path, settings: Settings) -> str:
        """What is to be installed."""
        from crmcli.render.pages import INSTALL, has_pdf

        return "" if has_pdf() else tr("PDF files need a package: {}", INSTALL)


def _made(page: str, name: str, made_at: datetime) -> Outcome:
    from crmcli.render.pages import to_pdf

    return Sent(name, content=to_pdf(page, made_at))


SENDER = Document
