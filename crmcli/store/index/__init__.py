"""The index: what the folder holds, in SQLite, so that lists, look-ups and search need not read it all.

It is derived from the files and from nothing else. Whoever finds it absent, old or damaged builds it
anew; whoever reads brings it up to the folder first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from crmcli.errors import Problem
from crmcli.model.entities import ENTITIES
from crmcli.store.index import (
    agenda,
    arrived,
    base,
    births,
    derived,
    edited,
    instants,
    pending,
    stays,
)
from crmcli.store.index import events as timeline
from crmcli.store.index.answers import Hit, Total
from crmcli.store.index.base import IndexBusy
from crmcli.store.index.selection import Selection
from crmcli.store.index.upkeep import Upkeep

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.model.forecast import Past
    from crmcli.model.report import Asked, Behind, Group
    from crmcli.model.sql_views import Answer, View
    from crmcli.store.index.asked.running import Question
    from crmcli.store.index.branches import Tree
    from crmcli.store.index.ready import Frame
    from crmcli.store.index.snapshots import Note, Snapshot

__all__ = ["Agenda", "Births", "Hit", "Index", "IndexBusy", "Published", "Timeline", "Total"]

T = TypeVar("T")
P = ParamSpec("P")


def _asking(
    work: Callable[Concatenate[sqlite3.Connection, P], T],
) -> Callable[Concatenate[Upkeep, P], T]:
    """The method that asks the database exactly that, once the index is fresh enough."""

    @wraps(work)
    def ask(self: Upkeep, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self.read(lambda connection: work(connection, *args, **kwargs))

    return ask


class Timeline(Upkeep):
    """What the index knows of events beside `events` itself, of jobs among them, and of their instants."""

    event = _asking(timeline.event)
    events_of_message = _asking(timeline.events_of_message)
    events_of_address = _asking(timeline.events_of_address)
    entries = _asking(timeline.entries)
    events_of = _asking(timeline.events_of)
    last_values = _asking(timeline.last_values)
    with_one_event = _asking(timeline.with_one_event)
    job_events = _asking(timeline.job_events)
    intake_events = _asking(arrived.events_of)
    count_since = _asking(timeline.count_since)
    count_all = _asking(timeline.count_all)
    claims = _asking(timeline.claims)
    sent_seen = _asking(timeline.sent_seen)
    note_sent_seen = _asking(timeline.note_sent_seen)
    clones = _asking(timeline.clones)
    latest_instant = _asking(instants.latest)
    seen_upto = _asking(instants.seen)
    account = _asking(instants.account)
    beyond = _asking(instants.beyond)
    between = _asking(instants.between)

    def tree(self, work: Callable[[Tree], T]) -> T:
        """What `work` makes of the branches of the timeline, all of it as at one moment, whoever asks: how
        far automation has heard is not anybody's own."""
        from crmcli.store.index.branches import Tree

        def at_once(connection: sqlite3.Connection) -> T:
            with base.snapshot(connection):
                return work(Tree(connection))

        return self.read_all(at_once)


class Births(Upkeep):
    """Where records and what the timeline knows of their beginnings and ends do not agree."""

    unborn = _asking(births.unborn)
    vanished = _asking(births.vanished)
    returned = _asking(births.returned)
    rejoined = _asking(births.rejoined)
    unsettled = _asking(stays.unsettled)
    settle_stays = _asking(stays.settle)
    recordless = _asking(births.recordless)


