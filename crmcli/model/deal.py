"""The deal: what may be sold, to whom, for how much; it ends won or lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from crmcli.dataclass import dataclass, replace
from crmcli.model.contact import Contact
from crmcli.model.fields import Follow, Record, declare
from crmcli.model.sums import Totals, totals
from crmcli.model.values import Attachment, Line


@dataclass(frozen=True, kw_only=True)
class Deal(Record):
    """A deal stands in a stage of one pipeline; `contacts[0]` is its primary contact."""

    name: str = declare("text", "Name")
    pipeline: str = declare("pipeline", "Pipeline")
    stage: str = declare("stage", "Stage")
    amount: Decimal | None = declare("money", "Amount")
    currency: str = declare("currency", "Currency")
    probability: Decimal | None = declare("chance", "Probability, %")
    close_by: date | None = declare("date", "Close by")
    company: str = declare("link", "Company", entities=("company",))
    contacts: tuple[str, ...] = declare("links", "Contacts", entities=("contact",))
    lines: tuple[Line, ...] = declare("lines", "Lines")
    vat_included: bool | None = declare("bool", "Prices include VAT")
    source: str = declare("text", "Source", directory="sources")
    source_detail: str = declare("text", "Source detail")
    utm: Mapping[str, str] = declare("utm", "UTM")
    owner: str = declare("user", "Owner")
    lead: str = declare("link", "Lead", entities=("lead",), system=True)
    external: tuple[str, ...] = declare("external", "Ids elsewhere")
    tags: tuple[str, ...] = declare("tags", "Tags")
    comment: str = declare("note", "Comment")
    files: tuple[Attachment, ...] = declare("files", "Files", system=True)
    lost_reason: str = declare("text", "Lost reason", directory="lost_reasons")
    closed_at: datetime | None = declare("happened", "Closed at", system=True)
    first_closed_at: datetime | None = declare("happened", "First closed at", system=True)
    reopened: Decimal | None = declare("number", "Reopened, times", system=True)
    batch: str = declare("text", "Import batch", system=True)
    created_at: datetime | None = declare("happened", "Created at", system=True)

    @property
    def totals(self) -> Totals:
        """What the lines come to."""
        return totals(
            self.lines, vat_included=self.vat_included is not False, currency=self.currency
        )

    @property
    def is_of_lines(self) -> bool:
        """Whether the amount is what the lines come to, and not set by hand."""
        return bool(self.lines) and self.amount == self.totals.gross

    def following(self, before: Deal) -> Deal:
        """The amount follows lines that changed, unless it was set by hand; without any, it is theirs."""
        was_theirs = before.amount is None or before.is_of_lines
        is_theirs = self.amount is None or (was_theirs and self.amount == before.amount)
        if not is_theirs or not (self.lines or before.lines):
            return self
        return replace(self, amount=self.totals.gross if self.lines else None)

    def filled(self, follow: Follow) -> Deal:
        """A deal comes to the sum of its lines, and belongs to the first company of its contact."""
        amount, company = self.amount, self.company
        if amount is None and self.lines:
            amount = self.totals.gross
        if not company and self.contacts:
            contact = follow(self.contacts[0])
            if isinstance(contact, Contact) and contact.companies:
                company = contact.companies[0].company
        return replace(self, amount=amount, company=company)
