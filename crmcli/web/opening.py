"""The workspace as it is now, for a program that runs for weeks."""

from __future__ import annotations

import sys
import threading
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


class Opening:
    """Gives each thread a workspace of its own, with the clock and the configuration of now."""

    def __init__(self, root: Path, user: str, fixed: datetime | None = None) -> None:
        self._root, self._user, self._fixed = root, user, fixed
        self._of_thread = threading.local()
        self._told = ""
        self._good: Workspace | None = None

    def __call__(self) -> Workspace:
        """The workspace; while its configuration is wrong, that of before, if there is one."""
        mine = self._of_thread
        seen = tuple(_state(self._root / name) for name in _CONFIGURATION)
        if seen != getattr(mine, "seen", None):
            try:
                mine.ws = self._opened()
            except InvalidData as error:
                if self._good is None:
                    raise
                self._tell(str(error))
                mine.ws = self._hooked(self._good.again())
            mine.seen = seen
        ws: Workspace = mine.ws
        ws.read_clock()
        return ws

    def _tell(self, fault: str) -> None:
        """Say it once, whichever thread finds it."""
        if fault != self._told:
            self._told = fault
            sys.stderr.write(tr("what was there before is served: {}", fault) + "\n")

    def _opened(self) -> Workspace:
        ws = Workspace.open(self._root, user=self._user, now=self._fixed, for_all=True)
        assert ws.forms  # read now, for what is wrong in it
        self._good, self._told = ws, ""
        return self._hooked(ws)

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
