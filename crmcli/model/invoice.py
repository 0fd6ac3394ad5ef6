"""The invoice: a numbered document that asks for money, and the payments that came for it."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812  # the field is called date
from datetime import datetime
from decimal import Decimal

from crmcli.dataclass import dataclass, replace
from crmcli.model.fields import Follow, Record, declare
from crmcli.model.sums import Totals, totals
from crmcli.model.values import Attachment, BankAccount, Line, Payment

STATUSES = ("draft", "sent", "part_paid", "paid", "overdue", "cancelled")


@dataclass(frozen=True, kw_only=True)
class Invoice(Record):
    """An invoice made of a deal or an offer; lines and account are copied, so that later changes of these
    leave it alone."""

    name: str = declare("text", "Number")
    status: str = declare("choice", "Status", choices=STATUSES, default=STATUSES[0], system=True)
    deal: str = declare("link", "Deal", entities=("deal",))
    offer: str = declare("link", "Offer", entities=("offer",))
    company: str = declare("link", "Company", entities=("company",))
    contact: str = declare("link", "Contact", entities=("contact",))
    date: Date | None = declare("date", "Date")
    due: Date | None = declare("date", "Due")
    currency: str = declare("currency", "Currency", system=True)
    vat_included: bool | None = declare("bool", "Prices include VAT", system=True)
    lines: tuple[Line, ...] = declare("lines", "Lines", system=True)
    amount: Decimal | None = declare("money", "To pay", system=True)
    paid: Decimal | None = declare("money", "Paid", system=True)
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
    def left(self) -> Decimal:
        """What is still to be paid."""
        return self.totals.gross - sum((one.amount for one in self.payments), Decimal(0))

    @property
    def fixed(self) -> tuple[str, ...]:
        """What is on the paper that was sent stays as it is."""
        on_paper = ("name", "deal", "offer", "company", "contact", "date", "pay_to", "comment")
        return () if self.status == "draft" and not self.payments else on_paper

    def filled(self, follow: Follow) -> Invoice:
        """An invoice says what its lines and its payments come to."""
        amount = self.totals.gross
        return replace(self, amount=amount, paid=amount - self.left if self.payments else None)

    def as_of(self, day: Date) -> Invoice:
        """The invoice with the status that its payments and a day give it; a draft that nobody paid and a
        cancelled one keep theirs."""
        if self.status == "cancelled" or (self.status == "draft" and not self.payments):
            return self
        status = "part_paid" if self.payments else "sent"
        if self.left <= 0:
            status = "paid"
        elif self.due is not None and self.due < day:
            status = "overdue"
        return replace(self, status=status)
