"""Invoices as files: text, page, PDF; and as e-invoices of EN 16931, held against the official rules."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.company import Company
from crmcli.model.contact import Contact
from crmcli.model.einvoice import EInvoice, buyer_of, einvoice, seller_of
from crmcli.model.invoice import Invoice
from crmcli.model.payment_order import PaymentOrder
from crmcli.model.values import BankAccount
from crmcli.render import einvoice_rules
from crmcli.render.cii import cii
from crmcli.render.ubl import ubl
from crmcli.sales.documents.pages import rendered
from crmcli.sales.template_names import company_of, contact_of, linked
from crmcli.workspace import Workspace

SYNTAXES: Mapping[str, Callable[[EInvoice], bytes]] = {"ubl": ubl, "cii": cii}
"""How an e-invoice may be written."""
TEMPLATE = "invoices/invoice.html.j2"


def render(ws: Workspace, invoice_id: str, ending: str = ".html", syntax: str | None = "") -> bytes:
    """The content of a file of an invoice, by the file's ending: `.txt`, `.html`, `.pdf`, or `.xml` for an
    e-invoice; a `.pdf` with the syntax `cii` is both."""
    invoice = ws.get(invoice_id)
    if not isinstance(invoice, Invoice):
        raise BadUsage(tr("{} is not an invoice", invoice_id), "see crm invoice list")
    ending = ending.lower()
    if ending == ".xml":
        return _xml(ws, invoice, syntax or "ubl")
    if ending == ".pdf" and syntax == "cii":
        return _hybrid(ws, invoice)
    if syntax:
        raise BadUsage("--format is for e-invoices", "-o invoice.xml, or -o invoice.pdf with cii")
    return file_of(ws, invoice, ending)


def file_of(ws: Workspace, invoice: Invoice, ending: str, variant: str = "") -> bytes:
    """The invoice by its template; TemplateFailed if it cannot be rendered."""
    own = {"qr": _qr(ws, invoice)} if ending in (".html", ".pdf") else {}
    template = invoice.template or TEMPLATE
    return rendered(ws, invoice, template, ending, own, variant=variant, also=(".xml",))


def _hybrid(ws: Workspace, invoice: Invoice) -> bytes:
    """The page as PDF that holds the e-invoice too."""
    from crmcli.render.hybrid_pdf import hybrid

    xml = _xml(ws, invoice, "cii")
    pdf = file_of(ws, invoice, ".pdf", "pdf/a-3b")
    title, us = f"{tr('Invoice')} {invoice.name}", ws.settings.us
    return hybrid(pdf, xml, title=title, author=us.name, language=ws.settings.language)


def _qr(ws: Workspace, invoice: Invoice) -> str:
    """The picture by which an invoice is paid; "" where there is none for it, which is told."""
    from crmcli.render import qr

    us = ws.settings.us
    if invoice.left <= 0:
        return ""
    account = invoice.pay_to[0] if invoice.pay_to else BankAccount("")
    purpose = tr("Invoice {} of {}", invoice.name, str(invoice.date))
    order = PaymentOrder(
        us.legal_name or us.name, account, invoice.left, invoice.currency, purpose, us.inn, us.kpp
    )
    payload = order.payload()
    if not payload and invoice.currency in ("RUB", "EUR"):
        ws.notes.append(
            "no payment QR code: settings.yaml does not name our bank account whole (company: accounts:)"
        )
    return qr.picture(payload)


def _xml(ws: Workspace, invoice: Invoice, syntax: str) -> bytes:
    """The invoice as XML that keeps the official rules. NoEInvoice names what it lacks, BadEInvoice what it
    breaks, NoValidator what is to be installed."""
    company = cast("Company | None", company_of(ws, invoice))
    contact = cast("Contact | None", contact_of(ws, invoice))
    settings = ws.settings
    seller = seller_of(settings.us, settings.phone_country)
    original = cast("Invoice | None", linked(ws, invoice.credits))
    content = SYNTAXES[syntax](einvoice(invoice, seller, buyer_of(company, contact), original))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{invoice.id}.xml"
        file.write_bytes(content)
        einvoice_rules.check([file], syntax)
    return content
