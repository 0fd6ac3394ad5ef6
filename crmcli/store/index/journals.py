"""Keeps the index equal to the timeline files, reading on where it stopped."""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from crmcli.errors import CrmError, Problem
from crmcli.model.event import ACTIVITIES, Event
from crmcli.model.values import fold
from crmcli.store.disk import line_reader
from crmcli.store.index import folder, pending
from crmcli.store.index.agenda import STAGED
from crmcli.store.index.folder import Stamp
from crmcli.store.index.tables import SAID
from crmcli.store.index.writing import Rows
from crmcli.store.timeline import csv_lines, descent

_SHORT = -1
_NO_CHECKSUM = -2  # that of no content


class _Journal(NamedTuple):
    """A timeline file as the index knows it: read up to byte `end`, where line `line` begins.

    `last` is the hash of the last line that was read, `crc` the checksum of all before `end`.
    """

    num: int
    size: int
    end: int
    line: int
    last: str
    crc: int


class JournalReader:
    """Reads what is new in timeline files and puts it into the index; the caller holds a transaction."""

    def __init__(self, connection: sqlite3.Connection, root: Path, *, marking: bool = True) -> None:
        self._connection = connection
        self._root = root
        self._marking = marking  # of what robots must think over; all of it, in a new index
        self._again = False

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
        racy = folder.is_racy(stamp, at)
        try:
            known = self._known(path)
            if known and not self._continues(path, known, stamp[0], thorough):
                self._forget(path)
                known = None
            self._read_on(path, known, stamp, racy or not thorough)
        except CrmError as error:
            self._forget(path)
            nothing = _Journal(self._new_number(), 0, 0, 1, "", 0)
            self._remember(path, nothing, stamp, racy=True)  # it may be readable the next time
            message = error.message.replace(f"{self._root}/", "")
            self._complain([Problem(path, 0, message, error.hint)])

    def _continues(self, path: str, known: _Journal, size: int, thorough: bool) -> bool:
        """Whether what was read before still stands there."""
        if size < known.end:
            return False
        with line_reader.opened(self._root / path) as fd:
            if size > known.size and not thorough:
                return _last_line(fd, known.end) == known.last
            return _checksum(fd, 0, known.end) == known.crc

    def _read_on(self, path: str, known: _Journal | None, stamp: Stamp, racy: bool) -> None:
        start = known or _Journal(self._new_number(), 0, 0, 1, "", 0)
        self._remember(path, start, stamp, racy=True)  # so that it can be forgotten half-way
        self._connection.execute(
            "DELETE FROM problem WHERE path = ? AND (line >= ? OR line = 0)", (path, start.line)
        )
        end, line = start.end, start.line
        with line_reader.opened(self._root / path) as fd:
            before = _checksum(fd, end, stamp[0])
            for chunk in csv_lines.read_pieces(fd, end, name=path, line=line):
                self._complain(chunk.problems)
                self._put(chunk.rows, start.num)
                end, line = chunk.end, chunk.next_line
            self._note_forks(fd, path, start, end)
            last = _last_line(fd, end)
            crc = _checksum(fd, start.end, end, start.crc)
            if _checksum(fd, start.end, stamp[0]) != before:
                crc = _NO_CHECKSUM  # changed under our eyes: the next refresh reads it whole
        journal = _Journal(start.num, stamp[0], end, line, last, crc)
        self._remember(path, journal, stamp, racy=racy)

    def _note_forks(self, fd: int, path: str, start: _Journal, end: int) -> None:
        """Which of the new lines follow others than the ones above: where there are any, the whole
        file is looked at again."""
        if self._ends_as_read(fd, start) and descent.is_straight(fd, start.end, end):
            return
        rows = self._connection.execute("SELECT line FROM problem WHERE path = ?", (path,))
        found = descent.forks(fd, end, {line for (line,) in rows})
        self._connection.execute("DELETE FROM fork WHERE journal = ?", (start.num,))
        self._connection.executemany(
            "INSERT INTO fork VALUES (?, ?, ?)", ((start.num, *fork) for fork in found)
        )

    def _ends_as_read(self, fd: int, known: _Journal) -> bool:
        """Whether the last line so far is that of the last event: not one that stands there twice."""
        if not known.end:
            return True
        row = self._connection.execute(
            "SELECT id FROM event WHERE journal = ? ORDER BY num DESC LIMIT 1", (known.num,)
        ).fetchone()
        return row is not None and row[0] == descent.last_id(fd, known.end)

    def _known(self, path: str) -> _Journal | None:
        row = self._connection.execute(
            "SELECT num, size, upto, line, last_hash, crc FROM journal WHERE path = ?", (path,)
        ).fetchone()
        return _Journal(*row) if row else None

    def _new_number(self) -> int:
        found = self._connection.execute("SELECT ifnull(max(num), 0) + 1 FROM journal").fetchone()
        return int(found[0])

    def _remember(self, path: str, journal: _Journal, stamp: Stamp, *, racy: bool) -> None:
        num, _, end, line, last, crc = journal
        self._connection.execute(
            "INSERT OR REPLACE INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (num, path, *stamp, end, line, last, crc, racy),
        )

    def _forget(self, path: str) -> None:
        """Take out all that was read of a file."""
        known = self._known(path)
        self._connection.execute("DELETE FROM problem WHERE path = ?", (path,))
        if not known:
            return
        events = "SELECT num FROM event WHERE journal = ?"
        self._connection.execute(f"DELETE FROM talk WHERE num IN ({events})", (known.num,))
        self._connection.execute(
            "INSERT OR REPLACE INTO dirty (record) SELECT DISTINCT record FROM event"
            " WHERE journal = ? AND (record GLOB 'lead-*' OR record GLOB 'deal-*')",
            (known.num,),
        )
        rows = self._connection.execute(
            "SELECT DISTINCT job FROM event WHERE journal = ? AND job IS NOT NULL", (known.num,)
        )
        pending.touch(self._connection, [job for (job,) in rows.fetchall()])
        self._connection.execute("DELETE FROM event WHERE journal = ?", (known.num,))
        self._connection.execute("DELETE FROM fork WHERE journal = ?", (known.num,))
        self._connection.execute("DELETE FROM journal WHERE num = ?", (known.num,))
        # What left this machine must be looked for on the timeline again.
        self._connection.execute("DELETE FROM meta WHERE key = 'sent'")
        repeats = self._connection.execute("SELECT 1 FROM meta WHERE key = 'repeats'").fetchone()
        self._again = self._again or bool(repeats)

    def _complain(self, problems: Sequence[Problem]) -> None:
        self._connection.executemany(
            "INSERT INTO problem VALUES (?, ?, ?, ?)",
            [(p.path, p.line, p.message, p.hint) for p in problems],
        )

    def _put(self, rows: Sequence[csv_lines.Row], journal: int) -> None:
        """Events that were read; one that stands in another file already is not taken twice."""
        known = self._already_there(rows)
        (last,) = self._connection.execute("SELECT ifnull(max(num), 0) FROM event").fetchone()
        made, said = [], []
        dirty: dict[str | None, None] = {}
        for row in rows:
            event = row.event
            if event.id in known:
                self._connection.execute("INSERT OR REPLACE INTO meta VALUES ('repeats', '')")
                continue
            known.add(event.id)
            last += 1
            cells = _cells(last, row, journal)
            made.append(cells)
            if event.kind in ACTIVITIES:
                said.append((last, _words(event)))
            dirty[event.record if event.record.startswith(_STAGED) else cells[-1]] = None
        many = self._connection.executemany
        many("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", made)
        many("INSERT INTO talk VALUES (?, ?)", said)
        if self._marking:
            self._mark_dirty(dirty)
            pending.touch(self._connection, {cells[-1] for cells in made if cells[-1]})

    def _already_there(self, rows: Sequence[csv_lines.Row]) -> set[str]:
        ids = json.dumps([row.event.id for row in rows])
        found = self._connection.execute(
            "SELECT id FROM event WHERE id IN (SELECT value FROM json_each(?))", (ids,)
        )
        return {event_id for (event_id,) in found}

    def _mark_dirty(self, names: Iterable[str | None]) -> None:
        """Let robots think again of these leads and deals, and of those whose jobs have these keys."""
        records = [(name,) for name in names if name and name.startswith(_STAGED)]
        keys = [(name,) for name in names if name and not name.startswith(_STAGED)]
        self._connection.executemany(_MARK, records)
        self._connection.executemany(_MARK_OF_JOB, keys)


