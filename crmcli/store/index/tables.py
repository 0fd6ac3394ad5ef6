"""The tables of the index."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from crmcli.model.entities import ENTITIES
from crmcli.model.event import AMENDMENTS, BOUNCED, EDITED, INTAKE, MESSAGES
from crmcli.model.fields import Field
from crmcli.model.trigger_events import HEARD
from crmcli.store.index import stays
from crmcli.store.index.columns import Columns
from crmcli.store.index.fulltext import TEXTS

_TEXT_OF = {
    "name": "name", "first_name": "name", "middle_name": "name", "last_name": "name",
    "company_name": "company", "legal_name": "company",
    "kpp": "rest", "ogrn": "rest", "vat_id": "rest", "director": "rest",
    "position": "rest", "source_detail": "rest",
}  # fmt: skip
SAID = ("subject", "text")
"""What of an activity's data is searched."""

IS_HEARD = (
    f"kind IN ({', '.join(repr(kind) for kind in HEARD)})"
    """ AND NOT (kind LIKE '%.created' AND instr(data, '"robots":false') > 0)"""
)
IS_READ = "kind = 'triggers.read'"
IS_MESSAGE = f"kind IN ({', '.join(repr(kind) for kind in MESSAGES)})"
"""Conditions as the indexes of such events have them; a query must say them in the same words."""
IS_AMENDMENT = f"kind IN ({', '.join(repr(kind) for kind in AMENDMENTS)})"
AMENDED = "CASE WHEN json_valid(data) THEN json_extract(data, '$.activity') END"
"""The activity of which an amendment tells."""
IS_AMENDED = f"""
EXISTS (SELECT 1 FROM event AS later WHERE {IS_AMENDMENT} AND later.id > event.id AND {AMENDED} =
        CASE event.kind WHEN '{EDITED}' THEN json_extract(event.data, '$.activity') ELSE event.id END)
"""
"""Whether an event is an activity that is not so any more."""
IS_INTAKE = f"kind IN ({', '.join(repr(kind) for kind in INTAKE)})"
OF_INTAKE = "CASE WHEN json_valid(data) THEN ifnull(json_extract(data, '$.intake'), id) END"
"""What came in, by the id of the event that says so, of each event that tells of it."""
IS_OF_ADDRESS = f"kind IN ({', '.join(repr(kind) for kind in ('mail.in', BOUNCED))})"
ADDRESS = """CASE WHEN json_valid(data) THEN
    lower(json_extract(data, CASE kind WHEN 'mail.in' THEN '$.from' ELSE '$.address' END)) END"""
"""The address that wrote, or to which mail came back."""
MESSAGE_ID = "CASE WHEN json_valid(data) THEN json_extract(data, '$.message_id') END"
"""What SQLite cannot take apart, though Python can (NaN), has no Message-ID."""

