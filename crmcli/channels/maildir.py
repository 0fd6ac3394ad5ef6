"""Delivery into a Maildir: a folder of messages that mail programs and people can read."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from crmcli.channels.message import fingerprint
from crmcli.channels.outcome import Failed, Outcome, Sent
from crmcli.errors import CrmError
from crmcli.store.disk import files

_SUFFIX = ".crm"
FOLDERS = ("tmp", "new", "cur")
_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS)


def deliver(data: bytes, folder: Path, key: str) -> Outcome:
    """Put a message into the folder's new/, durably; never a second one for the same key. The name comes
    from the key alone, so a repeated delivery finds the message that is there already, read or not. What
    the disk refuses is Failed, to be tried again."""
    name = fingerprint(key) + _SUFFIX
    try:
        _make(folder)
        place = _present(folder, name)
        if place is None:
            place = _put(data, folder, name)
        files.fsync_dir(place.parent)
    except CrmError as error:
        return Failed(error.message)
    return Sent(f"{folder.name}/{place.parent.name}/{place.name}")


def _make(folder: Path) -> None:
    """Make the Maildir with its three folders, where it is not there yet."""
    if all((folder / name).is_dir() for name in FOLDERS):
        return
    with files.os_errors("make {}", folder):
        for name in FOLDERS:
            (folder / name).mkdir(parents=True, exist_ok=True)
    files.fsync_dir(folder)
    files.fsync_dir(folder.parent)


def _present(folder: Path, name: str) -> Path | None:
    """Where the message lies already; a mail program moves it to cur/ and adds flags (`:2,S`)."""
    if (folder / "new" / name).exists():
        return folder / "new" / name
    with files.os_errors("read {}", folder / "cur"), os.scandir(folder / "cur") as entries:
        for entry in entries:
            if entry.name == name or entry.name.startswith(f"{name}:"):
                return folder / "cur" / entry.name
    return None


def _put(data: bytes, folder: Path, name: str) -> Path:
    """Write the message aside, then link it into new/: nobody ever sees half of it."""
    aside = folder / "tmp" / f"{name}.{os.getpid()}.{os.urandom(4).hex()}"
    place = folder / "new" / name
    try:
        files.write_file(aside, data)
        with files.os_errors("write {}", place):
            try:
                os.link(aside, place)
            except FileExistsError:
                pass  # another delivery of the same key was faster: it is there
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                aside.rename(place)  # a file system without hard links
    finally:
        aside.unlink(missing_ok=True)
    return place
