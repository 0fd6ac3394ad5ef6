"""The index: what the folder holds, in SQLite, so that lists, look-ups and search need not read it all.

It is derived from the files and from nothing else. Whoever finds it absent, old or damaged builds it
anew; whoever reads brings it up to the folder first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from crmcli.errors import Problem
from crmcli.model.event import Event
from crmcli.model.holds import Env
from crmcli.model.values import Raw
from crmcli.model.where import Condition
from crmcli.store import query
from crmcli.store.index import agenda, base, births, events, instants, pending, selection
from crmcli.store.index.answers import Hit, Total
from crmcli.store.index.base import IndexBusy
from crmcli.store.index.upkeep import Upkeep

if TYPE_CHECKING:
    from crmcli.store.index.branches import Tree
    from crmcli.store.index.documents import Documents
    from crmcli.store.index.facts import Facts
    from crmcli.store.index.instants import Beyond, Span

__all__ = ["Hit", "Index", "IndexBusy", "Total"]

T = TypeVar("T")


class Index(Upkeep):
    """The index of one workspace. Every read is of the folder as the last refresh found it."""

    # -- reading --------------------------------------------------------------------------------

    def select(
        self,
        entity: str,
        condition: Condition | None = None,
        env: Env | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> Documents[dict[str, Raw]]:
        """The raw records that fit a checked condition; `order` names fields, `-` for descending.

        Absent values come last; equals stand by age, then by id. BadUsage for an unknown field.
        """
        where = query.where(condition, env, self._columns, entity)
        by = query.order(order, self._columns, entity)

        def work(connection: sqlite3.Connection) -> Documents[dict[str, Raw]]:
            found = selection.numbers(connection, entity, where, by, limit, offset)
            return selection.documents(connection, found)

        return self._read(work)

    def raws(self, records: Sequence[str]) -> Documents[dict[str, Raw]]:
        """The raw records of these ids, those that are there and readable."""

        def work(connection: sqlite3.Connection) -> Documents[dict[str, Raw]]:
            found = selection.numbers_of(connection, records)
            return selection.documents(connection, found)

        return self._read(work)

    def count(self, entity: str, condition: Condition | None = None, env: Env | None = None) -> int:
        """How many records fit a checked condition."""
        where = query.where(condition, env, self._columns, entity)
        return self._read(lambda connection: selection.count(connection, entity, where))

    def totals(
        self,
        entity: str,
        by: Sequence[str],
        condition: Condition | None = None,
        env: Env | None = None,
    ) -> list[Total]:
        """Number and exact sum of the records that fit, by the values of some fields and by currency."""
        where = query.where(condition, env, self._columns, entity)
        return self._read(
            lambda connection: selection.totals(connection, self._columns, entity, by, where)
        )

    def facts(
        self,
        entity: str,
        names: Sequence[str],
        condition: Condition | None = None,
        env: Env | None = None,
        *,
        after: int = 0,
        limit: int = 5000,
    ) -> list[Facts]:
        """The keys of some fields of the records that fit, a page at a time, in no order that means
        anything; the next page comes `after` the `num` of the last."""
        from crmcli.store.index.facts import page

        where = query.where(condition, env, self._columns, entity)
        return self._read(
            lambda connection: page(connection, self._columns, entity, names, where, after, limit)
        )

    def lookup(self, kind: str, key: str, entities: Sequence[str]) -> list[str]:
        """The ids of records with this phone, email, inn, site or (exact) name, however it is written."""
        return self._read(
            lambda connection: selection.lookup(connection, self._columns, kind, key, entities)
        )

    def search(self, text: str, entities: Sequence[str] = (), limit: int = 20) -> list[Hit]:
        """Records in which all the words stand somewhere, the best first."""
        from crmcli.store.index.search import search

        schema = self._columns.schema
        return self._read(lambda connection: search(connection, schema, text, entities, limit))

    def events(
        self,
        record: str = "",
        kinds: Sequence[str] = (),
        after: str = "",
        limit: int | None = None,
        newest_first: bool = False,
        clone: str = "",
        before: str = "",
    ) -> list[Event]:
        """Events in the order of their ids; `after` or `before` an id, of one clone if it is named."""
        return self._read(
            lambda connection: events.events(
                connection, record, kinds, after, clone, limit,
                newest_first=newest_first, before=before,
            )
        )  # fmt: skip

    def event(self, event_id: str) -> Event | None:
        """One event; None if there is none of that id."""
        return self._read(lambda connection: events.event(connection, event_id))

    def entries(self, records: Sequence[str]) -> dict[str, tuple[Event, Event]]:
        """The first and the last event by which these records came into a stage, where there are."""
        return self._read(lambda connection: events.entries(connection, records))

    def job_events(self, keys: Sequence[str] = (), record: str = "") -> list[Event]:
        """The events of jobs, oldest first: of these keys, of this record, or of all."""
        return self._read(lambda connection: events.job_events(connection, keys, record))

    def claims(self, keys: Sequence[str]) -> dict[str, int]:
        """How often each of these jobs was begun, as far as the timeline knows."""
        return self._read(lambda connection: events.claims(connection, keys))

    def sent_seen(self) -> int:
        """How much of what this machine noted as sent was found on the timeline, in bytes."""
        return self._read(events.sent_seen)

    def note_sent_seen(self, size: int) -> None:
        """Note that so much of it stands there."""
        self._read(lambda connection: events.note_sent_seen(connection, size))

    def tree(self, work: Callable[[Tree], T]) -> T:
        """What `work` makes of the branches of the timeline, all of it as at one moment."""
        from crmcli.store.index.branches import Tree

        def at_once(connection: sqlite3.Connection) -> T:
            with base.snapshot(connection):
                return work(Tree(connection))

        return self._read(at_once)

    def clones(self) -> list[str]:
        """The clones that have written on the timeline."""
        return self._read(events.clones)

    def merged(self, survivor: str = "") -> list[tuple[str, str]]:
        """The records that were merged, each with the one into which; into one alone if it is named."""
        return self._read(lambda connection: selection.merged(connection, survivor))

    def unborn(self) -> list[str]:
        """The records of whose making the timeline has no event."""
        return self._read(births.unborn)

    def vanished(self) -> list[str]:
        """The ids that were made and not removed since, and of which there is no readable record."""
        return self._read(births.vanished)

    def returned(self) -> list[str]:
        """The records that are there though the timeline's last word is that they were removed."""
        return self._read(births.returned)

    def rejoined(self) -> list[tuple[str, str]]:
        """The records that stand for themselves though they were merged, each with that into which."""
        return self._read(births.rejoined)

    def strangers(self) -> list[tuple[str, str]]:
        """The ids without record, beginning and end of which the timeline tells, with the last event."""
        return self._read(births.strangers)

    def problems(self) -> list[Problem]:
        """The files, or lines of the timeline, that cannot be read."""
        return self._read(selection.problems)

    # -- the agenda of robots -------------------------------------------------------------------

    def dirty(self) -> list[str]:
        """The leads and deals that changed since they were settled; some may be there no more."""

        def work(connection: sqlite3.Connection) -> list[str]:
            self._mark = agenda.last_mark(connection)
            return agenda.dirty(connection)

        return self._read(work)

    def settle(self, record: str, next_at: str | None) -> None:
        """Note when a record is due next; it stays dirty if it changed since it was last looked at."""
        self.settle_all([(record, next_at)])

    def settle_all(self, plans: Iterable[tuple[str, str | None]]) -> None:
        """`settle` for many records at once, which costs hardly more than for one."""
        rows = list(plans)
        self._read(lambda connection: agenda.settle(connection, rows, self._mark))

    def due(
        self, until: str, after: tuple[str, str] = ("", ""), limit: int = 100
    ) -> list[tuple[str, str]]:
        """Some settled records that are due by an instant, the longest due first: time and id.

        The next page comes `after` the last of this one.
        """
        return self._read(lambda connection: agenda.due(connection, until, after, limit))

    def touched_jobs(self, limit: int = 500) -> list[tuple[int, str]]:
        """Some jobs of which something was written since they were planned: mark and key."""
        return self._read(lambda connection: pending.touched(connection, limit))

    def plan_jobs(self, plans: Sequence[pending.Plan]) -> None:
        """Note when jobs need a look next; those of which something was written since stay touched."""
        self._read(lambda connection: pending.plan(connection, plans))

    def ready_jobs(
        self,
        until: str,
        after: tuple[str, str] = ("", ""),
        resting: Collection[str] = (),
        limit: int = 100,
    ) -> list[tuple[str, str]]:
        """Some planned jobs that need somebody by an instant, but through no channel that rests."""
        return self._read(
            lambda connection: pending.ready(connection, until, after, resting, limit)
        )

    def agenda_signature(self, text: str) -> bool:
        """Tell of which rules (by a digest) the agenda is; with others than before all is dirty."""
        return self._read(lambda connection: agenda.sign(connection, text))

    # -- the instants of events -----------------------------------------------------------------

    def latest_instant(self) -> str:
        """The latest instant of any event that is not accounted for; "" if there is none."""
        return self._read(instants.latest)

    def seen_upto(self) -> str:
        """The greatest id of the events that were there at the last account."""
        return self._read(instants.seen)

    def account(self, instant: str) -> None:
        """Note that no event there is dated after an instant, but for those accounted for."""
        self._read(lambda connection: instants.account(connection, instant))

    def beyond(self, limit: str, known: Sequence[Span]) -> Beyond:
        """The events dated after an instant, without those of spans that are accounted for."""
        return self._read(lambda connection: instants.beyond(connection, limit, known))

    def between(self, after: str, until: str, before: str = "f") -> Span:
        """The events with ids after one and before another, dated until an instant."""
        return self._read(lambda connection: instants.between(connection, after, until, before))

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._waiting:
            self.touch([])
        if self._stale:
            self.refresh()
        return self._use(work)
