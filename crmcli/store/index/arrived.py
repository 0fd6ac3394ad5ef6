"""What came in by a channel and is not taken up yet."""

from __future__ import annotations

import sqlite3

from crmcli.model.event import DROPPED, KEPT, TAKEN, UNREAD, Event
from crmcli.store.index.events import select
from crmcli.store.index.tables import IS_INTAKE, OF_INTAKE

# The plus takes the id for a plain value: compared with a column of text, the index on the expression
# would not serve, and each of those that wait would be sought among all that ever came.
_IS_SETTLED = (
    f"EXISTS (SELECT 1 FROM event AS later WHERE later.{IS_INTAKE}"
    f" AND {OF_INTAKE} = +arrived.id AND kind IN ('{TAKEN}', '{DROPPED}'))"
)
_IS_STUCK = (
    f"EXISTS (SELECT 1 FROM event AS later WHERE later.{IS_INTAKE}"
    f" AND {OF_INTAKE} = +event.id AND kind = '{UNREAD}')"
)
SETTLE = f"DELETE FROM arrived WHERE {_IS_SETTLED}"
"""Forget of those in the table which are taken up; that is as much work as there are in it."""


def look_at_all(connection: sqlite3.Connection) -> None:
    """Find all that wait, as in an index that is new."""
    connection.execute(f"INSERT OR IGNORE INTO arrived SELECT id FROM event WHERE kind = '{KEPT}'")
    connection.execute(SETTLE)


def waiting(connection: sqlite3.Connection, limit: int) -> list[Event]:
    """The events that say that something came in which nobody has taken up or dropped, the oldest first;
    what a person has to look at stands in the way of nothing and comes last."""
    terms = f"id IN (SELECT id FROM arrived WHERE NOT {_IS_SETTLED}) AND kind = '{KEPT}'"
    terms += f" ORDER BY {_IS_STUCK}, id"
    return select(connection, f"{terms} LIMIT ?", [limit])


def events_of(connection: sqlite3.Connection, intake: str) -> list[Event]:
    """All that is told of something that came in, by the id of the event that says so, oldest first."""
    return select(connection, f"{OF_INTAKE} = ? AND {IS_INTAKE} ORDER BY id", [intake])
