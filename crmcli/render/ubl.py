"""An e-invoice of EN 16931 as UBL 2.1."""

from __future__ import annotations

from decimal import Decimal
from xml.etree.ElementTree import Element

from crmcli.model.einvoice import Category, EInvoice, ELine, Party, untaxed
from crmcli.render.xml_nodes import document, node

_OASIS = "urn:oasis:names:specification:ubl:schema:xsd"
_SPACES = {
    "cac": f"{_OASIS}:CommonAggregateComponents-2",
    "cbc": f"{_OASIS}:CommonBasicComponents-2",
}
PROFILE = "urn:cen.eu:en16931:2017"


def ubl(invoice: EInvoice) -> bytes:
    """The invoice as a document of UBL, where a credit note is a document of its own."""
    money = _Money(invoice.currency)
    noun, code = ("CreditNote", "381") if invoice.credits else ("Invoice", "380")
    return document(
        noun,
        {"": f"{_OASIS}:{noun}-2", **_SPACES},
        node("cbc:CustomizationID", PROFILE),
        node("cbc:ID", invoice.number),
        node("cbc:IssueDate", invoice.day.isoformat()),
        node("cbc:DueDate", invoice.due.isoformat() if invoice.due and not invoice.credits else ""),
        node(f"cbc:{noun}TypeCode", code),
        node("cbc:Note", invoice.note),
        node("cbc:DocumentCurrencyCode", invoice.currency),
        _original(invoice),
        node("cac:AccountingSupplierParty", _party(invoice.seller, taxed=_is_taxed(invoice))),
        node(
            "cac:AccountingCustomerParty", _party(untaxed(invoice.buyer), taxed=_is_taxed(invoice))
        ),
        _payment(invoice),
        node("cac:PaymentTerms", node("cbc:Note", invoice.terms)),
        node(
            "cac:TaxTotal",
            money.node("cbc:TaxAmount", invoice.vat),
            [
                node(
                    "cac:TaxSubtotal",
                    money.node("cbc:TaxableAmount", one.net),
                    money.node("cbc:TaxAmount", one.vat),
                    _category("cac:TaxCategory", one.category, one.category.reason),
                )
                for one in invoice.taxes
            ],
        ),
        node(
            "cac:LegalMonetaryTotal",
            money.node("cbc:LineExtensionAmount", invoice.net),
            money.node("cbc:TaxExclusiveAmount", invoice.net),
            money.node("cbc:TaxInclusiveAmount", invoice.gross),
            money.node("cbc:PrepaidAmount", invoice.paid) if invoice.paid else None,
            money.node("cbc:PayableAmount", invoice.due_amount),
        ),
        [_line(noun, number, line, money) for number, line in enumerate(invoice.lines, 1)],
    )


def _original(invoice: EInvoice) -> Element | None:
    if invoice.credits is None:
        return None
    number, day = invoice.credits
    issued = node("cbc:IssueDate", day.isoformat() if day else "")
    return node(
        "cac:BillingReference", node("cac:InvoiceDocumentReference", node("cbc:ID", number), issued)
    )


class _Money:
    """Writes amounts in one currency."""

    def __init__(self, currency: str) -> None:
        self.currency = currency

    def node(self, name: str, amount: Decimal) -> Element | None:
        return node(name, f"{amount:f}", currencyID=self.currency)


def _is_taxed(invoice: EInvoice) -> bool:
    """Whether VAT numbers may stand there: not on what is not subject to VAT."""
    return all(one.category.code != "O" for one in invoice.taxes)


def _party(party: Party, *, taxed: bool) -> Element | None:
    return node(
        "cac:Party",
        node("cbc:EndpointID", party.email, schemeID="EM"),
        node("cac:PartyName", node("cbc:Name", party.name)),
        node(
            "cac:PostalAddress",
            node("cbc:StreetName", " ".join(party.address.split())),
            node("cac:Country", node("cbc:IdentificationCode", party.country)),
        ),
        _tax_number(party.vat_id, "VAT") if taxed else None,
        _tax_number(party.tax_id, "FC") if taxed and not party.vat_id else None,
        node(
            "cac:PartyLegalEntity",
            node("cbc:RegistrationName", party.name),
            node("cbc:CompanyID", party.register_id or party.tax_id),
        ),
    )


def _tax_number(number: str, scheme: str) -> Element | None:
    if not number:
        return None
    return node(
        "cac:PartyTaxScheme",
        node("cbc:CompanyID", number),
        node("cac:TaxScheme", node("cbc:ID", scheme)),
    )


def _payment(invoice: EInvoice) -> Element | None:
    account = invoice.account
    if account is None:
        return None
    is_sepa = invoice.currency == "EUR" and account.account[:2].isalpha()
    branch = node("cac:FinancialInstitutionBranch", node("cbc:ID", account.bic))
    return node(
        "cac:PaymentMeans",
        node("cbc:PaymentMeansCode", "58" if is_sepa else "30"),
        node("cbc:PaymentID", invoice.number),
        node("cac:PayeeFinancialAccount", node("cbc:ID", account.account), branch),
    )


def _category(name: str, category: Category, reason: str = "") -> Element | None:
    percent = "" if category.code == "O" else f"{category.rate:f}"
    return node(
        name,
        node("cbc:ID", category.code),
        node("cbc:Percent", percent),
        node("cbc:TaxExemptionReason", reason),
        node("cac:TaxScheme", node("cbc:ID", "VAT")),
    )


def _line(noun: str, number: int, line: ELine, money: _Money) -> Element | None:
    counted = "Credited" if noun == "CreditNote" else "Invoiced"
    discount = node(
        "cac:AllowanceCharge",
        node("cbc:ChargeIndicator", "false"),
        node("cbc:AllowanceChargeReason", "Discount"),
        money.node("cbc:Amount", line.discount),
    )
    return node(
        f"cac:{noun}Line",
        node("cbc:ID", str(number)),
        node(f"cbc:{counted}Quantity", f"{line.quantity:f}", unitCode=line.unit),
        money.node("cbc:LineExtensionAmount", line.net),
        discount if line.discount else None,
        node(
            "cac:Item",
            node("cbc:Name", line.name),
            _category("cac:ClassifiedTaxCategory", line.category),
        ),
        node("cac:Price", money.node("cbc:PriceAmount", line.price)),
    )
