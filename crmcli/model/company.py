"""The company: a legal person or a sole trader."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from crmcli.dataclass import dataclass, replace
from crmcli.model.fields import Follow, Record, declare
from crmcli.model.values import CONSENT_CHANNELS, Attachment, BankAccount, Consent, Email, Phone


@dataclass(frozen=True, kw_only=True)
class Company(Record):
    """A company; the contacts that belong to it hold the link."""

    name: str = declare("text", "Name")
    legal_name: str = declare("text", "Legal name")
    type: str = declare("text", "Type", directory="company_types")
    industry: str = declare("text", "Industry", directory="industries")
    inn: str = declare("inn", "INN")
    kpp: str = declare("kpp", "KPP")
    ogrn: str = declare("ogrn", "OGRN")
    vat_id: str = declare("vat_id", "VAT number")
    director: str = declare("text", "Director")
    accounts: tuple[BankAccount, ...] = declare("accounts", "Bank accounts")
    phones: tuple[Phone, ...] = declare("phones", "Phones")
    emails: tuple[Email, ...] = declare("emails", "E-mails")
    urls: tuple[str, ...] = declare("urls", "Web sites")
    handles: tuple[str, ...] = declare("handles", "Handles")
    address: str = declare("note", "Address")
    legal_address: str = declare("note", "Legal address")
    postal_address: str = declare("note", "Postal address")
    turnover: Decimal | None = declare("money", "Turnover")
    currency: str = declare("currency", "Currency")
    source: str = declare("text", "Source", directory="sources")
    source_detail: str = declare("text", "Source detail")
    utm: Mapping[str, str] = declare("utm", "UTM")
    owner: str = declare("user", "Owner")
    lead: str = declare("link", "Lead", entities=("lead",), system=True)
    do_not: tuple[str, ...] = declare("choices", "Do not", choices=CONSENT_CHANNELS)
    unwanted: tuple[str, ...] = declare("choices", "Unwanted topics", directory="topics")
    consents: tuple[Consent, ...] = declare("consents", "Consents", system=True)
    external: tuple[str, ...] = declare("external", "Ids elsewhere")
    tags: tuple[str, ...] = declare("tags", "Tags")
    comment: str = declare("note", "Comment")
    files: tuple[Attachment, ...] = declare("files", "Files", system=True)
    batch: str = declare("text", "Import batch", system=True)
    created_at: datetime | None = declare("happened", "Created at", system=True)

    def filled(self, follow: Follow) -> Company:
        """A company without a name is called by its legal one."""
        return replace(self, name=self.name or self.legal_name)
