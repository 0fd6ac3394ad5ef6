"""Which leads and deals robots must be thought over for again, and when each is due next."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TypeAlias

from crmcli.model.entities import having
from crmcli.store.index import base, pending

Plans: TypeAlias = Sequence[tuple[str, "str | None", str]]
"""Records, each with the instant at which it is due next, and the place and the robots for which it waits."""

STAGED = having("staged")
"""The entities whose records stand in stages, so that robots may be due for them."""


def last_mark(connection: sqlite3.Connection) -> int:
    """The newest mark of a change; a change after it is not settled by what was seen before."""
    found = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'dirty'").fetchone()
    return int(found[0]) if found else 0


def dirty(connection: sqlite3.Connection) -> list[str]:
    """The records that changed since they were settled, those that changed first coming first."""
    rows = connection.execute("SELECT record FROM dirty ORDER BY mark")
    return [record for (record,) in rows]


def settle(connection: sqlite3.Connection, plans: Plans, mark: int) -> None:
    """Note when records are due next (None: at no known time), and that all changes up to a mark are seen."""
    seen = [(record, mark) for record, *_ in plans]
    planned = [plan for plan in plans if any(plan[1:])]
    idle = [(record,) for record, *told in plans if not any(told)]
    with base.transaction(connection):
        connection.executemany("DELETE FROM dirty WHERE record = ? AND mark <= ?", seen)
        connection.executemany("DELETE FROM agenda WHERE record = ?", idle)
        connection.executemany("INSERT OR REPLACE INTO agenda VALUES (?, ?, ?)", planned)


def due(
    connection: sqlite3.Connection, until: str, after: tuple[str, str] = ("", ""), limit: int = 100
) -> list[tuple[str, str]]:
    """Some records that are due by an instant, the longest due first, behind this place in the
    order: each with its time."""
    rows = connection.execute(
        "SELECT next_at, record FROM agenda WHERE next_at <= ? AND (next_at, record) > (?, ?)"
        " ORDER BY next_at, record LIMIT ?",
        (until, *after, limit),
    )
    return rows.fetchall()


def waits(connection: sqlite3.Connection, *, settled_only: bool) -> list[tuple[str, int]]:
    """For which robots records wait, and how many records for the same ones; `settled_only` leaves out those
    that changed since."""
    only = " AND record NOT IN (SELECT record FROM dirty)" if settled_only else ""
    sql = f"SELECT waits, count(*) FROM agenda WHERE waits <> ''{only} GROUP BY waits"
    return connection.execute(sql).fetchall()


def signed(connection: sqlite3.Connection) -> str:
    """The digest of the rules by which it was made; "" if nobody has looked at anything yet."""
    found = connection.execute("SELECT value FROM meta WHERE key = 'agenda'").fetchone()
    return str(found[0]) if found else ""


def sign(connection: sqlite3.Connection, text: str) -> bool:
    """Whether the rules (of which `text` is a digest) are others than before; then all is dirty."""
    if signed(connection) == text:
        return False
    with base.transaction(connection):
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('agenda', ?)", (text,))
        for entity in STAGED:
            connection.execute(f"INSERT OR REPLACE INTO dirty (record) SELECT id FROM {entity}")
        pending.touch_all(connection)
    return True
