"""What crm changed and git does not have yet: noted with each change, settled by a commit."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from crmcli.errors import InvalidData
from crmcli.store import files, locks

FOLDER = ".crm/commits"
PENDING = f"{FOLDER}/pending"
_LOCK = f"{FOLDER}/lock"
_TOLD = f"{FOLDER}/told"
_CLAIMED = "claimed-"
_PATIENCE = 4.0  # seconds in which another crm may finish its commit
_PAUSE = 0.02

Mark = str | int | None
"""A file at one moment: the digest of its content, or its size where it only grows; None if absent."""


class Entry(NamedTuple):
    """One change: the command, the records it was about, each of its files before and after."""

    command: str
    records: Sequence[str]
    paths: Mapping[str, Sequence[Mark]]


def line(entry: Entry) -> bytes:
    """An entry as it is appended to the file of those pending."""
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def is_any(root: Path) -> bool:
    """Whether anything is pending."""
    return bool(_names(root))


@contextlib.contextmanager
def alone(root: Path, *, any_disk: bool = False) -> Iterator[bool]:
    """Keep other commits of crm out; False if another one has not finished within seconds.

    It is a lock of its own: people go on changing records while git is at work.
    """
    locks.admit(root, any_disk=any_disk)
    files.make_folders(root, FOLDER)
    with files.os_errors(f"lock {_LOCK}"):
        fd = files.open_own(root / _LOCK, os.O_RDWR)
    try:
        yield _taken(fd)
    finally:
        os.close(fd)


def _taken(fd: int) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            pass
        except OSError as error:
            raise files.plain_error(error, f"lock {_LOCK}") from error
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE)


def claim(root: Path, *, any_disk: bool = False) -> list[Entry]:
    """Everything that is pending now, oldest first; it stays noted until it is settled.

    InvalidData if the notes are damaged. Needs `alone`.
    """
    with (
        locks.exclusive(root, "commit to git", any_disk=any_disk),
        contextlib.suppress(files.Missing),  # a command that was killed has claimed it all before
        files.os_errors(f"rename {PENDING}"),
    ):
        (root / PENDING).rename(root / FOLDER / f"{_CLAIMED}{time.time_ns():020}")
    names = [name for name in _names(root) if name.startswith(_CLAIMED)]
    return [entry for name in names for entry in _read(root, f"{FOLDER}/{name}")]


def since_claim(root: Path) -> set[str]:
    """The files that were changed after all was claimed."""
    try:
        return {path for entry in _read(root, PENDING) for path in entry.paths}
    except files.Missing:
        return set()


def _read(root: Path, path: str) -> Iterator[Entry]:
    text = files.read_bytes(root / path).decode("utf-8", "replace")
    for number, text_line in enumerate(text.splitlines(), 1):
        try:
            command, records, paths = json.loads(text_line)
            yield Entry(command, records, {p: (old, new) for p, (old, new) in paths.items()})
        except (ValueError, TypeError, AttributeError):
            raise InvalidData(
                f"{path}:{number} is damaged", f"remove {path}, and commit what is left by hand"
            ) from None


def settle(root: Path) -> None:
    """Forget what was claimed: git has it, or never will. Needs `alone`."""
    for name in _names(root):
        if name.startswith(_CLAIMED):
            with files.os_errors(f"remove {FOLDER}/{name}"):
                (root / FOLDER / name).unlink()


def is_news(root: Path, text: str) -> bool:
    """Whether this is not what was said last; "" begins anew. Needs `alone`."""
    path = root / _TOLD
    try:
        known = files.read_bytes(path).decode("utf-8", "replace")
    except files.Missing:
        known = ""
    if text == known:
        return False
    with files.os_errors(f"write {_TOLD}"):
        if not text:
            path.unlink()
            return True
        fd = files.open_own(path, os.O_WRONLY)
        try:
            os.ftruncate(fd, 0)
            files.write_all(fd, text.encode("utf-8", "replace"))
        finally:
            os.close(fd)
    return True


def _names(root: Path) -> list[str]:
    try:
        with files.os_errors(f"read {FOLDER}"):
            names = sorted(os.listdir(root / FOLDER))
    except files.Missing:
        return []
    return [name for name in names if name == "pending" or name.startswith(_CLAIMED)]
