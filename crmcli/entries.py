"""By which event each record came to where it stands, also where the timeline has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from crmcli.model.arrivals import unwritten
from crmcli.model.event import ENTRIES, Event
from crmcli.model.fields import Record
from crmcli.model.values import Raw, entity_of, parse_instant
from crmcli.workspace import Workspace


def last_entry(ws: Workspace, record: Record) -> Event | None:
    """The event by which a lead or deal came to where it stands; None if nobody can tell."""
    row: dict[str, Raw] = {n: str(record.get(n)) for n in ("id", "stage")}
    if record.entity == "deal":
        row["pipeline"] = str(record.get("pipeline"))
    return _last(ws, row, _made(record), ws.history.entries([record.id]))


def last_entries(ws: Workspace, rows: Sequence[Mapping[str, Raw]]) -> dict[str, Event | None]:
    """The same of many raw records at once."""
    told = ws.index.entries([str(row["id"]) for row in rows])
    return {str(row["id"]): _last(ws, row, _made_in(row), told) for row in rows}


def with_arrival(ws: Workspace, record: Record, events: Sequence[Event]) -> Sequence[Event]:
    """A record's events, oldest first, with the entry that no line tells before them."""
    first = next((event for event in events if event.kind in ENTRIES), None)
    pipeline = str(record.get("pipeline")) if record.entity == "deal" else ""
    stage = stage_id(ws, record.entity, str(record.get("stage")), pipeline)
    entry = unwritten(record.id, _made(record), stage, pipeline, first)
    return [entry, *events] if entry else events


def all_unwritten(ws: Workspace, entity: str) -> list[Event]:
    """Every entry of an entity's records that no line tells."""
    strangers = [record_id for record_id in ws.index.unborn() if entity_of(record_id) == entity]
    rows = ws.index.raws(strangers)
    told = ws.index.entries(strangers)
    found = [_first(ws, row, _made_in(row), told) for row in rows]
    return [entry for entry in found if entry is not None]


Told = Mapping[str, tuple[Event, Event]]


def _last(ws: Workspace, row: Mapping[str, Raw], made: datetime | None, told: Told) -> Event | None:
    known = told.get(str(row["id"]))
    return known[1] if known else _first(ws, row, made, told)


def _first(
    ws: Workspace, row: Mapping[str, Raw], made: datetime | None, told: Told
) -> Event | None:
    record_id, pipeline = str(row["id"]), str(row.get("pipeline", ""))
    stage = stage_id(ws, entity_of(record_id), str(row.get("stage", "")), pipeline)
    known = told.get(record_id)
    return unwritten(record_id, made, stage, pipeline, known[0] if known else None)


def stage_id(ws: Workspace, entity: str, stage: str, pipeline: str) -> str:
    """The stage's id, even where somebody wrote its name into the file."""
    wanted = "leads" if entity == "lead" else pipeline or ws.pipelines.deals[0].id
    found = ws.pipelines.find(wanted)
    declared = found.stage(stage) if found else None
    return declared.id if declared else stage


def _made(record: Record) -> datetime | None:
    made = record.get("created_at")
    return made if isinstance(made, datetime) else None


def _made_in(row: Mapping[str, Raw]) -> datetime | None:
    try:
        return parse_instant(str(row.get("created_at", "")))
    except ValueError:
        return None
