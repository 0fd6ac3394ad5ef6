"""In which stage leads and deals stand and since when, also where no line of the timeline tells it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from crmcli.dataclass import dataclass
from crmcli.model.event import ENTRIES, STAGE_RENAMED, Event, under_new_name
from crmcli.model.fields import Record
from crmcli.model.values import Raw, entity_of, parse_instant
from crmcli.workspace import Workspace
from crmcli.workspace.reads import Reads

PAGE = 1000
"""Records of which the index is asked at once."""
_MOVES = ("stage.entered", STAGE_RENAMED)
_BEFORE_ALL = "0."
"""Written ids begin with a letter."""


@dataclass(frozen=True, slots=True)
class CurrentStage:
    """Where a record stands by its file, and the event by which it came there; None if nobody can tell."""

    record: str
    stage: str
    pipeline: str
    entry: Event | None

    @property
    def has_strayed(self) -> bool:
        """Whether it stands elsewhere than its last entry says."""
        if not self.stage:
            return False
        if self.entry is None or self.entry.data.get("stage") != self.stage:
            return True
        came_to = str(self.entry.data.get("pipeline") or self.pipeline)
        return bool(self.pipeline) and came_to != self.pipeline


def current_stage(ws: Workspace, record: Record) -> CurrentStage:
    """Where one record stands."""
    told = ws.timeline.entries([record.id]).get(record.id)
    return _with_entry(_by_file(ws, record), _made(record), told)


def current_stages(ws: Workspace, record_ids: Sequence[str]) -> list[CurrentStage]:
    """Where these records stand, as the index has them; those that are gone or unreadable left out."""
    found: list[CurrentStage] = []
    for start in range(0, len(record_ids), PAGE):
        page = record_ids[start : start + PAGE]
        told = ws.timeline.entries(page)
        for row in ws.rows_of(page):
            place = _by_file(ws, row)
            found.append(_with_entry(place, _made(row), told.get(place.record)))
    return found


def with_first_entry(ws: Workspace, record: Record, events: Sequence[Event]) -> Sequence[Event]:
    """A record's events, oldest first, with the entry that no line tells before them."""
    first = next((event for event in events if event.kind in (*ENTRIES, STAGE_RENAMED)), None)
    entry = _unwritten(_by_file(ws, record), _made(record), first)
    return [entry, *events] if entry else events


def unwritten_entry(ws: Reads, row: Mapping[str, Raw], first: Event | None) -> Event | None:
    """The entry of a record that no line tells, if there is one; `first` is the first that is told."""
    return _unwritten(_by_file(ws, row), _made(row), first)


def is_unwritten(entry: Event) -> bool:
    """Whether it is an entry of which the timeline has no line."""
    return entry.id.startswith(_BEFORE_ALL)


def _by_file(ws: Reads, source: Record | Mapping[str, Raw]) -> CurrentStage:
    """Where the file says that it stands."""
    record_id, stage = str(source.get("id")), str(source.get("stage") or "")
    entity = entity_of(record_id)
    pipeline = str(source.get("pipeline") or "") if ws.pipelines.of(entity)[0].key else ""
    _, declared = ws.pipelines.place(entity, pipeline, stage)
    return CurrentStage(record_id, declared.id if declared else stage, pipeline, None)


def _with_entry(
    place: CurrentStage, made: datetime | None, told: tuple[Event, Event] | None
) -> CurrentStage:
    entry = told[1] if told else _unwritten(place, made, None)
    if entry is not None and entry.kind == STAGE_RENAMED:
        before = _unwritten(place, made, entry)
        entry = under_new_name(before, entry) if before else None
    return CurrentStage(place.record, place.stage, place.pipeline, entry)


def _made(source: Record | Mapping[str, Raw]) -> datetime | None:
    made = source.get("created_at")
    if isinstance(made, datetime) or not isinstance(made, str):
        return made if isinstance(made, datetime) else None
    try:
        return parse_instant(made)
    except ValueError:
        return None


def _unwritten(place: CurrentStage, made: datetime | None, first: Event | None) -> Event | None:
    """The entry that no line tells, as an event at the record's `created_at`; None if there is none.

    `first` is the first entry that the timeline has: a move tells from where. The event's id is the
    same in every run and clone, and sorts before all that are written, so that the keys of jobs hold.
    """
    stage, pipeline = place.stage, place.pipeline
    if first is not None:
        if first.kind not in _MOVES or (made is not None and made > first.at):
            return None
        stage = str(first.data.get("from") or "")
        pipeline = _pipeline_before(first) or pipeline
    if made is None or not stage:
        return None
    data = {"stage": stage, **({"pipeline": pipeline} if pipeline else {})}
    event_id = _BEFORE_ALL + ".".join((place.record, *data.values()))
    return Event(event_id, made, "", f"{entity_of(place.record)}.created", place.record, data=data)


def _pipeline_before(move: Event) -> str:
    changes = move.data.get("changes")
    changed = changes.get("pipeline") if isinstance(changes, dict) else None
    if isinstance(changed, list) and changed:
        return str(changed[0])
    return str(move.data.get("pipeline") or "")
