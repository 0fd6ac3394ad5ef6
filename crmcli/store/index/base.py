"""The index's database file: opened, checked, built from nothing beside itself, and given up when damaged."""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from crmcli.errors import Conflict
from crmcli.model.spelling import contains
from crmcli.store import layout
from crmcli.store.disk import files
from crmcli.store.disk.rights import rights_in
from crmcli.store.safety import state

PATH = layout.INDEX
GATE = ".crm/index.lock"
"""Held exclusively while the file is built or replaced, shared while it is opened."""

PATIENCE = 5.0  # seconds to wait for another command's write
HURRY = 0.2  # seconds to wait where the next refresh does as well
LONG_PATIENCE = 120.0  # seconds to wait for another command that builds the index from nothing

_BUSY = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_UNWRITABLE = (
    sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL,
)  # fmt: skip
_OURS = (
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_TOOBIG,
    sqlite3.SQLITE_RANGE,
)


class IndexBusy(Conflict):
    """Another command is writing the index and did not end in time."""


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another command holds the index."""
    return _code(error) in _BUSY


def is_unwritable(error: sqlite3.Error) -> bool:
    """Whether the file cannot be written where it stands: read-only folder, full or failing disk,
    a network drive without locks."""
    return _code(error) in _UNWRITABLE


def is_damaged(error: sqlite3.Error) -> bool:
    """Whether the file is not what we wrote; our own mistakes in SQL are not taken for that."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(
        error, sqlite3.ProgrammingError | sqlite3.NotSupportedError
    ) and _code(error) not in (*_BUSY, *_UNWRITABLE, *_OURS)  # fmt: skip


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF  # the extended codes stand above


def connect(path: str) -> sqlite3.Connection:
    """A connection in which transactions are begun and ended by hand."""
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    connection.create_function("contains", 2, contains, deterministic=True)
    for name, takes in _OF_SCORES.items():
        connection.create_function(name, takes, _late(name), deterministic=True)
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection


_OF_SCORES = {"score_of": 1, "hour_of": 2, "weekday_of": 2}
"""What scores need beside SQL, with the number of arguments."""


def _late(name: str) -> Callable[..., str | int | None]:
    """A function of `scoring`, which is imported when it is first called."""
    found: list[Callable[..., str | int | None]] = []

    def call(*given: str | int | None) -> str | int | None:
        if not found:
            from crmcli.store.index import scoring

            found.append(getattr(scoring, name))
        return found[0](*given)

    return call


def open_index(
    root: Path, signature: str, patience: float = LONG_PATIENCE
) -> sqlite3.Connection | None:
    """The index as it stands; None if there is none, or it is damaged or of another signature."""
    path = root / PATH
    if not path.exists() or not state.is_ready(root):
        return None
    with gate(root, exclusive=False, patience=patience):
        return _open(path, signature)


def _open(path: Path, signature: str) -> sqlite3.Connection | None:
    if not path.exists() or _is_closed(path):
        return None
    connection = connect(str(path))
    try:
        found = connection.execute("SELECT value FROM meta WHERE key = 'signature'").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        if is_damaged(error):
            return None
        raise
    if found == (signature,):
        return connection
    connection.close()
    return None


