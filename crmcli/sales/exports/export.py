"""Writing records out as CSV, a workbook, JSON lines or vCards, so that an import makes them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, InvalidData, NotFound
from crmcli.formats.csv import csv_line
from crmcli.formats.jsonl import json_line
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.kinds import TEXT, Field
from crmcli.model.listed import allowed_hint
from crmcli.model.values import Raw
from crmcli.sales.consent.permission import HOLDERS, mailable
from crmcli.sales.exports.sheet_rows import (
    SheetColumn,
    guard,
    hidden,
    row_of,
    sheet_columns,
    typed_cell,
)
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition

FORMATS = ("csv", "xlsx", "jsonl", "vcard")
VERSIONS = ("3.0", "4.0")
"""Of vCards that are written."""

WITH_CARDS = ("contact", "company")
CHUNK = 1000


@dataclass(frozen=True)
class Layout:
    """How an export is written; `for_mailing` leaves out who must not be mailed, `version` is of vCards."""

    format: str = "csv"
    excel: bool = False
    columns: Sequence[str] = ()
    for_mailing: bool = False
    version: str = "3.0"


def export(
    ws: Workspace, entity: str, condition: Condition | None = None, layout: Layout | None = None
) -> Iterator[bytes]:
    """An export in pieces, oldest first; BadUsage before the first piece if it makes no sense."""
    chosen = layout or Layout()
    _check(entity, chosen)
    columns = _columns(ws, entity, chosen.columns)
    rows = _for_mailing(ws, entity, condition) if chosen.for_mailing else ws.rows(entity, condition)
    if chosen.format == "xlsx":
        return _workbook(ws, entity, rows, columns)
    if chosen.format == "vcard":
        pieces = _cards(ws, entity, rows, chosen.version)
    elif chosen.format == "jsonl":
        pieces = _json_lines(ws, entity, rows, columns if chosen.columns else ())
    else:
        pieces = _csv(ws, entity, rows, columns, excel=chosen.excel)
    return (piece.encode() for piece in pieces)


def _check(entity: str, chosen: Layout) -> None:
    """Refuse a layout that makes no sense."""
    if chosen.format not in FORMATS:
        raise BadUsage(
            tr("{!r} is not an export format", chosen.format), tr("one of {}", ", ".join(FORMATS))
        )
    if chosen.excel and chosen.format != "csv":
        raise BadUsage("--excel makes CSV", "leave out --format; --format xlsx makes a workbook")
    if chosen.format == "vcard":
        if entity not in WITH_CARDS:
            plural = ENTITIES[entity].plural
            raise BadUsage(
                tr("{} cannot be exported as vCards", tr(plural)), "contacts and companies can"
            )
        if chosen.columns:
            raise BadUsage("a vCard has no columns", "leave out --columns")
        if chosen.version not in VERSIONS:
            raise BadUsage(tr("vCard {!r} is not supported", chosen.version), "3.0 or 4.0")


def _for_mailing(
    ws: Workspace, entity: str, condition: Condition | None
) -> list[Mapping[str, Raw]]:
    """The records that a mailing may go to; a note counts the others by the reason."""
    if entity not in HOLDERS:
        raise BadUsage(
            tr("{} are not mailed", tr(ENTITIES[entity].plural)),
            tr("one of {}", ", ".join(HOLDERS)),
        )
    kept, left = mailable(ws, ws.select(entity, condition))
    reasons = ", ".join(f"{count} {why}" for why, count in sorted(left.items()))
    ws.notes.append(
        tr("for mailing: {}", len(kept)) + (tr("; left out: {}", reasons) if left else "")
    )
    return [ws.schema.write(record) for record in kept]


def _columns(ws: Workspace, entity: str, names: Sequence[str]) -> tuple[SheetColumn, ...]:
    known = {column.name: column for column in sheet_columns(ws.schema, entity)}
    known["batch"] = SheetColumn("batch", Field("batch", TEXT))
    if not names:
        return tuple(column for name, column in known.items() if name != "batch")
    for name in names:
        if name not in known:
            hint = allowed_hint(name, known, tr("columns"))
            raise BadUsage(tr("a {} has no column {!r}", tr(entity), name), hint)
    return tuple(known[name] for name in names)


def _csv(
    ws: Workspace,
    entity: str,
    rows: Sequence[Mapping[str, Raw]],
    columns: Sequence[SheetColumn],
    *,
    excel: bool,
) -> Iterator[str]:
    delimiter, end = (";", "\r\n") if excel else (",", "\n")
    yield ("\ufeff" if excel else "") + csv_line((c.name for c in columns), delimiter, end)
    lines: list[str] = []
    for cells in _cells(ws, entity, rows, columns):
        lines.append(csv_line((guard(c, excel=excel) for c in cells), delimiter, end))
        if len(lines) == CHUNK:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _cells(
    ws: Workspace, entity: str, rows: Sequence[Mapping[str, Raw]], columns: Sequence[SheetColumn]
) -> Iterator[list[str]]:
    name_of = _names(ws, columns)
    # No country: an export must read back the same wherever numbers without one are read otherwise.
    ctx = replace(ws.inputs, country="")
    for row in rows:
        record = ws.schema.read(entity, row)
        raw = ws.schema.write(record)
        yield row_of(raw, columns, hidden(raw, record.unknown), name_of, ctx)


def _workbook(
    ws: Workspace, entity: str, rows: Sequence[Mapping[str, Raw]], columns: Sequence[SheetColumn]
) -> Iterator[bytes]:
    from crmcli.formats.xlsx import write_workbook

    lines = (
        [typed_cell(column, cell) for column, cell in zip(columns, cells, strict=True)]
        for cells in _cells(ws, entity, rows, columns)
    )
    yield write_workbook([column.name for column in columns], lines, ENTITIES[entity].plural)


def _cards(
    ws: Workspace, entity: str, rows: Sequence[Mapping[str, Raw]], version: str
) -> Iterator[str]:
    from crmcli.formats.vcard import card_text
    from crmcli.sales.exports.vcard_records import card_of

    linked = [f for f in ws.schema.fields(entity) if f.kind.is_link and f.is_many]
    name_of = _names(ws, [SheetColumn(field.name, field, "names") for field in linked])

    def file_of(sha: str) -> bytes:
        try:
            return ws.attached(sha)
        except (NotFound, InvalidData):
            ws.notes.append(tr("a picture is missing: {}…; left out", sha[:12]))
            return b""

    for row in rows:
        raw = ws.schema.write(ws.schema.read(entity, row))
        yield card_text(card_of(raw, entity, name_of, file_of, ws.inputs), version)


def _json_lines(
    ws: Workspace, entity: str, rows: Sequence[Mapping[str, Raw]], columns: Sequence[SheetColumn]
) -> Iterator[str]:
    names = {column.field.name for column in columns}
    for row in rows:
        record = ws.schema.read(entity, row)
        raw = ws.schema.write(record)
        unknown = {key: raw.pop(key) for key in record.unknown}
        raw.update((key, unknown[key]) for key in sorted(unknown))
        keep = names or set(raw) - {"batch"}
        yield json_line({name: value for name, value in raw.items() if name in keep}) + "\n"


def _names(ws: Workspace, columns: Sequence[SheetColumn]) -> Callable[[str], str]:
    """How linked records are called; a link that leads nowhere has no name."""
    entities = {column.field.entities[0] for column in columns if column.part == "names"}
    names = {
        str(row["id"]): str(row.get("name", ""))
        for entity in sorted(entities)
        for row in ws.rows(entity, None)
    }
    return lambda record_id: names.get(record_id, "")
