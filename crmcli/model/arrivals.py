"""Where a record stands of whose coming the timeline has no line: a file made by hand, or cherry-picked."""

from __future__ import annotations

from datetime import datetime

from crmcli.model.event import Event
from crmcli.model.values import entity_of

_BEFORE_ALL = "0."
"""Written ids begin with a letter."""


def unwritten(
    record_id: str, made: datetime | None, stage: str, pipeline: str, first: Event | None
) -> Event | None:
    """The entry that no line tells, as an event at the record's `created_at`; None if there is none.

    `stage` and `pipeline` are what the file says now, `first` the first entry that the timeline has:
    a move tells from where. The event's id is the same in every run and clone, and sorts before all
    that are written, so that the keys of jobs hold.
    """
    if first is not None:
        if first.kind != "stage.entered" or (made is not None and made > first.at):
            return None
        stage = str(first.data.get("from") or "")
        pipeline = _pipeline_before(first) or pipeline
    if made is None or not stage:
        return None
    data = {"stage": stage, **({"pipeline": pipeline} if pipeline else {})}
    event_id = _BEFORE_ALL + ".".join((record_id, *data.values()))
    return Event(event_id, made, "", f"{entity_of(record_id)}.created", record_id, data=data)


def is_unwritten(entry: Event) -> bool:
    """Whether it is such an entry, of which the timeline has no line."""
    return entry.id.startswith(_BEFORE_ALL)


def _pipeline_before(move: Event) -> str:
    changes = move.data.get("changes")
    changed = changes.get("pipeline") if isinstance(changes, dict) else None
    if isinstance(changed, list) and changed:
        return str(changed[0])
    return str(move.data.get("pipeline") or "")
