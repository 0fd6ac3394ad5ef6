"""The nouns: one row for each kind of record; what every noun has follows from its row.

Ids, folders, event kinds, commands, what can be merged, imported, searched or held by automation: all
of it is read off these rows. This module imports nothing of crm, so that `crm --help` may read it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias

Trait: TypeAlias = Literal["staged", "client", "mergeable", "importable", "numbered"]
"""What records of a noun are: standing in stages; somebody who can be written to (and known already);
to be merged; to be imported (they have a field `batch`); numbered as settings.yaml says."""


class Entity(NamedTuple):
    """One noun: how it is called, what its records are, and what a new one must have.

    `record` is the record class as `module:Class`.
    `parent` is the field that names the record it belongs to. `least` is what a new record must have,
    `example` how one is added. `columns` are those of its lists, the first fields if none are named;
    `sort` is their order.
    """

    name: str
    plural: str
    record: str
    about: str
    traits: tuple[Trait, ...] = ()
    parent: str = ""
    least: str = "a name"
    example: str = "--name …"
    columns: tuple[str, ...] = ()
    sort: tuple[str, ...] = ()
    argument: str = "name"
    """The field that may be given without its option when one is added."""
    finished: tuple[str, ...] = ()
    """The field that says that a record is over, and with which values: with any, if none are named. What
    stands in stages is over by its stage."""
    lapse: tuple[str, ...] = ()
    """The status that crm tick gives a record when a day of its has passed, the field of that day, and the
    statuses in which it waits for it."""
    known_among: tuple[str, ...] = ()
    """Of a client: the nouns among which a new one may be known already."""

    @property
    def late(self) -> str:
        """The condition that is true of those that wait still though their day has passed."""
        _, day, *waiting = self.lapse
        return f"{day} < today and status in ({', '.join(waiting)})"

    @property
    def one(self) -> str:
        """`a lead`, `an offer`."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {self.name}"


_ROWS = (
    Entity(
        "lead",
        "leads",
        "crmcli.model.lead:Lead",
        "Leads: people and companies that may become clients.",
        traits=("staged", "client", "mergeable", "importable"),
        least="a name, a phone, an e-mail, a company name or a comment",
        example="--name 'New roof' --phone '+44 20 7946 0123' --source web",
        columns=("id", "name", "stage", "amount", "source", "owner", "phones", "emails"),
        known_among=("contact", "company", "lead"),
    ),
    Entity(
        "contact",
        "contacts",
        "crmcli.model.contact:Contact",
        "Contacts: people, who may belong to companies.",
        traits=("client", "mergeable", "importable"),
        least="a name, a phone or an e-mail",
        example="--first-name Anna --last-name Hill --email anna@example.com",
        columns=("id", "name", "companies", "phones", "emails", "owner"),
        known_among=("contact", "lead"),
    ),
    Entity(
        "company",
        "companies",
        "crmcli.model.company:Company",
        "Companies: legal persons and sole traders.",
        traits=("client", "mergeable", "importable"),
        example="--name 'Hill & Sons' --email office@example.com",
        columns=("id", "name", "inn", "phones", "emails", "owner"),
        known_among=("company",),
    ),
    Entity(
        "deal",
        "deals",
        "crmcli.model.deal:Deal",
        "Deals: what may be sold, to whom, for how much.",
        traits=("staged", "mergeable", "importable"),
        example="--name 'New roof' --amount 250000 --contact anna@example.com",
        columns=("id", "name", "stage", "amount", "close_by", "company", "owner", "contacts"),
    ),
    Entity(
        "offer",
        "offers",
        "crmcli.model.offer:Offer",
        "Commercial offers: draft, render, send, accept, decline.",
        traits=("numbered",),
        parent="deal",
        least="a number",
        example="",
        columns=("id", "name", "status", "date", "valid_until", "amount", "company", "deal"),
        finished=("status", "accepted", "declined", "expired", "replaced"),
        lapse=("expired", "valid_until", "sent"),
    ),
    Entity(
        "invoice",
        "invoices",
        "crmcli.model.invoice:Invoice",
        "Invoices and credit notes: add, render, send, pay, credit, cancel.",
        traits=("numbered",),
        parent="deal",
        least="a number",
        example="",
        columns=("id", "name", "status", "date", "due", "amount", "paid", "company", "deal"),
        finished=("status", "paid", "credited", "cancelled"),
        lapse=("overdue", "due", "sent", "part_paid"),
    ),
    Entity(
        "task",
        "tasks",
        "crmcli.model.task:Task",
        "Tasks: what has to be done, by when, for whom.",
        traits=("importable",),
        parent="about",
        least="a title",
        example="'Call back' --about 7k3 --due tomorrow",
        columns=("id", "name", "due", "about", "owner", "done_at"),
        sort=("due",),
        finished=("done_at",),
    ),
)
_KNOWN = {row.name: row for row in _ROWS}
ENTITIES: Mapping[str, Entity] = _KNOWN
"""All nouns by name, in the order in which they are told."""


def register(entity: Entity) -> None:
    """Add a noun. To be called before anything else of crm is imported: much is read off the rows then."""
    _KNOWN[entity.name] = entity


def having(trait: Trait) -> tuple[str, ...]:
    """The nouns of that trait."""
    return tuple(entity.name for entity in ENTITIES.values() if trait in entity.traits)


def plurals() -> tuple[str, ...]:
    """The words for many, which are the names of the folders too."""
    return tuple(entity.plural for entity in ENTITIES.values())


def may_be_created(entities: Sequence[str]) -> bool:
    """Whether what a link leads to is a client that stands in no stages: one can be added by its name."""
    traits = [ENTITIES[entity].traits for entity in entities]
    return len(traits) == 1 and "client" in traits[0] and "staged" not in traits[0]
