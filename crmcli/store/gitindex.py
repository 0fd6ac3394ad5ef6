"""What git tracks, read in its index file: no git is called for what every command asks."""

from __future__ import annotations

import os
import re
from pathlib import Path

from crmcli.store import files

_MAGIC = b"DIRC"
_PLAIN = (2, 3)
"""The versions in which each path stands in full; of others git itself is asked."""
_SPLIT = b"link\0\0"  # the extension that says that half of the index is in another file
_NAME = 0xFFF  # the bits of an entry's flags that hold the length of its path
_POINTER = b"gitdir: "


def index_of(root: Path) -> tuple[Path, Path] | None:
    """The work tree around a folder and the index file of its repository; None if there is none."""
    top = Path(os.path.realpath(root))
    for folder in (top, *top.parents):
        place = folder / ".git"
        if place.is_dir():
            return folder, place / "index"
        if place.is_file():
            return folder, _pointed_at(folder, place) / "index"
    return None


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
    return any(_is_entry(data, m.start()) for m in re.finditer(re.escape(path) + rb"[/\0]", data))


def _is_entry(data: bytes, at: int) -> bool:
    """Whether a path of the index begins there: before it stand its flags, with its length."""
    length = min(data.find(b"\0", at) - at, _NAME)
    return any(int.from_bytes(data[at - gap : at - gap + 2]) & _NAME == length for gap in (2, 4))


def _git_says(root: Path, name: str) -> bool:
    from crmcli.store import git

    try:
        return bool(git.run(root, "ls-files", "--", f":(literal){name}"))
    except git.GitFailed:
        return False  # without a git that reads this index, none has checked anything out by it
