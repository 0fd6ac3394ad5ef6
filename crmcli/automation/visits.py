"""The stays of a record in its stages, as its events tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from crmcli.automation.ledger import Job, jobs_of
from crmcli.dataclass import dataclass, field
from crmcli.model.event import ENTRIES, ROBOT_CALLED, STAGE_RENAMED, Event, under_new_name
from crmcli.model.merged import JOINS, PARTINGS


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay of a record in a stage: how it came, the jobs so far, when its fields last changed."""

    entry: Event
    jobs: Mapping[str, Job] = field(default_factory=dict)
    changed: Mapping[str, datetime] = field(default_factory=dict)
    starts: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    """The events that started robots without a move, by robot."""
    until: datetime | None = None
    """When it ended, or is about to: what robots do of it later counts as done by then."""
    sequence: str = ""
    """The sequence of which it is a run, if it is no stay in a stage."""
    end: Event | None = None
    """What ended a run early: that it was stopped, or a move of the record."""

    @property
    def counts(self) -> bool:
        """Whether its start was not undone."""
        return self.end is None or self.end.data.get("of") != self.entry.id


def visits(events: Sequence[Event]) -> list[Visit]:
    """The visits of a record in order, from its events, oldest first."""
    entries = [n for n, event in enumerate(events) if event.kind in ENTRIES]
    if not entries:
        return []
    jobs = jobs_of(events)
    found = []
    for begin, end in zip(entries, [*entries[1:], len(events)], strict=True):
        entry, later = events[begin], events[begin + 1 : end]
        for event in later:
            if event.kind == STAGE_RENAMED:
                entry = under_new_name(entry, event)
        found.append(Visit(entry, jobs, changes_in(later), _starts(later)))
    return found


def changes_in(events: Iterable[Event], since: Event | None = None) -> dict[str, datetime]:
    """When fields last changed by some events; only those after the first one, if that is given."""
    return {
        name: event.at
        for event in events
        if event.kind in ("field.changed", *JOINS, *PARTINGS)
        if since is None or event.id > since.id
        for name in event.data.get("changes", ())
    }


def _starts(events: Sequence[Event]) -> dict[str, list[Event]]:
    """The events that started robots, by robot; each once, whoever told of it."""
    found: dict[str, dict[str, Event]] = {}
    for event in events:
        for robot in event.data.get("robots", ()) if event.kind == ROBOT_CALLED else ():
            found.setdefault(robot, {}).setdefault(str(event.data.get("event")), event)
    return {robot: list(calls.values()) for robot, calls in found.items()}
