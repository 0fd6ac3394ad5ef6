"""What rights new files and folders get: those of the folder in which they stand, whatever the umask."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import NamedTuple

KEEP = -1
"""In place of a user or group: as the system gives it."""
_ANY_X = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


class Rights(NamedTuple):
    """The modes of a new file and of a new folder, and to whom they go where that is not by itself so."""

    file: int
    folder: int
    uid: int
    gid: int
    is_usual: bool
    """Whether a plain open gives a file all that."""

    def give(self, fd: int, *, like: os.stat_result | None = None) -> None:
        """Give them to a new file, or those of the old one that it replaces, but never an x: nothing that
        crm writes is to be run."""
        if like is None and self.is_usual:
            return
        mode, uid, gid = self.file, self.uid, self.gid
        if like is not None:
            mode = stat.S_IMODE(like.st_mode) & 0o666
            gid = like.st_gid
            if os.geteuid() == 0:
                uid = like.st_uid
        _give(fd, mode, uid, gid)

    def give_folder(self, fd: int) -> None:
        """Give them to a new folder."""
        _give(fd, self.folder, self.uid, self.gid)


def _give(fd: int, mode: int, uid: int, gid: int) -> None:
    now = os.fstat(fd)
    if (gid not in (KEEP, now.st_gid)) or (uid not in (KEEP, now.st_uid)):
        with contextlib.suppress(PermissionError):  # a group that we are not in cannot be given
            os.fchown(fd, uid, gid)
    if stat.S_IMODE(now.st_mode) != mode:
        os.fchmod(fd, mode)


def rights_in(folder: Path) -> Rights:
    """What a new file in that folder gets: a group that may write there may read and write it, others get
    no more than the folder gives, root gives it to the folder's owner."""
    status = folder.stat()
    mask = os.umask(0o077)
    os.umask(mask)
    given = stat.S_IMODE(status.st_mode)
    mode = 0o600 | (0o004 & ~mask if given & 0o005 else 0)
    mode |= 0o060 if given & 0o020 else 0o040 & ~mask if given & 0o050 else 0
    is_ours = bool(given & stat.S_ISGID) or status.st_gid == os.getegid()
    is_root = os.geteuid() == 0 and status.st_uid != 0
    return Rights(
        mode,
        # Who may read a folder's files may go through it; what is made in it goes to its group.
        mode | _ANY_X & mode >> 2 | (given & 0o020 and stat.S_ISGID),
        status.st_uid if is_root else KEEP,
        KEEP if is_ours else status.st_gid,
        is_ours and not is_root and mode == 0o666 & ~mask,
    )
