"""A record with all that is told beside it: for programs that should need no second call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.kinds import kind_of
from crmcli.model.values import entity_of, format_decimal, format_instant
from crmcli.present.columns import derived_columns, named, with_derived
from crmcli.present.linked import linked_rows
from crmcli.present.records import belonging, card_columns, raw_row
from crmcli.sales.history.story import story_of
from crmcli.workspace import Workspace
from crmcli.workspace.undone import places_that_count

if TYPE_CHECKING:
    from crmcli.model.pipeline import Stage

EXPANDED = "expanded"
"""The key under which it stands, so that no field is in its way."""


def expanded(ws: Workspace, record: Record) -> dict[str, Any]:
    """The record's row, with what is derived, and under one key the names of what it says, the records to
    which it links and which link to it, the stages in which it stood, sums."""
    derived = derived_columns(ws, record.entity)
    row = dict(with_derived(ws, record.entity, derived, [raw_row(ws, record)])[0])
    linked_from = {
        ENTITIES[entity].plural: [*map(ws.schema.numbered(entity), rows)]
        for entity, rows in belonging(ws, record).items()
        if rows
    }
    row[EXPANDED] = {
        "names": _names(ws, record, row),
        "links": _links(ws, record),
        "linked_from": linked_from,
        "stages": _stays(ws, record),
        "totals": _totals(ws, record, linked_from),
    }
    return row


def _names(ws: Workspace, record: Record, row: Mapping[str, Any]) -> dict[str, str]:
    """The words that people have for stages, pipelines, users and values of directories."""
    found = {}
    for column in card_columns(ws, record):
        if column.name in row and not column.holds.is_link:
            worded = named(ws, record.entity, column, [row])
            name = worded.labels.get(worded.key(row)) if isinstance(row[column.name], str) else None
            if name:
                found[column.name] = name
    return found


def _links(ws: Workspace, record: Record) -> dict[str, Any]:
    """The linked records by field, of a field that holds several in a list."""
    found: dict[str, Any] = {}
    for field in ws.schema.fields(record.entity):
        ids = field.kind.linked(record.get(field.name)) if field.kind.is_link else ()
        known = {i: ws.schema.numbered(entity_of(i))(raw) for i, raw in linked_rows(ws, ids)}
        rows = [known[one] for one in ids if one in known]
        if rows:
            found[field.name] = rows if field.is_many else rows[0]
    return found


def _stays(ws: Workspace, record: Record) -> list[dict[str, Any]]:
    """The stages in which the record stood, oldest first; it left the last one not yet."""
    from crmcli.model.stays import Dates, entries_told
    from crmcli.workspace.current_stage import with_first_entry

    if "staged" not in ENTITIES[record.entity].traits:
        return []
    instants = (_seconds(record.get("created_at")), _seconds(_closed(record)))
    events = ws.in_order(with_first_entry(ws, record, story_of(ws, record)))
    events = places_that_count(ws, events)
    told = entries_told(events, record.entity, {record.id: Dates(*instants)})
    names = _stage_names(ws, record.entity)
    pipeline = next(
        (e.pipeline for e in reversed(told) if e.pipeline), str(getattr(record, "pipeline", ""))
    )
    found = []
    for entry, following in zip_longest(told, told[1:]):
        stage = names.get(entry.stage)
        found.append(
            {
                "stage": entry.stage,
                "name": stage.name if stage else entry.stage,
                "pipeline": entry.pipeline or pipeline,
                "entered_at": _instant(entry.at),
                "left_at": _instant(following.at) if following else None,
                "seconds": int((following.at if following else ws.now.timestamp()) - entry.at),
            }
        )
    return found


def _closed(record: Record) -> Any:
    names = {"closed_at", "converted_at"}
    return next((v for name in names if (v := getattr(record, name, None))), None)


def _stage_names(ws: Workspace, entity: str) -> dict[str, Stage]:
    return {s.id: s for pipeline in ws.outline.of(entity) for s in pipeline.stages}


def _seconds(moment: Any) -> float | None:
    return moment.timestamp() if isinstance(moment, datetime) else None


def _instant(seconds: float) -> str:
    return format_instant(datetime.fromtimestamp(seconds, UTC))


def _totals(
    ws: Workspace, record: Record, linked_from: Mapping[str, Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    """What its lines come to; how many records link to it, and the sums of those that stand in stages, by
    what the stage is (open, won, lost) and by currency."""
    found: dict[str, Any] = {}
    sums = getattr(record, "totals", None)
    if sums is not None and sums.lines:
        found["lines"] = {k: _amount(getattr(sums, k)) for k in ("net", "vat", "gross")}
    for entity, row in ENTITIES.items():
        rows = linked_from.get(row.plural, ())
        if rows and "staged" in row.traits:
            found[row.plural] = _by_end(ws, entity, rows)
        elif rows:
            found[row.plural] = {"count": len(rows)}
    return found


def _by_end(ws: Workspace, entity: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = _stage_names(ws, entity)
    ends: dict[str, dict[str, Any]] = {}
    for row in rows:
        stage = names.get(row.get("stage", ""))
        end = ends.setdefault(stage.kind if stage else "open", {"count": 0, "amounts": {}})
        end["count"] += 1
        if amount := row.get("amount"):
            code = row.get("currency") or ws.settings.currency
            end["amounts"][code] = end["amounts"].get(code, Decimal(0)) + Decimal(str(amount))
    for end in ends.values():
        end["amounts"] = {code: _amount(one) for code, one in end["amounts"].items()}
    return {"count": len(rows), **ends}


def _amount(amount: Decimal) -> object:
    return kind_of("money").number_in(format_decimal(amount))
