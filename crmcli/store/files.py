"""Files as the store touches them: the lock, durable writes, errors in plain words."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from crmcli.errors import Conflict, CrmError, Forbidden, InvalidData, NotFound, ServiceFailed
from crmcli.store import disks

LOCK = ".crm/lock"
_POLL = (0.001, 0.05)  # seconds between two tries for the lock: the first, the longest
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


class Busy(Conflict):
    """Another command holds the workspace."""


class DiskFull(Conflict):
    """No space is left for a write."""


class DiskFailed(ServiceFailed):
    """The system could not read or write a file."""


class PermissionDenied(Forbidden):
    """The file system does not let us read or write there."""


class Missing(NotFound):
    """There is no such file."""


class UnsafePath(InvalidData):
    """A path leaves the workspace, or leads through a symbolic link."""


def plain_error(error: OSError, doing: str) -> CrmError:
    """The refusal that says in plain words what the system did not let us do (`write data/x`)."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in _NO_SPACE:
        return DiskFull(f"cannot {doing}: the disk is full", "free some space and try again")
    if error.errno in _NOT_ALLOWED:
        return PermissionDenied(f"cannot {doing}: {reason}", "check who owns the folder")
    if error.errno == errno.ENOENT:
        return Missing(f"cannot {doing}: there is no such file")
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return UnsafePath(f"cannot {doing}: {reason}", "put the real file or folder in its place")
    return DiskFailed(f"cannot {doing}: {reason}", "check the disk, then try again")


@contextlib.contextmanager
def os_errors(doing: str) -> Iterator[None]:
    """Turn the system's errors inside the block into refusals."""
    try:
        yield
    except OSError as error:
        raise plain_error(error, doing) from error


def digest(data: bytes) -> str:
    """The sha256 of a content, in hex."""
    return hashlib.sha256(data).hexdigest()


def inside(root: Path, path: str) -> Path:
    """The full path of a file in the workspace; UnsafePath if a link or `..` may lead out."""
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise UnsafePath(f"{path!r} is not a path inside the workspace")
    step = str(root)
    for part in parts:
        step = f"{step}/{part}"
        try:
            if stat.S_ISLNK(os.lstat(step).st_mode):
                raise UnsafePath(
                    f"{os.path.relpath(step, root)} is a symbolic link",
                    "put the real file or folder in its place",
                )
        except FileNotFoundError:
            break
        except OSError as error:
            raise plain_error(error, f"look at {path}") from error
    return root / path


