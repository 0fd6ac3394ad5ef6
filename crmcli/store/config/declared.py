"""Reading what settings.yaml declares: directories and custom fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from crmcli.model import limits
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import CUSTOM_KINDS, UTM_KEYS, Field
from crmcli.model.listed import allowed_hint
from crmcli.model.merged import MERGED_INTO
from crmcli.model.schema import own_fields
from crmcli.model.settings import DIRECTORIES
from crmcli.store.config.cursor import Cursor, unique

FIELD_KEYS = ("type", "label", "required", "choices", "directory", "to", "default")
NAME_RULE = r"[^\W\d]\w{0,39}"
Directories = Mapping[str, Mapping[str, str]]
DIRECTORY_RULE = r"[a-z][a-z0-9_]{0,39}"

RESERVED = ("id", MERGED_INTO, "custom", "unknown", "entity", "phone", "email", "tag", "and", "or",
            "not", "in", "has", "is", "empty", "today", "now", "vcard", "crm_line", "crm_reason",
            "crm_duplicate_of", "crm_rest")  # fmt: skip
"""Names that a custom field cannot have, in any case: conditions, records or exports use them."""


def read_directories(place: Cursor) -> dict[str, dict[str, str]]:
    """The directories by name: the labels of their values by id, in order."""
    directories: dict[str, dict[str, str]] = {}
    for whole in place.at_most(limits.DIRECTORIES, "a list of directories").entries():
        entry = whole.at_most(limits.VALUES, "a directory")
        word = str(entry.path[-1])
        if not re.fullmatch(DIRECTORY_RULE, word):
            entry.fault(f"{word!r} cannot name a directory", "small latin letters, digits and _")
        if isinstance(entry.value, list):
            values = entry.texts()
            unique(values, "value")
            directories[word] = {value: value for value, _ in values}
        elif isinstance(entry.value, dict):
            directories[word] = {str(v.path[-1]): v.text(str(v.path[-1])) for v in entry.entries()}
        elif entry.is_present:
            entry.fault(f"{word!r} must hold a list of values", "write - value, or id: label")
    return directories


def check_directories(place: Cursor, fields: Mapping[str, tuple[Field, ...]]) -> None:
    """A directory that no field uses is a slip of the pen."""
    used = {*DIRECTORIES, *(field.directory for many in fields.values() for field in many)}
    if isinstance(place.value, dict):
        for word in place.value:
            if word not in used:
                place.at(word).fault(
                    f"no field uses the directory {word!r}", allowed_hint(word, sorted(used - {""}))
                )


def read_fields(place: Cursor, directories: Directories) -> dict[str, tuple[Field, ...]]:
    """The custom fields by entity, in order."""
    place.known(tuple(ENTITIES))
    fields = {}
    for entity in ENTITIES:
        what = "a list of custom fields"
        entries = list(place.at(entity).at_most(limits.FIELDS, what).entries())
        fields[entity] = tuple(_field(entry, entity, directories) for entry in entries)
    return {entity: many for entity, many in fields.items() if many}


def is_taken(entity: str, name: str) -> bool:
    """Whether a custom field cannot have this name, since it means something already."""
    if name.lower() in RESERVED:
        return True
    kinds = {own.name: own.kind for own in own_fields(entity)}
    stem, _, key = name.partition("_")  # utm_source is a column of exports and imports
    return name in kinds or (kinds.get(stem) == "utm" and key in UTM_KEYS)


def _field(place: Cursor, entity: str, directories: Directories) -> Field:
    name = str(place.path[-1])
    if not re.fullmatch(NAME_RULE, name):
        place.fault(f"{name!r} cannot name a field", "one word of letters, digits and _")
    elif is_taken(entity, name):
        place.fault(f"{entity} has a field {name!r} already", "give yours another name")
    place.known(FIELD_KEYS, ("type",))
    kind = place.at("type").one_of(CUSTOM_KINDS, "text")
    choices = place.at("choices").at_most(limits.CHOICES, "a list of choices").texts()
    unique(choices, "choice")
    directory = place.at("directory").text()
    _check_field(place, kind, bool(choices), directory, directories)
    # One phone or e-mail of a custom field is kept as a list like the built-in ones, so that
    # every number is found, compared and written alike.
    kept = {"phone": "phones", "email": "emails"}.get(kind, kind)
    field = Field(
        name,
        kept,
        label=place.at("label").text(name),
        choices=tuple(choice for choice, _ in choices),
        directory=directory,
        entities=_targets(place.at("to"), kind),
        required=place.at("required").yes_no(False),
        custom=True,
    )
    return replace(field, default=_default(place.at("default"), field, directories))


def _check_field(
    place: Cursor, kind: str, has_choices: bool, directory: str, directories: Directories
) -> None:
    if kind in ("choice", "choices") and has_choices == bool(directory):
        place.fault(
            f"a field of type {kind} needs either choices or a directory",
            "write choices: [a, b], or directory: and its name under directories",
        )
    elif kind not in ("choice", "choices", "text") and directory:
        place.at("directory").fault("only a choice or text can come from a directory")
    elif kind not in ("choice", "choices") and has_choices:
        place.at("choices").fault(f"a field of type {kind} has no choices", "write type: choice")
    if directory and directory not in directories and directory not in DIRECTORIES:
        known = [*directories, *(name for name in DIRECTORIES if name not in directories)]
        place.at("directory").fault(
            f"there is no directory {directory!r}", allowed_hint(directory, known)
        )


def _targets(place: Cursor, kind: str) -> tuple[str, ...]:
    if kind != "link":
        if place.is_present:
            place.fault("only a link points to something", "write type: link")
        return ()
    if isinstance(place.value, list):
        return tuple(item.one_of(tuple(ENTITIES)) for item in place.items())
    target = place.one_of(tuple(ENTITIES))
    return (target,) if target else tuple(ENTITIES)


def _default(place: Cursor, field: Field, directories: Directories) -> str:
    """What new records have, as people would write it: `today+3d` is reckoned anew for each."""

    def fitting(text: str) -> str:
        from crmcli.model.inputs import InputContext, read_input

        ctx = InputContext(datetime(2026, 1, 1, tzinfo=UTC), UTC, directories=directories)
        read_input(field, text, ctx)
        return text

    return place.parsed(fitting, "")
