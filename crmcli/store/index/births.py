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


def returned(connection: sqlite3.Connection) -> list[str]:
    """The records that are there though the timeline's last word of them is that they were removed."""
    found: list[str] = []
    for entity in ENTITIES:
        rows = connection.execute(
            "SELECT DISTINCT record FROM event AS gone WHERE kind = ?"
            f" AND (record IN (SELECT id FROM {entity}) OR record IN (SELECT id FROM merged))"
            " AND NOT EXISTS (SELECT 1 FROM event WHERE record = gone.record AND id > gone.id"
            " AND +kind IN (?, ?)) ORDER BY record",
            (f"{entity}.removed", f"{entity}.created", f"{entity}.merged"),
        )
        found += [record_id for (record_id,) in rows]
    return found


def rejoined(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """The records that stand for themselves though the timeline's last word is that they were merged,
    each with the record into which."""
    found: list[tuple[str, str]] = []
    for entity in ENTITIES:
        found += connection.execute(
            "SELECT record, json_extract(data, '$.into') FROM event AS went WHERE kind = ?"
            " AND json_extract(data, '$.merged') = record"
            f" AND record IN (SELECT id FROM {entity})"
            " AND NOT EXISTS (SELECT 1 FROM event WHERE record = went.record AND id > went.id"
            " AND +kind IN (?, ?, ?, ?)) ORDER BY record",
            (
                f"{entity}.merged",
                *(f"{entity}.{w}" for w in ("merged", "unmerged", "created", "removed")),
            ),
        )
    return found


def strangers(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """The ids of which the timeline tells something but no beginning and no end, without a readable
    record; each with the id of the last event."""
    found: list[tuple[str, str]] = []
    for entity in ENTITIES:
        rows = connection.execute(
            "SELECT DISTINCT record FROM event WHERE record > ? AND record < ?"
            f" EXCEPT SELECT id FROM {entity} EXCEPT SELECT id FROM merged"
            " EXCEPT SELECT record FROM event WHERE kind IN (?, ?)",
            (f"{entity}-", f"{entity}.", f"{entity}.created", f"{entity}.removed"),
        ).fetchall()
        for (record_id,) in sorted(rows):
            last = connection.execute("SELECT max(id) FROM event WHERE record = ?", (record_id,))
            found.append((record_id, last.fetchone()[0]))
    return found
