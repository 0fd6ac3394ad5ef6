"""The stays of leads and deals in stages, told anew where something has changed since they were told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from crmcli.model.entities import having
from crmcli.model.stays import Dates, Stay, stage_kinds, stays
from crmcli.model.values import Raw, parse_instant
from crmcli.workspace import Workspace
from crmcli.workspace.current_stage import unwritten_entry
from crmcli.workspace.reads import Reads
from crmcli.workspace.stage_names import Renaming, renamings, with_stages_of_today
from crmcli.workspace.undone import Ask, dead, places_that_count

_PAGE = 2000
"""Records that are told in one transaction of the index."""
_CLOSED = ("first_closed_at", "closed_at", "converted_at")
"""Who came in closed was so by the first of these that it has."""


def settle_stays(
    ws: Workspace, most: int | None = None, entities: Sequence[str] = having("staged")
) -> None:
    """Bring the stays that reports count up to the folder, of so many records if not of all, of all nouns
    if none is named. They are kept whoever asks."""
    house, left = ws.house, most
    births = house.births_of(entities)
    for entity in entities:
        own = births.unsettled(entity, left)
        left = None if left is None else left - len(own)
        past = (dead(house), renamings(house)) if len(own) > _PAGE else (None, None)
        for start in range(0, len(own), _PAGE):
            page = own[start : start + _PAGE]
            births.settle_stays(page, stays_of(house, entity, page, *past))


def settle_some(ws: Workspace, most: int) -> None:
    """The same of so many records, as the last look at the folder found them."""
    ws.house.read_as_left()
    settle_stays(ws, most)


def stays_of(
    ws: Reads,
    entity: str,
    record_ids: Sequence[str],
    is_dead: Ask | None = None,
    renames: Sequence[Renaming] | None = None,
) -> Iterator[Stay]:
    """The stays of some records, as their events and their files tell them; with what was undone and called
    anew, where that is known."""
    rows = {str(raw["id"]): raw for raw in ws.rows_of(record_ids)}
    told = ws.timeline.events_of(record_ids, stage_kinds(entity))
    events = sorted((e for own in told.values() for e in own), key=lambda event: event.id)
    unwritten = []
    for record_id, raw in rows.items():
        if not any(event.kind == f"{entity}.created" for event in told[record_id]):
            unwritten.append(unwritten_entry(ws, raw, next(iter(told[record_id]), None)))
    events = places_that_count(ws, ws.in_order(events), is_dead)
    events = [*(entry for entry in unwritten if entry), *events]
    home = ws.pipelines.of(entity)[0].id
    dates = {record_id: _dates(raw) for record_id, raw in rows.items()}
    return stays(with_stages_of_today(ws, events, home, renames), entity, dates, home)


def _dates(raw: Mapping[str, Raw]) -> Dates:
    closed = next((raw[name] for name in _CLOSED if raw.get(name)), "")
    return Dates(_seconds(raw.get("created_at", "")), _seconds(closed))


def _seconds(value: Raw) -> float | None:
    try:
        return parse_instant(str(value)).timestamp() if value else None
    except ValueError:
        return None
