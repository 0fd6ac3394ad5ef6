"""Snapshots: what reports ask, as columns in Parquet files beside the index, for bases of millions."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from crmcli.dataclass import replace
from crmcli.model.report import ROWS
from crmcli.model.values import format_instant, parse_instant
from crmcli.store.disk import files
from crmcli.store.disk.rights import rights_in
from crmcli.store.index import base, events, ready, snapshot_rows
from crmcli.store.index.columns import Columns
from crmcli.store.index.figures import Question
from crmcli.store.index.ready import Frame

if TYPE_CHECKING:
    from crmcli.model.report import Asked, Behind, First, Group

PATH = ".crm/snapshot"
"""Folders called 1, 2, … of which the last one counts."""
NOTE = "note.json"
_LONGEST = 3600
"""Seconds after which what was begun and not finished is nobody's."""


class Note(NamedTuple):
    """What a snapshot is of: when it was made, of how many events, for what; how many rows each table has."""

    at: str
    events: int
    signature: str
    rows: dict[str, int]


def newest(root: Path) -> tuple[Path, Note] | None:
    """The folder of the newest snapshot that is whole; None if there is none."""
    for number in sorted(_numbers(root / PATH), reverse=True):
        folder = root / PATH / str(number)
        with contextlib.suppress(files.Missing, ValueError, TypeError, KeyError):
            note = Note(**json.loads(files.read_bytes(folder / NOTE)))
            parse_instant(note.at), int(note.events)
            return folder, note
    return None


def write(connection: sqlite3.Connection, columns: Columns, frame: Frame, root: Path) -> Note:
    """Write a snapshot of the index as it is at this moment, in the place of the one before."""
    from crmcli.store.index.duck import Writer

    with files.os_errors("write {}", PATH):
        files.make_folders(root, PATH)
        place = root / PATH / f"new-{os.getpid()}"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        writer = Writer(place)
        try:
            ready.prepared(connection, frame)
            for rows_of in snapshot_rows.sources_of(columns):
                ready.make_ready(connection, frame, rows_of, rows_of.ready)
            with base.snapshot(connection):
                rows = {
                    table.name: writer.write(
                        table.name,
                        {name: made.type for name, made in table.columns.items()},
                        connection.execute(_marked(table)),
                        table.beside,
                        table.numbered,
                    )
                    for table in snapshot_rows.tables(columns)
                }
                count = events.count_all(connection)
            signature = snapshot_rows.signature(columns, frame.stages)
            note = Note(format_instant(frame.env.now), count, signature, rows)
            _settle(root / PATH, place, note)
        finally:
            writer.close()
            shutil.rmtree(place, ignore_errors=True)
    return note


def discard(root: Path) -> None:
    """Delete all snapshots."""
    shutil.rmtree(root / PATH, ignore_errors=True)


class Snapshot:
    """The newest snapshot, asked as the index is."""

    def __init__(self, folder: Path, columns: Columns, frame: Frame) -> None:
        from crmcli.store.index.duck import Reader

        self._columns = columns
        self._frame = frame
        tables = {table.name: table.names for table in snapshot_rows.tables(columns)}
        swaps = snapshot_rows.swaps(columns)
        reader = Reader(folder, tables, swaps, f"{PATH}/{folder.name}")
        reader.set_clock(format_instant(frame.env.now), str(frame.env.zone))
        self._ask = reader.ask

    @property
    def signature(self) -> str:
        """What a snapshot must have been written for to be of use here."""
        return snapshot_rows.signature(self._columns, self._frame.stages)

    def groups(self, asked: Asked) -> list[Group]:
        """The measures of each group of rows that have the same keys."""
        if asked.first and asked.first.most and len(asked.dimensions) == 1:
            return self._first_groups(asked, asked.first)
        return self._question(asked).groups(self._ask)

    def _first_groups(self, asked: Asked, first: First) -> list[Group]:
        """The first groups of one dimension, and all rows together, without giving out the others."""
        few = self._question(replace(asked, first=None, total=()))
        count = few.keep_first(self._ask, first)
        all_rows = self._question(replace(asked, first=None, dimensions=())).groups(self._ask)
        total = (one._replace(values={**one.values, ROWS: count}) for one in all_rows)
        return [*few.groups(self._ask), *total]

    def behind(self, asked: Asked, keys: Sequence[str | float | None]) -> list[Behind]:
        """What one measure counts in the group of those keys, by record."""
        return self._question(asked).behind(self._ask, keys)

    def _question(self, asked: Asked) -> Question:
        rows = snapshot_rows.source(asked.source, asked.entity, self._columns)
        return Question(self._columns, asked, self._frame, rows, is_columnar=True)


def _marked(table: snapshot_rows.Table) -> str:
    """What the index is asked for a table, with a mark for what is absent."""
    cells = ", ".join(f"ifnull({made.sql}, char(1))" for made in table.columns.values())
    return f"SELECT {cells} FROM {table.rows}"


def _settle(home: Path, place: Path, note: Note) -> None:
    """Let the folder that is ready count, and those before it go."""
    files.write_own(place / NOTE, json.dumps(note._asdict()).encode())
    rights = rights_in(home.parent)
    for path in place.iterdir():
        with files.closing(os.open(path, os.O_RDONLY | os.O_NOFOLLOW)) as fd:
            rights.give(fd)
            os.fsync(fd)
    with files.closing(os.open(place, os.O_RDONLY | os.O_DIRECTORY)) as fd:
        rights.give_folder(fd)
    number = max(_numbers(home), default=0) + 1
    place.rename(home / str(number))
    files.fsync_dir(home)
    for path in home.iterdir():
        is_old = path.name.isdecimal() and int(path.name) < number
        if is_old or (path.stat().st_mtime < time.time() - _LONGEST and not path.name.isdecimal()):
            shutil.rmtree(path, ignore_errors=True)


def _numbers(home: Path) -> Iterator[int]:
    if home.is_dir():
        yield from (int(path.name) for path in home.iterdir() if path.name.isdecimal())
