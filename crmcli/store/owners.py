"""Whose a folder is, judged as git's safe.directory does."""

from __future__ import annotations

import os
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


def name_of(uid: int) -> str:
    """How a user is called in print."""
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
