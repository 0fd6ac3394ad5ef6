"""What came in from outside the commands: records that an editor or git moved to another stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crmcli.automation.standing import Place, place_of, places
from crmcli.errors import InvalidData, NotFound
from crmcli.model.values import entity_of
from crmcli.store.repository import Change
from crmcli.workspace import Workspace


def receive(ws: Workspace, candidates: Sequence[str]) -> list[str]:
    """Write down each stage that a record entered without a command; returns those records' ids.

    So robots, triggers and reports see a hand edit, a git merge and a file that was dropped in.
    """
    strayed = [place.record for place in places(ws, candidates) if place.has_strayed]
    if not strayed:
        return []
    found: list[str] = []
    with ws.change("tick", actor="edit") as change:
        ws.index.refresh_timeline()
        for record_id in strayed:
            place = _place_now(ws, change, record_id)
            if place is not None and place.has_strayed:
                robots = ws.robots_of(change.get(record_id))
                change.note("stage.entered", record_id, facts_of(place, robots))
                found.append(record_id)
    return found


def _place_now(ws: Workspace, change: Change, record_id: str) -> Place | None:
    """Where the record stands under the lock; None if it went or broke since we looked."""
    try:
        return place_of(ws, change.get(record_id))
    except (NotFound, InvalidData):
        return None


def facts_of(place: Place, robots: list[str]) -> dict[str, Any]:
    """What the event of a move by hand says; `robots` are those of the stage."""
    origin = str(place.entry.data.get("stage", "")) if place.entry else ""
    facts = {"stage": place.stage, "from": origin, "by": "edit", "robots": robots}
    if entity_of(place.record) == "deal":
        facts["pipeline"] = place.pipeline
    return facts
