"""The schema of a workspace: the record classes and the custom fields of its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from crmcli.dataclass import dataclass, field
from crmcli.language import in_all
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Field, Record, fields_of, raw_from_record, record_from_raw
from crmcli.model.kinds import Kind, kind_of
from crmcli.model.listed import nearest
from crmcli.model.merged import MERGED_INTO
from crmcli.model.spelling import header_key
from crmcli.model.values import Raw
from crmcli.words import rows

RESERVED = ("id", MERGED_INTO, "custom", "unknown", "entity", "phone", "email", "tag", "and", "or",
            "not", "in", "has", "is", "empty", "today", "now", "vcard", "crm_line", "crm_reason",
            "crm_duplicate_of", "crm_rest")  # fmt: skip
"""Names that a custom field cannot have, in any case: conditions, records or exports use them."""


_ALIKE = 0.75
"""How much, of 1, a key must be like a field's name to be a slip for it."""


@cache
def record_class(entity: str) -> type[Record]:
    """The class of a noun's records, imported when it is first asked for."""
    module, _, name = ENTITIES[entity].record.partition(":")
    found: type[Record] = getattr(import_module(module), name)
    return found


def own_fields(entity: str) -> tuple[Field, ...]:
    """The built-in fields of an entity in file order."""
    return fields_of(record_class(entity))


def is_taken(entity: str, name: str) -> bool:
    """Whether a custom field cannot have this name, since it means something already."""
    if name.lower() in RESERVED:
        return True
    kinds = {own.name: own.kind for own in own_fields(entity)}
    stem, _, key = name.partition("_")  # utm_source is a column of exports and imports
    return name in kinds or (stem in kinds and kinds[stem].is_spread and key in kinds[stem].parts)


@cache
def has_field(entity: str, name: str) -> bool:
    """Whether a noun has a built-in field of that name."""
    return any(field.name == name for field in own_fields(entity))


SHORT = {"email": "emails", "phone": "phones", "tag": "tags", "url": "urls",
         "contact": "contacts", "company": "companies"}  # fmt: skip
"""What may be said for a list field by an entity that has no field of the short name."""


@cache
def _other_words() -> dict[str, list[str]]:
    """The fields that an everyday word may mean."""
    found: dict[str, list[str]] = {}
    for name, words in rows("fields"):
        for word in words.split("|"):
            found.setdefault(header_key(word), []).append(name)
    return found


DERIVED = (
    Field("last_activity", kind_of("happened"), "Last activity", system=True, derived=True),
    Field("next_task", kind_of("datetime"), "Next task", system=True, derived=True),
)
"""What follows from the activities and tasks of a record, and of what is linked to it."""
SCORED = Field("score", kind_of("chance"), "Score, %", system=True, derived=True)
"""How likely it ends well, by what crm score train learned; of what stands in stages."""


def has_activities(entity: str) -> bool:
    """Whether records of a noun are what people call, meet and plan for."""
    return bool({"client", "staged"} & set(ENTITIES[entity].traits))


KEPT_CARD = "vcard"
"""The key of a record under which the lines of its vCard stand that no field holds."""


@dataclass(frozen=True)
class Schema:
    """Which fields each entity has in one workspace; `custom` comes from settings.yaml."""

    custom: Mapping[str, tuple[Field, ...]] = field(default_factory=dict)

    def fields(self, entity: str) -> tuple[Field, ...]:
        """All fields of an entity, own ones first."""
        return (*own_fields(entity), *self.custom.get(entity, ()))

    def askable(self, entity: str) -> tuple[Field, ...]:
        """The fields that conditions and lists know: those that files have, and those derived of them."""
        own = self.fields(entity)
        if not has_activities(entity):
            return own
        names = {field.name for field in own}
        scored = (SCORED,) if "staged" in ENTITIES[entity].traits else ()
        return (*own, *(field for field in (*DERIVED, *scored) if field.name not in names))

    def contacts(self, entity: str) -> tuple[str, ...]:
        """The fields by which somebody is reached: phones, e-mails, handles, and custom ones."""
        from crmcli.model.masking import REACHED_BY

        return tuple(f.name for f in self.fields(entity) if f.kind.found_by in REACHED_BY)

    def plural(self, entity: str) -> str:
        """What several of an entity are called."""
        return ENTITIES[entity].plural

    def field(self, entity: str, name: str) -> Field:
        """One field by name; KeyError if the entity has none of that name."""
        for candidate in self.fields(entity):
            if candidate.name == name:
                return candidate
        raise KeyError(name)

    def named(self, entity: str, word: str) -> Field | None:
        """The field that people mean: by its name, its label in any language, or another word for it."""
        fields = {field.name: field for field in self.askable(entity)}
        field = fields.get(word) or fields.get(SHORT.get(word, ""))
        if field:
            return field
        key = header_key(word)
        words = {header_key(word): own for word, own in self.words(entity).items()}
        others = (fields[name] for name in _other_words().get(key, ()) if name in fields)
        return words.get(key) or next(others, None)

    def words(self, entity: str) -> dict[str, Field]:
        """The fields by their labels, in each language, and by their names."""
        fields = sorted(self.askable(entity), key=lambda own: not own.derived)
        labels = {word: own for own in fields for word in in_all(own.label) if word}
        return labels | {own.name: own for own in fields}

    def undeclared(self, entity: str, raw: Mapping[str, Raw]) -> list[str]:
        """The keys of a raw record that are no field of its entity."""
        known = {field.name for field in self.fields(entity)}
        return [key for key in raw if key not in known and key != KEPT_CARD]

    def nearest(self, entity: str, key: str) -> str:
        """The field whose name or label looks most like a key; "" if none comes near."""
        words = {word: own for word, own in self.words(entity).items() if not own.derived}
        near = nearest(key, words, _ALIKE)
        return words[near].name if near else ""

    def mistyped(self, entity: str, raw: Mapping[str, Raw]) -> dict[str, str]:
        """The keys that nobody declared and that look much like a field which the record lacks."""
        found = {key: self.nearest(entity, key) for key in self.undeclared(entity, raw)}
        return {key: name for key, name in found.items() if name and name not in raw}

    def read(self, entity: str, raw: Mapping[str, Raw]) -> Record:
        """Type a raw record; BadValues names every field that does not fit."""
        return record_from_raw(record_class(entity), raw, self.custom.get(entity, ()))

    def numbered(self, entity: str) -> Callable[[Mapping[str, Raw]], dict[str, Any]]:
        """What makes of a raw record one in which numbers are such and not texts, as JSON has them."""
        plain = Kind.number_in
        kinds = {f.name: f.kind for f in self.fields(entity) if type(f.kind).number_in != plain}

        def row(raw: Mapping[str, Raw]) -> dict[str, Any]:
            return {k: kinds[k].number_in(v) if k in kinds else v for k, v in raw.items()}

        return row

    def write(self, record: Record) -> dict[str, Raw]:
        """The raw form of a record, fields in canonical order."""
        return raw_from_record(record, self.custom.get(record.entity, ()))

    def differences(self, old: Record, new: Record) -> dict[str, list[Raw]]:
        """What differs between two states of a record: field -> [from, to], in raw form."""
        changes: dict[str, list[Raw]] = {}
        for f in self.fields(new.entity):
            was, now = old.get(f.name), new.get(f.name)
            if was != now:
                changes[f.name] = [f.kind.dump(was), f.kind.dump(now)]
        for name in sorted({*old.unknown, *new.unknown}):
            if old.unknown.get(name) != new.unknown.get(name):
                changes[name] = [old.unknown.get(name, ""), new.unknown.get(name, "")]
        return changes
