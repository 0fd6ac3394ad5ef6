"""Events whose change was undone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crmcli.model.event import Event
    from crmcli.workspace import Workspace


def dead(ws: Workspace) -> Callable[[Event], bool]:
    """Tells of an event whether its change was undone and not redone since."""
    spans: list[tuple[str, str]] = []
    for event in ws.events(kinds=("change.undone",), newest_first=True):
        if not any(first <= event.id <= last for first, last in spans):
            spans += [(str(first), str(last)) for first, last in event.data.get("undone", ())]
    spans.sort()

    def ask(event: Event) -> bool:
        place = bisect_right(spans, (event.id, "~"))
        return place > 0 and event.id <= spans[place - 1][1]

    return ask


def without_undone(ws: Workspace, events: Iterable[Event], kind: str) -> list[Event]:
    """The events, without those of a kind whose change was undone."""
    is_dead = dead(ws)
    return [event for event in events if event.kind != kind or not is_dead(event)]
