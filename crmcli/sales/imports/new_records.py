"""A row as a new record, or merged into an existing one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from crmcli.dataclass import dataclass, replace
from crmcli.language import tr
from crmcli.model.fields import BadValues, Record
from crmcli.model.kinds import Kind, join_values
from crmcli.model.schema import has_field
from crmcli.model.values import Raw, Value
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.row_reader import RowReader
from crmcli.sales.records import defaults
from crmcli.sales.records.stage_lookup import missing_reason, reason_field
from crmcli.sales.stages import Closed, move_in
from crmcli.workspace import Change, Workspace

STUB = {"id", "name", "batch", "created_at"}
LONG = 50_000
"""Characters from which on a row may be more than a record's file can hold."""

_NOT_MERGED = ("id", "batch", "created_at", "stage", "pipeline")


class RowRefused(Exception):  # caught within the import, no error of the program
    """A row cannot be taken; pairs of column and reason."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(why for _, why in faults))
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class Update:
    """An existing record as a row changes it, and its new stage; `kept` values of the row were not taken."""

    record: Record
    kept: int = 0
    pipeline: str = ""
    stage: str = ""
    reason: str = ""

    def save(self, change: Change, ws: Workspace, facts: Mapping[str, Any]) -> int:
        """Write it within an open change; a new stage is entered by the rules of moving."""
        if self.stage:
            move_in(
                change,
                ws,
                self.record,
                self.stage,
                pipeline=self.pipeline,
                reason=self.reason,
                data=facts,
            )
        else:
            change.save(self.record, data=facts)
        return self.kept


def check_writable(ws: Workspace, record: Record, draft: Draft) -> None:
    """Refuse in time a record that may be too long or too deep for its file; Unwritable says what."""
    from crmcli.store.yaml import codec

    texts = [cell for cell in draft.cells if isinstance(cell, str)]
    is_long = sum(map(len, texts)) + len(str(getattr(record, "comment", ""))) > LONG
    if is_long or len(texts) < len(draft.cells) or draft.unknown:
        codec.dump(ws.schema.write(record))


def is_stub(ws: Workspace, record: Record) -> bool:
    """Whether of a record only the name is known, because another row's link named it."""
    return "batch" in (raw := ws.schema.write(record)) and set(raw) <= STUB


def new_record(
    ws: Workspace, reader: RowReader, draft: Draft, links: Mapping[str, Raw], batch: str
) -> Record:
    """The new record of a row, taken as it stands if it has one of our ids; RowRefused or TooLittle."""
    record_id = draft.id or ws.new_id(reader.entity)
    record = _typed(ws, reader, draft, {**links, "batch": batch}, record_id)
    if draft.id:
        return _filled_in(ws, record, reader.fields)
    record = defaults.complete(ws, record)
    defaults.check_minimum(record)
    return record


def _typed(
    ws: Workspace, reader: RowReader, draft: Draft, more: Mapping[str, Raw], record_id: str
) -> Record:
    raw = {**draft.unknown, **draft.values, **more, "id": record_id}
    try:
        return ws.schema.read(reader.entity, raw)
    except BadValues as error:
        faults = [(reader.label_of(name), why) for name, why in error.faults]
        raise RowRefused(faults) from None


def _filled_in(ws: Workspace, record: Record, known: Collection[str]) -> Record:
    """The record with the usual defaults in the fields that its file does not speak of."""
    complete = defaults.complete(ws, record)
    names = [f.name for f in ws.schema.fields(record.entity) if f.name not in known]
    names += [name for name in ("stage", "pipeline") if has_field(record.entity, name)]
    return record.with_values({name: complete.get(name) for name in names})


def changed_by(
    ws: Workspace,
    reader: RowReader,
    draft: Draft,
    links: Mapping[str, Raw],
    old: Record,
    policy: str,
) -> Update:
    """An existing record with a row's values: `merge` adds, `replace` overwrites, `complete` fills a stub."""
    typed = _typed(ws, reader, draft, links, old.id)
    if policy == "complete":
        more: dict[str, Any] = {"batch": old.get("batch")}
        return Update(replace(_filled_in(ws, typed, reader.fields), **more))
    values: dict[str, Value] = {}
    kept = 0
    for name in {**draft.values, **links}:
        if name in _NOT_MERGED:
            continue
        now, new = old.get(name), typed.get(name)
        types = draft.types.get(name, set())
        kind = ws.schema.field(old.entity, name).kind
        found = (
            _merged(ws, kind, name, now, new)
            if policy == "merge"
            else _put(ws, kind, now, new, types)
        )
        kept += found == now != new and not _contains(kind, now, new)
        values[name] = found
    unknown = {**typed.unknown, **old.unknown}
    if policy == "replace":
        unknown = {**old.unknown, **typed.unknown}
    record = replace(old.with_values(values), unknown=unknown)
    if policy == "replace":
        return _moved(ws, record, typed)
    return Update(record, kept)


def _merged(ws: Workspace, kind: Kind, name: str, now: Value, new: Value) -> Value:
    """The old value, with what it lacks."""
    if now == kind.empty:
        return new
    if isinstance(now, Mapping):
        return {**cast("Mapping[str, str]", new), **now}
    if kind.is_joined:
        return join_values(kind, now, new, ws.settings.phone_country)
    if name == "comment" and not _contains(kind, now, new):
        return f"{now}\n{new}"
    return now


def _put(ws: Workspace, kind: Kind, now: Value, new: Value, types: Collection[str]) -> Value:
    """The new value; of phones and e-mails in columns of their own type, only those types go."""
    if not types or not isinstance(now, tuple):
        return new
    others = tuple(item for item in now if getattr(item, "type", "") not in types)
    country = ws.settings.phone_country
    return join_values(kind, cast("Value", others), new, country, newer=True)


def _contains(kind: Kind, now: Value, new: Value) -> bool:
    """Whether a text has another one in it; a list that is joined has all of both."""
    return str(new) in now if isinstance(now, str) else kind.is_joined


def _moved(ws: Workspace, record: Record, typed: Record) -> Update:
    """The update with the stage that the row names, if that is another one."""
    if not getattr(typed, "stage", ""):
        return Update(record)
    standing = str(getattr(record, "pipeline", ""))
    pipeline = str(getattr(typed, "pipeline", "")) or standing
    same = pipeline == standing
    if record.get("stage") == typed.get("stage") and same:
        return Update(record)
    now, target = ws.stage_of(record), ws.stage_of(typed)
    if target.is_open and not now.is_open:
        raise Closed(
            tr("{} is closed in {!r}", record.id, now.name),
            tr("reopen it first: crm {} move {} {} --reopen", record.entity, record.id, target.id),
        )
    name = reason_field(record.entity)
    reason = str(record.get(name)) if target.kind == "lost" else ""
    refusal = missing_reason(ws, record.entity, record.id, tr("a column {}", name))
    if target.kind == "lost" and not reason and refusal:
        raise refusal
    return Update(record, 0, pipeline, target.id, reason)
