"""What settings.yaml says of a workspace: company, users, directories, channels, calendar."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal

from crmcli.dataclass import dataclass, field
from crmcli.model.alerts import Alerts
from crmcli.model.assignment import AssignmentRule
from crmcli.model.durations import Cap, Duration
from crmcli.model.entities import having
from crmcli.model.fields import Field
from crmcli.model.presence import Presence
from crmcli.model.user import User
from crmcli.model.values import BankAccount
from crmcli.model.vat import VatRate

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LANGUAGES = ("ru", "en")
COMMITS = ("never", "each", "tick")
"""When crm commits to git what it changed: after each command, or at the end of crm tick."""
DIRECTORIES = ("sources", "contact_types", "company_types", "industries", "lost_reasons",
               "junk_reasons", "resources", "topics")  # fmt: skip
"""The lists of allowed values that built-in fields name; custom fields may name more."""

NUMBERED = having("numbered")
KEPT_IN_RUSSIA = {"invoices": 5, "offers": 5, "consents": 3}
"""For how many years papers are kept: 402-FZ article 29; for consents the general limitation period."""
KEPT_ABROAD = {"invoices": 10, "offers": 6, "consents": 3}
"""The longest of the larger countries of the EU."""
CREDIT_NOTE = "credit_note"
"""The numbers of credit notes, which are invoices, have a mask of their own."""
"""The entities whose records carry a number that settings.yaml shapes."""


@dataclass(frozen=True, slots=True)
class Us:
    """The company whose workspace it is; templates see it as `us`. `bank` is free text; `logo`,
    `signature` and `stamp` are paths of pictures."""

    name: str = ""
    legal_name: str = ""
    inn: str = ""
    kpp: str = ""
    ogrn: str = ""
    vat_id: str = ""
    director: str = ""
    address: str = ""
    legal_address: str = ""
    postal_address: str = ""
    phone: str = ""
    email: str = ""
    site: str = ""
    bank: str = ""
    logo: str = ""
    signature: str = ""
    stamp: str = ""
    accounts: tuple[BankAccount, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """When the company works: days of the week (Monday is 0), hours, and the days that differ.

    `holidays` are days off whatever their weekday; `workdays` are worked in spite of theirs.
    """

    days: tuple[int, ...] = (0, 1, 2, 3, 4)
    opens: time = time(9)
    closes: time = time(18)
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Whether the company works that day."""
        if day in self.workdays:
            return True
        return day.weekday() in self.days and day not in self.holidays


@dataclass(frozen=True, slots=True)
class Quiet:
    """When nothing leaves for clients that nobody sent by hand: hours of the day, over midnight too, days of
    the week (Monday is 0), with `holidays` also those of the calendar. `zone_field` is the field that has a
    client's time zone."""

    hours: tuple[time, time] | None = None
    days: tuple[int, ...] = ()
    holidays: bool = False
    zone_field: str = ""

    @property
    def is_set(self) -> bool:
        """Whether there is any such time."""
        return bool(self.hours or self.days or self.holidays)


@dataclass(frozen=True, slots=True)
class MailChannel:
    """How e-mail leaves: `deliver` is `maildir:FOLDER`, `smtp://…` or `smtps://…`.

    `sender` is the From of every message whose template names none; `password` says where the
    password stands (`env:NAME`, `cmd:COMMAND`, `file:PATH`), never what it is. `bounces` is the address
    to which messages come back, with `{key}` for the one that did. `fetch` are the mailboxes from which
    mail is fetched, `fetch_password` says where their password stands, with `{user}` for whose it is.
    `sent` is the folder that gets a copy of what left by SMTP.
    """

    deliver: str = "maildir:outbox"
    sender: str = ""
    password: str = ""
    bounces: str = ""
    fetch: tuple[str, ...] = ()
    fetch_password: str = ""
    sent: str = ""


@dataclass(frozen=True, slots=True)
class WebhookChannel:
    """Where robots may post: `allow` lists host:port of inner addresses that are right to call."""

    allow: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """Everything in settings.yaml; the defaults are those of an empty file.

    `vat_rate` is per cent, None for a company that charges none; `vat_rates` are those that there are, by the
    days on which they are valid, any if there are none. A directory that is not declared
    allows any value; a declared one maps ids to labels, in order. `fields` are custom fields by
    entity. `numbering` holds format strings with `{year}`, `{month}`, `{clone}` and `{seq}` by entity,
    `clones` how each clone is called in them.
    Without `leads` none are kept: who comes in becomes a contact and a deal at once.
    `conversion` says by lead field where else its value goes, an entity and its field.
    `alerts` say by user how somebody is told, where that is not as usual.
    `assignment` says who gets what comes in by itself, `first_response` within how much working time it
    is to be answered.
    `channels` holds the settings of other channels, by name; `most_by` how much leaves by a channel at most.
    `privacy_keep` says for how many years which papers outlive the erasure of their client's data.
    `max_effects` is how many acts one run of automation may do, `max_hourly` all of them within an hour,
    `runner` the clone that alone runs it, by its
    id or as `clones` calls it, any if that is empty. `snapshot` is how old that of reports gets before
    crm tick writes another; without it none does. `commit` is one of COMMITS;
    `any_disk` allows changes on a file system whose locks cannot be trusted.
    """

    us: Us = field(default_factory=Us)
    language: str = "ru"
    currency: str = "RUB"
    time_zone: str = "Europe/Moscow"
    phone_country: str = "RU"
    vat_rate: Decimal | None = None
    vat_included: bool = True
    vat_rates: tuple[VatRate, ...] = ()
    users: Mapping[str, User] = field(default_factory=dict)
    presences: Mapping[str, Presence] = field(default_factory=dict)
    alerts: Mapping[str, Alerts] = field(default_factory=dict)
    directories: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fields: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)
    mail: MailChannel = field(default_factory=MailChannel)
    webhook: WebhookChannel = field(default_factory=WebhookChannel)
    channels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    most_by: Mapping[str, Cap] = field(default_factory=dict)
    numbering: Mapping[str, str] = field(
        default_factory=lambda: {
            **dict.fromkeys(NUMBERED, "{year}-{seq:04}"),
            CREDIT_NOTE: "CN-{year}-{seq:04}",
        }
    )
    clones: Mapping[str, str] = field(default_factory=dict)
    leads: bool = True
    conversion: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    assignment: tuple[AssignmentRule, ...] = ()
    first_response: Duration | None = None
    calendar: Calendar = field(default_factory=Calendar)
    quiet: Quiet = field(default_factory=Quiet)
    most_messages: Cap | None = None
    privacy_keep: Mapping[str, int] = field(default_factory=dict)
    max_effects: int = 1000
    max_hourly: int = 20_000
    runner: str = ""
    snapshot: Duration | None = None
    commit: str = "never"
    any_disk: bool = False

    def runs_at(self, clone: str) -> bool:
        """Whether automation is run in a clone."""
        return self.runner in ("", clone, self.clones.get(clone))