class Agenda(Upkeep):
    """Which records and jobs automation must look at, and when."""

    due = _asking(agenda.due)
    waits = _asking(agenda.waits)
    edited_records = _asking(edited.changed)
    recall_edited = _asking(edited.recall)
    settle_edited = _asking(edited.settle)
    signed = _asking(agenda.signed)
    agenda_signature = _asking(agenda.sign)
    open_jobs = _asking(pending.unsettled)
    touched_jobs = _asking(pending.touched)
    plan_jobs = _asking(pending.plan)
    arrived = _asking(arrived.waiting)
    ready_jobs = _asking(pending.ready)
    ready_channels = _asking(pending.channels)
    ready_count = _asking(pending.count)

    def dirty(self) -> list[str]:
        """The leads and deals that changed since they were settled; some may be there no more."""

        def work(connection: sqlite3.Connection) -> list[str]:
            self._mark = agenda.last_mark(connection)
            return agenda.dirty(connection)

        return self.read(work)

    def settle_all(self, plans: Iterable[tuple[str, str | None, str]]) -> None:
        """Note when records are due next, and for which robots they wait; one stays dirty if it changed
        since it was last looked at."""
        rows = list(plans)
        self.read(lambda connection: agenda.settle(connection, rows, self._mark))


class Published(Upkeep):
    """What people ask in SQL."""

    @property
    def views(self) -> dict[str, View]:
        """What SQL of people may read, by name."""
        from crmcli.store.index.asked.published import views

        return views(self._columns)

    def in_memory(self) -> int:
        """How many bytes of memory it takes where it stands in no file."""
        from crmcli.store.index.asked.running import in_memory

        return self.read_all(in_memory)

    def answer(self, question: Question) -> Answer:
        """The answer to a question in SQL that was checked against the `views`."""
        from crmcli.store.index.asked.running import ask

        return self.read_all(lambda connection: ask(connection, self._columns, question))


class Index(Selection, Timeline, Births, Agenda, Published):
    """The index of one workspace. Every read is of the folder as the last refresh found it."""

    events = _asking(timeline.events)
    activities = _asking(derived.activities)
    _last_asked: tuple[Asked | None, set[str]] = (None, set())
    """Of which tables the last question speaks, which is asked for more than once."""

    def problems(self) -> list[Problem]:
        """What is wrong in the files, by place."""
        sql = "SELECT * FROM problem ORDER BY path, line"
        return [Problem(*row) for row in self.ask(sql)]

    def groups(self, asked: Asked, frame: Frame) -> list[Group]:
        """What a report measures, by the keys of its dimensions."""
        from crmcli.store.index import figures

        return self.read(lambda c: figures.groups(c, self._columns, asked, frame))

    def nouns_of(self, asked: Asked, frame: Frame) -> tuple[set[str], bool]:
        """The nouns whose files decide what a report measures, of who sees all; and whether stays do."""
        from crmcli.store.index import figures

        if self._last_asked[0] is not asked:
            self._last_asked = asked, figures.tables_of(self._columns, asked, frame)
        said = self._last_asked[1]
        return said & ENTITIES.keys(), bool(said & {"stay", "way"})

    def behind(
        self, asked: Asked, frame: Frame, keys: Sequence[str | float | None]
    ) -> list[Behind]:
        """What one measure of a report counts in the group of those keys, by record."""
        from crmcli.store.index import figures

        return self.read(lambda c: figures.behind(c, self._columns, asked, frame, keys))

    def past(self, entity: str, moments: Sequence[datetime], frame: Frame) -> Past:
        """How records stood at moments of the past, the last of which only ends what was won."""
        from crmcli.store.index.past import Then

        return self.read(lambda c: Then(c, self._columns, entity, frame).past(moments))

    def write_snapshot(self, frame: Frame) -> Note:
        """Write a snapshot of all that there is."""
        from crmcli.store.index import snapshots

        return self.read_all(lambda c: snapshots.write(c, self._columns, frame, self._root))

    def snapshot(self, folder: Path, frame: Frame) -> Snapshot:
        """A snapshot, asked with the fields and scores of this index."""
        from crmcli.store.index.snapshots import Snapshot

        return Snapshot(folder, self._columns, frame)

    def search(self, text: str, entities: Sequence[str] = (), limit: int = 20) -> list[Hit]:
        """Records in which all the words stand somewhere, the best first."""
        from crmcli.store.index.fulltext import wake
        from crmcli.store.index.search import search

        columns = self._columns
        self._use(wake)
        return self.read(lambda connection: search(connection, columns, text, entities, limit))
