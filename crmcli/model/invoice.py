"""The invoice: a numbered document that asks for money, and the payments that came for it; or a credit note,
which gives some back."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812  # the field is called date
from datetime import datetime
from decimal import Decimal

from crmcli.dataclass import dataclass, replace
from crmcli.model.fields import Follow, Record, declare
from crmcli.model.sums import Totals, totals
from crmcli.model.values import Attachment, BankAccount, Line, Payment

STATUSES = ("draft", "sent", "part_paid", "paid", "overdue", "credited", "cancelled")


@dataclass(frozen=True, kw_only=True)
class Invoice(Record):
    """An invoice made of a deal or an offer; lines and account are copied, so that later changes of these
    leave it alone. One that `credits` another is a credit note: its amount and its payments are negative."""

    name: str = declare("text", "Number")
    status: str = declare("choice", "Status", choices=STATUSES, default=STATUSES[0], system=True)
    deal: str = declare("link", "Deal", entities=("deal",))
    offer: str = declare("link", "Offer", entities=("offer",))
    company: str = declare("link", "Company", entities=("company",))
    contact: str = declare("link", "Contact", entities=("contact",))
    credits: str = declare("link", "Credit note for", entities=("invoice",), system=True)
    date: Date | None = declare("date", "Date")
    due: Date | None = declare("date", "Due")
    currency: str = declare("currency", "Currency", system=True)
    vat_included: bool | None = declare("bool", "Prices include VAT", system=True)
    lines: tuple[Line, ...] = declare("lines", "Lines", system=True)
    amount: Decimal | None = declare("money", "To pay", system=True)
    paid: Decimal | None = declare("money", "Paid", system=True)
    credited: Decimal | None = declare("money", "Credited", system=True)
    payments: tuple[Payment, ...] = declare("payments", "Payments", system=True)
    pay_to: tuple[BankAccount, ...] = declare("accounts", "Pay to")
    template: str = declare("text", "Template")
    owner: str = declare("user", "Owner")
    comment: str = declare("note", "Comment")
    files: tuple[Attachment, ...] = declare("files", "Files", system=True)
    created_at: datetime | None = declare("happened", "Created at", system=True)

    @property
    def totals(self) -> Totals:
        """What the lines come to."""
        return totals(
            self.lines, vat_included=self.vat_included is not False, currency=self.currency
        )

    @property
    def total(self) -> Decimal:
        """What it asks for: of a credit note a negative sum."""
        return -self.totals.gross if self.credits else self.totals.gross

    @property
    def left(self) -> Decimal:
        """What is still to be paid; what is to be paid back, of a credit note, as a negative sum."""
        came = sum((one.amount for one in self.payments), Decimal(0))
        return self.total - came - (self.credited or 0)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to be paid, or paid back."""
        return self.left >= 0 if self.credits else self.left <= 0

    @property
    def fixed(self) -> tuple[str, ...]:
        """What is on the paper that was sent stays as it is."""
        on_paper = ("name", "deal", "offer", "company", "contact", "date", "pay_to", "comment")
        return () if self.status == "draft" and not self.payments else on_paper

    def filled(self, follow: Follow) -> Invoice:
        """An invoice says what its lines and its payments come to."""
        paid = self.total - self.left - (self.credited or 0)
        return replace(self, amount=self.total, paid=paid if self.payments else None)

    def as_of(self, day: Date) -> Invoice:
        """The invoice with the status that its payments and a day give it; a draft that nobody paid and a
        cancelled one keep theirs."""
        if self.status == "cancelled" or (self.status == "draft" and not self.payments):
            return self
        status = "part_paid" if self.payments else "sent"
        if self.is_settled:
            status = "paid" if self.payments else "credited"
        elif self.due is not None and self.due < day:
            status = "overdue"
        return replace(self, status=status)