def _is_closed(path: Path) -> bool:
    """Whether a file is not for us to read or write, in a folder where we may put another in its place.

    It would cost each command the time of building all anew in memory; so it costs one.
    """
    if not os.access(path.parent, os.W_OK | os.X_OK):
        return False
    own = (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm")))
    return any(os.path.lexists(one) and not os.access(one, os.R_OK | os.W_OK) for one in own)


def is_sound(root: Path) -> bool:
    """Whether the file, if there is one, reads through without a fault; the slow way of asking."""
    path = root / PATH
    if not path.exists() or not state.is_ready(root):
        return True
    with gate(root, exclusive=False):
        try:
            with contextlib.closing(connect(str(path))) as connection:
                return list(connection.execute("PRAGMA quick_check(1)")) == [("ok",)]
        except sqlite3.DatabaseError as error:
            if is_damaged(error) or _is_closed(path):
                return False
            raise


def discard(root: Path) -> None:
    """Delete the file: the next command that needs it builds it anew."""
    path = root / PATH
    with gate(root, exclusive=True):
        for ending in ("", "-wal", "-shm", "-journal"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


def build(
    root: Path, signature: str, fill: Callable[[sqlite3.Connection], None], *, anew: bool = False
) -> tuple[sqlite3.Connection, bool]:
    """Build the index from nothing and open it; whether it was we who built it.

    `anew`: even if another command has built a good one in the meantime.
    """
    path = root / PATH
    state.make(root)
    with gate(root, exclusive=True):
        standing = None if anew else _open(path, signature)
        if standing:
            return standing, False
        fresh = path.with_name(f"{path.name}.new")
        fresh.unlink(missing_ok=True)
        try:
            _write(fresh, signature, fill)
            for leftover in ("-wal", "-shm"):
                path.with_name(path.name + leftover).unlink(missing_ok=True)
            fresh.replace(path)
        finally:
            for leftover in ("", "-wal", "-shm", "-journal"):
                path.with_name(fresh.name + leftover).unlink(missing_ok=True)
        return connect(str(path)), True


def build_in_memory(
    signature: str, fill: Callable[[sqlite3.Connection], None]
) -> sqlite3.Connection:
    """An index that lasts as long as this process, where none can be written."""
    connection = connect(":memory:")
    with transaction(connection):
        _fill(connection, signature, fill)
    return connection


def _write(path: Path, signature: str, fill: Callable[[sqlite3.Connection], None]) -> None:
    """Nobody sees the file before it is complete and on the disk, so it needs no journal."""
    with contextlib.closing(connect(str(path))) as connection:
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        connection.execute("PRAGMA cache_size=-65536")
        with transaction(connection):
            _fill(connection, signature, fill)
        connection.execute("PRAGMA journal_mode=WAL")
    with files.closing(os.open(path, os.O_RDONLY | os.O_NOFOLLOW)) as fd:
        # SQLite gives its companions, -wal and -shm, the mode and the owner of this one.
        rights_in(path.parent).give(fd)
        os.fsync(fd)


NOTE_BEGUN = "INSERT INTO meta VALUES ('begun', '')"
"""Says of an index that it has the timeline, and of records only those that were asked for."""

NOTE_WHOLE = "DELETE FROM meta WHERE key = 'begun'"


def is_begun(connection: sqlite3.Connection) -> bool:
    """Whether there are records that the index has never looked at."""
    return bool(connection.execute("SELECT 1 FROM meta WHERE key = 'begun'").fetchone())


def _fill(
    connection: sqlite3.Connection, signature: str, fill: Callable[[sqlite3.Connection], None]
) -> None:
    connection.execute("CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID")
    fill(connection)
    connection.execute("INSERT INTO meta VALUES ('signature', ?)", (signature,))


@contextlib.contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and nobody else writes meanwhile; IndexBusy if somebody does for too long."""
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if is_busy(error):
            raise busy() from error
        raise
    try:
        yield
    except BaseException:
        with contextlib.suppress(sqlite3.Error):  # a failed statement may have rolled back already
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


@contextlib.contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is read inside the block is as at one moment, whoever writes meanwhile."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        with contextlib.suppress(sqlite3.Error):  # a failed statement may have ended it already
            connection.execute("COMMIT")


@contextlib.contextmanager
def hurried(connection: sqlite3.Connection) -> Iterator[None]:
    """Wait for others only a moment inside the block."""
    connection.execute(f"PRAGMA busy_timeout={HURRY * 1000:.0f}")
    try:
        yield
    finally:
        connection.execute(f"PRAGMA busy_timeout={PATIENCE * 1000:.0f}")


@contextlib.contextmanager
def gate(root: Path, *, exclusive: bool, patience: float = LONG_PATIENCE) -> Iterator[None]:
    """Keep the file from being replaced while it is opened: SQLite finds its -wal by name."""
    try:
        fd = files.open_own(root / GATE, os.O_RDWR)
    except OSError:
        if exclusive:
            raise
        yield  # nobody can replace the file in a folder that cannot be written
        return
    with files.closing(fd):
        _wait(fd, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH, patience)
        yield


def _wait(fd: int, mode: int, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(fd, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise busy() from None
            time.sleep(0.01)
        else:
            return


def busy() -> IndexBusy:
    """The refusal."""
    return IndexBusy("another command is updating the index", "try again in a moment")
