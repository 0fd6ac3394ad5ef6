"""The contact: a person, who may belong to any number of companies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from crmcli.dataclass import dataclass, replace
from crmcli.model.fields import Follow, Record, declare, first_of
from crmcli.model.values import CONSENT_CHANNELS, Attachment, CompanyLink, Consent, Email, Phone


class Person(Record):
    """A record of somebody whose name has parts."""

    first_name: str
    middle_name: str
    last_name: str

    @property
    def full_name(self) -> str:
        """The parts of the name as one text, as a message addresses the person."""
        return " ".join(
            part for part in (self.first_name, self.middle_name, self.last_name) if part
        )


@dataclass(frozen=True, kw_only=True)
class Contact(Person):
    """A person; `companies` holds a link and a role for each company."""

    name: str = declare("text", "Full name")
    salutation: str = declare("text", "Salutation")
    first_name: str = declare("text", "First name")
    middle_name: str = declare("text", "Middle name")
    last_name: str = declare("text", "Last name")
    birthday: date | None = declare("birthday", "Birthday")
    type: str = declare("text", "Type", directory="contact_types")
    position: str = declare("text", "Position")
    companies: tuple[CompanyLink, ...] = declare("companies", "Companies", entities=("company",))
    phones: tuple[Phone, ...] = declare("phones", "Phones")
    emails: tuple[Email, ...] = declare("emails", "E-mails")
    urls: tuple[str, ...] = declare("urls", "Web sites")
    handles: tuple[str, ...] = declare("handles", "Handles")
    address: str = declare("note", "Address")
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

    def filled(self, follow: Follow) -> Contact:
        """A contact without a name is called by its parts, an e-mail or a phone."""
        name = self.name or self.full_name or first_of(self.emails) or first_of(self.phones)
        return replace(self, name=name)
