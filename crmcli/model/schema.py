"""The schema of a workspace: the record classes and the custom fields of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crmcli.model.company import Company
from crmcli.model.contact import Contact
from crmcli.model.deal import Deal
from crmcli.model.fields import Field, Record, fields_of, raw_from_record, record_from_raw
from crmcli.model.lead import Lead
from crmcli.model.offer import Offer
from crmcli.model.task import Task
from crmcli.model.values import Raw

CLASSES: Mapping[str, type[Record]] = {
    "lead": Lead,
    "contact": Contact,
    "company": Company,
    "deal": Deal,
    "offer": Offer,
    "task": Task,
}
PLURAL = {
    "lead": "leads",
    "contact": "contacts",
    "company": "companies",
    "deal": "deals",
    "offer": "offers",
    "task": "tasks",
}
"""The folder, and the word for many."""


def own_fields(entity: str) -> tuple[Field, ...]:
    """The built-in fields of an entity in file order."""
    return fields_of(CLASSES[entity])


@dataclass(frozen=True)
class Schema:
    """Which fields each entity has in one workspace; `custom` comes from settings.yaml."""

    custom: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)

    def fields(self, entity: str) -> tuple[Field, ...]:
        """All fields of an entity, own ones first."""
        return (*own_fields(entity), *self.custom.get(entity, ()))

    def field(self, entity: str, name: str) -> Field:
        """One field by name; KeyError if the entity has none of that name."""
        for candidate in self.fields(entity):
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def read(self, entity: str, raw: Mapping[str, Raw]) -> Record:
        """Type a raw record; BadValues names every field that does not fit."""
        return record_from_raw(CLASSES[entity], raw, self.custom.get(entity, ()))

    def write(self, record: Record) -> dict[str, Raw]:
        """The raw form of a record, fields in canonical order."""
        return raw_from_record(record, self.custom.get(record.entity, ()))
