"""The folder as it looks now: which files stand where, and whether one that looks unchanged surely is."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.values import ID_LETTERS
from crmcli.store import layout
from crmcli.store.disk import files
from crmcli.store.timeline import csv_lines

Stamp = tuple[int, int, int]
"""Size, mtime and ctime of a file; the times in nanoseconds."""

ITSELF = b"."
"""In place of the files of a folder that cannot be read: its own name."""

MISSING = -1
"""In place of the descriptor of a folder that is not there, or cannot be read."""

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_TICK = 10_000_000
_COARSE_TICK = 2_000_000_000
_SECOND = 1_000_000_000
_LARGEST = (1 << 63) - 1
_LETTERS = frozenset(ID_LETTERS)


class Look(NamedTuple):
    """The files of one folder in the order in which the system names them; hidden ones are left out.

    Packed as the index keeps it, so that two looks compare without being taken apart.
    """

    path: str
    names: bytes
    stamps: bytes

    def files(self) -> Iterator[tuple[bytes, Stamp]]:
        """Each file's name and stamp."""
        if self.names:
            numbers = iter(array("q", self.stamps))
            yield from zip(self.names.split(b"/"), zip(*[numbers] * 3, strict=True), strict=True)


def is_racy(stamp: Stamp, now: int) -> bool:
    """Whether a file could be written again without its stamp changing: then its content decides.

    `now` is a time before the file was read. Within a tick of the clock two writes look the same.
    """
    _, mtime, ctime = stamp
    tick = _TICK if ctime % _SECOND and mtime % _SECOND else _COARSE_TICK
    return ctime >= now - tick or abs(now - mtime) <= tick


def look_at_records(root: Path) -> Iterator[Look]:
    """Every folder in which records stand, and those of strangers beside them."""
    for path in paths_of_records(root):
        yield look(root, path)


def paths_of_records(root: Path, entities: Iterable[str] = ENTITIES) -> list[str]:
    """The folders of these entities, where strangers stand, and those of their records."""
    bases = map(layout.record_folder, entities)
    return [path for base in bases for path in (base, *_shards(root, base))]


def shards(root: Path) -> Iterator[str]:
    """The folders of records; strangers beside them are left out."""
    for entity in ENTITIES:
        yield from _shards(root, layout.record_folder(entity))


def _shards(root: Path, base: str) -> Iterator[str]:
    yield from (f"{base}/{shard}" for shard in _scan(root, base)[0])


def look(root: Path, path: str) -> Look:
    """One folder as it looks now; as an empty one if it is not there."""
    return _scan(root, path)[1]