class Insider:
    """Gives the full paths of many files in a workspace, looking at each folder on the way once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folders: dict[str, str] = {"": str(root)}

    def __call__(self, path: str) -> str:
        """Like `inside`; a link in the place of the file itself is left to whoever opens it."""
        above, _, name = path.rpartition("/")
        folder = self._folders.get(above)
        if folder is None:
            folder = self._folders[above] = str(inside(self._root, above))
        if name in ("", ".", "..") or "\0" in name:
            raise UnsafePath(f"{path!r} is not a path inside the workspace")
        return f"{folder}/{name}"


def read_bytes(path: Path | str, offset: int = 0, *, most: int | None = None) -> bytes:
    """The content of a regular file from a byte on, no link followed; Missing if there is none.

    Of a file that is longer than `most` no more than one byte above that is read.
    """
    with os_errors(f"read {path}"):
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            status = os.fstat(fd)
            if not stat.S_ISREG(status.st_mode):
                raise UnsafePath(f"{path} is not a regular file")
            os.lseek(fd, offset, os.SEEK_SET)
            if most is not None and status.st_size - offset > most:
                return os.read(fd, most + 1)
            return read_all(fd, max(0, status.st_size - offset))
        finally:
            os.close(fd)


def read_tail(path: Path, want: int) -> tuple[int, bytes]:
    """The size of a file and its last bytes, at most `want`; no link followed."""
    with os_errors(f"read {path}"):
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            size = os.fstat(fd).st_size
            return size, os.pread(fd, want, max(0, size - want))
        finally:
            os.close(fd)


def read_all(fd: int, size: int) -> bytes:
    """All that is left to read; `size` is a guess that saves calls if it is right."""
    first = os.read(fd, size + 1)
    if len(first) == size:
        return first
    chunks = [first]
    while chunks[-1]:
        chunks.append(os.read(fd, 1 << 20))
    return b"".join(chunks)


def write_all(fd: int, data: bytes, offset: int = 0) -> None:
    """Write every byte at an offset: one call may write less than it is given."""
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view, offset = view[written:], offset + written


def write_file(
    path: Path | str, data: bytes, *, durable: bool = True, like: Path | str | None = None
) -> None:
    """Write a new file, with the mode and group of the file `like` if there is one.

    Durable once the folder is synced too. After a failed fsync the file is worth nothing.
    """
    with os_errors(f"write {path}"):
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        try:
            write_all(fd, data)
            if like is not None:
                _copy_mode(like, fd)
            if durable:
                os.fsync(fd)
        finally:
            os.close(fd)


def _copy_mode(like: Path | str, fd: int) -> None:
    try:
        status = os.lstat(like)
    except FileNotFoundError:
        return
    if status.st_gid != os.fstat(fd).st_gid:
        with contextlib.suppress(PermissionError):  # a group that we are not in cannot be given
            os.fchown(fd, -1, status.st_gid)
    os.fchmod(fd, stat.S_IMODE(status.st_mode))


def fsync_dir(path: Path) -> None:
    """Make the names in a folder durable."""
    with os_errors(f"sync {path}"):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def sync_all(path: Path) -> None:
    """Make everything durable that was written to the file system of `path`, in one call."""
    import ctypes

    syncfs = ctypes.CDLL(None, use_errno=True).syncfs
    with os_errors(f"sync {path}"):
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            if syncfs(fd) != 0:
                raise OSError(ctypes.get_errno(), "syncfs")
        finally:
            os.close(fd)


def make_folders(root: Path, path: str) -> list[Path]:
    """Make a folder inside the workspace with all above it, durably; returns those that are new."""
    if not path or inside(root, path).is_dir():
        return []
    made: list[Path] = []
    step = root
    try:
        for part in path.split("/"):
            above, step = step, step / part
            with os_errors(f"make the folder {step}"), contextlib.suppress(FileExistsError):
                step.mkdir()
                made.append(step)
                fsync_dir(above)
    except CrmError:
        remove_folders(made)
        raise
    return made


def remove_folders(made: Iterable[Path]) -> None:
    """Take back folders that `make_folders` made, as far as they are still empty."""
    for folder in reversed(list(made)):
        with contextlib.suppress(OSError):  # an empty folder too many does no harm
            folder.rmdir()


@contextlib.contextmanager
def exclusive(
    root: Path, command: str, timeout: float = 10.0, *, any_disk: bool = False
) -> Iterator[None]:
    """Hold the workspace alone, to change it; Busy after `timeout` seconds, naming who holds it.

    Never hold it over the network, an editor or a fork. UntrustedDisk where locks cannot be
    trusted, unless `any_disk` or the environment says that this is known.
    """
    forced = disks.is_forced(any_disk=any_disk)
    if not forced:
        disks.refuse_untrusted(root)
    make_folders(root, LOCK.rpartition("/")[0])
    with os_errors(f"lock {root}"):
        fd = os.open(root / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    try:
        _take(fd, fcntl.LOCK_EX, timeout, root, may_lack=forced)
        _sign(fd, f"{os.getpid()} {command}\n")
        try:
            yield
        finally:
            _sign(fd, "")
    finally:
        os.close(fd)


@contextlib.contextmanager
def shared(root: Path, timeout: float = 10.0) -> Iterator[None]:
    """Hold the workspace together with other readers, while nobody changes it; Busy as above.

    A folder that can only be read and was never locked, or whose file system knows no locks, is
    read without one.
    """
    fd = _open_to_read(root)
    if fd is None:
        yield
        return
    try:
        _take(fd, fcntl.LOCK_SH, timeout, root, may_lack=True)
        yield
    finally:
        os.close(fd)


def _open_to_read(root: Path) -> int | None:
    path = root / LOCK
    try:
        with os_errors(f"lock {root}"):
            return os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except Missing:
        pass
    try:
        make_folders(root, LOCK.rpartition("/")[0])
        with os_errors(f"lock {root}"):
            return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except (PermissionDenied, DiskFull):
        return None


def _take(fd: int, how: int, timeout: float, root: Path, *, may_lack: bool) -> None:
    """flock, never lockf: a POSIX lock is lost when any descriptor of the file is closed."""
    deadline = time.monotonic() + timeout
    pause, longest = _POLL
    while True:
        try:
            fcntl.flock(fd, how | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            left = deadline - time.monotonic()
        except OSError as error:
            if may_lack and error.errno in _NO_LOCKS:
                return
            raise plain_error(error, f"lock {root}") from error
        if left <= 0:
            raise Busy(
                f"the workspace is busy: {_holder(fd)} has not finished in {timeout:g} s",
                "try again; if that process hangs, end it (nothing will be lost)",
            )
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, longest)


def _sign(fd: int, text: str) -> None:
    """Leave word who holds the lock; it only serves a message, so a full disk must not matter."""
    with contextlib.suppress(OSError):
        os.ftruncate(fd, 0)
        os.pwrite(fd, text.encode("utf-8", "replace"), 0)


def _holder(fd: int) -> str:
    with os_errors("read the lock file"):
        pid, _, command = os.pread(fd, 4096, 0).decode("utf-8", "replace").strip().partition(" ")
    return f"`{command}` (process {pid})" if pid else "another command"
