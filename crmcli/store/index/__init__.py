"""The index: what the folder holds, in SQLite, so that lists, look-ups and search need not read it all.

It is derived from the files and from nothing else. Whoever finds it absent, old or damaged builds it
anew; whoever reads brings it up to the folder first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from crmcli.errors import CrmError, Problem
from crmcli.model.event import Event
from crmcli.model.holds import Env
from crmcli.model.schema import Schema
from crmcli.model.values import Raw
from crmcli.model.where import Condition
from crmcli.store import layout, query
from crmcli.store.columns import Columns
from crmcli.store.index import agenda, base, births, events, freshness, selection
from crmcli.store.index.answers import Hit, Total
from crmcli.store.index.base import IndexBusy

if TYPE_CHECKING:
    from crmcli.store.index.documents import Documents
    from crmcli.store.index.examining import Examiner
    from crmcli.store.index.facts import Facts
    from crmcli.store.index.rows import Reader

__all__ = ["Hit", "Index", "IndexBusy", "Total"]

T = TypeVar("T")
_MOST_TOUCHED = 2000  # files; beyond that the next refresh does it quicker


class Index:
    """The index of one workspace. Every read is of the folder as the last refresh found it.

    `country` is that of phone numbers written without one.
    """

    def __init__(self, root: Path, schema: Schema, country: str = "RU") -> None:
        self._root = root
        self._columns = Columns(schema, country)
        self._reader: Reader | None = None
        self._connection: sqlite3.Connection | None = None
        self._stale = False
        self._waiting: list[str] = []
        self._just_built = False
        self._mark = 0

    def is_there(self) -> bool:
        """Whether there is a file of it; it may be old."""
        return (self._root / base.PATH).exists()

    # -- keeping it equal to the folder ---------------------------------------------------------

    def refresh(self) -> None:
        """Make the index equal to the folder; IndexBusy if another command does so for too long."""
        self._stale = self._just_built = False
        self._waiting = []
        self._use(self._refresh_all)

    def refresh_timeline(self) -> None:
        """Take in new events, and nothing else."""
        self._just_built = False
        self._use(self._refresh_timeline)

    def touch(self, paths: Sequence[str], *, later: bool = False) -> None:
        """Take in just these files, written a moment ago; nothing is done where there is no index yet.

        `later`: when something is read next; a command that reads no more leaves it to the next one.
        Never fails: what cannot be taken in now, the next refresh finds by itself.
        """
        paths = [*self._waiting, *paths]
        if later and len(paths) <= _MOST_TOUCHED:
            self._waiting = paths
            return
        self._waiting = []
        if len(paths) > _MOST_TOUCHED:
            self._stale = True
            return
        try:
            self._take_files(paths)
        except (sqlite3.Error, OSError, CrmError):
            self._stale = True  # the command is done; it must not fail for its index

    def _take_files(self, paths: Sequence[str]) -> None:
        if self._connection is None:
            self._connection = base.open_index(self._root, self._columns.signature(), patience=0)
        records = [path for path in paths if layout.id_of_path(path)]
        logs = [path for path in paths if path.startswith(f"{layout.TIMELINE}/")]
        if self._connection is None or not (records or logs):
            return
        with base.hurried(self._connection), base.transaction(self._connection):
            self._examiner(self._connection).take_files(records)
            self._read_journals(self._connection, logs, thorough=False)

    def _refresh_all(self, connection: sqlite3.Connection) -> None:
        if self._just_built:
            return
        folders = freshness.changed_folders(connection, self._root)
        logs = freshness.changed_journals(connection, self._root, thorough=True)
        if not folders and not logs:
            return
        with base.transaction(connection):
            found = [freshness.changes_in(connection, self._root, path) for path in folders]
            anew = freshness.is_better_anew(connection, self._root, found)
            if not anew:
                self._examiner(connection).take(found)
                self._read_journals(connection, logs, thorough=True)
        if anew:
            self.close()
            self._connection = self._build(anew=True)

    def _refresh_timeline(self, connection: sqlite3.Connection) -> None:
        if self._just_built:
            return
        logs = freshness.changed_journals(connection, self._root, thorough=False)
        if logs:
            with base.transaction(connection):
                self._read_journals(connection, logs, thorough=False)

    def _examiner(self, connection: sqlite3.Connection) -> Examiner:
        """What is needed to read files is loaded when there are some to read."""
        from crmcli.store.index.examining import Examiner
        from crmcli.store.index.writing import Writer

        return Examiner(self._root, self._known_reader(), Writer(connection, self._columns))

    def _known_reader(self) -> Reader:
        from crmcli.store.index.rows import Reader

        if self._reader is None:
            self._reader = Reader(self._columns)
        return self._reader

    def _read_journals(
        self,
        connection: sqlite3.Connection,
        paths: Sequence[str],
        *,
        thorough: bool,
        marking: bool = True,
    ) -> None:
        from crmcli.store.index.journals import JournalReader

        if paths:
            reader = JournalReader(connection, self._root, marking=marking)
            reader.take(paths, thorough=thorough)

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

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

    def last_entry(self, record: str) -> Event | None:
        """The event by which a record came to where it stands."""
        return self._read(lambda connection: events.last_entry(connection, record))

    def job_events(self, keys: Sequence[str] = (), record: str = "") -> list[Event]:
        """The events of jobs, oldest first: of these keys, of this record, or of all."""
        return self._read(lambda connection: events.job_events(connection, keys, record))

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

    def due(self, until: str) -> list[str]:
        """The settled records that are due by an instant."""
        return self._read(lambda connection: agenda.due(connection, until))

    def agenda_signature(self, text: str) -> bool:
        """Tell of which rules (by a digest) the agenda is; with others than before all is dirty."""
        return self._read(lambda connection: agenda.sign(connection, text))

    # -- opening, building, mending -------------------------------------------------------------

    def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._waiting:
            self.touch([])
        if self._stale:
            self.refresh()
        return self._use(work)

    def _use(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the index; if it is damaged, build it anew and do it again."""
        try:
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)
        except sqlite3.DatabaseError as error:
            if base.is_busy(error):
                raise base.busy() from error
            self.close()
            if base.is_unwritable(error):
                self._connection = self._build_in_memory()
            elif base.is_damaged(error):
                self._connection = self._build(anew=True)
            else:
                raise
        return work(self._connection)

    def _open(self) -> sqlite3.Connection:
        standing = base.open_index(self._root, self._columns.signature())
        return standing or self._build(anew=False)

    def _build(self, *, anew: bool) -> sqlite3.Connection:
        """Build the index from nothing; in memory if it cannot be written where it belongs."""
        try:
            connection, ours = base.build(
                self._root, self._columns.signature(), self._fill_tables, anew=anew
            )
        except OSError:
            return self._build_in_memory()
        except sqlite3.DatabaseError as error:
            if base.is_unwritable(error):
                return self._build_in_memory()
            raise
        self._just_built = ours
        return connection

    def _build_in_memory(self) -> sqlite3.Connection:
        connection = base.build_in_memory(self._columns.signature(), self._fill_tables)
        self._just_built = True
        return connection

    def _fill_tables(self, connection: sqlite3.Connection) -> None:
        """Fill an empty index, with helpers if there is much to read and they come to no harm."""
        from crmcli.store.index import crew, tables

        for statement in tables.tables(self._columns):
            connection.execute(statement)
        try:
            if crew.is_worth_it(self._root):
                crew.fill(connection, self._root, self._columns, self._known_reader())
            else:
                self._fill(connection)
        except crew.Scattered:
            tables.empty(connection)
            self._fill(connection)
        for statement in tables.indexes(self._columns):
            connection.execute(statement)

    def _fill(self, connection: sqlite3.Connection) -> None:
        from crmcli.store.index import folder

        self._examiner(connection).take(freshness.everything(self._root))
        logs = [path for path, _ in folder.journals(self._root)]
        self._read_journals(connection, logs, thorough=True, marking=False)
