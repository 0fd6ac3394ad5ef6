"""What was queued here and what left this machine: kept outside git, which may step back and forget it.

Each line is written in the same transaction as the event that it repeats, so a message is noted here,
durably, before it leaves. `git stash --all` and `git clean -x` take that list away as well: the claims
stand once more in git's own folder, which no step of git touches.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.sent import Claim, SentList, claimed_line
from crmcli.store.disk import files, owners
from crmcli.store.git import tracked

PATH = ".crm/sent"
_BESIDE = "crm-sent"


def keep(root: Path, claim: Claim) -> None:
    """Note a claim in git's own folder as well, durably, before the message leaves."""
    path = beside(root)
    if path is None:
        return
    # Who cannot write there cannot set git back either.
    with contextlib.suppress(files.PermissionDenied), files.os_errors("write {}", path):
        fd = files.open_own(path, os.O_WRONLY)
        try:  # the line above may have been cut off
            size = os.fstat(fd).st_size
            files.write_all(fd, b"\n" + claimed_line(claim), size)
            os.fsync(fd)
            if not size:
                files.fsync_dir(path.parent)
        finally:
            os.close(fd)


def beside(root: Path) -> Path | None:
    """The list in git's own folder; None where there is none, or it stands elsewhere."""
    found = tracked.index_of(root)
    if found is None:
        return None
    top, index = found
    folder = top / ".git"
    if index.parent != folder or folder.is_symlink():
        return None
    if not owners.is_known(root, folder.lstat()):
        return None
    inner = os.path.relpath(os.path.realpath(root), top)
    return folder / (
        _BESIDE if inner == "." else f"{_BESIDE}-{files.digest(os.fsencode(inner))[:8]}"
    )


def size_of(root: Path) -> int:
    """How long the lists are together; 0 if there are none."""
    size = 0
    for path in (files.inside(root, PATH), beside(root)):
        with contextlib.suppress(FileNotFoundError):
            size += path.lstat().st_size if path else 0
    return size


def read(root: Path) -> SentList:
    """All that was noted; InvalidData where a line cannot be read: nothing may leave on a guess."""
    found = SentList()
    for number, line in _lines(found, files.inside(root, PATH)):
        try:
            found.take(line)
        except (ValueError, TypeError, KeyError):
            raise InvalidData(
                tr("{}:{} is damaged, so crm cannot tell what was sent from here", PATH, number),
                tr("look at {}, remove that line, then run crm tick", PATH),
            ) from None
    other = beside(root)
    for _, line in _lines(found, other) if other else ():
        with contextlib.suppress(ValueError, TypeError, KeyError):  # cut off: then it has not left
            found.take(line)
    return found


def _lines(found: SentList, path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        data = files.read_bytes(path)
    except files.Missing:
        return
    found.size += len(data)
    for number, line in enumerate(data.split(b"\n"), 1):
        if line:
            yield number, line
