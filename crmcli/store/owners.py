"""Whose a folder is, judged as git's safe.directory does."""

from __future__ import annotations

import os
import stat
from pathlib import Path

ROOT = 0


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
        return f"user {uid}"
