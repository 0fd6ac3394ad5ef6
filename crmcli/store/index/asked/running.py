"""Runs a query of somebody over the index: only reading, within time and memory."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from typing import NamedTuple

from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.access import Rights
from crmcli.model.sql_views import Answer, Cell, Filling, View
from crmcli.store.index import base
from crmcli.store.index.asked.checking import READING, Parameters, bound
from crmcli.store.index.asked.functions import Watch, offer
from crmcli.store.index.asked.published import publish
from crmcli.store.index.asked.sentences import Named, said
from crmcli.store.index.columns import Columns

STEPS = 200
"""Steps of SQLite after which the clock is looked at."""
MOST_ROWS = 256 << 20
"""Bytes that an answer may come to."""
_ROW, _CELL = 100, 50  # bytes of each, about


class Question(NamedTuple):
    """A query that was checked, the views that it names, and by whom and when it is asked."""

    query: Named
    parameters: Mapping[str, Cell]
    read: tuple[View, ...]
    filling: Filling
    now: datetime
    zone: tzinfo
    seconds: float
    rights: Rights | None = None


def ask(index: sqlite3.Connection, columns: Columns, question: Question) -> Answer:
    """The answer to a question. Errors of the database file are those of SQLite, all others our own."""
    with contextlib.closing(_beside(index, columns, question.rights)) as connection:
        publish(connection, columns, question.read, question.filling)
        watch = Watch(question.seconds)
        _guard(connection, watch)
        offer(connection, watch, question.now, question.zone)
        parameters = Parameters(question.parameters)
        try:
            cursor = connection.execute(question.query.text, parameters)
            names = [str(column[0]) for column in cursor.description]
            return Answer(tuple(_distinct(names)), list(_counted(cursor)))
        except (sqlite3.Error, sqlite3.Warning, MemoryError) as error:
            _stop(watch)
            if isinstance(error, sqlite3.DatabaseError) and _is_of_file(error):
                raise
            raise _told(error, watch, question.query) from None


def _beside(
    index: sqlite3.Connection, columns: Columns, rights: Rights | None
) -> sqlite3.Connection:
    """A connection of its own to the same database, with the views of a user before its tables."""
    path = index.execute("PRAGMA database_list").fetchone()[2]
    connection = base.connect(path or ":memory:")
    if not path:
        index.backup(connection)
    if rights is not None:
        from crmcli.store.index.sight import Sight

        for statement in Sight(rights, columns, to_export=True).statements():
            connection.execute(statement)
    return connection


def in_memory(connection: sqlite3.Connection) -> int:
    """How many bytes of memory an index and its copy take that stands in no file."""
    if connection.execute("PRAGMA database_list").fetchone()[2]:
        return 0
    [pages], [size] = (
        connection.execute(f"PRAGMA {n}").fetchone() for n in ("page_count", "page_size")
    )
    return int(2 * pages * size)


def _guard(connection: sqlite3.Connection, watch: Watch) -> None:
    """From now on nothing is written, and what is read is bounded."""
    connection.execute("PRAGMA query_only=1")
    bound(connection, in_memory(connection))
    connection.set_authorizer(_may)
    connection.set_progress_handler(watch.look, STEPS)


def _may(action: int, name: str | None, *_: str | None) -> int:
    """What was checked reads nothing else; should it try, it is refused here too."""
    is_own = action == sqlite3.SQLITE_READ and (name or "").lower().startswith("sqlite_")
    return sqlite3.SQLITE_OK if action in READING and not is_own else sqlite3.SQLITE_DENY


def _counted(rows: Iterable[tuple[Cell | bytes, ...]]) -> Iterator[tuple[Cell | bytes, ...]]:
    """The rows, as long as they are not too many to hold."""
    left = MOST_ROWS
    for row in rows:
        left -= _ROW + sum(_CELL + len(c) if isinstance(c, str | bytes) else _CELL for c in row)
        if left < 0:
            told = tr("the answer is larger than {} MB", MOST_ROWS >> 20)
            raise Refused(told, "narrow it with WHERE, or add LIMIT")
        yield row


def _distinct(names: Iterable[str]) -> Iterator[str]:
    """The names, a second id as id_2."""
    seen: set[str] = set()
    for name in names:
        found, number = name, 1
        while found in seen:
            number += 1
            found = f"{name}_{number}"
        seen.add(found)
        yield found


def _stop(watch: Watch) -> None:
    """Pass on why it was stopped, if it was."""
    if watch.is_stopped:
        raise KeyboardInterrupt from None
    if watch.is_late:
        told = tr("the query took longer than {:g} s and was stopped", watch.seconds)
        raise Refused(told, "narrow it, or allow more with --timeout SECONDS") from None


def _is_of_file(error: sqlite3.DatabaseError) -> bool:
    """Whether the database itself is at fault, not the query."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    damaged = code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
    return damaged or base.is_busy(error) or base.is_unwritable(error)


_FORGOTTEN = re.compile("interrupted|user-defined function raised exception")


def _told(error: Exception, watch: Watch, query: Named) -> BaseException:
    if watch.said:
        return BadUsage(watch.said, "see crm help sql")
    if _FORGOTTEN.fullmatch(str(error)):
        return KeyboardInterrupt()  # which came while SQLite called us, and was forgotten there
    return said(error, query)
