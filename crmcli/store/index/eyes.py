"""A connection to the index through which one user looks."""

from __future__ import annotations

import sqlite3

from crmcli.model.access import Rights
from crmcli.store.index import base
from crmcli.store.index.columns import Columns
from crmcli.store.index.sight import Sight


class Eyes:
    """A second connection to a database, with the views of a user before its tables.

    A database in memory cannot be opened twice: it is copied whenever it has changed.
    """

    def __init__(self, rights: Rights, columns: Columns) -> None:
        self._sight = Sight(rights, columns)
        columns.is_narrow = True
        columns.is_scanned = self._sight.is_scanned
        self._of: tuple[sqlite3.Connection, int] | None = None
        self._seen: sqlite3.Connection | None = None

    def on(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        """The connection for reading what stands in that one."""
        path = connection.execute("PRAGMA database_list").fetchone()[2]
        now = (connection, 0 if path else connection.total_changes)
        if self._seen is None or self._of != now:
            self.close()
            self._seen = base.connect(path or ":memory:")
            if not path:
                connection.backup(self._seen)
            for statement in self._sight.statements():
                self._seen.execute(statement)
            self._of = now
        return self._seen

    def close(self) -> None:
        """Let go of it."""
        if self._seen is not None:
            self._seen.close()
        self._seen = self._of = None
