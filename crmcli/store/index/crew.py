"""Reads a large folder for a new index on all cores: forked readers take it apart, we fill the tables."""

from __future__ import annotations

import contextlib
import marshal
import os
import sqlite3
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from crmcli.model.entities import ENTITIES
from crmcli.store import layout
from crmcli.store.index import folder, forks, freshness
from crmcli.store.index.columns import Columns
from crmcli.store.index.examining import Examiner
from crmcli.store.index.journals import forget_repeats, read_anew
from crmcli.store.index.rows import Reader
from crmcli.store.index.writing import BATCH, Batch, Rows, storing

_MANY = 2000  # records from which on it is worth the trouble
_MOST = 4  # readers; more would wait for the one who fills the tables
_MOST_TASKS = 4096 // 4  # what a pipe surely holds
_TASK = 4  # bytes
_LENGTH = struct.Struct("=Q")
_DONE = b""


class Scattered(Exception):
    """A reader failed; whoever reads alone will meet the same trouble, and say it."""


def is_worth_it(root: Path) -> bool:
    """Whether there is much to read, and more than one core, and no thread that a fork would lose."""
    if not forks.are_possible():
        return False
    count = 0
    for path in folder.shards(root):
        with contextlib.suppress(OSError):
            count += len(os.listdir(root / path))
        if count >= _MANY:
            return True
    return False


def fill(connection: sqlite3.Connection, root: Path, columns: Columns, reader: Reader) -> None:
    """Fill empty tables with all that the folder holds; Scattered if that must be done alone."""
    logs = sorted(path for path, _ in folder.journals(root))
    bases = [layout.record_folder(entity) for entity in ENTITIES]
    tasks = [*logs, *bases, *folder.shards(root)]

    def work(number: int, rows: Rows) -> None:
        if number < len(logs):
            read_anew(root, logs[number], number + 1, rows)
        else:
            at = time.time_ns()
            seen = folder.look(root, tasks[number])
            Examiner(root, reader, rows).take_in([freshness.all_of(seen, at)])

    store = storing(connection, columns)
    events = 0
    if len(tasks) > _MOST_TASKS:
        raise Scattered
    with _forked(len(tasks), work) as readers:
        for batch in _batches([one.said for one in readers]):
            store(batch)
            events += len(batch.get("event", ()))
    forget_repeats(connection, 0, events)


# -- the processes ----------------------------------------------------------------------------------


@contextlib.contextmanager
def _forked(tasks: int, work: Callable[[int, Rows], None]) -> Iterator[Sequence[forks.Helper]]:
    """Readers that take the tasks one by one; none is left at the end of the block."""
    readers: list[forks.Helper] = []
    with _queue(tasks) as queue:
        try:
            count = min(forks.cores(), _MOST)
            readers.extend(
                forks.fork(_reading(queue, number, count, work), queue) for number in range(count)
            )
            yield readers
        finally:
            forks.end(readers)


@contextlib.contextmanager
def _queue(tasks: int) -> Iterator[int]:
    """A pipe from which each task can be taken once."""
    queue, into = os.pipe()
    try:
        os.write(into, b"".join(task.to_bytes(_TASK) for task in range(tasks)))
        os.close(into)
        yield queue
    finally:
        os.close(queue)


def _reading(
    queue: int, number: int, count: int, work: Callable[[int, Rows], None]
) -> Callable[[int], None]:
    """Takes tasks until none is left, and says what came of them."""

    def read(out: int) -> None:
        rows = Rows(lambda batch: _send(out, batch), number * BATCH, count * BATCH)
        while task := os.read(queue, _TASK):
            work(int.from_bytes(task), rows)
        rows.flush()
        os.write(out, _LENGTH.pack(0))

    return read


def _send(out: int, batch: Batch) -> None:
    data = marshal.dumps({table: rows for table, rows in batch.items() if rows}, 2)
    view = memoryview(_LENGTH.pack(len(data)) + data)
    while view:
        view = view[os.write(out, view) :]


def _batches(results: Sequence[BinaryIO]) -> Iterator[Batch]:
    """What the readers found, each one's in its turn, so that the numbers ascend."""
    left = list(results)
    while left:
        for result in list(left):
            data = _received(result)
            if data == _DONE:
                left.remove(result)
            else:
                yield marshal.loads(data)


def _received(result: BinaryIO) -> bytes:
    head = result.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise Scattered
    (length,) = _LENGTH.unpack(head)
    data = result.read(length)
    if len(data) < length:
        raise Scattered
    return data
