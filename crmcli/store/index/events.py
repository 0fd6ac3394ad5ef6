"""Reads events of the timeline out of the index."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from sys import intern
from typing import Any

from crmcli.model.event import ENTRIES, STAGE_RENAMED, Event, under_new_name
from crmcli.store.index import base
from crmcli.store.index.tables import ADDRESS, IS_MESSAGE, IS_OF_ADDRESS, MESSAGE_ID
from crmcli.store.timeline.event_ids import EventIds

_instant = lru_cache(maxsize=256)(
    datetime.fromisoformat
)  # many events of a command have the same one
COLUMNS = "id, at, actor, kind, record, cause, depth, data"


def events(
    connection: sqlite3.Connection,
    record: str = "",
    kinds: Sequence[str] = (),
    after: str = "",
    limit: int | None = None,
    newest_first: bool = False,
    clone: str = "",
    before: str = "",
) -> list[Event]:
    """Events in the order of their ids; each argument that is not empty narrows the choice.

    `after` and `before` are ids, `clone` is whose they are.
    """
    terms: list[str] = []
    parameters: list[str | int] = []
    if record:
        terms.append("record = ?")
        parameters.append(record)
    if kinds:
        terms.append(f"kind IN ({', '.join('?' * len(kinds))})")
        parameters += kinds
    if after:
        terms.append("id > ?")
        parameters.append(after)
    if before:
        terms.append("id < ?")
        parameters.append(before)
    if clone:
        # The plus keeps SQLite from sorting all that a clone has written for a page of it.
        terms.append("+journal IN (SELECT num FROM journal WHERE substr(path, ?) = ?)")
        ending = f"/{clone}.csv"
        parameters += [-len(ending), ending]
    return select(
        connection,
        f"{' AND '.join(terms) or '1'} ORDER BY id {'DESC' if newest_first else ''} LIMIT ?",
        [*parameters, -1 if limit is None else limit],
    )


def events_of(
    connection: sqlite3.Connection, records: Sequence[str], kinds: Sequence[str] = ()
) -> dict[str, list[Event]]:
    """The events of each of some records, of some kinds if any are named, in the order of their ids."""
    found: dict[str, list[Event]] = {record: [] for record in records}
    among = f" AND +kind IN ({', '.join('?' * len(kinds))})" if kinds else ""
    terms = f"record IN (SELECT value FROM json_each(?)){among} ORDER BY id"
    for event in select(connection, terms, [json.dumps(list(records)), *kinds]):
        found[event.record].append(event)
    return found


def event(connection: sqlite3.Connection, event_id: str) -> Event | None:
    """One event by its id."""
    return next(iter(select(connection, "id = ?", [event_id])), None)


def events_of_message(connection: sqlite3.Connection, message_id: str) -> list[Event]:
    """The events that tell of a message by its Message-ID, oldest first: what a reply answers."""
    terms = f"{MESSAGE_ID} = ? AND {IS_MESSAGE} ORDER BY id"
    return select(connection, terms, [message_id])


def events_of_address(connection: sqlite3.Connection, address: str) -> list[Event]:
    """Mail from an address, and mail to it that came back, oldest first."""
    return select(connection, f"{ADDRESS} = ? AND {IS_OF_ADDRESS} ORDER BY id", [address])


def newest(connection: sqlite3.Connection) -> str:
    """The greatest id of all; "" if there is no event."""
    (found,) = connection.execute("SELECT max(id) FROM event").fetchone()
    return found or ""


_RENAMES = "record IN (SELECT value FROM json_each(?)) AND +kind = ? ORDER BY id"


def entries(
    connection: sqlite3.Connection, records: Sequence[str]
) -> dict[str, tuple[Event, Event]]:
    """The first and the last event that say in which stage a record stands, of these records, the last by
    the name that the stage has now. Where there is but a renaming, that is both."""
    wanted, marks = json.dumps(list(records)), ", ".join("?" * len(ENTRIES))
    found: list[dict[str, Event]] = []
    for which in ("min", "max"):
        terms = (
            f"id IN (SELECT {which}(id) FROM event WHERE record IN (SELECT value FROM json_each(?))"
            f" AND +kind IN ({marks}) GROUP BY record)"
        )
        events = select(connection, terms, [wanted, *ENTRIES])
        found.append({event.record: event for event in events})
    first, last = found
    for event in select(connection, _RENAMES, [wanted, STAGE_RENAMED]):
        entry = last.get(event.record)
        if entry is None:
            first[event.record] = last[event.record] = event
        elif event.id > entry.id:
            last[event.record] = under_new_name(entry, event)
    return {record: (event, last[record]) for record, event in first.items()}


def last_values(
    connection: sqlite3.Connection, records: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What the fields of these records were last changed to, as far as events tell."""
    terms = "record IN (SELECT value FROM json_each(?)) AND instr(data, '\"changes\"') ORDER BY id"
    found: dict[str, dict[str, Any]] = {}
    for event in select(connection, terms, [json.dumps(list(records))]):
        changes = event.data.get("changes")
        for name, change in changes.items() if isinstance(changes, dict) else ():
            if isinstance(change, list) and change:
                found.setdefault(event.record, {})[name] = change[-1]
    return found


