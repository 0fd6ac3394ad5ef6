"""The past: which events one change made, and what a record was like before any of its events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, cast

from crmcli.errors import BadUsage, NotFound
from crmcli.model.event import Event
from crmcli.model.fields import BadValues, Record
from crmcli.model.values import Raw, entity_of
from crmcli.store.index import Index
from crmcli.store.timeline import are_of_one_change
from crmcli.workspace import Workspace

PAGE = 500
"""Events that are read at first when looking back; eight times as many each time that is not enough."""


@dataclass(frozen=True, slots=True)
class PastChange:
    """What one transaction wrote on the timeline of a clone, oldest first."""

    events: tuple[Event, ...]
    clone: str

    @property
    def id(self) -> str:
        """The id of its first event stands for the whole."""
        return self.events[0].id

    @property
    def span(self) -> tuple[str, str]:
        """The ids of its first and last event; no event of another change lies between them."""
        return self.id, self.events[-1].id

    @property
    def batch(self) -> str:
        """The import that it is a part of; "" if of none."""
        return next((str(e.data["batch"]) for e in self.events if e.data.get("batch")), "")

    @property
    def is_undo(self) -> bool:
        """Whether it took something back; what takes back an undo does something again."""
        return any(e.kind == "change.undone" and not e.data.get("redo") for e in self.events)


def group(events: Iterable[Event], clone: str) -> Iterator[PastChange]:
    """The changes that events of a clone belong to; both in the same order, whichever it is."""
    found: list[Event] = []
    for event in events:
        if found and not _are_together(found[-1].id, event.id):
            yield _grouped(found, clone)
            found = []
        found.append(event)
    if found:
        yield _grouped(found, clone)


def _are_together(one: str, other: str) -> bool:
    return are_of_one_change(min(one, other), max(one, other))


def _grouped(events: Sequence[Event], clone: str) -> PastChange:
    return PastChange(tuple(sorted(events, key=lambda event: event.id)), clone)


def changes_of(index: Index, clone: str) -> Iterator[PastChange]:
    """The changes that a clone made, the latest first."""
    limit, seen = PAGE, 0
    while True:
        events = index.events(clone=clone, newest_first=True, limit=limit)
        changes = list(group(events, clone))
        is_all = len(events) < limit
        whole = changes if is_all else changes[:-1]  # the last one may go on beyond the page
        yield from whole[seen:]
        if is_all:
            return
        seen, limit = len(whole), limit * 8


def change_at(index: Index, event_id: str) -> PastChange | None:
    """The change to which an event belongs; None if there is no such event in any clone."""
    for clone in index.clones():
        if not index.events(clone=clone, after=_just_before(event_id), limit=1):
            continue
        for change in changes_of(index, clone):
            if change.span[0] <= event_id <= change.span[1]:
                return change
            if change.span[1] < event_id:
                break
    return None


def _just_before(event_id: str) -> str:
    """An id, not a whole one, that sorts before this one and before at most 31 others like it."""
    return event_id[:-1]


def changes_of_batch(index: Index, batch: str) -> Iterator[PastChange]:
    """The changes by which an import stands, the latest first; one is held at a time."""
    found = [
        (change.id, clone, len(change.events))
        for clone in index.clones()
        for change in _forwards(index, clone)
        if change.batch == batch and not change.is_undo
    ]
    for first, clone, count in sorted(found, reverse=True):
        events = index.events(clone=clone, after=_just_before(first), limit=count + 32)
        yield _grouped([event for event in events if event.id >= first][:count], clone)


def _forwards(index: Index, clone: str) -> Iterator[PastChange]:
    """The changes that a clone made, the earliest first."""
    after, rest = "", cast("tuple[Event, ...]", ())
    while events := index.events(clone=clone, after=after, limit=PAGE * 8):
        after = events[-1].id
        *whole, last = group([*rest, *events], clone)
        yield from whole
        rest = last.events
    yield from group(rest, clone)


def before(raw: Mapping[str, Raw] | None, event: Event) -> dict[str, Raw] | None:
    """A record as it was before one of its events; None where it was not there."""
    if event.kind.endswith(".created"):
        return None
    if event.kind.endswith(".removed"):
        return dict(cast("Mapping[str, Raw]", event.data.get("record", {})))
    if raw is None:
        return None
    changes = cast("Mapping[str, Any]", event.data.get("changes", {}))
    return {**raw, **{name: old for name, (old, _) in changes.items()}}


def without_empty(raw: Mapping[str, Raw], names: Iterable[str]) -> dict[str, Raw]:
    """The raw record without those of the named fields that hold nothing."""
    gone = {name for name in names if raw.get(name) == ""}
    return {name: value for name, value in raw.items() if name not in gone}


def as_of(ws: Workspace, record_id: str, moment: datetime) -> Record:
    """A record as it was at a moment, by its present file and its events since; NotFound if it was
    not there.

    What somebody edited by hand, unseen by any command, is taken as having been so all along.
    """
    events = ws.events(record=record_id, newest_first=True)
    raw: dict[str, Raw] | None = None
    if ws.exists(record_id):
        raw = ws.schema.write(ws.get(record_id))
    elif not events:
        ws.get(record_id)  # says that there is none
    changed: set[str] = set()
    for event in events:
        if event.at > moment:
            raw = before(raw, event)
            changed |= {*event.data.get("changes", ())}
    if raw is None:
        raise _was_not_there(record_id, events, moment)
    raw = without_empty(raw, changed)
    try:
        return ws.schema.read(entity_of(record_id), raw)
    except BadValues as error:
        raise BadUsage(
            f"{record_id} as it was then does not fit the fields of today: {error}",
            f"see crm timeline {record_id}",
        ) from None


def _was_not_there(record_id: str, events: Sequence[Event], moment: datetime) -> NotFound:
    was_there = any(event.at <= moment for event in events)
    words = "no longer" if was_there else "not yet"
    return NotFound(f"{record_id} was {words} there then", f"see crm timeline {record_id}")


def moment_of(ws: Workspace, text: str) -> datetime:
    """The moment that people mean: an instant, or the end of a day; BadUsage if it is neither."""
    from crmcli.model.dates import read_when

    try:
        when = read_when(text, ws.now, ws.zone)
    except ValueError as error:
        raise BadUsage(f"--at: {error}") from None
    return when if isinstance(when, datetime) else _end_of(when, ws.zone)


def _end_of(day: date, zone: tzinfo) -> datetime:
    from crmcli.model.dates import to_utc

    if day == date.max:
        return to_utc(day, time(23, 59, 59), zone)
    return to_utc(day + timedelta(days=1), time(), zone) - timedelta(seconds=1)
