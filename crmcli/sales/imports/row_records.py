"""The record that a row makes, or an existing one as it changes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, cast

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import BadValues, Record
from crmcli.model.kinds import Kind, join_values
from crmcli.model.schema import has_field
from crmcli.model.values import Value, fold, parse_instant
from crmcli.sales.imports.draft import Draft, RowRefused
from crmcli.sales.imports.row_reader import RowReader
from crmcli.sales.merging.field_merge import unite
from crmcli.sales.records import defaults
from crmcli.sales.records.stage_lookup import reason_field, require_reason
from crmcli.sales.stages import move_in
from crmcli.store.yaml import codec
from crmcli.workspace import Change, Workspace

STUB = {"id", "name", "batch", "created_at"}
NAME_PARTS = ("first_name", "middle_name", "last_name")
NEW = "00000000"
LONG = 50_000
"""Characters from which on a row may be more than a record's file can hold."""

_NOT_REPLACED = ("id", "batch", "created_at", "stage", "pipeline")


def new_record(reader: RowReader, draft: Draft, batch: str) -> Record:
    """The new record of a row, taken as it stands if it has one of our ids; RowRefused or TooLittle."""
    record = _typed(reader, draft, draft.id or reader.ws.new_id(reader.entity), batch)
    complete = defaults.complete(reader.ws, record)
    if not draft.id:
        defaults.check_minimum(complete)
        return _with_end(reader.ws, complete)
    # Of what its file does not speak, and of where it stands, it gets the usual.
    fields = reader.ws.schema.fields(record.entity)
    names = [f.name for f in fields if f.name not in reader.fields or f.kind.is_moved]
    return record.with_values({name: complete.get(name) for name in names})


def _with_end(ws: Workspace, record: Record) -> Record:
    """A record that came in as over with a time of its end: that of its beginning if its row names none."""
    if not has_ended(ws, record) or record.get("closed_at"):
        return record
    return record.with_values({"closed_at": record.get("created_at") or ws.now})


def has_ended(ws: Workspace, record: Record) -> bool:
    """Whether a new record came in as over, at a time that it has to say."""
    is_staged = "staged" in ENTITIES[record.entity].traits and has_field(record.entity, "closed_at")
    return is_staged and not ws.stage_of(record).is_open


def row_record(reader: RowReader, draft: Draft) -> Record:
    """What a row says by itself, before its links are followed, called as it would be."""
    return _typed(reader, draft, draft.id or f"{reader.entity}-{NEW}").filled(
        lambda record_id: None
    )


def merged(
    reader: RowReader, draft: Draft, old: Record, *, lifts: bool = False
) -> tuple[Record, int]:
    """An existing record with what it lacks from a row, and how many values of the row it does not take."""
    row = _to_the_second(_typed(reader, draft, old.id), old).with_values({"created_at": None})
    union = unite(reader.ws, old, row, (), (), between="\n")
    return with_refusals(union.record, draft, old, lifts=lifts), len(union.yielded)


def with_refusals(record: Record, draft: Draft, old: Record, *, lifts: bool = False) -> Record:
    """A record with what it refused before and what its row refuses; `lifts`, without what that allows."""
    channels = refusals_of(old) - (draft.allowed if lifts else set())
    before = {"do_not": channels, "unwanted": {*getattr(old, "unwanted", ())}}
    now = {name: had | {*map(str, draft.values.get(name, ()))} for name, had in before.items()}
    changed = {n: (*sorted(no),) for n, no in now.items() if no != {*getattr(record, n, ())}}
    return record.with_values(changed) if changed else record


def refusals_of(record: Record) -> set[str]:
    """The channels that a record refuses; a deal refuses nothing."""
    return {*getattr(record, "do_not", ())}


