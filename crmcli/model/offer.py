"""The commercial offer: a numbered document of lines with prices and VAT."""

from __future__ import annotations

from datetime import date as Date  # noqa: N812  # the field is called date
from datetime import datetime, timedelta
from decimal import Decimal

from crmcli.dataclass import dataclass, replace
from crmcli.model.fields import Follow, Record, declare
from crmcli.model.sums import Totals, totals
from crmcli.model.values import Attachment, Line

STATUSES = ("draft", "sent", "accepted", "declined", "expired", "replaced")

VALID_DAYS = 14


@dataclass(frozen=True, kw_only=True)
class Offer(Record):
    """An offer made for a deal; its lines are copied, so a later change of the deal leaves it alone."""

    name: str = declare("text", "Number")
    status: str = declare("choice", "Status", choices=STATUSES, default=STATUSES[0], system=True)
    deal: str = declare("link", "Deal", entities=("deal",))
    company: str = declare("link", "Company", entities=("company",))
    contact: str = declare("link", "Contact", entities=("contact",))
    date: Date | None = declare("date", "Date")
    valid_until: Date | None = declare("date", "Valid until")
    currency: str = declare("currency", "Currency")
    vat_included: bool | None = declare("bool", "Prices include VAT")
    lines: tuple[Line, ...] = declare("lines", "Lines")
    amount: Decimal | None = declare("money", "Amount", system=True)
    template: str = declare("text", "Template")
    owner: str = declare("user", "Owner")
    comment: str = declare("note", "Comment")
    replaces: str = declare("link", "Replaces", entities=("offer",), system=True)
    files: tuple[Attachment, ...] = declare("files", "Files", system=True)
    created_at: datetime | None = declare("happened", "Created at", system=True)

    @property
    def totals(self) -> Totals:
        """What the lines come to."""
        return totals(
            self.lines, vat_included=self.vat_included is not False, currency=self.currency
        )

    def filled(self, follow: Follow) -> Offer:
        """An offer says what its lines come to."""
        return replace(self, amount=self.totals.gross)

    @property
    def fixed(self) -> tuple[str, ...]:
        """What is on the paper that was sent stays as it is; the next version may say otherwise."""
        on_paper = ("name", "deal", "company", "contact", "date", "valid_until", "currency")
        words = ("vat_included", "lines", "template", "comment")
        return () if self.status == "draft" else (*on_paper, *words)

    @property
    def called(self) -> dict[str, str]:
        """What the event that tells of a new one says."""
        return {"name": self.name, "deal": self.deal}

    def following(self, record_id: str, number: str, now: datetime, today: Date) -> Offer:
        """The next version, a draft, valid as long as this one was."""
        days = timedelta(VALID_DAYS)
        if self.valid_until and self.date:
            days = self.valid_until - self.date
        return replace(
            self,
            id=record_id,
            name=number,
            status="draft",
            date=today,
            valid_until=today + days,
            replaces=self.id,
            files=(),
            created_at=now,
        )

    def as_of(self, day: Date) -> Offer:
        """The offer with the status that a day gives it: one that was sent lives until its last day."""
        if self.status not in ("sent", "expired"):
            return self
        is_over = self.valid_until is not None and self.valid_until < day
        return replace(self, status="expired" if is_over else "sent")
