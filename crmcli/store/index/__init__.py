"""The index: what the folder holds, in SQLite, so that lists, look-ups and search need not read it all.

It is derived from the files and from nothing else. Whoever finds it absent, old or damaged builds it
anew; whoever reads brings it up to the folder first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from crmcli.model.values import Raw
from crmcli.store.index import agenda, base, births, instants, pending, query, selection
from crmcli.store.index import events as timeline
from crmcli.store.index.answers import Hit, Total
from crmcli.store.index.base import IndexBusy
from crmcli.store.index.upkeep import Upkeep

if TYPE_CHECKING:
    from crmcli.model.conditions.holds import Env
    from crmcli.model.conditions.tree import Condition
    from crmcli.store.index.branches import Tree
    from crmcli.store.index.documents import Documents
    from crmcli.store.index.facts import Facts

__all__ = ["Agenda", "Births", "Hit", "Index", "IndexBusy", "Timeline", "Total"]

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
    entries = _asking(timeline.entries)
    job_events = _asking(timeline.job_events)
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
        """What `work` makes of the branches of the timeline, all of it as at one moment."""
        from crmcli.store.index.branches import Tree

        def at_once(connection: sqlite3.Connection) -> T:
            with base.snapshot(connection):
                return work(Tree(connection))

        return self.read(at_once)


class Births(Upkeep):
    """Where records and what the timeline knows of their beginnings and ends do not agree."""

    unborn = _asking(births.unborn)
    vanished = _asking(births.vanished)
    returned = _asking(births.returned)
    rejoined = _asking(births.rejoined)
    recordless = _asking(births.recordless)


class Agenda(Upkeep):
    """Which records and jobs automation must look at, and when."""

    due = _asking(agenda.due)
    agenda_signature = _asking(agenda.sign)
    touched_jobs = _asking(pending.touched)
    plan_jobs = _asking(pending.plan)
    ready_jobs = _asking(pending.ready)

    def dirty(self) -> list[str]:
        """The leads and deals that changed since they were settled; some may be there no more."""

        def work(connection: sqlite3.Connection) -> list[str]:
            self._mark = agenda.last_mark(connection)
            return agenda.dirty(connection)

        return self.read(work)

    def settle_all(self, plans: Iterable[tuple[str, str | None]]) -> None:
        """Note when records are due next; one stays dirty if it changed since it was last looked at."""
        rows = list(plans)
        self.read(lambda connection: agenda.settle(connection, rows, self._mark))


class Index(Timeline, Births, Agenda):
    """The index of one workspace. Every read is of the folder as the last refresh found it."""

    events = _asking(timeline.events)
    merged = _asking(selection.merged)
    problems = _asking(selection.problems)

    def select(
        self,
        entity: str,
        condition: Condition | None = None,
        env: Env | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
    ) -> Documents[dict[str, Raw]]:
        """The raw records that fit a checked condition; `order` names fields, `-` for descending.

        Absent values come last; equals stand by age, then by id. BadUsage for an unknown field.
        """
        where = query.where(condition, env, self._columns, entity)
        by = query.order(order, self._columns, entity)

        def work(connection: sqlite3.Connection) -> Documents[dict[str, Raw]]:
            found = selection.numbers(connection, entity, where, by, limit)
            return selection.documents(connection, found)

        return self.read(work)

    def raws(self, records: Sequence[str]) -> Documents[dict[str, Raw]]:
        """The raw records of these ids, those that are there and readable."""

        def work(connection: sqlite3.Connection) -> Documents[dict[str, Raw]]:
            found = selection.numbers_of(connection, records)
            return selection.documents(connection, found)

        return self.read(work)

    def count(self, entity: str, condition: Condition | None = None, env: Env | None = None) -> int:
        """How many records fit a checked condition."""
        where = query.where(condition, env, self._columns, entity)
        return self.read(lambda connection: selection.count(connection, entity, where))

    def totals(
        self,
        entity: str,
        by: Sequence[str],
        condition: Condition | None = None,
        env: Env | None = None,
    ) -> list[Total]:
        """Number and exact sum of the records that fit, by the values of some fields and by currency."""
        where = query.where(condition, env, self._columns, entity)
        return self.read(
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
        return self.read(
            lambda connection: page(connection, self._columns, entity, names, where, after, limit)
        )

    def lookup(self, kind: str, key: str, entities: Sequence[str]) -> list[str]:
        """The ids of records with this phone, email, inn, site or (exact) name, however it is written."""
        return self.read(
            lambda connection: selection.lookup(connection, self._columns, kind, key, entities)
        )

    def search(self, text: str, entities: Sequence[str] = (), limit: int = 20) -> list[Hit]:
        """Records in which all the words stand somewhere, the best first."""
        from crmcli.store.index.search import search

        schema = self._columns.schema
        return self.read(lambda connection: search(connection, schema, text, entities, limit))
