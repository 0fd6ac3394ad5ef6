"""The folder .crm: the state of one workspace on one machine. What came from elsewhere is refused."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.values import ID_LETTERS
from crmcli.store.disk import file_systems, files, owners
from crmcli.store.disk.rights import rights_in
from crmcli.store.git import tracked
from crmcli.store.layout import CLONE_ID, ID_LENGTH, STATE, random_letters

TXN = f"{STATE}/txn"
SENT = f"{STATE}/sent"
COMMITS = f"{STATE}/commits"
MACHINE = Path("/etc/machine-id")
BY_FIX = "crm check --fix moves it aside and starts a new one"
_SEEN = f"{STATE}/git-index"
"""The stamp of git's index as it was when nothing in .crm was found in it."""
_FOLDERS = frozenset(("txn", "commits", "aside", "accepted", "snapshot"))
_INDEX = ("index.db", "index.db-wal", "index.db-shm", "index.db-journal", "index.db.new")
_LETTERS = re.compile(rf"[{ID_LETTERS}]{{{ID_LENGTH}}}")
_BOUND = re.compile(
    rf"({_LETTERS.pattern})\nbound ([0-9a-f]{{16}}|-) ([0-9a-f]{{16}}) (\d+) (\d+) ([0-9a-f]{{16}})\n"
)


class ForeignState(InvalidData):
    """The folder .crm is not this machine's own for this workspace."""


class Binding(NamedTuple):
    """To what a state belongs: by machine, host, the folder's inode number, file system and path."""

    letters: str
    machine: str
    host: str
    inode: int
    system: int
    path: str


# -- is it ours? ------------------------------------------------------------------------------------


def refuse_foreign(root: Path) -> None:
    """ForeignState unless .crm is absent or ours; a few looks at the folder."""
    why = why_foreign(root)
    if why:
        raise ForeignState(f"{STATE} {why}", BY_FIX)


def why_foreign(root: Path) -> str:
    """What tells that .crm is not ours; "" if it is, or if there is none."""
    path = root / STATE
    try:
        with files.os_errors("look at {}", STATE):
            status = path.lstat()
    except files.Missing:
        return ""
    if not stat.S_ISDIR(status.st_mode):
        return tr("is a link or not a folder")
    if not owners.is_known(root, status):
        return tr("belongs to {}", owners.name_of(status.st_uid))
    return _why_strange(root) or _why_unbound(root) or _why_tracked(root)


def _why_strange(root: Path) -> str:
    with files.os_errors("read {}", STATE), os.scandir(root / STATE) as entries:
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not entry.is_file(follow_symlinks=False):
                return tr("has {!r}, which is a link or not a file", entry.name)
            if is_folder != (entry.name in _FOLDERS) and (is_folder or entry.name in _FOLDERS):
                return tr("holds {!r}, which is not of the right kind", entry.name)
    return ""


def _why_unbound(root: Path) -> str:
    binding = _read(root)
    if binding is None:
        said = "was made for another folder and has unfinished work"
        return tr(said) if _is_used(root) else ""
    return "" if _is_here(root, binding) else tr("was made for another folder")


def _is_used(root: Path) -> bool:
    """Whether it holds what would act, or be lost."""
    with contextlib.suppress(FileNotFoundError):
        if any(name.endswith(".commit") for name in os.listdir(root / TXN)):
            return True
    with contextlib.suppress(FileNotFoundError):
        if any(name.startswith(("pending", "claimed-")) for name in os.listdir(root / COMMITS)):
            return True
    return os.path.lexists(root / SENT)


def is_tracked(root: Path) -> bool:
    """Whether git tracks anything in .crm."""
    found = tracked.index_of(root)
    return (
        found is not None and bool(tracked.stamp(found[1])) and tracked.tracks(root, STATE, *found)
    )


def _why_tracked(root: Path) -> str:
    """git brings what it tracks with each pull and checkout, also into a state that is ours."""
    found = tracked.index_of(root)
    if found is None:
        return ""
    top, index = found
    now = tracked.stamp(index)
    if not now or now == _seen(root):
        return ""
    if tracked.tracks(root, STATE, top, index):
        return tr("is tracked by git, so others can write to it")
    if _read(root) is not None:
        # Only saves the next command the same look; where it cannot be written, that one looks.
        with contextlib.suppress(files.PermissionDenied, files.DiskFull, files.DiskFailed):
            files.write_own(root / _SEEN, now.encode())
    return ""


def _seen(root: Path) -> str:
    try:
        return files.read_bytes(root / _SEEN, most=200).decode("ascii", "replace")
    except files.Missing:
        return ""


# -- making it ours ---------------------------------------------------------------------------------


