"""Keeping the index equal to the folder: built from nothing, refreshed, told of a change, mended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from crmcli.errors import CrmError
from crmcli.model.entities import ENTITIES
from crmcli.model.schema import Schema
from crmcli.store import layout
from crmcli.store.disk.files import DiskFull, PermissionDenied
from crmcli.store.index import base, events, folder, freshness
from crmcli.store.index.columns import Columns

if TYPE_CHECKING:
    from crmcli.model.access import Rights
    from crmcli.model.scoring.scorer import Scorer
    from crmcli.store.index.examining import Examiner
    from crmcli.store.index.eyes import Eyes
    from crmcli.store.index.rows import Reader

T = TypeVar("T")
_MOST_TOUCHED = 2000  # files; beyond that the next refresh does it quicker


class Upkeep:
    """The file of an index, and what keeps it equal to the folder.

    `country` is that of phone numbers written without one. `in_memory`: no file is read or written.
    What is read is read as the user of `rights` sees it; without any, all of it.
    """

    def __init__(
        self,
        root: Path,
        schema: Schema,
        country: str = "RU",
        *,
        in_memory: bool = False,
        rights: Rights | None = None,
        scorer: Callable[[str], Scorer | None] | None = None,
    ) -> None:
        self._root = root
        self._in_memory = in_memory
        self._columns = Columns(schema, country)
        self._columns.scorer = scorer or self._columns.scorer
        self._reader: Reader | None = None
        self._connection: sqlite3.Connection | None = None
        self._eyes: Eyes | None = None
        if rights is not None and rights.is_narrow:
            from crmcli.store.index.eyes import Eyes

            self._eyes = Eyes(rights, self._columns)
        self._stale = False
        self._waiting: list[str] = []
        self._just_built = False
        self._begins = False
        self._mark = 0

    def is_whole(self) -> bool:
        """Whether there is one that knows of all records; it may be old."""
        is_there = not self._in_memory and (self._root / base.PATH).exists()
        return (is_there or self._connection is not None) and not self._use(base.is_begun)

    # -- keeping it equal to the folder ---------------------------------------------------------

    def refresh(self, entities: Collection[str] = tuple(ENTITIES)) -> None:
        """Make the index equal to the folder as far as the timeline and the records of these entities go.

        IndexBusy if another command does so for too long.
        """
        self._just_built = False
        if len(entities) == len(ENTITIES):
            self._stale = False
            self._waiting = []
        self._use(lambda connection: self._refresh(connection, entities))

    def refresh_timeline(self, *, alone: bool = False) -> None:
        """Take in new events, and nothing else; where there is no index, one without records if `alone`."""
        self._just_built = False
        self._begins = alone
        try:
            self._use(self._refresh_timeline)
        finally:
            self._begins = False

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

    def newest_id(self) -> str:
        """The greatest id of an event in any timeline file; "" if there is none.

        Never fails and never builds an index: without one the ends of the files must do.
        """
        try:
            self._connect_if_there()
            if self._connection is not None:
                with base.hurried(self._connection):
                    self._refresh_timeline(self._connection)
                    return events.newest(self._connection)
        except (sqlite3.Error, OSError, CrmError):
            pass  # held by another command or damaged: whoever reads of it next sees to that
        return max(folder.last_ids(self._root), default="")

    def _connect_if_there(self) -> None:
        if self._connection is None and not self._in_memory:
            self._connection = base.open_index(self._root, self._columns.signature(), patience=0)

    def _take_files(self, paths: Sequence[str]) -> None:
        self._connect_if_there()
        records = [path for path in paths if layout.id_of_path(path)]
        logs = [path for path in paths if path.startswith(f"{layout.TIMELINE}/")]
        if self._connection is None or not (records or logs):
            return
        with base.hurried(self._connection), base.transaction(self._connection):
            self._examiner(self._connection).take_files(records)
            self._read_journals(self._connection, logs, thorough=False)

    def _refresh(self, connection: sqlite3.Connection, entities: Collection[str]) -> None:
        if self._just_built:
            return
        folders = freshness.changed_folders(connection, self._root, entities)
        logs = freshness.changed_journals(connection, self._root, thorough=True)
        begun = base.is_begun(connection) and len(entities) == len(ENTITIES)
        if not folders and not logs and not begun:
            return
        with base.transaction(connection):
            found = [freshness.changes_in(connection, self._root, path) for path in folders]
            anew = freshness.is_better_anew(connection, self._root, found)
            if not anew:
                self._examiner(connection).take(found)
                self._read_journals(connection, logs, thorough=True)
                if begun:
                    connection.execute(base.NOTE_WHOLE)
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
        from crmcli.store.index.writing import storing

        if paths:
            store = storing(connection, self._columns)
            reader = JournalReader(connection, self._root, store, marking=marking)
            reader.take(paths, thorough=thorough)

    def close(self) -> None:
        """Let go of the file."""
        if self._eyes is not None:
            self._eyes.close()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # -- opening, building, mending -------------------------------------------------------------

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` makes of what the user sees, with all taken in that was left for later."""
        self._take_waiting()
        return self._look(work)

    def read_all(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The same of the whole database, for what is not shown."""
        self._take_waiting()
        return self._use(work)

    def _take_waiting(self) -> None:
        if self._waiting:
            self.touch([])
        if self._stale:
            self.refresh()

    def _look(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """What `work` makes of what the user may see of the database."""
        eyes = self._eyes
        if eyes is None:
            return self._use(work)
        return self._use(lambda connection: work(eyes.on(connection)))

    def ask(self, sql: str, parameters: Sequence[str | float] = ()) -> list[Any]:
        """The rows that a query finds."""
        return self.read(lambda connection: connection.execute(sql, parameters).fetchall())

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
        if self._in_memory:
            return self._build_in_memory()
        standing = base.open_index(self._root, self._columns.signature())
        return standing or self._build(anew=False)

    def _build(self, *, anew: bool) -> sqlite3.Connection:
        """Build the index from nothing; in memory if it cannot be written where it belongs."""
        try:
            connection, ours = base.build(
                self._root, self._columns.signature(), self._fill_tables, anew=anew
            )
        except (OSError, PermissionDenied, DiskFull):
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
        from crmcli.store.index import acts, arrived, crew, letters, pending, tables

        for statement in (*tables.tables(self._columns), acts.TABLE, *letters.TABLES):
            connection.execute(statement)
        try:
            if self._begins:
                connection.execute(base.NOTE_BEGUN)
                self._read_all_journals(connection)
            elif crew.is_worth_it(self._root):
                crew.fill(connection, self._root, self._columns, self._known_reader())
            else:
                self._fill(connection)
        except crew.Scattered:
            tables.empty(connection)
            self._fill(connection)
        kept = (*acts.statements(), *letters.statements())
        for statement in (*tables.indexes(self._columns), *kept):
            connection.execute(statement)
        pending.touch_all(connection)
        arrived.look_at_all(connection)

    def _fill(self, connection: sqlite3.Connection) -> None:
        self._examiner(connection).take(freshness.everything(self._root))
        self._read_all_journals(connection)

    def _read_all_journals(self, connection: sqlite3.Connection) -> None:
        logs = [path for path, _ in folder.journals(self._root)]
        self._read_journals(connection, logs, thorough=True, marking=False)
