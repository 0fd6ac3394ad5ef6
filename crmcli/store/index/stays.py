"""The stays of leads and deals in stages, kept for reports, and which must be told anew.

What changes a record or its events marks it, whoever writes: the marks are made by the database itself.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from crmcli.model.clocks import STEPPED
from crmcli.model.entities import having
from crmcli.model.event import DATED, RENAMED, STAGE_RENAMED
from crmcli.model.stays import Stay
from crmcli.store.index import base
from crmcli.store.index.columns import is_of

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
CREATE TABLE stay (record TEXT, pipeline TEXT, n INTEGER, stage TEXT, entered INTEGER, left INTEGER,
                   came INTEGER, first INTEGER, before TEXT, again INTEGER,
                   PRIMARY KEY (record, pipeline, n)) WITHOUT ROWID;
CREATE TABLE way (record TEXT, pipeline TEXT, came INTEGER, trail INTEGER,
                  PRIMARY KEY (record, pipeline)) WITHOUT ROWID;
CREATE TABLE trail (num INTEGER PRIMARY KEY, told TEXT UNIQUE);
CREATE TABLE unsettled (record TEXT PRIMARY KEY) WITHOUT ROWID
"""
"""Of a stay: when the record came into the pipeline, whether it is the first one there, in which stage it
stood before, and whether it had been in this one already. A way is all of a record's stays in a pipeline.
Its trail, which many have in common, is the pipeline, the stage in which it stands (NULL in another
pipeline) and all its stages, as JSON."""


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


def unsettled(connection: sqlite3.Connection, entity: str, most: int | None = None) -> list[str]:
    """The records of an entity whose stays must be told anew, so many if not all, in the order of their ids;
    some may be gone."""
    _spread(connection)
    rows = connection.execute(
        f"SELECT record FROM unsettled WHERE {is_of(entity, 'record')} ORDER BY record LIMIT ?",
        [-1 if most is None else most],
    )
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
    rows: list[tuple[object, ...]] = []
    ways: list[tuple[object, ...]] = []
    for _, some in groupby(stays, key=lambda stay: stay.record):
        own = [*some]
        pipelines: dict[str, list[Stay]] = {}
        for stay in own:
            pipelines.setdefault(stay.pipeline, []).append(stay)
        ways += (_way(own, some) for some in pipelines.values())
        rows += _rows(own, pipelines)
    known = [(record,) for record in records]
    with base.transaction(connection):
        for table in ("stay", "way"):
            connection.executemany(f"DELETE FROM {table} WHERE record = ?", known)
        connection.executemany("INSERT INTO stay VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        trails = {way[-1]: None for way in ways}
        connection.executemany(
            "INSERT OR IGNORE INTO trail (told) VALUES (?)", [(told,) for told in trails]
        )
        connection.executemany(
            "INSERT INTO way VALUES (?, ?, ?, (SELECT num FROM trail WHERE told = ?))", ways
        )
        connection.executemany("DELETE FROM unsettled WHERE record = ?", known)


def _rows(
    own: Sequence[Stay], pipelines: Mapping[str, Sequence[Stay]]
) -> Iterator[tuple[object, ...]]:
    """The stays of a record as the table has them."""
    came = {name: _came(some) for name, some in pipelines.items()}
    firsts = {name: next((s for s in some if s.stage), None) for name, some in pipelines.items()}
    last: Stay | None = None
    been: set[tuple[str, str]] = set()
    for n, stay in enumerate(own):
        place = stay.pipeline, stay.stage
        before = last.stage if last and last.pipeline == stay.pipeline else None
        left = None if stay.left_at is None else round(stay.left_at)
        yield (
            stay.record, stay.pipeline, n, stay.stage, round(stay.entered_at), left,
            came[stay.pipeline], stay is firsts[stay.pipeline], before, place in been,
        )  # fmt: skip
        last = stay
        been.add(place)


def _way(own: Sequence[Stay], some: Sequence[Stay]) -> tuple[object, ...]:
    """The stays of a record in one pipeline together."""
    here = some[-1].stage if some[-1] is own[-1] else None
    pipeline = some[0].pipeline
    trail = [pipeline, here, sorted({stay.stage for stay in some})]
    return own[0].record, pipeline, _came(some), json.dumps(trail, ensure_ascii=False)


def _came(some: Sequence[Stay]) -> int:
    return round(min(stay.entered_at for stay in some))
