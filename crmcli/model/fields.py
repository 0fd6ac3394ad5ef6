"""What fields a record has, of which kind, and how each kind is written in a file.

A record class declares its fields once, with the functions below; codec, command line, import,
export, index and the condition language all read that declaration.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from crmcli.model.values import (
    CompanyLink,
    Email,
    Line,
    Phone,
    Raw,
    Value,
    entity_of,
    format_decimal,
    format_instant,
    parse_date,
    parse_decimal,
    parse_instant,
    parse_money,
)

PHONE_TYPES = ("work", "mobile", "home", "fax", "pager", "mailing", "other")
EMAIL_TYPES = ("work", "home", "mailing", "other")
UTM_KEYS = ("source", "medium", "campaign", "content", "term")

CUSTOM_KINDS = (
    "text", "note", "number", "money", "date", "datetime", "bool", "choice", "choices", "link",
    "url", "phone", "email",
)  # fmt: skip
"""The kinds that settings.yaml may give a custom field."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entity: its name in files and JSON, its kind, and what it allows.

    `directory` names the list of allowed values in settings.yaml (`sources`, `lost_reasons`, …);
    `entities` are what a link may point to; `system` fields are written by verbs, not by people.
    """

    name: str
    kind: str
    label: str = ""
    choices: tuple[str, ...] = ()
    directory: str = ""
    entities: tuple[str, ...] = ()
    required: bool = False
    default: str = ""
    system: bool = False
    custom: bool = False

    @property
    def is_many(self) -> bool:
        """Whether the field holds a list."""
        return self.kind in MANY_KINDS


MANY_KINDS = ("phones", "emails", "companies", "links", "tags", "choices", "urls", "lines")
MAP_KINDS = ("utm", "converted")
_EMPTY: dict[str, Value] = {
    "phones": (), "emails": (), "companies": (), "links": (), "tags": (), "choices": (),
    "urls": (), "lines": (), "utm": {}, "converted": {},
    "number": None, "money": None, "date": None, "datetime": None, "bool": None,
}  # fmt: skip


def empty(kind: str) -> Value:
    """The value of an absent field of that kind."""
    return _EMPTY.get(kind, "")


def declare(kind: str, label: str, **more: Any) -> Any:
    """Declare a dataclass field of a record; `more` goes to `Field`."""
    nothing = empty(kind)
    meta = {"crm": {"kind": kind, "label": label, **more}}
    if isinstance(nothing, dict):
        return dataclasses.field(default_factory=dict, metadata=meta)
    return dataclasses.field(default=nothing, metadata=meta)


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
        """The word for what this is: lead, contact, company, deal, offer, task."""
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


def _text(raw: Raw) -> str:
    if not isinstance(raw, str):
        raise ValueError("a single value is expected here, not a list or a map")
    return raw


def _texts(raw: Raw) -> tuple[str, ...]:
    if isinstance(raw, str):
        return (raw,) if raw else ()
    if not isinstance(raw, list):
        raise ValueError("a list is expected here")
    return tuple(_text(item) for item in raw)


def _maps(raw: Raw, main: str) -> list[dict[str, str]]:
    """A list of small maps; a bare text stands for the map with only its main key."""
    items = raw if isinstance(raw, list) else [raw] if raw else []
    maps = [{main: item} if isinstance(item, str) else item for item in items]
    for item in maps:
        if not isinstance(item, dict) or main not in item:
            raise ValueError(f"each item needs a {main!r}")
    return [{key: _text(value) for key, value in item.items()} for item in maps]  # type: ignore[union-attr]  # checked above


def _only(item: dict[str, str], *keys: str) -> dict[str, str]:
    strange = sorted(set(item) - set(keys))
    if strange:
        raise ValueError(f"unknown key {strange[0]!r}; allowed: {', '.join(keys)}")
    return item


def _one_of(value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise ValueError(f"{value!r} is none of {', '.join(allowed)}")
    return value


def _parse_phones(raw: Raw) -> tuple[Phone, ...]:
    items = [_only(item, "value", "ext", "type") for item in _maps(raw, "value")]
    return tuple(
        Phone(i["value"], i.get("ext", ""), _one_of(i.get("type", "work"), PHONE_TYPES))
        for i in items
    )


def _parse_emails(raw: Raw) -> tuple[Email, ...]:
    items = [_only(item, "value", "type") for item in _maps(raw, "value")]
    return tuple(Email(i["value"], _one_of(i.get("type", "work"), EMAIL_TYPES)) for i in items)


def _parse_companies(raw: Raw) -> tuple[CompanyLink, ...]:
    items = [_only(item, "company", "role") for item in _maps(raw, "company")]
    return tuple(CompanyLink(i["company"], i.get("role", "")) for i in items)


def _parse_lines(raw: Raw) -> tuple[Line, ...]:
    lines = []
    for item in _maps(raw, "name"):
        _only(item, "name", "quantity", "unit", "price", "vat")
        lines.append(
            Line(
                item["name"],
                parse_decimal(item.get("quantity", "1")),
                item.get("unit", ""),
                parse_money(item.get("price", "0")),
                parse_decimal(item["vat"]) if item.get("vat") else None,
            )
        )
    return tuple(lines)


def _parse_map(raw: Raw) -> dict[str, str]:
    if raw == "":
        return {}
    if not isinstance(raw, dict):
        raise ValueError("a map is expected here")
    return {key: _text(value) for key, value in raw.items()}


def _parse_bool(raw: Raw) -> bool | None:
    text = _text(raw)
    if text == "":
        return None
    if text not in ("yes", "no"):
        raise ValueError(f"{text!r} is neither yes nor no")
    return text == "yes"


def _or_none(parse: Callable[[str], Value]) -> Callable[[Raw], Value]:
    def parse_or_none(raw: Raw) -> Value:
        text = _text(raw)
        return parse(text) if text else None

    return parse_or_none


_PARSE: dict[str, Callable[[Raw], Value]] = {
    "phones": _parse_phones,
    "emails": _parse_emails,
    "companies": _parse_companies,
    "lines": _parse_lines,
    "links": _texts,
    "urls": _texts,
    "choices": lambda raw: tuple(sorted(set(_texts(raw)))),
    "tags": lambda raw: tuple(sorted(set(_texts(raw)))),
    "utm": _parse_map,
    "converted": _parse_map,
    "number": _or_none(parse_decimal),
    "money": _or_none(parse_money),
    "date": _or_none(parse_date),
    "datetime": _or_none(parse_instant),
    "bool": _parse_bool,
}

_DUMP: dict[str, Callable[[Any], Raw]] = {
    "phones": lambda value: [
        {"value": p.value, **({"ext": p.ext} if p.ext else {}), "type": p.type} for p in value
    ],
    "emails": lambda value: [{"value": e.value, "type": e.type} for e in value],
    "companies": lambda value: [
        {"company": c.company, **({"role": c.role} if c.role else {})} for c in value
    ],
    "lines": lambda value: [_dump_line(line) for line in value],
    "links": list,
    "urls": list,
    "choices": sorted,
    "tags": sorted,
    "utm": dict,
    "converted": dict,
    "number": format_decimal,
    "money": format_decimal,
    "date": lambda value: value.isoformat(),
    "datetime": format_instant,
    "bool": lambda value: "yes" if value else "no",
}


def _dump_line(line: Line) -> Raw:
    raw: dict[str, Raw] = {"name": line.name, "quantity": format_decimal(line.quantity)}
    if line.unit:
        raw["unit"] = line.unit
    raw["price"] = format_decimal(line.price)
    if line.vat is not None:
        raw["vat"] = format_decimal(line.vat)
    return raw


def parse_value(kind: str, raw: Raw) -> Value:
    """Type what a record file has for a field of that kind; ValueError with a sentence if it cannot be."""
    parse = _PARSE.get(kind)
    return parse(raw) if parse else _text(raw)


def dump_value(kind: str, value: Value) -> Raw:
    """The raw form of a typed value, as files, JSON and the timeline have it; "" when absent."""
    if value is None or value == "" or value == () or value == {}:
        return ""
    dump = _DUMP.get(kind)
    return dump(value) if dump else cast("str", value)


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
                target[field.name] = empty(field.kind)
            continue
        try:
            target[field.name] = parse_value(field.kind, left.pop(field.name))
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
        dumped = dump_value(field.kind, value)
        if dumped != "":
            raw[field.name] = dumped
    raw.update(record.unknown)
    return raw
