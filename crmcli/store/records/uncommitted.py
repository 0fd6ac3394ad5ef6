"""What crm changed and git does not have yet: noted with each change, settled by a commit."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.store.disk import files
from crmcli.store.safety import locks

FOLDER = ".crm/commits"
PENDING = f"{FOLDER}/pending"
_LOCK = f"{FOLDER}/lock"
_TOLD = f"{FOLDER}/told"
_CLAIMED = "claimed-"
_PATIENCE = 4.0  # seconds in which another crm may finish its commit


class Entry(NamedTuple):
    """One change: the command, the records it was about, its files, its first event ("" if it has none)."""

    command: str
    records: Sequence[str]
    paths: Sequence[str]
    event: str = ""
    is_left: bool = False
    """Whether an earlier try was cut off, so that git may have it already."""


def line(entry: Entry) -> bytes:
    """An entry as it is appended to the file of those pending."""
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def is_any(root: Path) -> bool:
    """Whether anything is pending."""
    return bool(_names(root))


def alone(root: Path, *, any_disk: bool = False) -> AbstractContextManager[int | None]:
    """Keep other commits of crm out, while people go on changing records; None if another one has not
    finished within seconds."""
    return locks.beside(root, _LOCK, _PATIENCE, any_disk=any_disk)


def claim(root: Path, *, any_disk: bool = False) -> list[Entry]:
    """Everything that is pending now, oldest first; it stays noted until it is settled. Needs `alone`.
    InvalidData if the notes are damaged."""
    left = _names(root)
    with (
        locks.exclusive(root, "commit to git", any_disk=any_disk),
        contextlib.suppress(files.Missing),  # a command that was killed has claimed it all before
        files.os_errors("rename {}", PENDING),
    ):
        (root / PENDING).rename(root / FOLDER / f"{_CLAIMED}{time.time_ns():020}")
    names = [name for name in _names(root) if name.startswith(_CLAIMED)]
    return [
        entry._replace(is_left=name in left)
        for name in names
        for entry in _read(root, f"{FOLDER}/{name}")
    ]


def _read(root: Path, path: str) -> Iterator[Entry]:
    text = files.read_bytes(root / path).decode("utf-8", "replace")
    for number, text_line in enumerate(text.splitlines(), 1):
        try:
            command, records, paths, *event = json.loads(text_line)
            yield Entry(command, list(records), list(paths), *event)
        except (ValueError, TypeError):
            raise InvalidData(
                tr("{}:{} is damaged", path, number),
                tr("remove {}, and commit what is left by hand", path),
            ) from None


def settle(root: Path) -> None:
    """Forget what was claimed: git has it, or never will. Needs `alone`."""
    for name in _names(root):
        if name.startswith(_CLAIMED):
            with files.os_errors("remove {}/{}", FOLDER, name):
                (root / FOLDER / name).unlink()


def is_news(root: Path, text: str) -> bool:
    """Whether this is not what was said last; "" begins anew. Needs `alone`."""
    said, known = text.encode("utf-8", "replace"), b""
    with contextlib.suppress(files.Missing):
        known = files.read_bytes(root / _TOLD)
    if said != known:
        files.write_own(root / _TOLD, said)
    return said != known


def _names(root: Path) -> list[str]:
    try:
        with files.os_errors("read {}", FOLDER):
            names = sorted(os.listdir(root / FOLDER))
    except files.Missing:
        return []
    return [name for name in names if name == "pending" or name.startswith(_CLAIMED)]
