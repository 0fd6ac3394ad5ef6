"""The workspace as it is now, for a program that runs for weeks."""

from __future__ import annotations

import sys
import threading
import time
from datetime import datetime
from pathlib import Path

from crmcli.automation.hooks import Hooks
from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.store import layout
from crmcli.workspace import Workspace

_CONFIGURATION = (
    layout.SETTINGS,
    layout.PIPELINES,
    layout.FORMS,
    layout.SCORES,
    layout.HOOKS_FOLDER,
)


_WRITING = 2_000_000_000
"""Nanoseconds within which a file that is written in its place has its content."""


class Opening:
    """Gives each thread a workspace of its own, with the clock and the configuration of now."""

    def __init__(self, root: Path, user: str, fixed: datetime | None = None) -> None:
        self._root, self._user, self._fixed = root, user, fixed
        self._of_thread = threading.local()
        self._told = ""
        self._good: Workspace | None = None
        self._seen: tuple[tuple[int, ...], ...] = ()

    def __call__(self) -> Workspace:
        """The workspace; while its configuration is wrong or being written, that of before, if any."""
        mine, seen = self._of_thread, self._states()
        if seen != getattr(mine, "seen", None) or not hasattr(mine, "ws"):
            if self._good is not None and self._is_begun(seen):
                return self._at_now(getattr(mine, "ws", None) or self._before())
            mine.ws = self._read(seen)
            mine.seen = seen
        return self._at_now(mine.ws)

    def _states(self) -> tuple[tuple[int, ...], ...]:
        return tuple(_state(self._root / name) for name in _CONFIGURATION)

    @staticmethod
    def _at_now(ws: Workspace) -> Workspace:
        ws.read_clock()
        return ws

    def _read(self, seen: tuple[tuple[int, ...], ...]) -> Workspace:
        """The workspace with the configuration of files in this state."""
        try:
            ws = Workspace.open(self._root, user=self._user, now=self._fixed, for_all=True)
            assert ws.forms  # read now, for what is wrong in it
        except InvalidData as error:
            if self._good is None:
                raise
            if self._states() == seen:
                self._tell(str(error))
            return self._before()
        if self._good is None or self._states() == seen:
            self._good, self._told, self._seen = ws, "", seen
            return self._hooked(ws)
        return self._before()  # written while it was read: the next who asks reads it again

    def _before(self) -> Workspace:
        assert self._good is not None
        return self._hooked(self._good.again())

    def _is_begun(self, seen: tuple[tuple[int, ...], ...]) -> bool:
        """Whether a file that had something in it was emptied a moment ago: an editor is about to fill it."""
        pairs = zip(seen, self._seen, strict=False)
        emptied = [now for now, before in pairs if now and before and before[1] and not now[1]]
        return any(time.time_ns() - now[2] < _WRITING for now in emptied)

    def _tell(self, fault: str) -> None:
        """Say it once, whichever thread finds it."""
        if fault != self._told:
            self._told = fault
            sys.stderr.write(tr("what was there before is served: {}", fault) + "\n")

    @staticmethod
    def _hooked(ws: Workspace) -> Workspace:
        if ws.has_file(layout.HOOKS_FOLDER):
            ws.hooks = Hooks(ws)
        return ws


def _state(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
