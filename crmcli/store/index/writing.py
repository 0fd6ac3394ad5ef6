"""Puts what was read of files into the tables, many rows at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from crmcli.errors import Problem
from crmcli.model.entities import ENTITIES
from crmcli.model.values import Raw
from crmcli.store.index import edited
from crmcli.store.index.agenda import STAGED
from crmcli.store.index.columns import Columns
from crmcli.store.index.folder import Look, Stamp
from crmcli.store.index.freshness import Known
from crmcli.store.index.fulltext import TEXTS
from crmcli.store.index.rows import Row
from crmcli.store.timeline.descent import Fork

Batch: TypeAlias = dict[str, list[Any]]
"""Rows by table, each as its INSERT takes it."""

BATCH = 1000
"""Files in one batch, or events."""

_json = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
_STAGED = tuple(f"{entity}-" for entity in STAGED)
_INSERTS = {
    "file": "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    "doc": "INSERT INTO doc VALUES (?, ?, ?)",
    "item": "INSERT INTO item VALUES (?, ?, ?)",
    "line": "INSERT INTO line VALUES (?, ?, ?, ?, ?)",
    "words": f"INSERT INTO words VALUES (?{', ?' * len(TEXTS)})",
    "dirty": "INSERT OR REPLACE INTO dirty (record) VALUES (?)",
    "merged": "INSERT INTO merged VALUES (?, ?, ?)",
    "problem": "INSERT INTO problem VALUES (?, ?, ?, ?, ?, ?)",
    "shard": "INSERT OR REPLACE INTO shard VALUES (?, ?, ?)",
    "event": "INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "fork": "INSERT INTO fork VALUES (?, ?, ?)",
    "talk": "INSERT INTO talk VALUES (?, ?)",
    "journal": "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
}


class Rows:
    """Collects rows for an index that knows no files, and hands them on in batches.

    Nothing is complete before `flush`.

    The files get numbers from `first` on; with `step`, each batch begins that much further on, so
    that several may count beside each other.
    """

    def __init__(self, store: Callable[[Batch], None], first: int, step: int = 0) -> None:
        self._store = store
        self._first = self.last = first
        self._step = step
        self.batch: Batch = {table: [] for table in (*_INSERTS, *ENTITIES)}

    def known(self, shard: str, name: bytes) -> Known | None:
        """A file as the index knows it."""
        return None

    def forget(self, entity: str, num: int, path: str) -> None:
        """Take out whatever was read of a file before; its own row stays."""

    def remove(self, num: int) -> None:
        """Take out the row of a file that is no more."""

    def new_number(self) -> int:
        """A number for a file that the index does not know yet, or for an event."""
        if self._step and self.last - self._first >= BATCH:
            self.flush()
        self.last += 1
        return self.last

    def file(
        self, num: int, shard: str, name: bytes, stamp: Stamp, digest: bytes, racy: bool
    ) -> None:
        """A file as it stands, new or changed."""
        self.batch["file"].append((num, shard, name, *stamp, digest, racy))

    def record(self, entity: str, num: int, raw: Mapping[str, Raw], row: Row) -> None:
        """A readable record."""
        batch = self.batch
        record_id = str(raw["id"])
        batch["doc"].append((num, record_id, _json(raw).encode()))
        batch[entity].append((num, *row.cells))
        if row.items:
            batch["item"] += [(number, key, num) for number, key in row.items]
        if raw.get("lines"):
            from crmcli.store.index import lines

            batch["line"] += lines.rows(num, raw)
        batch["words"].append((num, *row.texts))
        self.dirty(record_id)
        if not self._step and len(batch["doc"]) >= BATCH:
            self.flush()

    def event(self, cells: tuple[Any, ...], said: str | None) -> None:
        """An event as its table has it, and what is searched of it."""
        self.batch["event"].append(cells)
        if said is not None:
            self.batch["talk"].append((cells[0], said))
        if not self._step and len(self.batch["event"]) >= BATCH:
            self.flush()

    def forks(self, journal: int, found: Iterable[Fork]) -> None:
        """The places of a timeline file where a line follows another than the one above."""
        self.batch["fork"] += [(journal, *fork) for fork in found]

    def merged(self, num: int, record_id: str, survivor: str) -> None:
        """What is left of a record that went into another."""
        self.batch["merged"].append((num, record_id, survivor))
        self.dirty(record_id)

    def problems(self, problems: Iterable[Problem]) -> None:
        """What is wrong in a file."""
        self.batch["problem"] += map(tuple, problems)

    def dirty(self, record_id: str) -> None:
        """A record for which robots must be thought over again; others than leads and deals are not."""
        if record_id.startswith(_STAGED):
            self.batch["dirty"].append((record_id,))

    def look(self, seen: Look, settled: bool) -> None:
        """Keep a look, so that the next one needs only to be compared; none if it decides nothing."""
        if seen.names or not settled:
            row = (seen.path, seen.names, seen.stamps) if settled else (seen.path, b"", None)
            self.batch["shard"].append(row)

    def flush(self) -> None:
        """Hand on what was collected."""
        self._store(self.batch)
        for rows in self.batch.values():
            rows.clear()
        if self._step:
            self._first = self.last = self._first + self._step


class Writer(Rows):
    """Puts rows into an index that may know their files already."""

    def __init__(self, connection: sqlite3.Connection, columns: Columns) -> None:
        (last,) = connection.execute("SELECT ifnull(max(num), 0) FROM file").fetchone()
        super().__init__(storing(connection, columns), int(last))
        self._connection = connection

    def known(self, shard: str, name: bytes) -> Known | None:
        """A file as the index knows it."""
        row = self._connection.execute(
            "SELECT num, size, mtime, ctime, digest, racy FROM file WHERE shard = ? AND name = ?",
            (shard, name),
        ).fetchone()
        return Known(row[0], row[1:4], row[4], bool(row[5])) if row else None

    def forget(self, entity: str, num: int, path: str) -> None:
        """Take out whatever was read of a file before; its own row stays."""
        found = self._connection.execute("SELECT id FROM doc WHERE num = ?", (num,)).fetchone()
        if found:
            self.dirty(found[0])
            self._connection.execute(edited.NOTE, (num,))
            for table in (entity, "doc", "item", "line", "words"):
                self._connection.execute(f"DELETE FROM {table} WHERE num = ?", (num,))
        self._connection.execute("DELETE FROM merged WHERE num = ?", (num,))
        self._connection.execute("DELETE FROM problem WHERE path = ?", (path,))

    def remove(self, num: int) -> None:
        """Take out the row of a file that is no more."""
        self._connection.execute("DELETE FROM file WHERE num = ?", (num,))

    def look(self, seen: Look, settled: bool) -> None:
        """As above; a look that is the same as before is not written again."""
        if settled and not seen.names:
            self._connection.execute("DELETE FROM shard WHERE path = ?", (seen.path,))
            return
        row = (seen.path, seen.names, seen.stamps) if settled else (seen.path, b"", None)
        self._connection.execute(_REMEMBER, row)


_REMEMBER = """
INSERT INTO shard VALUES (?, ?, ?) ON CONFLICT (path) DO UPDATE
SET names = excluded.names, stamps = excluded.stamps
WHERE names IS NOT excluded.names OR stamps IS NOT excluded.stamps
"""


def storing(connection: sqlite3.Connection, columns: Columns) -> Callable[[Batch], None]:
    """What puts a batch into the tables."""
    inserts = dict(_INSERTS)
    for entity in ENTITIES:
        inserts[entity] = f"INSERT INTO {entity} VALUES (?, {_marks(columns, entity)})"

    def store(batch: Batch) -> None:
        for table, rows in batch.items():
            if rows:
                connection.executemany(inserts[table], rows)

    return store


def _marks(columns: Columns, entity: str) -> str:
    cells = sum(len(column.cells) for column in columns.columns(entity).values())
    return ", ".join("?" * (cells + 1))  # and the time of creation
