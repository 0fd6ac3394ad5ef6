"""Files as the store touches them: durable writes, no link followed, errors in plain words."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from crmcli.errors import Conflict, CrmError, Forbidden, InvalidData, NotFound, ServiceFailed
from crmcli.language import tr
from crmcli.store.disk.rights import Rights, rights_in

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_SUCH_KIND = (errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENXIO)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)


class DiskFull(Conflict):
    """No space is left for a write."""


class DiskFailed(ServiceFailed):
    """The system could not read or write a file."""


class PermissionDenied(Forbidden):
    """The file system does not let us read or write there."""


class Missing(NotFound):
    """There is no such file."""


IN_PLACE = "replace it with the real file or folder"


class UnsafePath(InvalidData):
    """A path leaves the workspace, or leads through a symbolic link."""


def plain_error(error: OSError, doing: str) -> CrmError:
    """The refusal that says in plain words what the system did not let us do (`write data/x`)."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in _NO_SPACE:
        return DiskFull(tr("cannot {}: the disk is full", doing), "free some space and try again")
    if error.errno in _NOT_ALLOWED:
        return PermissionDenied(tr("cannot {}: {}", doing, reason), "check who owns the folder")
    if error.errno == errno.ENOENT:
        return Missing(tr("cannot {}: no such file", doing))
    if error.errno in (errno.ENAMETOOLONG, errno.EILSEQ):
        return UnsafePath(tr("cannot {}: {}", _shortened(doing), reason), "choose another name")
    if error.errno in _NO_SUCH_KIND:
        return UnsafePath(tr("cannot {}: {}", doing, reason), IN_PLACE)
    return DiskFailed(tr("cannot {}: {}", doing, reason), "check the disk, then try again")


def _shortened(doing: str) -> str:
    return doing if len(doing) <= 100 else f"{doing[:40]}…{doing[-40:]}"


@contextlib.contextmanager
def os_errors(doing: str, *values: object) -> Iterator[None]:
    """Turn the system's errors inside the block into refusals; `doing` is like "read {}"."""
    try:
        yield
    except OSError as error:
        raise plain_error(error, tr(doing, *values)) from error


@contextlib.contextmanager
def closing(fd: int) -> Iterator[int]:
    """Close an open file at the end of the block."""
    try:
        yield fd
    finally:
        os.close(fd)


def digest(data: bytes) -> str:
    """The sha256 of a content, in hex."""
    return hashlib.sha256(data).hexdigest()


def is_there(path: Path | str) -> bool:
    """Whether a file or folder stands there; what is closed to us may, so that it counts."""
    try:
        os.stat(path)  # noqa: PTH116  # imports ask for each row
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def is_file(path: Path) -> bool:
    """Whether a file stands there, or something in a folder that is closed to us: to read it tells."""
    try:
        return path.is_file()
    except PermissionError:
        return True


def inside(root: Path, path: str) -> Path:
    """The full path of a file in the workspace; UnsafePath if a link or `..` may lead out."""
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise UnsafePath(tr("{!r} is not a path inside the workspace", path))
    step = str(root)
    for part in parts:
        step = f"{step}/{part}"
        try:
            if stat.S_ISLNK(os.lstat(step).st_mode):
                raise UnsafePath(tr("{} is a symbolic link", os.path.relpath(step, root)), IN_PLACE)
        except FileNotFoundError:
            break
        except OSError as error:
            raise plain_error(error, tr("look at {}", path)) from error
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
            raise UnsafePath(tr("{!r} is not a path inside the workspace", path))
        return f"{folder}/{name}"


