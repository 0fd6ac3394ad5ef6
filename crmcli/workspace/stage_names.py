"""Stages of the past by the ids that they have now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from crmcli.dataclass import replace
from crmcli.model.event import RENAMED, STOOD, Event
from crmcli.workspace.reads import Reads
from crmcli.workspace.undone import without_undone

_REWRITTEN = "file.changed"


Renaming: TypeAlias = tuple[str, Sequence[str]]
"""The event of it, and what it says: of stages, of which pipeline, the old and the new id."""


def renamings(ws: Reads) -> list[Renaming]:
    """How stages were called anew, in order, without what was undone."""
    told = without_undone(ws, ws.events(kinds=(_REWRITTEN,)), _REWRITTEN)
    return [(e.id, e.data[RENAMED]) for e in told if e.data.get(RENAMED, [""])[0] == "stages"]


def with_stages_of_today(
    ws: Reads, events: list[Event], first: str, renames: Sequence[Renaming] | None = None
) -> list[Event]:
    """Events that name stages by the ids that these have now; `first` is the pipeline of those that name
    none."""
    renames = renamings(ws) if renames is None else renames
    if not renames:
        return events

    def of_today(event: Event, pipeline: str, stage: str) -> str:
        for renamed_at, (_, where, old, new) in renames:
            if event.id < renamed_at and (pipeline, stage) == (where, old):
                stage = new
        return stage

    found = []
    for event in events:
        told: dict[str, object] = {}
        pipeline = str(event.data.get("pipeline") or first)
        if event.data.get("stage"):
            told["stage"] = of_today(event, pipeline, str(event.data["stage"]))
        if STOOD in event.data:
            stood = event.data[STOOD].items()
            told[STOOD] = {of_today(event, pipeline, stage): at for stage, at in stood}
        is_other = any(event.data[name] != value for name, value in told.items())
        found.append(replace(event, data={**event.data, **told}) if is_other else event)
    return found
