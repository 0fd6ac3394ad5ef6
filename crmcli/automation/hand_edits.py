"""Records that an editor or git moved to another stage, outside the commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crmcli.automation.job_failures import raise_general
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.workspace import Workspace
from crmcli.workspace.current_stage import PAGE, CurrentStage, current_stage, current_stages


def receive(ws: Workspace, failed: dict[str, Exception]) -> list[str]:
    """Write down each stage that a record entered without a command; the records that did, and what went
    wrong with others in `failed`. So robots, triggers and reports see a hand edit, a git merge and a file
    that was dropped in."""
    found = [place.record for place in strayed(ws, ws.agenda.dirty(), failed)]
    moved: list[str] = []
    if not found:
        return moved
    with ws.change("tick", actor="edit") as change:
        for record_id in found:
            try:
                record = change.get(record_id)
                place = current_stage(ws, record)
                if place.has_strayed:
                    change.note("stage.entered", record_id, facts_of(place, ws.robots_of(record)))
                    moved.append(record_id)
            except (NotFound, InvalidData, Forbidden):
                continue  # it went or broke since we looked
            except Exception as error:
                failed[record_id] = raise_general(error)
    return moved


def strayed(
    ws: Workspace, candidates: Sequence[str], failed: dict[str, Exception]
) -> Iterator[CurrentStage]:
    """Where those stand that stand elsewhere than the timeline says; what went wrong with others goes into
    `failed`. They are looked at together, or, where that fails, one by one."""
    for start in range(0, len(candidates), PAGE):
        page = candidates[start : start + PAGE]
        try:
            found = [place for place in current_stages(ws, page) if place.has_strayed]
        except Exception as error:
            if len(page) == 1:
                failed[page[0]] = raise_general(error)
                continue
            found = [one for record_id in page for one in strayed(ws, [record_id], failed)]
        yield from found


def facts_of(place: CurrentStage, robots: list[str]) -> dict[str, Any]:
    """What the event of a move by hand says; `robots` are those of the stage."""
    origin = str(place.entry.data.get("stage", "")) if place.entry else ""
    facts = {"stage": place.stage, "from": origin, "by": "edit", "robots": robots}
    if place.pipeline:
        facts["pipeline"] = place.pipeline
    return facts
