"""Which events the triggers of a clone must have heard, by all that its timeline says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from crmcli.store import layout
from crmcli.store.index import Index
from crmcli.workspace.undone import dead

READ = "triggers.read"
WAITED_FOR = ("call.in", "note", "signal", "field.changed")
"""The kinds for which there are triggers, so that a reading tells of each event."""


@dataclass
class Hearings:
    """What each `triggers.read` heard, as it told of it; `unsure` are events that may have been heard
    without a word, for their record was not there at that time."""

    heard: dict[str, set[str]] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)

    def waiting(self, index: Index) -> set[str]:
        """The events of leads that nothing in this timeline has heard."""
        events = index.events(kinds=(*WAITED_FOR, READ))
        known = {name for event in events for name in self.heard.get(event.id, ())}
        return {e.id for e in events if e.kind != READ and e.record.startswith("lead-")} - known

    def judge(
        self, before: Index, after: Index, waiting: set[str], root: Path
    ) -> Iterator[tuple[str, str]]:
        """Whether a tick between these two heard what was waiting, each once; what is wrong, by kind."""
        old = {event.id for event in before.events(kinds=(READ,))}
        new = [event for event in after.events(kinds=(READ,)) if event.id not in old]
        told = [
            (word.id, line["event"])
            for word in new
            for what in ("moved", "passed", "refused")
            for line in word.data.get(what, ())
        ]
        for word, name in told:
            self.heard.setdefault(word, set()).add(name)
            if name not in self.unsure and self._is_old(after, name, waiting, new[0].id):
                yield "doubled", f"{name} was heard again"
        is_dead = dead(before)
        left = waiting - {name for _, name in told}
        for event in (before.event(name) for name in left):
            if event is None:
                continue
            if is_dead(event) or not (root / layout.record_path(event.record)).exists():
                self.unsure.add(event.id)
            elif event.id not in self.unsure:
                yield "lost", f"{event.kind} {event.id} of {event.record} was not heard"

    def _is_old(self, after: Index, name: str, waiting: set[str], first: str) -> bool:
        """Whether it stood there before and was heard; what robots did in this tick is new."""
        event = after.event(name)
        return event is not None and name not in waiting and name < first
