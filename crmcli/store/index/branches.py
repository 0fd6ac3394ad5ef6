"""The timeline as a tree: which stretches of its files follow which, and what stands on them.

A branch is a stretch of one file in which each event follows the one above it. A file as crm writes
it is one branch; each place where git joined two branches of a clone begins another.
"""

from __future__ import annotations

import json
import sqlite3
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from crmcli.model.event import Event
from crmcli.store import layout
from crmcli.store.index import events
from crmcli.store.index.tables import IS_HEARD, IS_READ

_ENDLESS = (1 << 63) - 1

_Above: TypeAlias = tuple[int, int]


class Branch(NamedTuple):
    """A stretch of a timeline file, which is named like `2026-11/k3mxw9tz`.

    Its events have numbers from `first` to `last` in their order. It left the branch at place
    `parent` behind the event of number `at`, or began the file. `torn` is the id of its first event
    if that follows a line which is not there.
    """

    file: str
    journal: int
    first: int
    last: int
    parent: int | None = None
    at: int = 0
    torn: str = ""


class Spot(NamedTuple):
    """Where an event stands: the place of its branch in the list of all, its number."""

    branch: int
    num: int


class Tree:
    """The branches of all timeline files at one moment; those of one file stand together.

    `order` has their places so that each comes behind the one that it left.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        stretches, parents = _stretches(connection)
        self._places: dict[int, list[int]] = {}
        for place, branch in enumerate(stretches):
            self._places.setdefault(branch.journal, []).append(place)
        self.branches = stretches
        above = [self._spot(*parent) if parent else None for parent in parents]
        self.order = _parents_first(above)
        self.branches = [
            branch._replace(parent=spot.branch, at=spot.num) if spot else branch
            for branch, spot in zip(stretches, above, strict=True)
        ]

    def _spot(self, journal: int, num: int) -> Spot:
        places = self._places[journal]
        at = bisect_right(places, num, key=lambda place: self.branches[place].first)
        return Spot(places[at - 1], num)

    def spots(self, ids: Iterable[str]) -> dict[str, Spot]:
        """Where events stand, by their ids; those that are not there are left out."""
        rows = self._connection.execute(
            "SELECT id, journal, num FROM event WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(ids)),),
        )
        return {event_id: self._spot(journal, num) for event_id, journal, num in rows}

    def ends(self) -> list[tuple[Spot, str]]:
        """The last event of each branch, with its id."""
        found = []
        for place, branch in enumerate(self.branches):
            rows = self._connection.execute(
                "SELECT num, id FROM event WHERE journal = ? AND num BETWEEN ? AND ?"
                " ORDER BY num DESC LIMIT 1",
                (branch.journal, branch.first, branch.last),
            )
            found += [(Spot(place, num), event_id) for num, event_id in rows]
        return found

    def last_readings(self) -> list[tuple[Spot, Event]]:
        """The last event on each branch that tells what was heard, the newest first."""
        terms = f"{IS_READ} ORDER BY num DESC LIMIT 1"
        found = [
            pair
            for place in range(len(self.branches))
            for pair in self._on(place, 0, terms, "event_read")
        ]
        return sorted(found, key=lambda pair: pair[1].id, reverse=True)

    def readings(self, limit: int) -> list[Event]:
        """Those that tell what was heard, the newest first."""
        kinds = ("triggers.read",)
        return events.events(self._connection, kinds=kinds, limit=limit, newest_first=True)

    def event(self, event_id: str) -> Event | None:
        """One event by its id."""
        return events.event(self._connection, event_id)

    def to_hear(self, after: Sequence[int]) -> list[tuple[Spot, Event]]:
        """The events that triggers wait for, of each branch those behind a number, in its order."""
        terms = f"{IS_HEARD} ORDER BY num"
        return [
            pair
            for place, num in enumerate(after)
            for pair in self._on(place, num, terms, "event_heard")
        ]

    def _on(self, place: int, after: int, terms: str, index: str) -> Iterator[tuple[Spot, Event]]:
        """Events of one branch behind a number."""
        branch = self.branches[place]
        rows = self._connection.execute(
            f"SELECT num, {events.COLUMNS} FROM event INDEXED BY {index}"
            f" WHERE journal = ? AND num BETWEEN ? AND ? AND {terms}",
            (branch.journal, max(branch.first, after + 1), branch.last),
        )
        for num, *row in rows:
            yield Spot(place, num), events.event_of(row)


def _stretches(connection: sqlite3.Connection) -> tuple[list[Branch], list[_Above | None]]:
    """The branches, and for each the journal and number of the event that it follows."""
    forks: dict[int, list[tuple[int, str, str, int | None, int | None]]] = {}
    for journal, *fork in connection.execute(  # CROSS: from the few forks to their events
        "SELECT fork.journal, own.num, own.id, fork.parent, above.journal, above.num FROM fork"
        " CROSS JOIN event AS own ON own.id = fork.id AND own.journal = fork.journal"
        " LEFT JOIN event AS above ON above.id = fork.parent ORDER BY own.num"
    ):
        forks.setdefault(journal, []).append(tuple(fork))
    found: list[Branch] = []
    parents: list[_Above | None] = []
    for journal, path in connection.execute("SELECT num, path FROM journal ORDER BY path"):
        file = path.removeprefix(f"{layout.TIMELINE}/").removesuffix(".csv")
        branch, parent = Branch(file, journal, 0, _ENDLESS), None
        for num, event_id, name, above_in, above in forks.get(journal, ()):
            found.append(branch._replace(last=num - 1))
            parents.append(parent)
            parent = None if above_in is None or above is None else (above_in, above)
            torn = event_id if name and parent is None else ""
            branch = Branch(file, journal, num, _ENDLESS, torn=torn)
        found.append(branch)
        parents.append(parent)
    return found, parents


def _parents_first(above: list[Spot | None]) -> list[int]:
    """The places in an order in which none comes before the one that it left.

    Damage may make a circle: then one of it has no parent any more.
    """
    order: list[int] = []
    done = [False] * len(above)
    for place in range(len(above)):
        way: list[int] = []
        on_way = set()
        spot: Spot | None = Spot(place, 0)
        while spot and not done[spot.branch]:
            if spot.branch in on_way:
                above[way[-1]] = None
                break
            way.append(spot.branch)
            on_way.add(spot.branch)
            spot = above[spot.branch]
        for found in reversed(way):
            done[found] = True
            order.append(found)
    return order
