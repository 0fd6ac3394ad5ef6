"""The past: the events of each change, and records as they were before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, cast

from crmcli.dataclass import dataclass, field, replace
from crmcli.errors import BadUsage, NotFound, Refused
from crmcli.language import tr
from crmcli.model.event import ACTIVITIES, AMENDMENTS, DATED, MARKS, SEQUENCES, Event
from crmcli.model.fields import BadValues, Record
from crmcli.model.merged import MERGED_INTO, survivor_in
from crmcli.model.values import Raw, entity_of, parse_instant
from crmcli.store.timeline.event_ids import are_of_one_change
from crmcli.workspace import RecordRemoved
from crmcli.workspace.reads import Reads

PAGE = 500
"""Events that are read at a time."""

REWRITTEN = "file.changed"
"""The event of a file other than a record: settings.yaml, the block list."""

SAID = (*ACTIVITIES, "signal", *SEQUENCES)
"""What a person writes down because it has happened."""


@dataclass(frozen=True)
class PastChange:
    """What one transaction wrote on the timeline of a clone.

    `span` is its first and last event, `batch` its import. `is_undo` if it took something back (taking
    that back is a redo), `is_undoable` if it changed a record or a person logged something.
    """

    ws: Reads = field(compare=False, repr=False)
    clone: str
    actor: str
    span: tuple[str, str]
    batch: str
    is_undo: bool
    is_undoable: bool

    @property
    def id(self) -> str:
        """The id of its first event stands for the whole."""
        return self.span[0]

    def each(self, *, newest_first: bool = False, kinds: Sequence[str] = ()) -> Iterator[Event]:
        """Its events, of these kinds if some are named; some hundred are held at a time."""
        first, last = self.span
        after, before = _just_before(first), _just_after(last)
        for event in _events(
            self.ws, self.clone, kinds, after=after, before=before, newest_first=newest_first
        ):
            if event.id >= first:
                yield event


def _events(
    ws: Reads,
    clone: str,
    kinds: Sequence[str] = (),
    *,
    after: str = "",
    before: str = "",
    newest_first: bool = False,
    page: int = 0,
) -> Iterator[Event]:
    """The events of a clone between two ids, some hundred at a time, or a `page` of so many."""
    page = page or PAGE
    while True:
        found = ws.events(
            "",
            kinds,
            clone=clone,
            after=after,
            before=before,
            newest_first=newest_first,
            limit=page,
        )
        yield from found
        if len(found) < page:
            return
        after, before = (after, found[-1].id) if newest_first else (found[-1].id, before)


def _just_before(event_id: str) -> str:
    """An id, not a whole one, that sorts before this one and before at most 31 others like it."""
    return event_id[:-1]


def _just_after(event_id: str) -> str:
    """An id, more than a whole one, that sorts right behind this one."""
    return f"{event_id}0"


def group(ws: Reads, clone: str, events: Iterable[Event]) -> Iterator[PastChange]:
    """The changes that events of a clone belong to; both in the same order, whichever it is."""
    found: PastChange | None = None
    for event in events:
        alone = _of_one(ws, clone, event)
        if found is None:
            found = alone
        elif are_of_one_change(found.span[1], event.id) or are_of_one_change(event.id, found.id):
            found = _joined(found, alone)
        else:
            yield found
            found = alone
    if found is not None:
        yield found


def _of_one(ws: Reads, clone: str, event: Event) -> PastChange:
    is_undoable = (
        "changes" in event.data
        or event.kind.endswith((".created", ".removed", ".merged", ".unmerged"))
        or event.kind == REWRITTEN
        or event.kind in (*MARKS, DATED)
        or (event.kind == "change.undone" and bool(event.data.get("redo")))  # of a mark alone
        or (event.kind in (*SAID, *AMENDMENTS) and ":" not in event.actor)
    )
    is_undo = event.kind == "change.undone" and not event.data.get("redo")
    batch = str(event.data.get("batch") or "")
    return PastChange(ws, clone, event.actor, (event.id, event.id), batch, is_undo, is_undoable)


def _joined(one: PastChange, other: PastChange) -> PastChange:
    return replace(
        min(one, other, key=lambda part: part.id),
        span=(min(one.id, other.id), max(one.span[1], other.span[1])),
        batch=one.batch or other.batch,
        is_undo=one.is_undo or other.is_undo,
        is_undoable=one.is_undoable or other.is_undoable,
    )


def changes_of(ws: Reads) -> Iterator[PastChange]:
    """The changes that this clone made, the latest first."""
    return group(ws, ws.clone, _events(ws, ws.clone, newest_first=True))


def change_at(ws: Reads, event_id: str) -> PastChange | None:
    """The change to which an event belongs; None if there is no such event in any clone."""
    for clone in ws.timeline.clones():
        near = ws.events(clone=clone, after=_just_before(event_id), limit=32)
        if event_id in [event.id for event in near]:
            return _change_around(ws, clone, event_id)
    return None


def _change_around(ws: Reads, clone: str, event_id: str) -> PastChange:
    last = event_id
    for event in _events(ws, clone, after=event_id, page=32):
        if not are_of_one_change(last, event.id):
            break
        last = event.id
    events = _events(ws, clone, before=_just_after(last), newest_first=True)
    return next(group(ws, clone, events))


def ids_from(ws: Reads, beginning: str) -> list[str]:
    """The ids of the next events of each clone from that id on, or that beginning of one."""
    clones = ws.timeline.clones() if beginning else ()
    return [e.id for clone in clones for e in ws.events(clone=clone, after=beginning, limit=8)]


def changes_of_batch(ws: Reads, batch: str) -> list[PastChange]:
    """The changes by which an import stands, the latest first."""
    found: dict[tuple[str, str], PastChange] = {}
    for clone in ws.timeline.clones():
        for mark in ws.events(clone=clone, kinds=("import.part", "import.done", "change.undone")):
            if mark.data.get("batch") == batch:
                change = _change_around(ws, clone, mark.id)
                found[change.id, clone] = change
    standing = [change for change in found.values() if not change.is_undo]
    return sorted(standing, key=lambda change: (change.id, change.clone), reverse=True)


def before(raw: Mapping[str, Raw] | None, event: Event) -> dict[str, Raw] | None:
    """A record as it was before one of its events; None where it was not there."""
    if event.kind.endswith(".created"):
        return None
    if event.kind.endswith(".removed"):
        # a file that was deleted by hand left no text
        return dict(cast("Mapping[str, Raw]", event.data.get("record", {}))) or None
    if raw is None:
        return None
    changes = cast("Mapping[str, Any]", event.data.get("changes", {}))
    return {**raw, **{name: old for name, (old, _) in changes.items()}}


def without_empty(raw: Mapping[str, Raw], names: Iterable[str]) -> dict[str, Raw]:
    """The raw record without those of the named fields that hold nothing."""
    gone = {name for name in names if raw.get(name) == ""}
    return {name: value for name, value in raw.items() if name not in gone}


def restored(ws: Reads, record_id: str, raw: Mapping[str, Raw]) -> Record:
    """A record from what its file held before; Refused if that does not match today's fields."""
    try:
        return ws.schema.read(entity_of(record_id), raw)
    except BadValues as error:
        raise Refused(
            tr("{} cannot be restored: {}", record_id, error),
            "the fields in settings.yaml changed",
        ) from None


