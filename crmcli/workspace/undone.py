"""Events whose change was undone."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Callable, Iterable
from typing import TypeAlias

from crmcli.model.event import DATED, Event
from crmcli.workspace.reads import Reads

Ask: TypeAlias = Callable[[Event], bool]
"""Whether something holds of an event."""


def dead(ws: Reads) -> Ask:
    """Tells of an event whether its change was undone and not redone since."""
    spans: list[tuple[str, str]] = []  # of changes, which do not overlap

    def ask(event: Event) -> bool:
        place = bisect_right(spans, (event.id, "~"))
        return place > 0 and event.id <= spans[place - 1][1]

    for event in ws.events(kinds=("change.undone",), newest_first=True):
        if not ask(event):
            for first, last in event.data.get("undone", ()):
                insort(spans, (str(first), str(last)))
    return ask


def without_undone(ws: Reads, events: Iterable[Event], kind: str) -> list[Event]:
    """The events, without those of a kind whose change was undone."""
    is_dead = dead(ws)
    return [event for event in events if event.kind != kind or not is_dead(event)]


def places_that_count(
    ws: Reads, events: Iterable[Event], is_dead: Ask | None = None
) -> list[Event]:
    """Events of where records stood, without what an undo took back and how: moves, unless it had gone on by
    then, and days that an import told."""
    events, is_dead = list(events), is_dead or dead(ws)
    undos = {e.id: e for e in events if e.data.get("by") == "undo" and not is_dead(e)}
    back = {event.record: event.id for event in undos.values()}
    found: list[Event] = []
    stands: dict[str, object] = {}
    put_back: dict[str, Event] = {}
    for event in events:
        is_back = event.kind == "stage.entered" and event.id < back.get(event.record, "")
        if (is_back or event.kind == DATED) and is_dead(event):
            continue
        if event.id in undos:
            put_back[event.record] = event
            continue
        undo = put_back.pop(event.record, None)
        found += _elsewhere(undo, stands)
        stands[event.record] = event.data.get("stage") or stands.get(event.record)
        found.append(event)
    for undo in put_back.values():
        found += _elsewhere(undo, stands)
    return found


def _elsewhere(undo: Event | None, stands: dict[str, object]) -> list[Event]:
    """The last of several undos in a row, if it put its record where it does not stand by all that counts."""
    if undo is None or stands.get(undo.record) == undo.data.get("stage"):
        return []
    return [undo]
