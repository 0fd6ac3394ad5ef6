"""Keeps the index equal to the timeline files, reading on where it stopped."""

from __future__ import annotations

import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from crmcli.errors import CrmError, Problem
from crmcli.model.event import ACTIVITIES, EDITED, Event
from crmcli.model.spelling import searchable
from crmcli.model.values import fold
from crmcli.store.disk import line_reader
from crmcli.store.index import arrived, folder
from crmcli.store.index.agenda import STAGED
from crmcli.store.index.folder import Stamp
from crmcli.store.index.tables import IS_INTAKE, OF_INTAKE, SAID
from crmcli.store.index.writing import Batch, Rows
from crmcli.store.timeline import csv_lines, descent

_SHORT = -1
_NO_CHECKSUM = -2  # that of no content

_IS_STAGED = "(" + " OR ".join(f"+record GLOB '{entity}-*'" for entity in STAGED) + ")"
_MARKS = f"""
INSERT OR REPLACE INTO dirty (record) SELECT record FROM event
  WHERE {{0}} AND {_IS_STAGED} GROUP BY +record ORDER BY min(num);
INSERT OR REPLACE INTO dirty (record) SELECT record FROM event
  WHERE job IN (SELECT job FROM event WHERE {{0}} AND +job IS NOT NULL AND NOT {_IS_STAGED})
  AND {_IS_STAGED} GROUP BY +record ORDER BY min(num);
INSERT OR REPLACE INTO pending (job, next_at, channel) SELECT job, '', '' FROM event
  WHERE {{0}} AND +job IS NOT NULL GROUP BY +job ORDER BY min(num);
INSERT OR IGNORE INTO arrived SELECT {OF_INTAKE} FROM event WHERE {{0}} AND +{IS_INTAKE}
"""  # the plus keeps SQLite from going through all events by an index, for a few new ones
"""What must be thought over after some events: their records, those of their jobs, the jobs, what came in."""
_FORGETTING = """
DELETE FROM talk WHERE num IN (SELECT num FROM event WHERE journal = ?);
DELETE FROM event WHERE journal = ?;
DELETE FROM fork WHERE journal = ?;
DELETE FROM journal WHERE num = ?
"""


class Journal(NamedTuple):
    """A timeline file as the index knows it: read up to byte `end`, where line `line` begins.

    `last` is the hash of the last line that was read, `crc` the checksum of all before `end`.
    """

    num: int
    size: int
    end: int = 0
    line: int = 1
    last: str = ""
    crc: int = 0