def as_of(ws: Reads, record_id: str, moment: datetime) -> Record:
    """A record as it was at a moment; NotFound if it did not exist. Edits by hand count as always there."""
    events = ws.in_order(ws.events(record=record_id))
    raw: dict[str, Raw] | None = None
    try:
        raw = ws.schema.write(ws.stored(record_id, merged=True).record)
    except RecordRemoved:
        if not events:
            raise  # there never was one
    changed: set[str] = set()
    for event in reversed(events):
        if event.at > moment:
            raw = before(raw, event)
            changed |= {*event.data.get("changes", ())}
    if raw is None or _was_made_later(ws, raw, events, moment):
        raise _was_not_there(record_id, events, moment)
    raw = without_empty(raw, changed)
    if MERGED_INTO in raw:  # it was a part of another one already
        return as_of(ws, survivor_in(raw), moment)
    try:
        return ws.schema.read(entity_of(record_id), raw)
    except BadValues as error:
        raise BadUsage(
            tr("{} as it was then does not match today's fields: {}", record_id, error),
            tr("see crm timeline {}", record_id),
        ) from None


def _was_made_later(
    ws: Reads, raw: Mapping[str, Raw], events: Sequence[Event], moment: datetime
) -> bool:
    """Whether a record of whose making no event tells says itself that it was made after a moment."""
    if events and events[0].kind.endswith(".created"):
        return False
    try:
        made = parse_instant(str(raw.get("created_at", "")))
    except ValueError:
        return False  # it does not say
    first = events[0].at if events else ws.now
    return moment < made <= first


def _was_not_there(record_id: str, events: Sequence[Event], moment: datetime) -> NotFound:
    was_there = any(event.at <= moment for event in events)
    words = "{} no longer existed then" if was_there else "{} did not exist yet"
    return NotFound(tr(words, record_id), tr("see crm timeline {}", record_id))


def moment_of(
    ws: Reads, text: str, option: str = "--at", *, past: bool = True, start: bool = False
) -> datetime:
    """The moment that people mean: an instant, or the end (or `start`) of a day or of several; BadUsage
    if none."""
    from crmcli.model.calendar_phrases import Days
    from crmcli.model.dates import read_when
    from crmcli.model.local_times import to_utc

    try:
        when = read_when(text, ws.now, ws.zone, past=past)
    except ValueError as error:
        raise BadUsage(tr("{}: {}", option, error)) from None
    if isinstance(when, datetime):
        return when
    if start:
        return to_utc(when.first if isinstance(when, Days) else when, time(), ws.zone)
    return _end_of(when.last if isinstance(when, Days) else when, ws.zone)


def _end_of(day: date, zone: tzinfo) -> datetime:
    from crmcli.model.local_times import to_utc

    if day == date.max:
        return to_utc(day, time(23, 59, 59), zone)
    return to_utc(day + timedelta(days=1), time(), zone) - timedelta(seconds=1)
