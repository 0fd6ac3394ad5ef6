"""An invoice in the terms of EN 16931: two parties, lines, VAT by category, and how it is paid."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from crmcli.dataclass import dataclass, replace
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.company import Company
from crmcli.model.contact import Contact
from crmcli.model.countries import country_of_address
from crmcli.model.invoice import Invoice
from crmcli.model.settings import Us
from crmcli.model.sums import LineSum
from crmcli.model.values import BankAccount
from crmcli.words import rows

_UNITS = {word: code for code, words in rows("unit_codes") for word in words.split("|")}
_EXACT = Decimal("0.0000000001")


class NoEInvoice(Refused):
    """An invoice lacks what EN 16931 asks for."""


@dataclass(frozen=True, slots=True)
class Party:
    """The seller or the buyer; `tax_id` is a number of the tax office that is no VAT number."""

    name: str
    country: str
    address: str = ""
    vat_id: str = ""
    tax_id: str = ""
    register_id: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Category:
    """What VAT is taken of some lines: the code of the category, the rate, and why there is none."""

    code: str
    rate: Decimal
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ELine:
    """A line: the net price of one, and what it comes to without VAT, less the discount."""

    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    discount: Decimal
    net: Decimal
    category: Category


@dataclass(frozen=True, slots=True)
class CategorySum:
    """What the lines of a category come to, and their VAT."""

    category: Category
    net: Decimal
    vat: Decimal


@dataclass(frozen=True, slots=True)
class EInvoice:
    """The invoice as both syntaxes write it."""

    number: str
    day: date
    credits: tuple[str, date | None] | None
    """Of a credit note, the number and the day of its invoice."""
    due: date | None
    currency: str
    note: str
    seller: Party
    buyer: Party
    account: BankAccount | None
    lines: tuple[ELine, ...]
    taxes: tuple[CategorySum, ...]
    net: Decimal
    vat: Decimal
    gross: Decimal
    paid: Decimal

    @property
    def terms(self) -> str:
        """How a credit note is paid, which has no day for it."""
        return tr("To be set off or paid back") if self.credits else ""

    @property
    def due_amount(self) -> Decimal:
        """What is left to be paid."""
        return self.gross - self.paid


def seller_of(us: Us, country: str) -> Party:
    """Our own company, which is in the country of the workspace where nothing says another."""
    address = us.legal_address or us.address
    country = _country(us.vat_id, address, us.inn) or country
    name = us.legal_name or us.name
    return Party(name, country, address, us.vat_id, us.inn, us.ogrn, us.email)


def buyer_of(company: Company | None, contact: Contact | None) -> Party:
    """The client: a company, or else a person."""
    if company is None:
        address, name = (contact.address, contact.name) if contact else ("", "")
        email = str(contact.emails[0]) if contact and contact.emails else ""
        return Party(name, _country("", address, ""), address, email=email)
    address = company.legal_address or company.address
    return Party(
        company.legal_name or company.name,
        _country(company.vat_id, address, company.inn),
        address,
        company.vat_id,
        company.inn,
        company.ogrn,
        str(company.emails[0]) if company.emails else "",
    )


def untaxed(buyer: Party) -> Party:
    """The buyer as an e-invoice names it: of its tax numbers the VAT number alone, any other as that of a
    register."""
    return replace(buyer, tax_id="", register_id=buyer.register_id or buyer.tax_id)


def _country(vat_id: str, address: str, inn: str) -> str:
    """A country by the tax number, else by what the address ends with; "" if neither says."""
    prefix = {"EL": "GR", "XI": "GB"}.get(vat_id[:2], vat_id[:2])
    return prefix or country_of_address(address) or ("RU" if inn else "")


def einvoice(
    invoice: Invoice, seller: Party, buyer: Party, original: Invoice | None = None
) -> EInvoice:
    """An invoice, or a credit note for the `original`, in the terms of EN 16931; NoEInvoice names what it
    lacks for that."""
    sums = invoice.totals
    has_vat = any(one.rate is not None for one in sums.by_rate)
    free = Category("E", Decimal(0), "Exempt from VAT")
    if not has_vat and not seller.vat_id:
        free = Category("O", Decimal(0), "Not subject to VAT")

    def category(rate: Decimal | None) -> Category:
        return free if rate is None else Category("S" if rate else "Z", rate)

    _check(invoice, seller, buyer, free.code)
    assert invoice.date is not None  # checked
    return EInvoice(
        number=invoice.name,
        day=invoice.date,
        credits=(original.name, original.date) if original else None,
        due=invoice.due,
        currency=invoice.currency,
        note=invoice.comment,
        seller=seller,
        buyer=buyer,
        account=invoice.pay_to[0] if invoice.pay_to else None,
        lines=tuple(_line(one, category(one.line.vat)) for one in sums.lines),
        taxes=tuple(CategorySum(category(one.rate), one.net, one.vat) for one in sums.by_rate),
        net=sums.net,
        vat=sums.vat,
        gross=sums.gross,
        paid=sums.gross - abs(invoice.left),
    )


def _check(invoice: Invoice, seller: Party, buyer: Party, free: str) -> None:
    lacking = [
        (invoice.date, tr("the date")),
        (seller.name, tr("our name (company: legal_name: in settings.yaml)")),
        (
            seller.vat_id or seller.tax_id or (free == "O" and seller.register_id),
            tr("our VAT number (company: vat_id: in settings.yaml)"),
        ),
        (seller.country, tr("our country")),
        (buyer.name, tr("the client's name")),
        (buyer.country, tr("the client's country (at the end of its address, or its VAT number)")),
    ]
    missing = [told for value, told in lacking if not value]
    if missing:
        raise NoEInvoice(
            tr("{} {} lacks what an e-invoice must say", invoice.id, invoice.name),
            tr("add {}", "; ".join(missing)),
        )


def _line(one: LineSum, category: Category) -> ELine:
    """A line; of one with VAT in its price, the net price follows from what it comes to."""
    quantity, price, discount = one.line.quantity, one.line.price, one.discount
    if one.vat_included:
        price = (one.net / quantity).quantize(_EXACT, ROUND_HALF_UP).normalize()
        discount = Decimal(0)
    if price < 0:  # a price is not negative in EN 16931, a quantity may be
        price, quantity = -price, -quantity
    unit = _UNITS.get(one.line.unit.lower().rstrip("."), "C62")
    return ELine(one.line.name, quantity, unit, price, discount, one.net, category)
