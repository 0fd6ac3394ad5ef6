"""The records whose files have changed since automation looked at them, and how they were then."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from typing import NamedTuple

from crmcli.model.values import Raw
from crmcli.store.index import base

NOTE = """
INSERT INTO edited SELECT id, doc, 1 FROM doc WHERE num = ?
ON CONFLICT (record) DO UPDATE SET times = times + 1
"""
"""Keeps how a record was, by the number of its file; as it was first, until somebody looks."""


class Edited(NamedTuple):
    """A record whose file has changed since somebody looked: how it was then, and how often it has."""

    record: str
    before: dict[str, Raw]
    times: int


def changed(connection: sqlite3.Connection, after: str = "", limit: int = 500) -> list[Edited]:
    """Some records whose files have changed, by a command or without one, in the order of their ids."""
    rows = connection.execute(
        "SELECT record, CAST(before AS BLOB), times FROM edited WHERE record > ? ORDER BY record LIMIT ?",
        (after, limit),
    )
    return [Edited(record, json.loads(before), times) for record, before, times in rows]


def recall(connection: sqlite3.Connection, known: Iterable[tuple[str, dict[str, Raw]]]) -> None:
    """Note how records were of which nobody remembers it."""
    with base.transaction(connection):
        connection.executemany(
            "INSERT OR IGNORE INTO edited VALUES (?, ?, 1)",
            ((record, json.dumps(raw, ensure_ascii=False)) for record, raw in known),
        )


def settle(connection: sqlite3.Connection, seen: Iterable[Edited], leaning: Iterable[str]) -> None:
    """Forget how records were that did not change again since they were looked at; let robots be thought
    over again for those that lean on them."""
    with base.transaction(connection):
        connection.executemany(
            "INSERT OR REPLACE INTO dirty (record) VALUES (?)", [(one,) for one in leaning]
        )
        connection.executemany(
            "DELETE FROM edited WHERE record = ? AND times = ?",
            [(one.record, one.times) for one in seen],
        )