def replaced(reader: RowReader, draft: Draft, old: Record, *, lifts: bool = False) -> Record:
    """An existing record with the values of a row, except where it stands."""
    ws, row = reader.ws, _to_the_second(_typed(reader, draft, old.id), old)
    values: dict[str, Value] = {}
    for name in draft.values:
        if name not in _NOT_REPLACED:
            kind, types = ws.schema.field(old.entity, name).kind, draft.types.get(name, ())
            values[name] = _put(ws, kind, old.get(name), row.get(name), types)
    if draft.stood:  # it was there by then
        came = parse_instant(min(draft.stood.values()))
        values["created_at"] = min(came, cast("datetime", old.get("created_at") or came))
    new = replace(old.with_values(values), unknown={**old.unknown, **row.unknown})
    new = _without_odd_parts(defaults.follow_name(old, new), values)
    return with_refusals(new, draft, old, lifts=lifts)


def _to_the_second(row: Record, old: Record) -> Record:
    """A row whose times, if they are those of the record to the minute, are so to the second."""
    values: dict[str, Value] = {}
    for field in fields(row):
        new, now = getattr(row, field.name), getattr(old, field.name)
        is_time = isinstance(new, datetime) and isinstance(now, datetime)
        if is_time and now.replace(second=0, microsecond=0) == new:
            values[field.name] = now
    return row.with_values(values)


def _without_odd_parts(record: Record, values: Mapping[str, Value]) -> Record:
    """A record whose new name came whole: parts that do not stand in it are those of the old name."""
    parts = [name for name in NAME_PARTS if getattr(record, name, "")]
    is_title = "staged" in ENTITIES[record.entity].traits
    if is_title or "name" not in values or any(part in values for part in NAME_PARTS):
        return record
    words = fold(str(record.get("name"))).split()
    odd = [part for part in parts if not {*fold(str(record.get(part))).split()} <= {*words}]
    return record.with_values(dict.fromkeys(odd, ""))


def _typed(reader: RowReader, draft: Draft, record_id: str, batch: str = "") -> Record:
    raw = {**draft.unknown, **draft.values, "batch": batch, "id": record_id}
    try:
        return reader.ws.schema.read(reader.entity, raw)
    except BadValues as error:
        faults = [(reader.label_of(name), why) for name, why in error.faults]
        raise RowRefused(faults) from None


def _put(ws: Workspace, kind: Kind, now: Value, new: Value, types: Collection[str]) -> Value:
    """The new value; of phones and e-mails in columns of their own type, only those types go."""
    if not types or not isinstance(now, tuple):
        return new
    others = tuple(item for item in now if getattr(item, "type", "") not in types)
    country = ws.settings.phone_country
    return join_values(kind, cast("Value", others), new, country, newer=True)


def save_moved(
    change: Change, ws: Workspace, record: Record, draft: Draft, facts: Mapping[str, Any]
) -> None:
    """Write a changed record; the stage that its row names is entered by the rules of moving."""
    row: dict[str, Any] = {n: draft.values[n] for n in ("pipeline", "stage") if n in draft.values}
    moved = record.with_values(row)
    if "stage" not in row or moved == record:
        change.save(record, data=facts)
        return
    closed_at = getattr(record, "closed_at", None) if "closed_at" in draft.values else None
    name = reason_field(record.entity)
    if ws.stage_of(moved).kind == "lost" and not record.get(name):
        require_reason(ws, record.entity, record.id, tr("a column {}", name))
    place = ws.pipeline_of(moved).key
    move_in(change, ws, record, row["stage"], pipeline=place, closed_at=closed_at, data=facts)


def is_stub(ws: Workspace, record: Record) -> bool:
    """Whether of a record only the name is known, because another row's link named it."""
    return "batch" in (raw := ws.schema.write(record)) and set(raw) <= STUB


def check_writable(ws: Workspace, record: Record, draft: Draft) -> None:
    """Refuse in time a record that may be too long or too deep for its file; Unwritable says what."""
    texts = [cell for cell in draft.row.cells if isinstance(cell, str)]
    is_long = sum(map(len, texts)) + len(str(getattr(record, "comment", ""))) > LONG
    if is_long or len(texts) < len(draft.row.cells) or draft.unknown:
        codec.dump(ws.schema.write(record))