def with_one_event(connection: sqlite3.Connection, records: Sequence[str]) -> set[str]:
    """Those of these records of which the timeline tells one thing alone."""
    terms = "record IN (SELECT value FROM json_each(?)) GROUP BY record HAVING count(*) = 1"
    rows = connection.execute(f"SELECT record FROM event WHERE {terms}", [json.dumps([*records])])
    return {record for (record,) in rows}


def count_since(
    connection: sqlite3.Connection, kinds: Sequence[str], at: datetime, after: str = ""
) -> int:
    """How many events of these kinds there are since a moment, and behind an event."""
    since = max(EventIds(at).next(), after)
    terms = f"kind IN ({', '.join('?' * len(kinds))}) AND id > ?"
    found = connection.execute(f"SELECT count(*) FROM event WHERE {terms}", [*kinds, since])
    return int(found.fetchone()[0])


def count_all(connection: sqlite3.Connection) -> int:
    """How many events there are."""
    return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


def job_events(
    connection: sqlite3.Connection, keys: Sequence[str] = (), record: str = ""
) -> list[Event]:
    """The events of these jobs, or of all jobs of a record, or of all jobs there are."""
    terms = "job IS NOT NULL"
    parameters: list[str | int] = []
    if keys:
        terms += " AND job IN (SELECT value FROM json_each(?))"
        parameters.append(json.dumps(list(keys)))
    if record:
        terms += " AND (record = ? OR job IN (SELECT job FROM event WHERE record = ? AND job IS NOT NULL))"
        parameters += [record, record]
    return select(connection, f"{terms} ORDER BY id", parameters)


def claims(connection: sqlite3.Connection, keys: Sequence[str]) -> dict[str, int]:
    """How often each of these jobs was begun, as far as the timeline knows; those never begun left out."""
    rows = connection.execute(
        "SELECT job, sum(CASE kind WHEN 'job.started' THEN 1 ELSE 0 END),"
        " max(CASE json_type(data, '$.claims') WHEN 'integer' THEN json_extract(data, '$.claims') ELSE 0 END)"
        " FROM event WHERE job IN (SELECT value FROM json_each(?)) GROUP BY job",
        (json.dumps(list(keys)),),
    )
    return {job: max(begun, told) for job, begun, told in rows}


_SENT = "sent"
"""Of how much of this machine's list of what it sent it is known that the timeline has it too."""


def sent_seen(connection: sqlite3.Connection) -> int:
    """How many bytes of that list were compared; 0 again once anything of the timeline was taken back."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (_SENT,)).fetchone()
    return int(found[0]) if found else 0


def note_sent_seen(connection: sqlite3.Connection, size: int) -> None:
    """Note that so much of it was compared, and all of it is on the timeline."""
    with base.transaction(connection):
        connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_SENT, str(size)))


def clones(connection: sqlite3.Connection) -> list[str]:
    """The clones that have timeline files."""
    rows = connection.execute("SELECT path FROM journal")
    return sorted({path.rpartition("/")[2].removesuffix(".csv") for (path,) in rows})


def select(
    connection: sqlite3.Connection, terms: str, parameters: Sequence[str | int]
) -> list[Event]:
    """The events for which some terms hold."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM event WHERE {terms}", parameters)
    return [event_of(row) for row in rows]


def event_of(row: Sequence[Any]) -> Event:
    """An event of a row of COLUMNS."""
    id_, at, actor, kind, record, cause, depth, data = row
    return Event(
        id_, _instant(at), intern(actor), intern(kind), record, cause, depth, json.loads(data)
    )
