"""What came in from outside the commands: records that an editor or git moved to another stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crmcli.automation.job_failures import raise_general
from crmcli.dataclass import dataclass, field
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.workspace import Change, Workspace
from crmcli.workspace.current_stage import PAGE, CurrentStage, current_stage, current_stages


@dataclass(frozen=True, slots=True)
class Received:
    """The records that were moved by hand, and what went wrong with others; the messages that came."""

    moved: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    failed: dict[str, Exception] = field(default_factory=dict)


def receive(ws: Workspace, candidates: Sequence[str]) -> Received:
    """Write down each stage that a record entered without a command.

    So robots, triggers and reports see a hand edit, a git merge and a file that was dropped in.
    """
    received = Received()
    found = [place.record for place in strayed(ws, candidates, received.failed)]
    if not found:
        return received
    with ws.change("tick", actor="edit") as change:
        for record_id in found:
            try:
                _write_down(ws, change, record_id, received)
            except (NotFound, InvalidData, Forbidden):
                continue  # it went or broke since we looked
            except Exception as error:
                received.failed[record_id] = raise_general(error)
    return received


def strayed(
    ws: Workspace, candidates: Sequence[str], failed: dict[str, Exception]
) -> Iterator[CurrentStage]:
    """Where those stand that stand elsewhere than the timeline says; what went wrong with others
    goes into `failed`.

    They are looked at together, or, where that fails, one by one.
    """
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


def _write_down(ws: Workspace, change: Change, record_id: str, received: Received) -> None:
    record = change.get(record_id)
    place = current_stage(ws, record)
    if place.has_strayed:
        change.note("stage.entered", record_id, facts_of(place, ws.robots_of(record)))
        received.moved.append(record_id)


def facts_of(place: CurrentStage, robots: list[str]) -> dict[str, Any]:
    """What the event of a move by hand says; `robots` are those of the stage."""
    origin = str(place.entry.data.get("stage", "")) if place.entry else ""
    facts = {"stage": place.stage, "from": origin, "by": "edit", "robots": robots}
    if place.pipeline:
        facts["pipeline"] = place.pipeline
    return facts
