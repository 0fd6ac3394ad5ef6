"""Compares the records with what the timeline knows of their beginnings and ends."""

from __future__ import annotations

import sqlite3
from typing import Any

from crmcli.model.entities import ENTITIES


def unborn(connection: sqlite3.Connection) -> list[str]:
    """The records of whose making the timeline has no event."""
    sql = "SELECT id FROM {0} EXCEPT SELECT record FROM event WHERE kind = ?"
    return [record_id for (record_id,) in _rows(connection, sql, "created")]


def vanished(connection: sqlite3.Connection) -> list[str]:
    """The ids that were made and not removed since, and of which there is no readable record."""
    # the + keeps SQLite from looking among all events of the kind, for each record anew
    sql = (
        "SELECT DISTINCT record FROM event AS made WHERE kind = ?"
        " AND record NOT IN (SELECT id FROM {0}) AND NOT EXISTS"
        " (SELECT 1 FROM event WHERE record = made.record AND +kind = ? AND id > made.id)"
        " ORDER BY record"
    )
    return [record_id for (record_id,) in _rows(connection, sql, "created", "removed")]


def returned(connection: sqlite3.Connection) -> list[str]:
    """The records that are there though the timeline's last word of them is that they were removed."""
    sql = (
        "SELECT DISTINCT record FROM event AS gone WHERE kind = ?"
        " AND (record IN (SELECT id FROM {0}) OR record IN (SELECT id FROM merged))"
        " AND NOT EXISTS (SELECT 1 FROM event WHERE record = gone.record AND id > gone.id"
        " AND +kind IN (?, ?)) ORDER BY record"
    )
    return [record_id for (record_id,) in _rows(connection, sql, "removed", "created", "merged")]


def rejoined(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """The records that stand for themselves though the timeline's last word is that they were merged,
    each with the record into which."""
    sql = (
        "SELECT record, json_extract(data, '$.into') FROM event AS went WHERE kind = ?"
        " AND json_extract(data, '$.merged') = record AND record IN (SELECT id FROM {0})"
        " AND NOT EXISTS (SELECT 1 FROM event WHERE record = went.record AND id > went.id"
        " AND +kind IN (?, ?, ?, ?)) ORDER BY record"
    )
    return _rows(connection, sql, "merged", "merged", "unmerged", "created", "removed")


def recordless(connection: sqlite3.Connection) -> list[tuple[str, str]]:
    """The ids of which the timeline tells something but no beginning and no end, without a readable
    record; each with the id of the last event. Not those of which it only tells what was accepted
    (`crm tick --accept-history`): there somebody has said that they are gone."""
    sql = (
        "SELECT record, (SELECT max(id) FROM event WHERE record = known.record) FROM"
        " (SELECT DISTINCT record FROM event WHERE record > '{0}-' AND record < '{0}.'"
        " EXCEPT SELECT id FROM {0} EXCEPT SELECT id FROM merged"
        " EXCEPT SELECT record FROM event WHERE kind IN (?, ?)) AS known WHERE EXISTS"
        " (SELECT 1 FROM event WHERE record = known.record AND json_extract(data, '$.accepted') IS NULL)"
        " ORDER BY record"
    )
    return _rows(connection, sql, "created", "removed")


def _rows(connection: sqlite3.Connection, sql: str, *words: str) -> list[Any]:
    """What a query finds of each entity, which stands as {0} in it; its kinds of events end in words."""
    return [
        row
        for entity in ENTITIES
        for row in connection.execute(sql.format(entity), [f"{entity}.{word}" for word in words])
    ]