def make(root: Path) -> str:
    """Make sure that .crm is there and ours; returns this clone's own eight letters. ForeignState.

    One that nobody has bound, of an earlier crm most likely, gets new letters and an index built anew.
    """
    refuse_foreign(root)
    binding = _read(root) or _bind(root)
    return binding.letters


def is_ready(root: Path) -> bool:
    """Whether .crm is there and ours, so that what stands in it can be believed."""
    binding = _read(root)
    return binding is not None and _is_here(root, binding)


def _bind(root: Path) -> Binding:
    files.make_folders(root, STATE)
    with _alone(root):
        known = _read(root)
        if known is not None:
            return known
        for name in _INDEX:
            with files.os_errors("remove {}/{}", STATE, name):
                (root / STATE / name).unlink(missing_ok=True)
        fresh = here(root, random_letters())
        _write(root, fresh)
        return fresh


@contextlib.contextmanager
def _alone(root: Path) -> Iterator[None]:
    """Of two processes that bind at once, the second finds what the first has made."""
    with files.os_errors("lock {}", STATE):
        fd = os.open(root / STATE, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    with files.closing(fd):
        with contextlib.suppress(OSError):  # a disk without locks: then only one command runs
            fcntl.flock(fd, fcntl.LOCK_EX)
        yield


def _read(root: Path) -> Binding | None:
    """What is bound; None where there is nothing, only letters, or what is no binding at all."""
    try:
        text = files.read_bytes(root / CLONE_ID, most=400).decode("ascii", "replace")
    except files.Missing:
        return None
    match = _BOUND.fullmatch(text)
    if match is None:
        return None
    letters, machine, host, inode, system, path = match.groups()
    return Binding(letters, machine, host, int(inode), int(system), path)


def _write(root: Path, binding: Binding) -> None:
    path = root / CLONE_ID
    words = " ".join(map(str, binding[1:]))
    text = f"{binding.letters}\nbound {words}\n"
    files.write_over(path, text.encode(), rights=rights_in(path.parent))


def here(root: Path, letters: str) -> Binding:
    """The binding of letters to the state that stands here."""
    path = root / STATE
    with files.os_errors("look at {}", STATE):
        inode, system = path.stat().st_ino, os.statvfs(path).f_fsid
    return Binding(letters, _machine(), _host(), inode, system, _path(root))


def _is_here(root: Path, binding: Binding) -> bool:
    """Whether a state belongs where it stands: a copy and what was unpacked have another inode, a
    snapshot another file system; where a folder does not keep its number, the path decides."""
    if _machine() != binding.machine:
        return False
    path = f"{root}/{STATE}"
    with files.os_errors("look at {}", STATE):
        is_same = os.lstat(path).st_ino == binding.inode
        if is_same and os.statvfs(path).f_fsid == binding.system:
            return True
    if _path(root) != binding.path:
        return False
    if is_same:
        return True
    return not file_systems.has_steady_inodes(root) and (
        binding.machine != "-" or _host() == binding.host
    )


@lru_cache
def _machine() -> str:
    """A digest of the machine's own number, which is nobody's business; "-" where it has none."""
    try:
        number = MACHINE.read_bytes().strip()
    except OSError:
        return "-"
    return _digest(number) if re.fullmatch(rb"[0-9a-f]{32}", number) else "-"


def _host() -> str:
    return _digest(os.uname().nodename.encode())


def _path(root: Path) -> str:
    return _digest(os.fsencode(os.path.realpath(root)))


def _digest(data: bytes) -> str:
    return hashlib.sha256(b"crm " + data).hexdigest()[:16]


# -- putting aside what is not ours: nothing in it is read again, and nothing of it is lost ------------


def set_aside(root: Path) -> str:
    """Begin a new state, with the old one inside, in .crm/aside, which git forgets; says where that is now.
    A kill leaves .crm-new-… with the old state in it."""
    from crmcli.store.git import commands

    if is_tracked(root):
        commands.run(root, "rm", "-r", "-f", "--cached", "--quiet", "--", STATE)
    name = random_letters()
    fresh, place = f"{STATE}-new-{name}", f"{STATE}/aside/{name}"
    files.make_folders(root, f"{fresh}/aside")
    try:
        with files.os_errors("move {}", STATE):
            (root / STATE).rename(root / fresh / "aside" / name)
    except files.PermissionDenied:
        # To move another's folder elsewhere one must be allowed to write in it; not to rename it.
        place = f"{STATE}-{name}"
        with files.os_errors("rename {}", STATE):
            (root / STATE).rename(root / place)
    with files.os_errors("write {}", STATE):
        (root / fresh).rename(root / STATE)
    files.fsync_dir(root)
    make(root)
    return place
