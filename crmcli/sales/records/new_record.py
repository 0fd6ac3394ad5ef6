"""A new record of values: its defaults, and what it must have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.schema import record_class
from crmcli.model.values import Value
from crmcli.sales.records import defaults
from crmcli.sales.records.given_values import read_value
from crmcli.sales.records.required import check_stage, require
from crmcli.sales.records.stage_lookup import beginning
from crmcli.workspace import Workspace


def begun(ws: Workspace, entity: str, values: Mapping[str, Value], record_id: str = "") -> Record:
    """A new record with its defaults, of which nobody has asked yet whether it is whole."""
    usual = {
        field.name: read_value(ws, field, [field.default])
        for field in ws.schema.custom.get(entity, ())
        if field.default and field.name not in values
    }
    return _filled(ws, entity, beginning(ws, entity, {**usual, **values}), record_id)


def build(
    ws: Workspace,
    entity: str,
    values: Mapping[str, Value],
    record_id: str = "",
    *,
    strict: bool = True,
) -> Record:
    """A new record with its defaults; `strict` requires what the fields and the stage require."""
    if not strict:
        return _filled(ws, entity, values, record_id)
    record = begun(ws, entity, values, record_id)
    require(ws, record, [f.name for f in ws.schema.fields(entity) if f.required])
    defaults.check_minimum(record)
    if "staged" in ENTITIES[entity].traits:
        check_stage(ws, record, ws.stage_of(record), is_new=True)
    return record


def _filled(ws: Workspace, entity: str, values: Mapping[str, Value], record_id: str = "") -> Record:
    own: dict[str, Any] = {**values}
    custom = ws.schema.custom.get(entity, ())
    theirs = {field.name: own.pop(field.name, field.kind.empty) for field in custom}
    blank = record_class(entity)(id=record_id or ws.new_id(entity), custom=theirs, **own)
    return defaults.complete(ws, blank)
