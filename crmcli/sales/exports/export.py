"""Writing records out as CSV, a workbook, JSON lines or vCards, so that an import makes them again; tasks as
a calendar for other programs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, InvalidData, NotFound
from crmcli.formats.csv import csv_line
from crmcli.formats.jsonl import json_line
from crmcli.language import tr
from crmcli.model.entities import ENTITIES, having
from crmcli.model.fields import Record
from crmcli.model.kinds import TEXT, Field
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import has_field
from crmcli.model.values import Raw
from crmcli.sales.consent.permission import HOLDERS, mailable
from crmcli.sales.exports.sheet_rows import SheetColumn, guard, row_of, sheet_columns, typed_cell
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition

FORMATS = ("csv", "xlsx", "jsonl", "vcard", "ics")
VERSIONS = ("3.0", "4.0")
"""Of vCards that are written."""

CHUNK = 1000


@dataclass(frozen=True)
class Layout:
    """How an export is written; `labels` are for people who read it in Excel, `for_mailing` leaves out who
    must not be mailed, `version` is of vCards."""

    format: str = "csv"
    excel: bool = False
    labels: bool = False
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
    condition = ws.within("export", entity, condition)
    rows = _for_mailing(ws, entity, condition) if chosen.for_mailing else ws.rows(entity, condition)
    if ws.trail is not None:
        ws.trail.exported(entity, len(rows), str(condition or ""))
    pieces = _Pieces(ws, entity, rows, columns)
    if chosen.format == "xlsx":
        return pieces.workbook()
    if chosen.format == "vcard":
        texts = pieces.cards(chosen.version)
    elif chosen.format == "ics":
        texts = pieces.calendar()
    elif chosen.format == "jsonl":
        texts = pieces.json_lines(
            {column.field.name for column in columns} if chosen.columns else ()
        )
    else:
        texts = pieces.labelled() if chosen.labels else pieces.csv(excel=chosen.excel)
    return (text.encode() for text in texts)


def with_cards() -> tuple[str, ...]:
    """The nouns that a vCard can hold: clients, unless a card would lose the stage where they stand."""
    return tuple(noun for noun in having("client") if "staged" not in ENTITIES[noun].traits)


def _check(entity: str, chosen: Layout) -> None:
    """Refuse a layout that makes no sense."""
    if chosen.format not in FORMATS:
        raise BadUsage(
            tr("{!r} is not an export format", chosen.format), tr("one of {}", ", ".join(FORMATS))
        )
    if chosen.excel and chosen.format != "csv":
        raise BadUsage("--excel makes CSV", "leave out --format; --format xlsx makes a workbook")
    if chosen.format in ("vcard", "ics") and chosen.columns:
        raise BadUsage(tr("{} has no columns", chosen.format), "leave out --columns")
    if chosen.format == "ics" and not has_field(entity, "length"):
        raise BadUsage(tr("{} have no calendar", tr(ENTITIES[entity].plural)), "crm export tasks")
    if chosen.format == "vcard":
        if entity not in with_cards():
            raise BadUsage(
                tr("{} cannot be exported as vCards", tr(ENTITIES[entity].plural)),
                tr("one of {}", ", ".join(with_cards())),
            )
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
    known |= {f.name: SheetColumn(f.name, f) for f in ws.schema.askable(entity) if f.derived}
    return tuple(known[name] for name in (_known(ws, entity, name, known) for name in names))


def _known(ws: Workspace, entity: str, word: str, known: Collection[str]) -> str:
    """The column that a word names, as it is or as a field."""
    field = ws.schema.named(entity, word)
    name = field.name if field and word not in known else word
    if name not in known:
        words = [*known, *ws.schema.words(entity)]
        hint = allowed_hint(word, words, tr("columns"), known)
        raise BadUsage(tr("a {} has no column {!r}", tr(entity), word), hint)
    return name


class _Pieces:
    """The records of an export, in one format or another."""

    def __init__(
        self,
        ws: Workspace,
        entity: str,
        rows: Sequence[Mapping[str, Raw]],
        columns: Sequence[SheetColumn],
    ) -> None:
        self._ws = ws
        self._entity = entity
        self._columns = columns
        self._records = (ws.schema.read(entity, row) for row in rows)
        derived = [column.name for column in columns if column.field.derived]
        ids = [str(row["id"]) for row in rows] if derived else []
        self._derived = ws.derived(entity, derived, ids) if derived else {}

    def csv(self, *, excel: bool) -> Iterator[str]:
        delimiter, end = (";", "\r\n") if excel else (",", "\n")
        header = csv_line((column.name for column in self._columns), delimiter, end)
        yield "\ufeff" + header if excel else header
        cells = self._cells()
        while chunk := [*islice(cells, CHUNK)]:
            yield "".join(
                csv_line((guard(c, excel=excel) for c in row), delimiter, end) for row in chunk
            )

    def labelled(self) -> Iterator[str]:
        """CSV for Excel with the words, dates and numbers of people."""
        from crmcli.sales.exports.labelled_rows import LabelledCells

        shown = LabelledCells(self._ws, self._entity, self._columns)
        self._columns = shown.columns
        yield "\ufeff" + csv_line(shown.header(), ";", "\r\n")
        for raw, cells in self._rows():
            yield csv_line(shown.row(cells, raw), ";", "\r\n")

    def workbook(self) -> Iterator[bytes]:
        from crmcli.formats.xlsx_sheets import write_workbook

        lines = (
            [typed_cell(column, cell) for column, cell in zip(self._columns, cells, strict=True)]
            for cells in self._cells()
        )
        header = [column.name for column in self._columns]
        yield write_workbook(header, lines, ENTITIES[self._entity].plural)

    def cards(self, version: str) -> Iterator[str]:
        from crmcli.formats.vcard import card_text
        from crmcli.sales.exports.vcard_records import card_of

        fields = self._ws.schema.fields(self._entity)
        name_of = self._names(f for f in fields if f.kind.is_link and f.is_many)

        def file_of(sha: str) -> bytes:
            try:
                return self._ws.attached(sha)
            except (NotFound, InvalidData):
                self._ws.notes.append(tr("a picture is missing: {}…; left out", sha[:12]))
                return b""

        for record in self._records:
            raw = self._ws.schema.write(record)
            lines = card_of(raw, self._entity, name_of, file_of, self._ws.inputs)
            yield card_text(lines, version)

    def calendar(self) -> Iterator[str]:
        from crmcli.sales.exports.calendar import calendar

        return calendar(self._ws, self._records)

    def json_lines(self, names: Collection[str]) -> Iterator[str]:
        numbered = self._ws.schema.numbered(self._entity)
        for record in self._records:
            raw = self._raw(record)
            unknown = {key: raw.pop(key) for key in record.unknown}
            raw.update((key, unknown[key]) for key in sorted(unknown))
            keep = names or set(raw) - {"batch"}
            line = numbered({name: value for name, value in raw.items() if name in keep})
            yield json_line(line) + "\n"

    def _cells(self) -> Iterator[list[str]]:
        return (cells for _, cells in self._rows())

    def _rows(self) -> Iterator[tuple[Mapping[str, Raw], list[str]]]:
        """Each record as its file has it, and as cells."""
        name_of = self._names(c.field for c in self._columns if c.part == "names")
        # No country: an export must read back the same wherever numbers without one are read otherwise.
        ctx = replace(self._ws.inputs, country="")
        for record in self._records:
            raw = self._raw(record)
            yield raw, row_of(raw, record.unknown, self._columns, name_of, ctx)

    def _raw(self, record: Record) -> dict[str, Raw]:
        """A record as its file has it, and what is derived of it where that is asked for."""
        told = self._derived.get(record.id, {})
        return {**self._ws.schema.write(record), **{n: v for n, v in told.items() if v}}

    def _names(self, fields: Iterable[Field]) -> Callable[[str], str]:
        """How linked records are called; a link that leads nowhere has no name."""
        names = {
            str(row["id"]): str(row.get("name", ""))
            for entity in sorted({field.entities[0] for field in fields})
            for row in self._ws.rows(entity, None)
        }
        return lambda record_id: names.get(record_id, "")
