"""Whose a folder is, judged as git's safe.directory does, and whether a file in it was written there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from crmcli.language import tr

ROOT = 0
_IN_PLACE = 100_000_000
"""Nanoseconds within which writing a file and bringing it into its place lie. What was unpacked or copied
with its times has an older time of writing than the time at which it came to stand here."""
_SECOND = 1_000_000_000


def mine() -> frozenset[int]:
    """The users for whom this process works: its own, and for root under sudo the one who called it."""
    me = os.geteuid()
    caller = os.environ.get("SUDO_UID", "")
    if me == ROOT and caller.isascii() and caller.isdecimal():
        return frozenset((me, int(caller)))
    return frozenset((me,))


def is_me(uid: int) -> bool:
    """Whether that user is me."""
    return uid in mine()


def is_mine(root: Path) -> bool:
    """Whether a folder belongs to me; that of another user does not, even if I am root."""
    return is_me(root.stat().st_uid)


def is_known(root: Path, status: os.stat_result) -> bool:
    """Whether what stands in a workspace, that is mine or trusted, belongs to one who works there: me,
    the owner of the folder, or where a group may write in it, any member of that group."""
    if is_me(status.st_uid):
        return True
    top = root.stat()
    return status.st_uid == top.st_uid or (
        bool(top.st_mode & stat.S_IWGRP) and status.st_gid == top.st_gid
    )


def name_of(uid: int) -> str:
    """How a user is called in print."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return tr("user {}", uid)


def is_typed(root: Path, path: str) -> bool:
    """Whether a file was written in its place, by its owner, who we are; one in a repository within
    the folder, a submodule for instance, came with that."""
    above = [root / folder for folder in Path(path).parents][:-1]
    if any(os.path.lexists(folder / ".git") for folder in above):
        return False
    status = (root / path).lstat()
    moved = status.st_ctime_ns - status.st_mtime_ns
    return (
        stat.S_ISREG(status.st_mode)
        and is_me(status.st_uid)
        and 0 <= moved <= _IN_PLACE
        and bool(status.st_mtime_ns % _SECOND)
    )


def mark_untyped(path: Path | str) -> None:
    """Give a file a time of writing as what is unpacked has it."""
    before = Path(path).stat().st_mtime_ns // _SECOND * _SECOND
    os.utime(path, ns=(before, before))


def mark_typed(path: Path | str) -> None:
    """Let a file that was moved into its place count as written there now, unless it is marked."""
    if Path(path).stat().st_mtime_ns % _SECOND:
        os.utime(path)