_STAGED = tuple(f"{entity}-" for entity in STAGED)
_MARK = "INSERT OR REPLACE INTO dirty (record) VALUES (?)"
_MARK_OF_JOB = (
    "INSERT OR REPLACE INTO dirty (record) SELECT DISTINCT record FROM event"
    " WHERE job = ? AND (record GLOB 'lead-*' OR record GLOB 'deal-*')"
)


def read_anew(root: Path, path: str, num: int, rows: Rows) -> None:
    """Read a timeline file, of which the index knows nothing, from its beginning.

    An event that stands in two files is handed on twice. CrmError if the file cannot be read.
    """
    at = time.time_ns()
    stamp = folder.stamp_of(root, path)
    if stamp is None:
        return
    with line_reader.opened(root / path) as fd:
        before = _checksum(fd, 0, stamp[0])
        end, line = 0, 1
        unreadable: set[int] = set()
        for chunk in csv_lines.read_pieces(fd, 0, name=path, line=1):
            end, line = chunk.end, chunk.next_line
            rows.problems(chunk.problems)
            unreadable.update(problem.line for problem in chunk.problems)
            for row in chunk.rows:
                _hand_on(row, num, rows)
        if not descent.is_straight(fd, 0, end):
            rows.batch["fork"] += [(num, *fork) for fork in descent.forks(fd, end, unreadable)]
        last, crc = _last_line(fd, end), _checksum(fd, 0, end)
        if _checksum(fd, 0, stamp[0]) != before:
            crc = _NO_CHECKSUM  # changed under our eyes: the next refresh reads it whole
    racy = folder.is_racy(stamp, at)
    rows.batch["journal"].append((num, path, *stamp, end, line, last, crc, racy))


def _hand_on(row: csv_lines.Row, journal: int, rows: Rows) -> None:
    num = rows.new_number()
    rows.batch["event"].append(_cells(num, row, journal))
    if row.event.kind in ACTIVITIES:
        rows.batch["talk"].append((num, _words(row.event)))


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
    return " · ".join(fold(part) for part in parts if isinstance(part, str) and part)


def _last_line(fd: int, end: int) -> str:
    """The hash of the line that ends at byte `end`; "" where nothing stands before it."""
    return line_reader.sha256(fd, line_reader.line_start(fd, end - 1), end)[:16] if end else ""


def _checksum(fd: int, start: int, end: int, crc: int = 0) -> int:
    """The checksum of the bytes from `start` to `end`, counted on from that of all before them."""
    while start < end:
        block = os.pread(fd, min(end - start, 1 << 20), start)
        if not block:
            return _SHORT  # shorter than it was a moment ago
        crc = zlib.crc32(block, crc)
        start += len(block)
    return crc