_TABLES = f"""
CREATE TABLE shard (path TEXT PRIMARY KEY, names BLOB, stamps BLOB) WITHOUT ROWID;
CREATE TABLE file (num INTEGER PRIMARY KEY, shard TEXT, name BLOB, size INTEGER, mtime INTEGER,
                   ctime INTEGER, digest BLOB, racy INTEGER);
CREATE TABLE doc (num INTEGER PRIMARY KEY, id TEXT, doc TEXT);
CREATE TABLE item (field INTEGER, key, num INTEGER);
CREATE TABLE line (num INTEGER, product TEXT, name TEXT, quantity REAL, amount INTEGER);
CREATE TABLE merged (num INTEGER PRIMARY KEY, id TEXT, survivor TEXT);
CREATE TABLE problem (path TEXT, line INTEGER, message TEXT, hint TEXT,
                      passing INTEGER, readable INTEGER);
CREATE TABLE journal (num INTEGER PRIMARY KEY, path TEXT, size INTEGER, mtime INTEGER,
                      ctime INTEGER, upto INTEGER, line INTEGER, last_hash TEXT, crc INTEGER, racy INTEGER);
CREATE TABLE event (num INTEGER PRIMARY KEY, id TEXT UNIQUE, at TEXT, actor TEXT, kind TEXT,
                    record TEXT, cause TEXT, depth INTEGER, data TEXT, journal INTEGER, job TEXT);
CREATE TABLE fork (journal INTEGER, id TEXT, parent TEXT);
CREATE TABLE dirty (mark INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT UNIQUE);
CREATE TABLE edited (record TEXT PRIMARY KEY, before TEXT, times INTEGER) WITHOUT ROWID;
CREATE TABLE pending (mark INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT UNIQUE, next_at TEXT,
                      channel TEXT);
CREATE TABLE arrived (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE agenda (record TEXT PRIMARY KEY, next_at TEXT, waits TEXT) WITHOUT ROWID;
CREATE TABLE words (num INTEGER PRIMARY KEY, {", ".join(TEXTS)});
CREATE TABLE talk (num INTEGER PRIMARY KEY, text);
"""
_INDEXES = f"""
CREATE UNIQUE INDEX file_name ON file (shard, name);
CREATE INDEX item_key ON item (field, key, num);
CREATE INDEX item_num ON item (num);
CREATE INDEX line_num ON line (num);
CREATE INDEX merged_id ON merged (id);
CREATE INDEX merged_survivor ON merged (survivor);
CREATE INDEX event_record ON event (record, id);
CREATE INDEX event_kind ON event (kind, id);
CREATE INDEX event_journal ON event (journal);
CREATE INDEX event_heard ON event (journal) WHERE {IS_HEARD};
CREATE INDEX event_read ON event (journal) WHERE {IS_READ};
CREATE INDEX event_message ON event ({MESSAGE_ID}) WHERE {IS_MESSAGE};
CREATE INDEX event_address ON event ({ADDRESS}, id) WHERE {IS_OF_ADDRESS};
CREATE INDEX event_intake ON event ({OF_INTAKE}, id) WHERE {IS_INTAKE};
CREATE INDEX event_amended ON event ({AMENDED}, id) WHERE {IS_AMENDMENT};
CREATE INDEX fork_journal ON fork (journal);
CREATE INDEX event_job ON event (job) WHERE job IS NOT NULL;
CREATE INDEX agenda_next ON agenda (next_at, record);
CREATE INDEX pending_next ON pending (next_at, job, channel);
"""

_OF_BOARDS = {
    "summed": ("f_stage", "f_currency", "f_pipeline", "f_amount_cents", "f_owner", "id"),
    "placed": ("f_stage", "f_created_at", "made", "id", "f_pipeline", "f_owner"),
}
"""Indexes that answer for a board alone: what each stage sums up to, and which are its first cards."""


def tables(columns: Columns) -> Iterator[str]:
    """The statements that make the empty tables."""
    yield from _statements(_TABLES)
    yield from _statements(stays.TABLES)
    for entity in ENTITIES:
        cells = ["num INTEGER PRIMARY KEY", "made TEXT"]
        for column in columns.columns(entity).values():
            cells += column.cells
        yield f"CREATE TABLE {entity} ({', '.join(cells)})"


def empty(connection: sqlite3.Connection) -> None:
    """Take everything out of the tables, for another beginning."""
    rows = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB 'sqlite_*'"
    ).fetchall()
    for (name,) in rows:
        connection.execute(f"DELETE FROM {name}")


def indexes(columns: Columns) -> Iterator[str]:
    """The statements that make the indexes: cheaper once the tables are full."""
    yield from _statements(_INDEXES)
    for entity in ENTITIES:
        yield f"CREATE INDEX {entity}_made ON {entity} (made, id)"
        for column in columns.columns(entity).values():
            if column.indexed or column.name == "id":
                yield f"CREATE INDEX {entity}_{column.name} ON {entity} ({column.name})"
        if "stage" in columns.columns(entity):
            yield from _of_boards(entity, columns)
    yield from stays.triggers()


def _of_boards(entity: str, columns: Columns) -> Iterator[str]:
    cells = [cell for column in columns.columns(entity).values() for cell in column.cells]
    names = {"made", *(cell.partition(" ")[0] for cell in cells)}
    for index, keys in _OF_BOARDS.items():
        found = ", ".join(key for key in keys if key in names)
        yield f"CREATE INDEX {entity}_{index} ON {entity} ({found})"


def _statements(script: str) -> list[str]:
    return [statement for statement in script.split(";") if statement.strip()]


def text_of(field: Field) -> str:
    """The search column in which a field's text stands; "" if it is not searched."""
    found = _TEXT_OF.get(field.name) or field.kind.searched_in
    is_searched = field.custom and field.kind.is_folded
    return found or ("rest" if is_searched else "")