class JournalReader:
    """Reads what is new in timeline files and puts it into the index; the caller holds a transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        root: Path,
        store: Callable[[Batch], None],
        *,
        marking: bool = True,
    ) -> None:
        self._connection = connection
        self._root = root
        self._rows = Rows(store, self._one("SELECT ifnull(max(num), 0) FROM event"))
        self._marking = marking  # of what robots must think over; all of it, in a new index
        self._again = False

    def _one(self, query: str, *parameters: object) -> Any:
        row = self._connection.execute(query, parameters).fetchone()
        return row[0] if row else None

    def take(self, paths: Iterable[str], *, thorough: bool) -> None:
        """Bring the index up to these files.

        Not `thorough`: a file that has grown is taken to be the same before the line last read.
        """
        for path in dict.fromkeys(paths):
            self._take(path, thorough)
        if self._again:
            self._take_all()

    def _take_all(self) -> None:
        """Read everything from its beginning: an event that stood in two files may have lost one."""
        self._again = False
        self._connection.execute("DELETE FROM meta WHERE key = 'repeats'")
        paths = [path for (path,) in self._connection.execute("SELECT path FROM journal")]
        for path in paths:
            self._forget(path)
        self.take([*paths, *(path for path, _ in folder.journals(self._root))], thorough=True)

    def _take(self, path: str, thorough: bool) -> None:
        at = time.time_ns()
        stamp = folder.stamp_of(self._root, path)
        if stamp is None:
            self._forget(path)
            return
        racy = folder.is_racy(stamp, at) or not thorough
        before = self._rows.last
        try:
            with line_reader.opened(self._root / path) as fd:
                journal = self._read(fd, path, stamp, thorough)
        except CrmError as error:
            self._rows.flush()
            self._forget(path)
            journal, racy = Journal(self._new_number(), 0), True  # it may be readable the next time
            message = error.message.replace(f"{self._root}/", "")
            self._rows.problems([Problem(path, 0, message, error.hint)])
        self._remember(path, journal, stamp, racy=racy)
        self._rows.flush()
        forget_repeats(self._connection, before, self._rows.last - before)
        if self._marking:
            self._mark("num > ?", before)
            self._connection.execute(arrived.SETTLE)

    def _read(self, fd: int, path: str, stamp: Stamp, thorough: bool) -> Journal:
        known = self._known(path)
        if known and not _continues(fd, known, stamp[0], thorough):
            self._forget(path)
            known = None
        start = known or Journal(self._new_number(), 0)
        self._remember(path, start, stamp, racy=True)  # so that it can be forgotten half-way
        self._connection.execute(
            "DELETE FROM problem WHERE path = ? AND (line >= ? OR line = 0)", (path, start.line)
        )
        lines = self._connection.execute("SELECT line FROM problem WHERE path = ?", (path,))
        unreadable = {line for (line,) in lines}
        follows = self._ends_as_read(fd, start)
        journal = read_on(fd, path, start, stamp[0], self._rows, unreadable)
        if not follows or not descent.is_straight(fd, start.end, journal.end):
            # Some of the new lines follow others than the ones above: all of the file is looked at again.
            self._connection.execute("DELETE FROM fork WHERE journal = ?", (start.num,))
            self._rows.forks(start.num, descent.forks(fd, journal.end, unreadable))
        return journal

    def _ends_as_read(self, fd: int, known: Journal) -> bool:
        """Whether the last line so far is that of the last event: not one that stands there twice."""
        query = "SELECT id FROM event WHERE journal = ? ORDER BY num DESC LIMIT 1"
        return not known.end or self._one(query, known.num) == csv_lines.event_id(
            _last_line(fd, known.end)
        )

    def _known(self, path: str) -> Journal | None:
        row = self._connection.execute(
            "SELECT num, size, upto, line, last_hash, crc FROM journal WHERE path = ?", (path,)
        ).fetchone()
        return Journal(*row) if row else None

    def _new_number(self) -> int:
        return int(self._one("SELECT ifnull(max(num), 0) + 1 FROM journal"))

    def _remember(self, path: str, journal: Journal, stamp: Stamp, *, racy: bool) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _journal_row(path, journal, stamp, racy),
        )

    def _forget(self, path: str) -> None:
        """Take out all that was read of a file."""
        known = self._known(path)
        self._connection.execute("DELETE FROM problem WHERE path = ?", (path,))
        if not known:
            return
        self._mark("journal = ?", known.num)
        for statement in _FORGETTING.split(";"):
            self._connection.execute(statement, (known.num,))
        # What left this machine must be looked for on the timeline again.
        self._connection.execute("DELETE FROM meta WHERE key = 'sent'")
        if self._one("SELECT 1 FROM meta WHERE key = 'repeats'"):
            self._again = True

    def _mark(self, which: str, value: int) -> None:
        for statement in _MARKS.format(which).split(";"):
            self._connection.execute(statement, (value,))


def _continues(fd: int, known: Journal, size: int, thorough: bool) -> bool:
    """Whether what was read before still stands there."""
    if size < known.end:
        return False
    if size > known.size and not thorough:
        return _last_hash(fd, known.end) == known.last
    return _checksum(fd, 0, known.end) == known.crc


def forget_repeats(connection: sqlite3.Connection, after: int, read: int) -> None:
    """So many events were read, with numbers after one. One that stands in two files was taken once;
    what it said, twice."""
    query = "SELECT count(*) FROM event WHERE num > ?"
    (taken,) = connection.execute(query, (after,)).fetchone()
    if taken < read:
        connection.execute(
            "DELETE FROM talk WHERE num > ? AND num NOT IN (SELECT num FROM event)", (after,)
        )
        connection.execute("INSERT OR REPLACE INTO meta VALUES ('repeats', '')")


def read_anew(root: Path, path: str, num: int, rows: Rows) -> None:
    """Hand on a timeline file, of which the index knows nothing; CrmError if it cannot be read."""
    at = time.time_ns()
    stamp = folder.stamp_of(root, path)
    if stamp is None:
        return
    unreadable: set[int] = set()
    with line_reader.opened(root / path) as fd:
        journal = read_on(fd, path, Journal(num, 0), stamp[0], rows, unreadable)
        if not descent.is_straight(fd, 0, journal.end):
            rows.forks(num, descent.forks(fd, journal.end, unreadable))
    row = _journal_row(path, journal, stamp, folder.is_racy(stamp, at))
    rows.batch["journal"].append(row)


def read_on(
    fd: int, path: str, start: Journal, size: int, rows: Rows, unreadable: set[int]
) -> Journal:
    """Hand on what stands behind that which was read; lines that cannot be read join the others.

    An event that stands in another file too is handed on twice.
    """
    before = _checksum(fd, start.end, size)
    end, line = start.end, start.line
    for chunk in csv_lines.read_pieces(fd, end, name=path, line=line):
        rows.problems(chunk.problems)
        unreadable.update(problem.line for problem in chunk.problems)
        for row in chunk.rows:
            num = rows.new_number()
            said = _words(row.event) if row.event.kind in (*ACTIVITIES, EDITED) else None
            rows.event(_cells(num, row, start.num), said)
        end, line = chunk.end, chunk.next_line
    crc = _checksum(fd, start.end, end, start.crc)
    if _checksum(fd, start.end, size) != before:
        crc = _NO_CHECKSUM  # changed under our eyes: the next refresh reads it whole
    return Journal(start.num, size, end, line, _last_hash(fd, end), crc)


def _journal_row(path: str, journal: Journal, stamp: Stamp, racy: bool) -> tuple[Any, ...]:
    num, _, end, line, last, crc = journal
    return num, path, *stamp, end, line, last, crc, racy


def _cells(num: int, row: csv_lines.Row, journal: int) -> tuple[Any, ...]:
    event = row.event
    job = event.data.get("key") if event.kind.startswith(("job.", "automation.")) else None
    return (
        num, event.id, event.at.isoformat(), event.actor, event.kind, event.record, event.cause,
        event.depth, row.data, journal, job if isinstance(job, str) else None,
    )  # fmt: skip


def _words(event: Event) -> str:
    """What was said or written, as it is searched."""
    parts = [event.data.get(name) for name in SAID]
    return " · ".join(searchable(fold(part)) for part in parts if isinstance(part, str) and part)


def _last_line(fd: int, end: int) -> bytes:
    return next(csv_lines.lines_above(fd, end), b"")


def _last_hash(fd: int, end: int) -> str:
    return csv_lines.line_hash(_last_line(fd, end))


def _checksum(fd: int, start: int, end: int, crc: int = 0) -> int:
    """The checksum of the bytes from `start` to `end`, counted on from that of all before them."""
    while start < end:
        block = os.pread(fd, min(end - start, 1 << 20), start)
        if not block:
            return _SHORT  # shorter than it was a moment ago
        crc = zlib.crc32(block, crc)
        start += len(block)
    return crc
