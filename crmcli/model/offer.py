"""The commercial offer: a numbered document of lines with prices and VAT."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date as Date  # noqa: N812  # the field is called date
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from crmcli.dataclass import dataclass
from crmcli.model.fields import Record, declare
from crmcli.model.values import Line

STATUSES = ("draft", "sent", "accepted", "declined")
CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Offer(Record):
    """An offer made for a deal; its lines are copied, so a later change of the deal leaves it alone."""

    name: str = declare("text", "Number")
    status: str = declare("choice", "Status", choices=STATUSES, default=STATUSES[0])
    deal: str = declare("link", "Deal", entities=("deal",))
    company: str = declare("link", "Company", entities=("company",))
    contact: str = declare("link", "Contact", entities=("contact",))
    date: Date | None = declare("date", "Date")
    valid_until: Date | None = declare("date", "Valid until")
    currency: str = declare("currency", "Currency")
    vat_included: bool | None = declare("bool", "Prices include VAT")
    lines: tuple[Line, ...] = declare("lines", "Lines")
    template: str = declare("text", "Template")
    owner: str = declare("user", "Owner")
    comment: str = declare("note", "Comment")
    created_at: datetime | None = declare("happened", "Created at", system=True)

    @property
    def totals(self) -> Totals:
        """What the lines come to."""
        return totals(self.lines, vat_included=self.vat_included is not False)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of an offer: `net` without VAT, `vat`, and `gross` to be paid; `by_rate` is VAT per rate."""

    net: Decimal
    vat: Decimal
    gross: Decimal
    by_rate: tuple[tuple[Decimal, Decimal], ...]


def line_sum(line: Line) -> Decimal:
    """Price times quantity, rounded half up to the cent, once per line."""
    return (line.price * line.quantity).quantize(CENT, ROUND_HALF_UP)


def totals(lines: Iterable[Line], *, vat_included: bool) -> Totals:
    """Add up lines; VAT is taken out of (or put on) each line's rounded sum and rounded per line."""
    net = vat = Decimal(0)
    rates: dict[Decimal, Decimal] = {}
    for line in lines:
        amount, rate = line_sum(line), line.vat or Decimal(0)
        base = Decimal(100) + rate if vat_included else Decimal(100)
        tax = (amount * rate / base).quantize(CENT, ROUND_HALF_UP)
        net += amount - tax if vat_included else amount
        vat += tax
        if line.vat is not None:
            rates[line.vat] = rates.get(line.vat, Decimal(0)) + tax
    return Totals(net, vat, net + vat, tuple(sorted(rates.items())))
