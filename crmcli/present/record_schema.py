"""The JSON of records as a JSON Schema, made from what the fields declare."""

from __future__ import annotations

from typing import Any

from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import Field, Kind, Maps
from crmcli.model.schema import SCORED
from crmcli.model.values import ID_LETTERS
from crmcli.present.expanded import EXPANDED
from crmcli.workspace import Workspace

_TEXT = {"type": "string"}
_NUMBER = {"type": ["number", "string"]}
_INSTANT = {"type": "string", "format": "date-time"}
_AMOUNTS = {"type": "object", "additionalProperties": _NUMBER}


def record_schema(ws: Workspace, entity: str) -> dict[str, Any]:
    """What `crm show --json` and `crm list --json` print of a record; with --expand and --columns more."""
    known = [field for field in ws.schema.askable(entity) if field != SCORED or ws.scores]
    fields = {field.name: _property(field) for field in known}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": entity,
        "description": tr(ENTITIES[entity].about),
        "type": "object",
        "required": ["id"],
        "properties": {**fields, EXPANDED: _expanded(ws, entity)},
    }


def _property(field: Field) -> dict[str, Any]:
    """A field; one that is absent stands in no record."""
    found: dict[str, Any] = {"title": tr(field.label) or field.name, **_of_kind(field.kind, field)}
    if field.derived:
        found["description"] = tr("With --expand, or named by --columns.")
    elif field.directory:
        found["description"] = tr("A value of the directory {}.", field.directory)
    return found


def _of_kind(kind: Kind, field: Field) -> dict[str, Any]:
    if isinstance(kind, Maps):
        keys = {
            key: _NUMBER if key in ("quantity", "price", "vat") else _TEXT for key in kind.known
        }
        return {"type": "array", "items": {"type": "object", "properties": keys}}
    if kind.is_map:
        return {"type": "object", "additionalProperties": _TEXT}
    one = _one(kind, field)
    return {"type": "array", "items": one} if kind.is_many else one


def _one(kind: Kind, field: Field) -> dict[str, Any]:
    if field.name == "id" or field.entities:
        entities = "|".join(field.entities) or "[a-z]+"
        return {"type": "string", "pattern": f"^({entities})-[{ID_LETTERS}]{{8}}$"}
    if field.choices:
        return {"type": "string", "enum": [*field.choices]}
    if kind.is_number:
        return _NUMBER
    if kind.is_yearless:
        return {"type": "string", "pattern": "^([0-9]{4}|-)-[0-9]{2}-[0-9]{2}$"}
    if kind.is_time:
        return {"type": "string", "format": "date" if kind.is_day else "date-time"}
    return _TEXT


def _expanded(ws: Workspace, entity: str) -> dict[str, Any]:
    several = {"type": "array", "items": {"type": "object"}}
    links = {
        field.name: several if field.is_many else {"type": "object"}
        for field in ws.schema.fields(entity)
        if field.kind.is_link
    }
    stay = {
        "stage": _TEXT, "name": _TEXT, "pipeline": _TEXT, "entered_at": _INSTANT,
        "left_at": {**_INSTANT, "type": ["string", "null"]}, "seconds": {"type": "integer"},
    }  # fmt: skip
    linking = {row.plural: several for row in ENTITIES.values()}
    return {
        "description": "With --expand.",
        "type": "object",
        "properties": {
            "names": {"type": "object", "additionalProperties": _TEXT},
            "links": {"type": "object", "properties": links},
            "linked_from": {"type": "object", "properties": linking},
            "stages": {"type": "array", "items": {"type": "object", "properties": stay}},
            "totals": {"type": "object", "properties": _totals()},
        },
    }


def _totals() -> dict[str, Any]:
    end = {"type": "object", "properties": {"count": {"type": "integer"}, "amounts": _AMOUNTS}}
    ends = dict.fromkeys(("open", "won", "lost"), end)
    of_all = {"type": "object", "properties": {"count": {"type": "integer"}, **ends}}
    return {"lines": _AMOUNTS, **{row.plural: of_all for row in ENTITIES.values()}}
