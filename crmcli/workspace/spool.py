"""What was accepted and stands on no timeline yet: lines that are durable before anybody is answered.

Nobody waits for the lock of the workspace here. Each file is locked by whoever adds to it, until all of it is
written down; that of a program that was killed is free.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from crmcli.dataclass import dataclass, field
from crmcli.errors import Conflict, CrmError, Problem
from crmcli.store.disk import files
from crmcli.store.safety import locks
from crmcli.workspace import Workspace

FOLDER = ".crm/accepted"
LARGEST = 1 << 20
"""Bytes after which a file is closed: nobody reads more at once."""
_DAMAGED = ".damaged"
_SUM = 16


@dataclass
class SpoolFile:
    """One of the files, open and locked."""

    path: Path
    fd: int
    size: int = 0
    count: int = 0

    def lines(self) -> Iterator[bytes]:
        """What was added, the oldest first; not what was never whole."""
        return (text for text in map(_whole, self._read()) if text)

    def _is_damaged(self) -> bool:
        """Whether something in it cannot be read that was whole once: only its end may be torn."""
        return not all(map(_whole, self._read()[:-1]))

    def _read(self) -> list[bytes]:
        with files.os_errors("read {}", self.path):
            os.lseek(self.fd, 0, os.SEEK_SET)
            return files.read_all(self.fd, os.fstat(self.fd).st_size).split(b"\n")

    def remove(self) -> None:
        """All of it is written down; one that is damaged is kept aside."""
        with files.os_errors("remove {}", self.path):
            if self._is_damaged():
                self.path.rename(self.path.with_name(self.path.name + _DAMAGED))
            else:
                self.path.unlink()
        self.close()

    def close(self) -> None:
        """Let go of it as it is."""
        os.close(self.fd)


class _Line:
    """One that waits to be durable; its gate opens once it is, or when it is its turn to write for all."""

    def __init__(self, text: bytes) -> None:
        self.text = text
        self.is_done = self.leads = False
        self.failed: CrmError | None = None
        self.gate = threading.Lock()
        self.gate.acquire()


@dataclass
class Spool:
    """Adds lines from any thread; `opened` gives the workspace as it is now."""

    opened: Callable[[], Workspace]
    count: int = 0
    """So many lines were added that are not written down yet."""
    _waiting: list[_Line] = field(default_factory=list)
    _is_led: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writes: threading.Lock = field(default_factory=threading.Lock)
    _file: SpoolFile | None = None
    _full: list[SpoolFile] = field(default_factory=list)
    _refused: list[SpoolFile] = field(default_factory=list)

    def add(self, text: bytes, patience: float) -> None:
        """Add a line, which is durable when this returns: those who come while one syncs share the next sync,
        and the first of them does it. Conflict if that takes too long."""
        line = _Line(text)
        with self._lock:
            self._waiting.append(line)
            line.leads, self._is_led = not self._is_led, True
        if not line.leads and not line.gate.acquire(timeout=patience):
            self._give_up(line)
        if not line.is_done:
            self._write()
        if line.failed:
            raise line.failed

    def _give_up(self, line: _Line) -> None:
        """Conflict, if nothing has become of it; what is being written is known when it comes again."""
        with self._lock:
            if line.leads or line.is_done:
                return
            self._waiting = [one for one in self._waiting if one is not line]
        raise Conflict("the disk takes too long", "try again in a minute")

    def _write(self) -> None:
        """Write what waits, and let the next one do so."""
        with self._lock:
            some, self._waiting = self._waiting, []
        failed: CrmError | None = Conflict("it could not be kept")
        try:
            with self._writes:
                self._append(some)
            failed = None
        except CrmError as error:
            failed = error
        finally:
            with self._lock:
                for line in some:
                    line.failed, line.is_done = failed, True
                self._is_led = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    some.append(self._waiting[0])
            for line in some:
                line.gate.release()

    def _append(self, some: list[_Line]) -> None:
        file = self._file = self._file or made(self.opened())
        data = b"".join(_sum(line.text) + b" " + line.text + b"\n" for line in some)
        try:
            with files.os_errors("write {}", file.path):
                files.write_all(file.fd, data, file.size)
                os.fdatasync(file.fd)
        except CrmError:
            with contextlib.suppress(OSError):
                os.ftruncate(file.fd, file.size)
            self._close()  # whatever stands at its end now, nothing comes after it
            raise
        file.size += len(data)
        file.count += len(some)
        self.count += len(some)
        if file.size > LARGEST:
            self._close()

    def _close(self) -> None:
        if self._file:
            self._full.append(self._file)
            self._file = None

    def take_over(self) -> None:
        """Have those files written down first that others left."""
        self._full += left(self.opened())

    def closed(self) -> SpoolFile | None:
        """The oldest file, to which nothing more is added, for whoever writes it down; None if all is. One of
        which something was refused comes after those that were not tried yet."""
        with self._writes:
            if not self._full:
                self._close()
            waiting = self._full or self._refused
            return waiting.pop(0) if waiting else None

    def note(self, file: SpoolFile, failed: Exception | None) -> None:
        """A file that was closed is written down, or has to be tried again: at once where the workspace is
        busy, for what came later may take back what stands in it."""
        with self._writes:
            if failed is None:
                self.count -= file.count
            elif isinstance(failed, Conflict):
                self._full.insert(0, file)
            else:
                self._refused.append(file)

    def end(self) -> None:
        """Let go of all files; what stands in them waits for the next one."""
        with self._writes:
            self._close()
            for file in (*self._full, *self._refused):
                file.close()
            self._full, self._refused = [], []


def made(ws: Workspace) -> SpoolFile:
    """A new file, durably under its name; what `locks.admit` refuses is refused."""
    locks.admit(ws.root, any_disk=ws.settings.any_disk)
    files.make_folders(ws.root, FOLDER)
    path = ws.root / FOLDER / f"{time.time_ns():016x}-{os.getpid()}"
    with files.os_errors("write {}", path):
        fd = files.open_own(path, os.O_RDWR)
        _is_locked(fd)
    files.fsync_dir(path.parent)
    return SpoolFile(path, fd)


def left(ws: Workspace) -> Iterator[SpoolFile]:
    """The files that nobody adds to any more, the oldest first."""
    folder = ws.root / FOLDER
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
        if name.endswith(_DAMAGED):
            continue
        with contextlib.suppress(files.Missing), files.os_errors("read {}", folder / name):
            fd = os.open(folder / name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
            if _is_locked(fd) and os.fstat(fd).st_nlink:
                yield SpoolFile(folder / name, fd)
            else:
                os.close(fd)


def damaged(ws: Workspace) -> Iterator[Problem]:
    """The files that were kept aside, for a person to look at."""
    folder = ws.root / FOLDER
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
        if name.endswith(_DAMAGED):
            said = "crm serve accepted this, and a line of it is damaged"
            yield Problem(
                f"{FOLDER}/{name}", 0, said, "the other lines are kept: look, then delete it"
            )


def _is_locked(fd: int) -> bool:
    """Lock it, if nobody else has; where there are no locks, crm writes only if told to, and alone."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
    return True


def _sum(text: bytes) -> bytes:
    return files.digest(text)[:_SUM].encode()


def _whole(line: bytes) -> bytes:
    """What a line says; b"" if it is not as it was written."""
    told, _, text = line.partition(b" ")
    return text if told == _sum(text) else b""
