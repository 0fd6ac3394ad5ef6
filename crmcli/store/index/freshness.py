"""Keeps the index equal to the files of records, reading only those that may have changed."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from crmcli.store import layout
from crmcli.store.index import folder
from crmcli.store.index.folder import Look, Stamp

_NOTHING = (b"", b"")
_MANY = 2000  # changed files from which on it may be quicker to build the index from nothing
_SAMPLE = 100
_LARGE = 20_000 * 24  # bytes of stamps: to look at so many files takes 40 ms, a helper 5


class Known(NamedTuple):
    """A file as the index knows it."""

    num: int
    stamp: Stamp
    digest: bytes
    racy: bool


class Suspect(NamedTuple):
    """A file that may have changed; `known` is None if it is new."""

    name: bytes
    stamp: Stamp
    known: Known | None


class Changes(NamedTuple):
    """What may have changed in one folder since the index looked at it; `at` is before this look."""

    at: int
    seen: Look
    suspects: list[Suspect]
    gone: dict[bytes, Known]


def changed_folders(
    connection: sqlite3.Connection, root: Path, entities: Collection[str]
) -> list[str]:
    """The folders of some entities that do not look as the index remembers them."""
    remembered = {
        path: (names, stamps)
        for base in map(layout.record_folder, entities)
        for path, names, stamps in connection.execute(
            "SELECT path, names, stamps FROM shard WHERE path = ?1 OR path GLOB ?1 || '/*'", (base,)
        )
    }

    def differs(path: str) -> bool:
        seen = folder.look(root, path)
        return remembered.get(path, _NOTHING) != (seen.names, seen.stamps)

    paths = folder.paths_of_records(root, entities)
    size = sum(len(stamps or b"") for _, stamps in remembered.values())
    changed = _chosen(paths, differs) if size > _LARGE else [*filter(differs, paths)]
    gone = remembered.keys() - paths
    return [*changed, *sorted(gone)]


def _chosen(paths: Sequence[str], differs: Callable[[str], bool]) -> list[str]:
    from crmcli.store.index import forks

    return forks.chosen(paths, differs) if forks.are_possible() else [*filter(differs, paths)]


def everything(root: Path) -> Iterator[Changes]:
    """All files, for an index that knows none."""
    at = time.time_ns()
    return (all_of(seen, at) for seen in folder.look_at_records(root))


def all_of(seen: Look, at: int) -> Changes:
    """All files of a folder, which the index does not know; `at` is a time before it was seen."""
    return Changes(at, seen, [Suspect(*file, None) for file in seen.files()], {})


def changes_in(connection: sqlite3.Connection, root: Path, path: str) -> Changes:
    """Compare a folder, as it looks now, with what the index knows of its files."""
    at = time.time_ns()
    seen = folder.look(root, path)
    rows = connection.execute(
        "SELECT name, num, size, mtime, ctime, digest, racy FROM file WHERE shard = ?", (path,)
    )
    known = {
        name: Known(num, (size, mtime, ctime), digest, bool(racy))
        for name, num, size, mtime, ctime, digest, racy in rows
    }
    suspects = []
    for name, stamp in seen.files():
        old = known.pop(name, None)
        if may_differ(old, stamp):
            suspects.append(Suspect(name, stamp, old))
    return Changes(at, seen, suspects, known)


def may_differ(known: Known | None, stamp: Stamp) -> bool:
    """Whether a file must be read to know that it is as the index has it."""
    return known is None or known.racy or known.stamp != stamp


def is_better_anew(connection: sqlite3.Connection, root: Path, found: Sequence[Changes]) -> bool:
    """Whether so much has changed that building the index from nothing is quicker.

    A copied folder has new stamps throughout and old contents: a sample of those is read.
    """
    suspects = [(changes.seen.path, suspect) for changes in found for suspect in changes.suspects]
    if len(suspects) < _MANY:
        return False
    (total,) = connection.execute("SELECT count(*) FROM file").fetchone()
    sample = suspects[:: len(suspects) // _SAMPLE]
    changed = sum(_differs(root, path, suspect) for path, suspect in sample)
    return bool(changed / len(sample) * len(suspects) > total / 2)


def _differs(root: Path, path: str, suspect: Suspect) -> bool:
    if suspect.known is None:
        return True
    with folder.opened(root, path) as fd:
        try:
            return folder.digest(folder.read(fd, suspect.name)) != suspect.known.digest
        except (FileNotFoundError, folder.Unreadable):
            return True


def changed_journals(connection: sqlite3.Connection, root: Path, *, thorough: bool) -> list[str]:
    """The timeline files that do not look as the index remembers them.

    `thorough`: those too whose look decides nothing yet.
    """
    rows = connection.execute("SELECT path, size, mtime, ctime, racy FROM journal")
    known = {path: ((size, mtime, ctime), racy) for path, size, mtime, ctime, racy in rows}
    found = []
    for path, stamp in folder.journals(root):
        old, racy = known.pop(path, (None, 0))
        if old != stamp or (racy and thorough):
            found.append(path)
    return [*found, *known]
