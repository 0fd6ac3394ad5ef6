"""do: document, an offer or invoice of the deal, or a page by a template; as a PDF it is made after the
change is written."""

from __future__ import annotations

from pathlib import PurePosixPath

from crmcli.automation.actions.work import Effect, Work
from crmcli.language import tr
from crmcli.model.fields import Record
from crmcli.model.invoice import Invoice
from crmcli.model.values import format_instant, safe_name
from crmcli.sales.documents import invoice_files, invoices, offers, pages
from crmcli.sales.records import attachments


def run(work: Work) -> Effect:
    """Render the page, and keep it among the files of the record, or queue it to become a PDF."""
    made = _drafted(work)
    page = _page(work, made)
    ending = work.text("format") or "pdf"
    usual = str(made.get("name")) if made else PurePosixPath(work.text("template")).name
    name = _file_name(work.text("name") or usual.removesuffix(".j2").removesuffix(".html"), ending)
    about = {"id": made.id, "number": str(made.get("name"))} if made else {}
    if ending == "html":
        new = attachments.New(name, page)
        values = {**about, **attachments.keep_in(work.change, work.target, new)}
        return Effect("done", {"values": values}, f"«{name}»")
    facts = {"to": name, "file": work.change.attach(page), "made_at": format_instant(work.ws.now)}
    more = {"values": about} if about else {}
    return Effect("queued", {**facts, **more}, f"«{name}»")


def _drafted(work: Work) -> Record | None:
    """The offer or invoice that it makes of the deal; None for another page."""
    kind, record = work.text("kind"), work.the_record
    if kind == "offer":
        return offers.draft_in(work.change, work.ws, record.id, offers.OfferTerms())
    if kind == "invoice":
        return invoices.add_in(work.change, work.ws, record.id, invoices.InvoiceTerms())
    return None


def _page(work: Work, made: Record | None) -> bytes:
    if made is None:
        template = work.text("template")
        return pages.rendered(work.ws, work.the_record, template, ".html", work.names)
    if isinstance(made, Invoice):
        return invoice_files.file_of(work.ws, made, ".html")
    return pages.rendered(work.ws, made, str(made.get("template")), ".html")


def _file_name(wanted: str, ending: str) -> str:
    name = wanted.replace("/", "-").removesuffix(f".{ending}") + f".{ending}"
    return safe_name(name) or tr("document.{}", ending)
