"""The stays of leads and deals in stages, kept for reports, and which must be told anew.

What changes a record or its events marks it, whoever writes: the marks are made by the database itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from crmcli.model.clocks import STEPPED
from crmcli.model.entities import having
from crmcli.model.event import DATED, RENAMED, STAGE_RENAMED
from crmcli.model.stays import Stay
from crmcli.store.index import base

STAGED = having("staged")
_PLACING = ", ".join(
    repr(kind)
    for kind in (
        *(f"{entity}.{word}" for entity in STAGED for word in ("created", "unmerged")),
        "stage.entered", DATED, STAGE_RENAMED,
    )
)  # fmt: skip
ALL = "*"
"""Marks every record: a stage was renamed, a clock was set."""
_UNDONE = "change.undone"
_REWRITTEN = "file.changed"

TABLES = """
CREATE TABLE stay (record TEXT, n INTEGER, pipeline TEXT, stage TEXT, entered INTEGER, left INTEGER,
                   PRIMARY KEY (record, n)) WITHOUT ROWID;
CREATE TABLE unsettled (record TEXT PRIMARY KEY) WITHOUT ROWID
"""


def triggers() -> Iterator[str]:
    """The statements by which the database marks what must be told anew, and those that mark all there is."""
    for entity in STAGED:
        for happens, row in (("INSERT", "NEW"), ("DELETE", "OLD")):
            yield (
                f"CREATE TRIGGER {entity}_{happens.lower()}_unsettles AFTER {happens} ON {entity}"
                f" BEGIN INSERT OR IGNORE INTO unsettled VALUES ({row}.id); END"
            )
        yield f"INSERT OR IGNORE INTO unsettled SELECT id FROM {entity}"
    for happens, row in (("INSERT", "NEW"), ("DELETE", "OLD")):
        yield (
            f"CREATE TRIGGER event_{happens.lower()}_unsettles AFTER {happens} ON event"
            f" WHEN {row}.kind IN ({_PLACING}) BEGIN"
            f" INSERT OR IGNORE INTO unsettled VALUES ({row}.record); END"
        )
        yield (
            f"CREATE TRIGGER rule_{happens.lower()}_unsettles AFTER {happens} ON event"
            f" WHEN {row}.kind IN ('{STEPPED}', '{_UNDONE}')"
            f" OR ({row}.kind = '{_REWRITTEN}' AND instr({row}.data, '\"{RENAMED}\"')) BEGIN"
            f" INSERT OR IGNORE INTO unsettled VALUES"
            f" (CASE {row}.kind WHEN '{_UNDONE}' THEN {row}.data ELSE '{ALL}' END); END"
        )


def unsettled(connection: sqlite3.Connection) -> list[str]:
    """The records whose stays must be told anew, in the order of their ids; some may be gone."""
    _spread(connection)
    rows = connection.execute("SELECT record FROM unsettled ORDER BY record")
    return [record for (record,) in rows]


def _spread(connection: sqlite3.Connection) -> None:
    """Put in the place of a mark that stands for many records those records."""
    wide = connection.execute(
        "SELECT record FROM unsettled WHERE record = ? OR record >= '{' ", [ALL]
    ).fetchall()
    if not wide:
        return
    with base.transaction(connection):
        for (mark,) in wide:
            if mark == ALL:
                for entity in STAGED:
                    connection.execute(f"INSERT OR IGNORE INTO unsettled SELECT id FROM {entity}")
                continue
            for first, last in json.loads(mark).get("undone", ()):
                connection.execute(
                    "INSERT OR IGNORE INTO unsettled SELECT record FROM event"
                    f" WHERE id BETWEEN ? AND ? AND kind IN ({_PLACING})",
                    [first, last],
                )
        connection.executemany("DELETE FROM unsettled WHERE record = ?", wide)


def settle(connection: sqlite3.Connection, records: Sequence[str], stays: Iterable[Stay]) -> None:
    """Keep the stays of these records, in place of those that were known."""
    rows = []
    last, n = "", 0
    for stay in stays:
        n = n + 1 if stay.record == last else 0
        last = stay.record
        left = None if stay.left_at is None else round(stay.left_at)
        rows.append((stay.record, n, stay.pipeline, stay.stage, round(stay.entered_at), left))
    known = [(record,) for record in records]
    with base.transaction(connection):
        connection.executemany("DELETE FROM stay WHERE record = ?", known)
        connection.executemany("INSERT INTO stay VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.executemany("DELETE FROM unsettled WHERE record = ?", known)