@contextlib.contextmanager
def opened(path: Path | str) -> Iterator[int]:
    """A regular file, open to be read in the block, no link followed; Missing if there is none."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os_errors("read {}", path), closing(os.open(path, flags)) as fd:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise UnsafePath(tr("{} is not a regular file", path), IN_PLACE)
        yield fd


def read_bytes(path: Path | str, *, most: int | None = None) -> bytes:
    """The content of a regular file; of one longer than `most` no more than a byte above that."""
    with opened(path) as fd:
        size = os.fstat(fd).st_size
        return read_all(fd, size) if most is None or size <= most else os.read(fd, most + 1)


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
    path: Path | str,
    data: bytes,
    *,
    durable: bool = True,
    like: Path | str | None = None,
    rights: Rights | None = None,
    mode: int = 0o666,
) -> None:
    """Write a new file, with these rights, or the mode and group of the file `like` if there is one.

    Durable once the folder is synced too. After a failed fsync the file is worth nothing.
    """
    with os_errors("write {}", path):
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        try:
            write_all(fd, data)
            if rights is not None:
                rights.give(fd, like=_status_of(like))
            if durable:
                os.fsync(fd)
        finally:
            os.close(fd)


def write_over(path: Path, data: bytes, *, rights: Rights | None = None, mode: int = 0o666) -> None:
    """Write a file whole and durably in place of the old one, if there is one."""
    aside = path.with_name(f"{path.name}.{os.urandom(4).hex()}")
    try:
        write_file(aside, data, rights=rights, mode=mode)
        with os_errors("write {}", path):
            aside.replace(path)
    finally:
        with contextlib.suppress(OSError):  # crm check --fix sweeps it away then
            aside.unlink(missing_ok=True)
    fsync_dir(path.parent)


def _status_of(like: Path | str | None) -> os.stat_result | None:
    with contextlib.suppress(FileNotFoundError):
        return os.lstat(like) if like is not None else None
    return None


def fsync_dir(path: Path) -> None:
    """Make the names in a folder durable."""
    with os_errors("sync {}", path), closing(os.open(path, os.O_RDONLY | os.O_DIRECTORY)) as fd:
        os.fsync(fd)


def sync_all(path: Path) -> None:
    """Make everything durable that was written to the file system of `path`, in one call."""
    import ctypes

    syncfs = ctypes.CDLL(None, use_errno=True).syncfs
    with os_errors("sync {}", path), closing(os.open(path, os.O_RDONLY | os.O_DIRECTORY)) as fd:
        if syncfs(fd) != 0:
            raise OSError(ctypes.get_errno(), "syncfs")


def make_folders(root: Path, path: str) -> list[Path]:
    """Make a folder inside the workspace with all above it, durably; returns those that are new."""
    if not path or inside(root, path).is_dir():
        return []
    made: list[Path] = []
    step = root
    try:
        for part in path.split("/"):
            above, step = step, step / part
            with os_errors("make the folder {}", step), contextlib.suppress(FileExistsError):
                step.mkdir()
                made.append(step)
                with closing(os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)) as fd:
                    rights_in(above).give_folder(fd)
                fsync_dir(above)
    except CrmError:
        remove_folders(made)
        raise
    return made


def open_own(path: Path | str, flags: int) -> int:
    """Open a file of crm's own, no link followed; it is made with the rights of its folder if need be."""
    flags |= os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a pipe in its place must not stop us
    with contextlib.suppress(FileNotFoundError):
        return _regular(os.open(path, flags), path)
    try:
        fd = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:  # somebody else was first
        return _regular(os.open(path, flags), path)
    rights_in(Path(path).parent).give(fd)
    return fd


def write_own(path: Path, data: bytes) -> None:
    """Write such a file over; not durably, for it only saves work or serves a message."""
    with os_errors("write {}", path), closing(open_own(path, os.O_WRONLY)) as fd:
        os.ftruncate(fd, 0)
        write_all(fd, data)


def _regular(fd: int, path: Path | str) -> int:
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise UnsafePath(tr("{} is not a regular file", path), IN_PLACE)


def remove_folders(made: Iterable[Path]) -> None:
    """Take back folders that `make_folders` made, as far as they are still empty."""
    for folder in reversed(list(made)):
        with contextlib.suppress(OSError):  # an empty folder too many does no harm
            folder.rmdir()
