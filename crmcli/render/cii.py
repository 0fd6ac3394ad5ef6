"""An e-invoice of EN 16931 as CII (Cross Industry Invoice D16B), which hybrid PDF files hold too."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element

from crmcli.model.einvoice import Category, EInvoice, ELine, Party, untaxed
from crmcli.render.xml_nodes import document, node

_UN = "urn:un:unece:uncefact"
_SPACES = {
    "rsm": f"{_UN}:data:standard:CrossIndustryInvoice:100",
    "ram": f"{_UN}:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_UN}:data:standard:UnqualifiedDataType:100",
    "qdt": f"{_UN}:data:standard:QualifiedDataType:100",
}
PROFILE = "urn:cen.eu:en16931:2017"


def cii(invoice: EInvoice) -> bytes:
    """The invoice as a document of CII."""
    taxed = all(one.category.code != "O" for one in invoice.taxes)
    return document(
        "rsm:CrossIndustryInvoice",
        _SPACES,
        node(
            "rsm:ExchangedDocumentContext",
            node("ram:GuidelineSpecifiedDocumentContextParameter", node("ram:ID", PROFILE)),
        ),
        node(
            "rsm:ExchangedDocument",
            node("ram:ID", invoice.number),
            node("ram:TypeCode", "381" if invoice.credits else "380"),
            node("ram:IssueDateTime", _day(invoice.day)),
            node("ram:IncludedNote", node("ram:Content", invoice.note)),
        ),
        node(
            "rsm:SupplyChainTradeTransaction",
            [_line(number, line) for number, line in enumerate(invoice.lines, 1)],
            node(
                "ram:ApplicableHeaderTradeAgreement",
                node("ram:SellerTradeParty", _party(invoice.seller, taxed=taxed)),
                node("ram:BuyerTradeParty", _party(untaxed(invoice.buyer), taxed=taxed)),
            ),
            Element("ram:ApplicableHeaderTradeDelivery"),
            _settlement(invoice),
        ),
    )


def _day(day: date) -> Element | None:
    return node("udt:DateTimeString", f"{day:%Y%m%d}", format="102")


def _amount(name: str, amount: Decimal, **attributes: str) -> Element | None:
    return node(name, f"{amount:f}", **attributes)


def _party(party: Party, *, taxed: bool) -> list[Element | None]:
    return [
        node("ram:Name", party.name),
        node("ram:SpecifiedLegalOrganization", node("ram:ID", party.register_id or party.tax_id)),
        node(
            "ram:PostalTradeAddress",
            node("ram:LineOne", " ".join(party.address.split())),
            node("ram:CountryID", party.country),
        ),
        node("ram:URIUniversalCommunication", node("ram:URIID", party.email, schemeID="EM")),
        _tax_number(party.vat_id, "VA") if taxed else None,
        _tax_number(party.tax_id, "FC") if taxed and not party.vat_id else None,
    ]


def _tax_number(number: str, scheme: str) -> Element | None:
    return node("ram:SpecifiedTaxRegistration", node("ram:ID", number, schemeID=scheme))


def _line(number: int, line: ELine) -> Element | None:
    allowance = node(
        "ram:SpecifiedTradeAllowanceCharge",
        node("ram:ChargeIndicator", node("udt:Indicator", "false")),
        _amount("ram:ActualAmount", line.discount),
        node("ram:Reason", "Discount"),
    )
    return node(
        "ram:IncludedSupplyChainTradeLineItem",
        node("ram:AssociatedDocumentLineDocument", node("ram:LineID", str(number))),
        node("ram:SpecifiedTradeProduct", node("ram:Name", line.name)),
        node(
            "ram:SpecifiedLineTradeAgreement",
            node("ram:NetPriceProductTradePrice", _amount("ram:ChargeAmount", line.price)),
        ),
        node(
            "ram:SpecifiedLineTradeDelivery",
            node("ram:BilledQuantity", f"{line.quantity:f}", unitCode=line.unit),
        ),
        node(
            "ram:SpecifiedLineTradeSettlement",
            node("ram:ApplicableTradeTax", _category(line.category)),
            allowance if line.discount else None,
            node(
                "ram:SpecifiedTradeSettlementLineMonetarySummation",
                _amount("ram:LineTotalAmount", line.net),
            ),
        ),
    )


def _category(category: Category, *amounts: Element | None) -> list[Element | None]:
    """The parts of a tax in their order: what is taken, of what, of which category, at which rate."""
    calculated, basis = amounts or (None, None)
    percent = "" if category.code == "O" else f"{category.rate:f}"
    return [
        calculated,
        node("ram:TypeCode", "VAT"),
        node("ram:ExemptionReason", category.reason) if basis is not None else None,
        basis,
        node("ram:CategoryCode", category.code),
        node("ram:RateApplicablePercent", percent),
    ]


def _settlement(invoice: EInvoice) -> Element | None:
    due = node("ram:DueDateDateTime", _day(invoice.due)) if invoice.due else None
    return node(
        "ram:ApplicableHeaderTradeSettlement",
        node("ram:PaymentReference", invoice.number),
        node("ram:InvoiceCurrencyCode", invoice.currency),
        _payment(invoice),
        [
            node(
                "ram:ApplicableTradeTax",
                _category(
                    one.category,
                    _amount("ram:CalculatedAmount", one.vat),
                    _amount("ram:BasisAmount", one.net),
                ),
            )
            for one in invoice.taxes
        ],
        node("ram:SpecifiedTradePaymentTerms", node("ram:Description", invoice.terms), due),
        node(
            "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
            _amount("ram:LineTotalAmount", invoice.net),
            _amount("ram:TaxBasisTotalAmount", invoice.net),
            _amount("ram:TaxTotalAmount", invoice.vat, currencyID=invoice.currency),
            _amount("ram:GrandTotalAmount", invoice.gross),
            _amount("ram:TotalPrepaidAmount", invoice.paid) if invoice.paid else None,
            _amount("ram:DuePayableAmount", invoice.due_amount),
        ),
        _original(invoice),
    )


def _original(invoice: EInvoice) -> Element | None:
    if invoice.credits is None:
        return None
    number, day = invoice.credits
    issued = node("qdt:DateTimeString", f"{day:%Y%m%d}" if day else "", format="102")
    return node(
        "ram:InvoiceReferencedDocument",
        node("ram:IssuerAssignedID", number),
        node("ram:FormattedIssueDateTime", issued),
    )


def _payment(invoice: EInvoice) -> Element | None:
    account = invoice.account
    if account is None:
        return None
    is_iban = account.account[:2].isalpha()
    code = "58" if is_iban and invoice.currency == "EUR" else "30"
    return node(
        "ram:SpecifiedTradeSettlementPaymentMeans",
        node("ram:TypeCode", code),
        node(
            "ram:PayeePartyCreditorFinancialAccount",
            node("ram:IBANID" if is_iban else "ram:ProprietaryID", account.account),
        ),
        node(
            "ram:PayeeSpecifiedCreditorFinancialInstitution",
            node("ram:BICID", account.bic if is_iban else ""),
        ),
    )
