"""The lead: the first trace of somebody who may become a client."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from crmcli.dataclass import dataclass, replace
from crmcli.model.contact import Person
from crmcli.model.fields import Follow, declare, first_of
from crmcli.model.values import CONSENT_CHANNELS, Attachment, Consent, Email, Phone


@dataclass(frozen=True, kw_only=True)
class Lead(Person):
    """A lead stands in a stage and ends converted or junk."""

    name: str = declare("text", "Name")
    stage: str = declare("stage", "Stage")
    salutation: str = declare("text", "Salutation")
    first_name: str = declare("text", "First name")
    middle_name: str = declare("text", "Middle name")
    last_name: str = declare("text", "Last name")
    birthday: date | None = declare("birthday", "Birthday")
    company_name: str = declare("text", "Company name")
    position: str = declare("text", "Position")
    phones: tuple[Phone, ...] = declare("phones", "Phones")
    emails: tuple[Email, ...] = declare("emails", "E-mails")
    urls: tuple[str, ...] = declare("urls", "Web sites")
    handles: tuple[str, ...] = declare("handles", "Handles")
    address: str = declare("note", "Address")
    amount: Decimal | None = declare("money", "Amount")
    currency: str = declare("currency", "Currency")
    source: str = declare("text", "Source", directory="sources")
    source_detail: str = declare("text", "Source detail")
    utm: Mapping[str, str] = declare("utm", "UTM")
    owner: str = declare("user", "Owner")
    repeat: bool | None = declare("bool", "Repeat")
    contact: str = declare("link", "Contact", entities=("contact",))
    company: str = declare("link", "Company", entities=("company",))
    do_not: tuple[str, ...] = declare("choices", "Do not", choices=CONSENT_CHANNELS)
    unwanted: tuple[str, ...] = declare("choices", "Unwanted topics", directory="topics")
    consents: tuple[Consent, ...] = declare("consents", "Consents", system=True)
    external: tuple[str, ...] = declare("external", "Ids elsewhere")
    tags: tuple[str, ...] = declare("tags", "Tags")
    comment: str = declare("note", "Comment")
    files: tuple[Attachment, ...] = declare("files", "Files", system=True)
    junk_reason: str = declare("text", "Junk reason", directory="junk_reasons")
    closed_at: datetime | None = declare("happened", "Closed at", system=True)
    first_closed_at: datetime | None = declare("happened", "First closed at", system=True)
    reopened: Decimal | None = declare("number", "Reopened, times", system=True)
    converted: Mapping[str, str] = declare("converted", "Converted to", system=True)
    converted_at: datetime | None = declare("happened", "Converted at", system=True)
    batch: str = declare("text", "Import batch", system=True)
    created_at: datetime | None = declare("happened", "Created at", system=True)

    @property
    def heir(self) -> str:
        """To what its tasks went: the deal, or else the contact or the company; "" if it became nothing."""
        ids = [self.converted.get(entity, "") for entity in ("deal", "contact", "company")]
        return next(filter(None, ids), "")

    def filled(self, follow: Follow) -> Lead:
        """A lead without a title has the person, the company, the phone, the address or the text."""
        name = self.name or self.full_name or self.company_name or first_of(self.phones)
        text = self.comment.strip().split("\n")[0][:60]
        return replace(self, name=name or first_of(self.emails) or text)
