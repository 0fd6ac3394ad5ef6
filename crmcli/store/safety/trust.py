"""What this user has approved on this machine: kept in his own state folder, outside every workspace."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crmcli.errors import Forbidden, InvalidData, Problem
from crmcli.language import tr
from crmcli.store.disk import files, owners

FILE = "trust.json"
_LOCK = "trust.lock"
FOLDERS = "folders"
"""The part that names folders: real path -> since when it is trusted."""
_MOST = 16 << 20  # bytes


class NotYours(Forbidden):
    """The workspace belongs to another user, and nobody has said that this one works in it."""


class TrustUnreadable(InvalidData):
    """The file of what was approved cannot be used, so that nothing is approved."""


def home() -> Path:
    """The user's own folder for it: $XDG_STATE_HOME/crm, ~/.local/state/crm without that."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    return (given if given.is_absolute() else _user_home() / ".local/state") / "crm"


def _user_home() -> Path:
    given = Path(os.environ.get("HOME", ""))
    if given.is_absolute():
        return given
    import pwd

    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir)
    except KeyError:
        return Path("/nonexistent")  # a process of a number without a name: it approved nothing


def read(part: str) -> dict[str, Any]:
    """One part of what was approved, `folders` for instance; TrustUnreadable if it is damaged."""
    known = _read().get(part, {})
    if not isinstance(known, dict):
        raise _damaged("is damaged")
    return known


def state() -> tuple[int, ...]:
    """By what one can see that something was approved or taken back since; () where nothing was yet."""
    try:
        found = (home() / FILE).stat()
    except OSError:
        return ()
    return found.st_ino, found.st_mtime_ns, found.st_size


def problem() -> Problem | None:
    """What keeps us from reading what was approved, if anything does."""
    try:
        _read()
    except TrustUnreadable as error:
        return Problem(str(home() / FILE), 0, error.message, error.hint)
    return None


@contextlib.contextmanager
def changed(part: str) -> Iterator[dict[str, Any]]:
    """One part, to be changed inside the block; written whole and durably at its end. A damaged file is put
    aside first, as trust.json.damaged: what it said is approved anew."""
    folder = home()
    with files.os_errors("write {}", folder):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fd = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with files.closing(fd):
        with files.os_errors("lock {}", folder):
            fcntl.flock(fd, fcntl.LOCK_EX)
        try:
            whole = _read()
        except TrustUnreadable:
            whole = {}
            with files.os_errors("rename {}", folder / FILE):
                (folder / FILE).replace(folder / f"{FILE}.damaged")
        given = whole.get(part)
        whole[part] = given if isinstance(given, dict) else {}
        yield whole[part]
        _write(folder, whole)


def _read() -> dict[str, Any]:
    path = home() / FILE
    try:
        with files.opened(path) as fd:
            status = os.fstat(fd)
            text = files.read_all(fd, status.st_size) if status.st_size <= _MOST else b""
    except files.Missing:
        return {}
    except (files.PermissionDenied, files.UnsafePath):
        raise _damaged("cannot be read") from None
    if not owners.is_me(status.st_uid) or status.st_mode & 0o022:
        raise _damaged("can be written by others")
    with contextlib.suppress(ValueError, RecursionError):
        whole = json.loads(text)
        if isinstance(whole, dict):
            return whole
    raise _damaged("is damaged")


def _damaged(what: str) -> TrustUnreadable:
    return TrustUnreadable(
        tr("{} {}, so nothing is trusted", home() / FILE, what),
        "look at it; crm trust starts a new one",
    )


def _write(folder: Path, whole: dict[str, Any]) -> None:
    data = json.dumps(whole, ensure_ascii=True, indent=1, sort_keys=True).encode() + b"\n"
    if len(data) > _MOST:
        raise InvalidData(
            tr("{} would grow too large", folder / FILE),
            "use crm trust --revoke for what is not needed",
        )
    files.write_over(folder / FILE, data, mode=0o600)


# -- folders ----------------------------------------------------------------------------------------


def trusted_folders() -> dict[str, str]:
    """The folders of others in which this user works, by real path, with the day of his word."""
    return {str(path): str(since) for path, since in read(FOLDERS).items()}


def is_folder_trusted(root: Path) -> bool:
    """Whether this user has said that he works in that folder, though it is not his."""
    return os.path.realpath(root) in read(FOLDERS)


def is_stranger(root: Path) -> bool:
    """Whether the workspace is neither mine nor trusted: then it is only read."""
    if owners.is_mine(root):
        return False
    try:
        return not is_folder_trusted(root)
    except TrustUnreadable:
        return True


def refuse_stranger(root: Path) -> None:
    """NotYours where that is so."""
    if is_stranger(root):
        raise NotYours(*only_read(root))


def only_read(root: Path) -> tuple[str, str]:
    """What is said of such a folder, and the way out."""
    owner = owners.name_of(root.stat().st_uid)
    what = tr("{} belongs to {}: read-only", root, owner)
    hint = tr("if you trust it: crm trust {}", shlex.quote(str(root)))
    damage = problem()
    return what, f"{damage.message}; {hint}" if damage else hint


def trust_folder(root: Path) -> bool:
    """Work in that folder from now on; False if that was said before."""
    path = os.path.realpath(root)
    with changed(FOLDERS) as known:
        is_new = path not in known
        known.setdefault(path, f"{datetime.now(UTC):%Y-%m-%d}")
    return is_new


def untrust_folder(root: Path) -> bool:
    """Take that back; False if it was never said."""
    path = os.path.realpath(root)
    with changed(FOLDERS) as known:
        return known.pop(path, None) is not None
