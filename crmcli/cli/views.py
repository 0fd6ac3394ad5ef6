"""How records look: which columns a list has, what a card shows, what a change says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crmcli.cli.cells import in_short
from crmcli.cli.output import Column
from crmcli.cli.params import Session
from crmcli.errors import BadUsage
from crmcli.model.fields import Record, dump_value
from crmcli.model.schema import PLURAL

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.model.event import Event
    from crmcli.workspace import Workspace

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "lead": ("id", "name", "stage", "amount", "source", "owner", "phones", "emails"),
    "contact": ("id", "name", "companies", "phones", "emails", "owner"),
    "company": ("id", "name", "inn", "phones", "emails", "owner"),
    "deal": ("id", "name", "stage", "amount", "close_by", "company", "owner"),
    "offer": ("id", "name", "status", "date", "valid_until", "company", "deal"),
    "task": ("id", "name", "due", "about", "owner", "done_at"),
}
LAST_EVENTS = 10


def columns_of(ws: Workspace, entity: str, names: Sequence[str]) -> list[Column]:
    """The columns of a list: those named, or the entity's usual ones."""
    known = {f.name: f for f in ws.schema.fields(entity)}
    columns: list[Column] = []
    for name in names or COLUMNS[entity]:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(known)}"
            raise BadUsage(f"{PLURAL[entity]} have no column {name!r}", hint)
        columns.append(Column.of(known[name]))
    return columns


def print_records(
    session: Session,
    entity: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    *,
    all_fields: bool = True,
) -> None:
    """Print a list of raw records; people see names for stages, users and links."""
    out, ws = session.out, session.workspace
    if out.is_table:
        out.localize(ws.settings.language, ws.zone, ws.settings.currency)
        columns = [named(ws, entity, column, rows) for column in columns]
        if not rows:
            out.note(f"no {PLURAL[entity]}")
    out.records(rows, columns, all_fields=all_fields)


def named(ws: Workspace, entity: str, column: Column, rows: Sequence[Mapping[str, Any]]) -> Column:
    """The column with words for its raw values: stage names, people, names of linked records."""
    if column.kind == "stage":
        if entity == "lead":
            stages = {s.id: s for s in ws.pipelines.leads.stages}
        else:  # two pipelines may have stages of the same id
            stages = {f"{p.id}/{s.id}": s for p in ws.pipelines.deals for s in p.stages}
            stages |= {f"/{s.id}": s for s in ws.pipelines.deals[0].stages}
            column = replace(column, within="pipeline")
        names = {key: stage.name for key, stage in stages.items()}
        return column.named(names, {key: stage.color for key, stage in stages.items()})
    if column.kind == "pipeline":
        return column.named({p.id: p.name for p in ws.pipelines.deals})
    if column.kind == "user":
        return column.named({u.id: u.name for u in ws.settings.users.values() if u.name})
    if column.kind in ("link", "links", "companies"):
        return column.named(_names(ws, column, rows))
    directory = next((f.directory for f in ws.schema.fields(entity) if f.name == column.name), "")
    return column.named(ws.settings.directories.get(directory, {})) if directory else column


def _names(ws: Workspace, column: Column, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    ids: set[str] = set()
    for row in rows:
        value = row.get(column.name) or []
        for item in [value] if isinstance(value, str) else value:
            ids.add(item["company"] if isinstance(item, dict) else item)
    return {record_id: _name(ws, record_id) for record_id in ids}


def _name(ws: Workspace, record_id: str) -> str:
    from crmcli.errors import InvalidData, NotFound

    try:
        return str(ws.get(record_id).get("name")) or record_id
    except (NotFound, InvalidData):
        return f"{record_id} (missing)"


def raw_row(ws: Workspace, record: Record) -> dict[str, Any]:
    """A record as a row to print."""
    return dict(ws.schema.write(record))


def print_one(session: Session, record: Record, at: datetime | None = None) -> None:
    """Print a record: its card, what belongs to it, its last events.

    As it was `at` a moment: without what belongs to it now, and with the events until then.
    """
    out, ws = session.out, session.workspace
    row = raw_row(ws, record)
    entity = record.entity
    columns = [Column.of(field) for field in ws.schema.fields(entity)]
    columns += [Column(name) for name in sorted(record.unknown)]
    if not out.is_table:
        out.one(row, columns)
        return
    out.localize(ws.settings.language, ws.zone, ws.settings.currency)
    out.one(row, [named(ws, entity, column, [row]) for column in columns])
    belonging = {} if at else _belonging(ws, record)
    for other, rows in belonging.items():
        columns = columns_of(ws, other, [])
        out.section(PLURAL[other].capitalize(), rows, [named(ws, other, c, rows) for c in columns])
    from crmcli.cli.events import event_columns, event_rows

    events = story(ws, record)
    if at is not None:
        told = [event.at <= at for event in ws.in_order(events)]
        events = [event for event, is_told in zip(events, told, strict=True) if is_told]
    out.section("Timeline", event_rows(ws, events[-LAST_EVENTS:]), event_columns())


def _belonging(ws: Workspace, record: Record) -> dict[str, list[dict[str, Any]]]:
    """What links to a record, as rows by entity: a company's contacts and deals, a deal's tasks.

    Links that crm itself writes, like that of a deal to its lead, are told by the other side.
    """
    from crmcli.sales.records.links import linking_fields

    found: dict[str, list[dict[str, Any]]] = {}
    linking = {
        other: [f.name for f in linking_fields(ws, other, record.entity) if not f.system]
        for other in PLURAL
    }
    index = ws.index_of([other for other, fields in linking.items() if fields])
    for other, fields in linking.items():
        if fields:
            asked = ws.condition(" or ".join(f"{name} = {record.id}" for name in fields), other)
            found[other] = list(index.select(other, asked, ws.env))
    return found


def story(ws: Workspace, record: Record) -> list[Event]:
    """The events of a record, with those of what was merged into it and of the leads they come from."""
    from crmcli.sales.merging.unmerge import story_of

    return story_of(ws, record)


def difference(ws: Workspace, before: Record, after: Record) -> list[str]:
    """What an edit changed: `amount 100 → 200`."""
    lines: list[str] = []
    for field in ws.schema.fields(after.entity):
        old, new = before.get(field.name), after.get(field.name)
        if old != new:
            lines.append(f"{field.name} {_short(field.kind, old)} → {_short(field.kind, new)}")
    names = sorted({*before.unknown, *after.unknown})
    lines += [f"{n} changed" for n in names if before.unknown.get(n) != after.unknown.get(n)]
    return lines


def _short(kind: str, value: Any) -> str:
    return in_short(dump_value(kind, value))
