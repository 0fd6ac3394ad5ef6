"""Compares the records with what the timeline knows of their beginnings and ends."""

from __future__ import annotations

import sqlite3

from crmcli.model.values import ENTITIES


def unborn(connection: sqlite3.Connection) -> list[str]:
    """The records of whose making the timeline has no event."""
    found: list[str] = []
    for entity in ENTITIES:
        rows = connection.execute(
            f"SELECT id FROM {entity} EXCEPT SELECT record FROM event WHERE kind = ?",
            (f"{entity}.created",),
        )
        found += [record_id for (record_id,) in rows]
    return found


def vanished(connection: sqlite3.Connection) -> list[str]:
    """The ids that were made and not removed since, and of which there is no readable record."""
    found: list[str] = []
    for entity in ENTITIES:
        # the + keeps SQLite from looking among all events of the kind, for each record anew
        rows = connection.execute(
            "SELECT DISTINCT record FROM event AS made WHERE kind = ?"
            f" AND record NOT IN (SELECT id FROM {entity}) AND NOT EXISTS"
            " (SELECT 1 FROM event WHERE record = made.record AND +kind = ? AND id > made.id)"
            " ORDER BY record",
            (f"{entity}.created", f"{entity}.removed"),
        )
        found += [record_id for (record_id,) in rows]
    return found
