"""What git tracks, read in its index file: no git is called for what every command asks."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from crmcli.store.disk import files

_MAGIC = b"DIRC"
_PLAIN = (2, 3)
"""The versions in which each path stands in full; of others git itself is asked."""
_SPLIT = b"link\0\0"  # the extension that says that half of the index is in another file
_NAME = 0xFFF  # the bits of an entry's flags that hold the length of its path
_POINTER = b"gitdir: "


def index_of(root: Path) -> tuple[Path, Path] | None:
    """The work tree around a folder and the index file of its repository; None if there is none."""
    folder = os.path.realpath(root)
    while True:
        place = f"{folder.rstrip('/')}/.git"
        try:
            mode = os.stat(place).st_mode  # noqa: PTH116  # every command asks; a Path costs more
        except OSError:
            mode = 0
        if stat.S_ISDIR(mode):
            return Path(folder), Path(f"{place}/index")
        if stat.S_ISREG(mode):
            return Path(folder), _pointed_at(Path(folder), Path(place)) / "index"
        if folder == "/":
            return None
        folder = os.path.dirname(folder)  # noqa: PTH120


def _pointed_at(folder: Path, place: Path) -> Path:
    """The folder of a repository that stands elsewhere, as for work trees and submodules."""
    text = files.read_bytes(place, most=1 << 16)
    return folder / os.fsdecode(text.removeprefix(_POINTER).strip())


def stamp(index: Path) -> str:
    """By what it is seen that the index file has changed; "" if there is none."""
    try:
        status = index.stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return f"{status.st_ino} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"


def tracks(root: Path, name: str, top: Path, index: Path) -> bool:
    """Whether git tracks that folder of the workspace, or anything in it."""
    data = files.read_bytes(index)
    if data[:4] != _MAGIC:
        return False  # git itself cannot read it, and has written nothing by it
    if int.from_bytes(data[4:8]) not in _PLAIN or _SPLIT in data:
        return _git_says(root, name)
    path = os.fsencode(os.path.relpath(os.path.join(os.path.realpath(root), name), top))  # noqa: PTH118
    at = data.find(path)
    while at >= 0:
        if data[at + len(path) : at + len(path) + 1] in (b"/", b"\0") and _is_entry(data, at):
            return True
        at = data.find(path, at + 1)
    return False


def _is_entry(data: bytes, at: int) -> bool:
    """Whether a path of the index begins there: before it stand its flags, with its length."""
    length = min(data.find(b"\0", at) - at, _NAME)
    return any(int.from_bytes(data[at - gap : at - gap + 2]) & _NAME == length for gap in (2, 4))


def _git_says(root: Path, name: str) -> bool:
    from crmcli.store.git import commands

    # Without a git that reads this index nothing was checked out by it.
    return bool(commands.answer(root, "ls-files", "--", f":(literal){name}"))
