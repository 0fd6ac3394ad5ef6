"""Forms that clients fill in on a site, as forms.yaml declares them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from crmcli.dataclass import dataclass, field

TYPES = ("text", "textarea", "tel", "email", "url", "number", "date", "checkbox", "select")
"""How a field is filled in."""
DUPLICATES = ("attach", "merge", "skip", "new")
"""What becomes of a submission by somebody known: it is told on the timeline; that, and what the record
lacks is filled in; nothing; a lead all the same."""
REACHES = ("phones", "emails", "handles")
"""Fields of a lead by which whoever fills in a form can be reached."""
PERSONAL_DATA = "personal_data"
"""What a consent is to that names no channel: that the personal data are kept and used."""


def given() -> Any:
    """A map that is empty where nothing is given; a class here has a field called `field`."""
    return field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form: `name` is how it is posted, `field` the field of a lead that it fills."""

    name: str
    field: str
    label: str
    type: str = "text"
    required: bool = False
    hint: str = ""
    options: Mapping[str, str] = given()

    @property
    def longest(self) -> int:
        """How many letters it takes."""
        return 5_000 if self.type == "textarea" else 500


@dataclass(frozen=True, slots=True)
class FormConsent:
    """A text to agree to, with the page that says more; `channels` are those on which it lets us write."""

    text: str = ""
    link: str = ""
    required: bool = False
    channels: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Which version of the text was agreed to, in short: another text has another."""
        return hashlib.sha256(f"{self.text}\n{self.link}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it is shown, and what is made of its submissions."""

    id: str
    title: str
    fields: tuple[FormField, ...]
    text: str = ""
    button: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)
    consent: FormConsent = FormConsent()
    thanks: str = ""
    redirect: str = ""
    owner: str = ""
    stage: str = ""
    duplicates: str = DUPLICATES[0]
    language: str = ""
    origins: tuple[str, ...] = ()
    line: int = 0

    @property
    def given(self) -> dict[str, str]:
        """What a lead of it has beside what the client wrote."""
        given = {"name": "", **self.hidden, "owner": self.owner, "stage": self.stage}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True, slots=True)
class Site:
    """What all forms of a workspace share: how they look, which sites may show them, how many may come."""

    origins: tuple[str, ...] = ()
    address: str = ""
    opens: bool = False
    color: str = "#1f5eff"
    background: str = "#f4f6fa"
    font: str = ""
    rounded: int = 10
    logo: str = ""
    footer: str = ""
    per_address: int = 5
    per_minute: int = 60


@dataclass(frozen=True, slots=True)
class Forms:
    """All of forms.yaml."""

    site: Site = Site()
    forms: Mapping[str, Form] = field(default_factory=dict)
