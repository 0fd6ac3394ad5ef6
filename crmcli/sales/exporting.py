"""Writing records out as CSV or JSON lines, so that an import of the file makes them again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crmcli.errors import BadUsage
from crmcli.model.fields import Field
from crmcli.model.values import Raw
from crmcli.sales.sheet import SheetColumn, guard, hidden, row_of, sheet_columns
from crmcli.store.jsonlines import json_line
from crmcli.store.tables import csv_line
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.where import Condition

FORMATS = ("csv", "jsonl")
CHUNK = 1000


@dataclass(frozen=True)
class Layout:
    """How an export is written: its format, for a spreadsheet program or not, which columns."""

    format: str = "csv"
    excel: bool = False
    columns: Sequence[str] = ()


def export(
    ws: Workspace, entity: str, condition: Condition | None = None, layout: Layout | None = None
) -> Iterator[str]:
    """The text of an export, in pieces: the records that fit a condition, oldest first.

    Raises BadUsage for an unknown column or a layout that makes no sense, before the first piece.
    """
    chosen = layout or Layout()
    if chosen.format not in FORMATS:
        raise BadUsage(f"{chosen.format!r} is no format of exports", f"one of {', '.join(FORMATS)}")
    if chosen.excel and chosen.format != "csv":
        raise BadUsage("--excel makes CSV", "leave out --format")
    columns = _columns(ws, entity, chosen.columns)
    rows = ws.index.select(entity, condition, ws.env)
    if chosen.format == "jsonl":
        return _json_lines(ws, entity, rows, columns if chosen.columns else ())
    return _csv(ws, entity, rows, columns, excel=chosen.excel)


def _columns(ws: Workspace, entity: str, names: Sequence[str]) -> tuple[SheetColumn, ...]:
    known = {column.name: column for column in sheet_columns(ws.schema, entity)}
    known["batch"] = SheetColumn("batch", Field("batch", "text"))
    if not names:
        return tuple(column for name, column in known.items() if name != "batch")
    for name in names:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, 1)
            raise BadUsage(
                f"a {entity} has no column {name!r}",
                (f"did you mean {near[0]!r}? " if near else "") + f"columns: {', '.join(known)}",
            )
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
    name_of = _names(ws, columns)
    lines: list[str] = []
    # No country: an export must read back the same wherever numbers without one are read otherwise.
    ctx = replace(ws.inputs, country="")
    for row in rows:
        record = ws.schema.read(entity, row)
        raw = ws.schema.write(record)
        cells = row_of(raw, columns, hidden(raw, record.unknown), name_of, ctx)
        lines.append(csv_line((guard(c, excel=excel) for c in cells), delimiter, end))
        if len(lines) == CHUNK:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def _json_lines(
    ws: Workspace,
    entity: str,
    rows: Sequence[Mapping[str, Raw]],
    columns: Sequence[SheetColumn],
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
    entities = {
        "company" if column.field.kind == "companies" else column.field.entities[0]
        for column in columns
        if column.part == "names"
    }
    names = {
        str(row["id"]): str(row.get("name", ""))
        for entity in sorted(entities)
        for row in ws.index.select(entity, None, ws.env)
    }
    return lambda record_id: names.get(record_id, "")
