"""Puts what was read of files into the tables, many rows at a time."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from crmcli.errors import Problem
from crmcli.model.values import ENTITIES, Raw
from crmcli.store.columns import Columns
from crmcli.store.index.agenda import STAGED
from crmcli.store.index.folder import Stamp
from crmcli.store.index.rows import Row
from crmcli.store.index.tables import TEXTS

_json = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode
_STAGED = tuple(f"{entity}-" for entity in STAGED)
_BATCH = 2000  # records


class Writer:
    """Collects rows and writes them in batches; nothing is complete before `flush`."""

    def __init__(self, connection: sqlite3.Connection, columns: Columns) -> None:
        self._connection = connection
        self._inserts = {
            entity: f"INSERT INTO {entity} VALUES (?, {_marks(columns, entity)})"
            for entity in ENTITIES
        }
        self._files: list[tuple[Any, ...]] = []
        self._docs: list[tuple[int, str, str]] = []
        self._rows: dict[str, list[list[Any]]] = {entity: [] for entity in ENTITIES}
        self._items: list[tuple[Any, ...]] = []
        self._texts: list[tuple[Any, ...]] = []
        self._dirty: list[tuple[str]] = []
        self._problems: list[Problem] = []
        (self._last,) = connection.execute("SELECT ifnull(max(num), 0) FROM file").fetchone()

    def new_number(self) -> int:
        """A number for a file that the index does not know yet."""
        self._last += 1
        return int(self._last)

    def file(
        self, num: int, shard: str, name: bytes, stamp: Stamp, digest: bytes, racy: bool
    ) -> None:
        """A file as it stands, new or changed."""
        self._files.append((num, shard, name, *stamp, digest, racy))

    def record(self, entity: str, num: int, raw: Mapping[str, Raw], row: Row) -> None:
        """A readable record."""
        record_id = str(raw["id"])
        self._docs.append((num, record_id, _json(raw)))
        self._rows[entity].append([num, *row.cells])
        self._items += [(number, key, num) for number, key in row.items]
        self._texts.append((num, *row.texts))
        self.dirty(record_id)
        if len(self._docs) >= _BATCH:
            self.flush()

    def problems(self, problems: Iterable[Problem]) -> None:
        """What is wrong in a file."""
        self._problems += problems

    def dirty(self, record_id: str) -> None:
        """A record for which robots must be thought over again; others than leads and deals are not."""
        if record_id.startswith(_STAGED):
            self._dirty.append((record_id,))

    def forget(self, entity: str, num: int, path: str) -> None:
        """Take out whatever was read of a file before; its own row stays."""
        found = self._connection.execute("SELECT id FROM doc WHERE num = ?", (num,)).fetchone()
        if found:
            self.dirty(found[0])
            for table in (entity, "doc", "item"):
                self._connection.execute(f"DELETE FROM {table} WHERE num = ?", (num,))
            self._connection.execute("DELETE FROM text WHERE rowid = ?", (num,))
        self._connection.execute("DELETE FROM problem WHERE path = ?", (path,))

    def remove(self, num: int) -> None:
        """Take out the row of a file that is no more."""
        self._connection.execute("DELETE FROM file WHERE num = ?", (num,))

    def flush(self) -> None:
        """Write what was collected."""
        many = self._connection.executemany
        many("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._files)
        many("INSERT INTO doc VALUES (?, ?, ?)", self._docs)
        for entity, rows in self._rows.items():
            many(self._inserts[entity], rows)
            rows.clear()
        many("INSERT INTO item VALUES (?, ?, ?)", self._items)
        marks = ", ".join("?" * len(TEXTS))
        many(f"INSERT INTO text (rowid, {', '.join(TEXTS)}) VALUES (?, {marks})", self._texts)
        many("INSERT OR REPLACE INTO dirty (record) VALUES (?)", self._dirty)
        many(
            "INSERT INTO problem VALUES (?, ?, ?, ?)",
            [(p.path, p.line, p.message, p.hint) for p in self._problems],
        )
        for collected in (self._files, self._docs, self._items, self._texts, self._dirty):
            collected.clear()
        self._problems.clear()


def _marks(columns: Columns, entity: str) -> str:
    cells = sum(2 if column.cents else 1 for column in columns.columns(entity).values())
    return ", ".join("?" * (cells + 1))  # and the time of creation