def _scan(root: Path, path: str) -> tuple[list[str], Look]:
    """The folders of records in that of an entity, none in others; and the files."""
    shards: list[str] = []
    names: list[str] = []
    numbers: list[int] = []
    if is_closed(root, path):
        return [], _closed(root, path)
    is_base = path.count("/") == 1
    with files.os_errors("read the folder {}", path), opened(root, path) as fd:
        for entry in _entries(fd):
            name = entry.name
            if name[0] == ".":
                continue  # an editor's swap file, .gitkeep
            if is_base and name in _LETTERS and entry.is_dir(follow_symlinks=False):
                shards.append(name)
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # gone since the folder was opened
            names.append(name)
            numbers += (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return sorted(shards), _packed(path, names, numbers)


def _entries(folder: int) -> Iterator[os.DirEntry[str]]:
    """What stands in an opened folder; by its descriptor the system need not walk the path for each."""
    if folder != MISSING:
        with os.scandir(folder) as entries:
            yield from entries


def journals(root: Path) -> Iterator[tuple[str, Stamp]]:
    """Every timeline file with its stamp, and in place of its files a folder that cannot be read."""
    for folder in _months(root):
        if is_closed(root, folder):
            found = [folder]
        else:
            found = [f"{folder}/{n}" for n in _names(root, folder) if n.endswith(".csv")]
        for path in found:
            stamped = stamp_of(root, path)
            if stamped:
                yield path, stamped


def _months(root: Path) -> Iterator[str]:
    if is_closed(root, layout.TIMELINE):
        yield layout.TIMELINE
        return
    yield from (f"{layout.TIMELINE}/{month}" for month in _names(root, layout.TIMELINE))


def last_ids(root: Path) -> Iterator[str]:
    """With which event each timeline file ends; one that cannot be read says nothing."""
    for path, _ in journals(root):
        with contextlib.suppress(CrmError):
            yield csv_lines.tail(root, path).last_id


def stamp_of(root: Path, path: str) -> Stamp | None:
    """The stamp of a file by its path from the root; None if it is not there."""
    with files.os_errors("look at {}", path):
        return stamp(None, os.fsencode(root / path))


def _names(root: Path, path: str) -> list[str]:
    """The names in a folder, hidden ones left out; none for what is no folder."""
    with files.os_errors("read the folder {}", path):
        try:
            return [name for name in os.listdir(root / path) if name[0] != "."]
        except (FileNotFoundError, NotADirectoryError):
            return []


def is_closed(root: Path, path: str) -> bool:
    """Whether a folder is there and we may not look into it."""
    return not os.access(root / path, os.R_OK | os.X_OK) and os.path.isdir(root / path)  # noqa: PTH112  # a Path fails in what is closed


def _closed(root: Path, path: str) -> Look:
    """A folder that cannot be read, as one with itself in it: that is told, and hides nothing else."""
    found = stamp_of(root, path)
    return _packed(path, [os.fsdecode(ITSELF)], list(found)) if found else Look(path, b"", b"")


def _packed(path: str, names: list[str], numbers: list[int]) -> Look:
    try:
        stamps = array("q", numbers)
    except OverflowError:  # a time beyond the year 2262
        stamps = array("q", [min(number, _LARGEST) for number in numbers])
    return Look(path, os.fsencode("/".join(names)), stamps.tobytes())


@contextlib.contextmanager
def opened(root: Path, path: str) -> Iterator[int]:
    """A descriptor of a folder, to reach its files by name; MISSING if it is not there."""
    try:
        fd = os.open(root / path, _FOLDER)
    except (FileNotFoundError, PermissionError):
        yield MISSING
        return
    except NotADirectoryError:
        files.inside(root, path)  # which says so if it is a link
        raise
    with files.closing(fd):
        yield fd


def stamp(folder: int | None, name: bytes) -> Stamp | None:
    """The stamp of one file of an opened folder (None: `name` is a path); None if it is not there."""
    if folder == MISSING:
        return None
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, PermissionError):
        return None  # in a folder that is closed to us, which is told by itself
    return status.st_size, min(status.st_mtime_ns, _LARGEST), min(status.st_ctime_ns, _LARGEST)


class Unreadable(Exception):
    """A file cannot be read; the message says why, in plain words. `lasting`: until it is changed."""

    def __init__(self, reason: str, hint: str, *, lasting: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint
        self.lasting = lasting


def read(folder: int, name: bytes) -> bytes:
    """A file of an opened folder, no link followed; Unreadable, or FileNotFoundError if it is gone."""
    try:
        fd = os.open(name, _FILE, dir_fd=folder)
    except FileNotFoundError:
        raise
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Unreadable(
                "this is a symbolic link", "replace it with the real file", lasting=True
            ) from None
        raise _unreadable(error) from None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("this is not a regular file", "move it elsewhere", lasting=True)
        return files.read_all(fd, status.st_size)
    except OSError as error:
        raise _unreadable(error) from None
    finally:
        os.close(fd)


def _unreadable(error: OSError) -> Unreadable:
    """Another user, or another moment, may be luckier."""
    reason = tr("the file cannot be read: {}", os.strerror(error.errno or errno.EIO))
    return Unreadable(reason, "check who owns it and its rights", lasting=False)


def digest(data: bytes) -> bytes:
    """A short hash of a content, to see whether it is still the same."""
    return hashlib.blake2b(data, digest_size=16).digest()
