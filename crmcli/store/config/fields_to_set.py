"""Which fields robots may change or give to what they make, and to which values."""

from __future__ import annotations

from typing import Any

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.action_texts import is_template, listed_words
from crmcli.model.actions import APPEND, UNSET
from crmcli.model.entities import ENTITIES, having
from crmcli.model.fields import Field
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import own_fields
from crmcli.model.values import fold
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.frame import Frame


def check_set(place: Cursor, frame: Frame) -> None:
    """Fields of the record and their new values."""
    for entry in place.entries():
        name = str(entry.path[-1])
        if name == APPEND:
            check_append(entry, frame)
        elif name == UNSET:
            for word in listed_words(entry.value):
                _field_to_set(entry, frame, word)
        else:
            field = _field_to_set(entry, frame, name)
            if field and isinstance(entry.value, str) and not is_template(entry.value):
                _check_choice(entry, field)


def check_append(place: Cursor, frame: Frame) -> None:
    """What is added to lists and notes, by field."""
    for entry in place.entries():
        field = _field_to_set(entry, frame, str(entry.path[-1]))
        if field and not (field.is_many or field.kind.is_multiline):
            told = tr("{} holds one value, not a list", field.name)
            entry.fault(told, tr("write {}: …", field.name))


def _field_to_set(place: Cursor, frame: Frame, name: str) -> Field | None:
    """The field of that name, if a robot may change it; a fault of the place if not."""
    field = frame.field(name)
    if name == "stage":
        place.fault("set cannot move a record", "write do: move, with: {stage: …}")
    elif field is None:
        frame.refuse_field(place, name)
    elif field.system or name == "pipeline":
        place.fault(tr("the field {!r} cannot be set", name), "crm sets it")
    else:
        return field
    return None


def _check_choice(place: Cursor, field: Field) -> None:
    word = place.text().lstrip("+- " if field.is_many else "")
    if field.choices and fold(word) not in map(fold, field.choices):
        place.fault(tr("{!r} is not a {}", word, place.name), allowed_hint(word, field.choices))


def check_date_field(place: Cursor, frame: Frame) -> None:
    """The name of a date field that a robot may change."""
    field = _field_to_set(place, frame, place.text())
    if field and not field.kind.is_time:
        place.fault(tr("{!r} is not a date field", field.name), "name one with a date and a time")


def check_values(place: Cursor, frame: Frame) -> None:
    """Fields of a record that is to be made, by `entity.field` where several are."""
    for entry in place.entries():
        head, dot, name = str(entry.path[-1]).rpartition(".")
        entity = head if dot else frame.entity
        if not entity:
            continue  # which is told already
        if entity not in ENTITIES:
            entry.fault(tr("{!r} names no entity", entry.name), "like deal.close_by: today+7d")
        elif (field := frame.schema.named(entity, name)) is None:
            replace(frame, entity=entity).refuse_field(entry, name)
        elif field.system:
            entry.fault(tr("the field {!r} cannot be set", name), "crm sets it")
        elif isinstance(entry.value, str) and not is_template(entry.value):
            _check_choice(entry, field)


def fields_schema() -> dict[str, Any]:
    """A map of fields that a robot may change."""
    names = {f.name for entity in having("staged") for f in own_fields(entity) if f.system}
    kept = sorted({*names, "id", "stage", "pipeline"})
    return {"type": "object", "propertyNames": {"not": {"enum": kept}}}
