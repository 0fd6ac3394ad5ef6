"""The lock of a workspace: alone to change it, together to read it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from crmcli.errors import Conflict
from crmcli.language import tr
from crmcli.store import layout
from crmcli.store.disk import file_systems, files
from crmcli.store.safety import state, trust

LOCK = ".crm/lock"
PATIENCE = 10.0
"""Seconds for which a command waits for another, if it is not told how long."""
_POLL = (0.001, 0.05)  # seconds between two tries for the lock: the first, the longest
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


class Busy(Conflict):
    """Another command holds the workspace."""


def admit(root: Path, *, any_disk: bool = False) -> str:
    """Make sure that crm may write in the folder, and that .crm is there; this clone's eight letters.

    NotYours, ForeignState; UntrustedDisk unless `any_disk` or the environment says that this is known.
    """
    trust.refuse_stranger(root)
    file_systems.refuse_untrusted(root, any_disk=any_disk)
    return state.make(root)


@contextlib.contextmanager
def exclusive(
    root: Path,
    command: str,
    timeout: float | None = None,
    *,
    any_disk: bool = False,
) -> Iterator[None]:
    """Hold the workspace alone, to change it; Busy after `timeout` seconds, naming who holds it.

    Never hold it over the network, an editor or a fork. What `admit` refuses is refused.
    """
    admit(root, any_disk=any_disk)
    forced = file_systems.is_forced(any_disk=any_disk)
    with files.os_errors("lock {}", root):
        fd = files.open_own(root / LOCK, os.O_RDWR)
    with files.closing(fd):
        _take(fd, fcntl.LOCK_EX, timeout, root, may_lack=forced)
        _sign(fd, f"{os.getpid()} {command}\n")
        try:
            yield
        finally:
            _sign(fd, "")


@contextlib.contextmanager
def shared(root: Path, timeout: float | None = None) -> Iterator[None]:
    """Hold the workspace together with other readers, while nobody changes it; Busy as above. Where no
    lock can be had, it is read without one."""
    fd = _open_to_read(root)
    if fd is None:
        yield
        return
    with files.closing(fd):
        _take(fd, fcntl.LOCK_SH, timeout, root, may_lack=True)
        yield


@contextlib.contextmanager
def beside(
    root: Path, path: str, timeout: float = 0.0, *, any_disk: bool = False
) -> Iterator[int | None]:
    """Hold another lock than that of the workspace, as its open file; None if another command still
    holds it at the end. The system lets go of a dead one's."""
    admit(root, any_disk=any_disk)
    files.make_folders(root, path.rpartition("/")[0])
    with files.os_errors("lock {}", path):
        fd = files.open_own(root / path, os.O_RDWR)
    with files.closing(fd):
        yield fd if _taken(fd, fcntl.LOCK_EX, timeout, path, may_lack=False) else None


def _open_to_read(root: Path) -> int | None:
    path = root / LOCK
    try:
        with files.os_errors("lock {}", root):
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except files.Missing:
        pass
    try:
        state.make(root)
        with files.os_errors("lock {}", root):
            return files.open_own(path, os.O_RDONLY)
    except (files.PermissionDenied, files.DiskFull):
        return None


def _take(fd: int, how: int, timeout: float | None, root: Path, *, may_lack: bool) -> None:
    is_asked = os.environ.get("CRM_HOOK") == layout.HOOKS[0]  # by who holds it, and waits for us
    timeout = 0.0 if is_asked else PATIENCE if timeout is None else timeout
    if not _taken(fd, how, timeout, str(root), may_lack=may_lack):
        if is_asked:
            told = "before-change cannot call crm while the change for which it is asked is open"
            raise Busy(told, "what the change does is on its standard input: crm help hooks")
        raise Busy(
            tr("the workspace is busy: {} has not finished in {:g} s", _holder(fd), timeout),
            "try again; if that process hangs, stop it (nothing is lost)",
        )


def _taken(
    fd: int,
    how: int,
    timeout: float,
    path: str,
    *,
    may_lack: bool,
) -> bool:
    """flock, never lockf: a POSIX lock is lost when any descriptor of the file is closed. Who has waited
    longest asks most often, so that of many who wait those go first."""
    deadline = time.monotonic() + timeout
    pause = _POLL[0]
    while True:
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            left = deadline - time.monotonic()
        except OSError as error:
            if may_lack and error.errno in _NO_LOCKS:
                return True
            raise files.plain_error(error, tr("lock {}", path)) from error
        if left <= 0:
            return False
        time.sleep(min(pause, left, max(_POLL[1] * (left / timeout) ** 3, _POLL[0])))
        pause = min(pause * 1.5, _POLL[1])


def _sign(fd: int, text: str) -> None:
    """Leave word who holds the lock; it only serves a message, so a full disk must not matter."""
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, text.encode("utf-8", "replace"), 0)


def _holder(fd: int) -> str:
    with files.os_errors("read the lock file"):
        pid, _, command = os.pread(fd, 4096, 0).decode("utf-8", "replace").strip().partition(" ")
    return tr("`{}` (process {})", command, pid) if pid else "another command"
