"""Invoices as e-invoices of EN 16931, held against the official rules before anybody gets them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

from crmcli.model.company import Company
from crmcli.model.contact import Contact
from crmcli.model.einvoice import EInvoice, buyer_of, einvoice, seller_of
from crmcli.model.invoice import Invoice
from crmcli.render import einvoice_rules
from crmcli.render.cii import cii
from crmcli.render.ubl import ubl
from crmcli.sales.template_names import company_of, contact_of
from crmcli.workspace import Workspace

SYNTAXES: Mapping[str, Callable[[EInvoice], bytes]] = {"ubl": ubl, "cii": cii}
"""How an e-invoice may be written."""


def xml(ws: Workspace, invoice: Invoice, syntax: str) -> bytes:
    """The invoice as XML that keeps the official rules. NoEInvoice names what it lacks, BadEInvoice what it
    breaks, NoValidator what is to be installed."""
    company = cast("Company | None", company_of(ws, invoice))
    contact = cast("Contact | None", contact_of(ws, invoice))
    settings = ws.settings
    seller = seller_of(settings.us, settings.phone_country)
    content = SYNTAXES[syntax](einvoice(invoice, seller, buyer_of(company, contact)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{invoice.id}.xml"
        file.write_bytes(content)
        einvoice_rules.check([file], syntax)
    return content
