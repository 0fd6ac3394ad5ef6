"""What fields a record has, and how a record is typed by them.

A record class declares its fields once, with the functions below; codec, command line, import,
export, index and the condition language all read that declaration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeAlias, TypeVar, cast

from crmcli.dataclass import dataclass, replace
from crmcli.model.kinds import Field as Field
from crmcli.model.kinds import kind_of
from crmcli.model.values import Raw, Value, entity_of


def declare(kind: str, label: str, **more: Any) -> Any:
    """Declare a dataclass field of a record; `more` goes to `Field`."""
    of_kind = kind_of(kind)
    nothing = of_kind.empty
    meta = {"crm": {"kind": of_kind, "label": label, **more}}
    if isinstance(nothing, dict):
        return dataclasses.field(default_factory=dict, metadata=meta)
    return dataclasses.field(default=nothing, metadata=meta)


R = TypeVar("R", bound="Record")


@dataclass(frozen=True, kw_only=True)
class Record:
    """What every record has: an id, its own fields, custom fields and keys that nobody declared.

    `custom` holds typed values by name; `unknown` is kept as it was read and written back.
    """

    id: str = declare("id", "Id", system=True)
    custom: Mapping[str, Value] = dataclasses.field(default_factory=dict)
    unknown: Mapping[str, Raw] = dataclasses.field(default_factory=dict)

    @property
    def entity(self) -> str:
        """The noun that this is one of."""
        return entity_of(self.id)

    def get(self, name: str) -> Value:
        """The value of a declared field, own or custom; KeyError if there is none of that name."""
        if name in self.custom:
            return self.custom[name]
        if name in ("custom", "unknown", "entity") or name.startswith("_"):
            raise KeyError(name)
        try:
            return cast("Value", getattr(self, name))
        except AttributeError:
            raise KeyError(name) from None

    def with_values(self: R, values: Mapping[str, Value]) -> R:
        """The record with some fields changed, custom ones included."""
        own: dict[str, Any] = {n: v for n, v in values.items() if n not in self.custom}
        custom = {n: v for n, v in values.items() if n in self.custom}
        return replace(self, **own, custom={**self.custom, **custom})

    def filled(self, follow: Follow) -> Record:
        """The record with what follows from its own values, as a name does; `follow` reads a link."""
        return self

    @property
    def fixed(self) -> tuple[str, ...]:
        """The fields that nobody edits any more, as those of a document that was sent."""
        return ()

    def news(
        self, before: Record | None, *, gone: bool = False
    ) -> Iterable[tuple[str, dict[str, Any]]]:
        """The events, and their data, that the record which it belongs to is told when it has become so, or
        is `gone`."""
        return ()

    def as_of(self, day: date) -> Record:
        """The record with the status that a day gives it, where one lapses."""
        return self


Follow: TypeAlias = Callable[[str], "Record | None"]
"""The record of an id; None where there is none."""


def first_of(items: tuple[object, ...]) -> str:
    """The first of a list as a text; "" of none."""
    return str(items[0]) if items else ""


_DECLARED: dict[type[Record], tuple[Field, ...]] = {}


def fields_of(record_class: type[Record]) -> tuple[Field, ...]:
    """The declared fields of a record class, in the order in which files have them."""
    if record_class not in _DECLARED:
        _DECLARED[record_class] = tuple(
            Field(name=f.name, **f.metadata["crm"])
            for f in dataclasses.fields(record_class)
            if "crm" in f.metadata
        )
    return _DECLARED[record_class]


class BadValues(ValueError):
    """Some fields of a raw record do not fit their kind: pairs of field name and sentence."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {why}" for name, why in faults))
        self.faults = faults


def record_from_raw(
    record_class: type[Record], raw: Mapping[str, Raw], custom: tuple[Field, ...] = ()
) -> Record:
    """Type a raw record by its schema; keys that nobody declared are kept in `unknown`.

    Raises BadValues with every fault, not only the first.
    """
    values: dict[str, Any] = {}
    extra: dict[str, Value] = {}
    faults: list[tuple[str, str]] = []
    left = dict(raw)
    for field, target in [
        *((f, values) for f in fields_of(record_class)),
        *((f, extra) for f in custom),
    ]:
        if field.name not in left:
            if field.custom:
                target[field.name] = field.kind.empty
            continue
        try:
            target[field.name] = field.kind.parse(left.pop(field.name))
        except ValueError as error:
            faults.append((field.name, str(error)))
    if faults:
        raise BadValues(faults)
    return record_class(**values, custom=extra, unknown=left)


def raw_from_record(record: Record, custom: tuple[Field, ...] = ()) -> dict[str, Raw]:
    """The raw record in canonical order: id, own fields, custom fields, unknown keys; absent left out."""
    raw: dict[str, Raw] = {}
    own = fields_of(type(record))
    values = [(field, getattr(record, field.name)) for field in own]
    if custom:
        values += [(field, record.get(field.name)) for field in custom]
    for field, value in values:
        if value is None or value == "":  # most fields of most records
            continue
        dumped = value if isinstance(value, str) else field.kind.dump(value)
        if dumped != "":
            raw[field.name] = dumped
    raw.update(record.unknown)
    return raw
