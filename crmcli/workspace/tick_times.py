"""When the last ticks ended: it stands in the tick's own lock file."""

from __future__ import annotations

import contextlib
import os
from contextlib import AbstractContextManager
from datetime import datetime

from crmcli.model.clocks import TOLERANCE
from crmcli.model.values import format_instant, parse_instant
from crmcli.store.disk import files
from crmcli.store.safety import locks
from crmcli.workspace import Workspace

RECORD = ".crm/tick.lock"
"""The tick's own lock file; the last ticks that came to their end stand in it."""
MOST_KEPT = 8


def alone(ws: Workspace) -> AbstractContextManager[int | None]:
    """Keep other ticks out; the open lock file, None if another one is at it."""
    return locks.beside(ws.root, RECORD, any_disk=ws.settings.any_disk)


def note_end(fd: int, now: datetime, *, anew: bool = False) -> None:
    """Write into the open lock file that a tick has come to its end; `anew`: none before it counts.

    It only serves a warning, so a full disk must not make a tick fail that did all its work.
    """
    with contextlib.suppress(OSError):
        text = "" if anew else os.pread(fd, os.fstat(fd).st_size, 0).decode("utf-8", "replace")
        past = [format_instant(end) for end in _read(text) if end <= now + TOLERANCE]
        kept = [*past[1 - MOST_KEPT :], format_instant(now)]
        data = ("\n".join(kept) + "\n").encode()
        files.write_all(fd, data)
        os.ftruncate(fd, len(data))


def is_news(fd: int, runner: str) -> bool:
    """Note in the open lock file that another clone runs; whether that did not stand there yet."""
    line = f"runner: {runner}\n".encode()
    known = os.pread(fd, os.fstat(fd).st_size, 0)
    if line in known:
        return False
    with contextlib.suppress(OSError):  # it is told once more, then
        files.write_all(fd, line)
        os.ftruncate(fd, len(line))
    return True


def ends(ws: Workspace) -> list[datetime]:
    """When the last ticks ended by the clock of then, in their order, as far as that can be read."""
    if ws.only_reads:
        return []  # whatever stands in its state is not ours
    return _read((ws.file(RECORD) or b"").decode("utf-8", "replace"))


def _read(text: str) -> list[datetime]:
    found = []
    for word in text.split():
        try:
            found.append(parse_instant(word))
        except (ValueError, OverflowError):
            continue  # the file of a lock may be damaged or of another time; the rest still counts
    return found
