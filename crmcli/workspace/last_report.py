"""The report that a user was shown last, for each terminal: what was asked, without its figures.

It stands in the user's own state folder, one small file for each workspace, acting user and terminal, so
that nobody is told what somebody else has asked.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.errors import CrmError
from crmcli.store.disk import files
from crmcli.store.safety import trust
from crmcli.workspace import Workspace

MOST = 64
"""So many are kept, of all terminals and workspaces together."""
_FOLDER = "reports"


@dataclass(frozen=True, slots=True)
class LastReport:
    """What was asked, when, and by what one sees whether the figures have changed since."""

    report: str
    asked: Mapping[str, str]
    at: str
    mark: str


def mark_of(rows: Any) -> str:
    """What is another one once any figure is."""
    return files.digest(json.dumps(rows, default=str, sort_keys=True).encode())


def keep(ws: Workspace, terminal: str, shown: LastReport) -> None:
    """Keep it for `last`; where the state folder cannot be written nothing is."""
    path = _place(ws, terminal)
    data = {"report": shown.report, "asked": {**shown.asked}, "at": shown.at, "mark": shown.mark}
    with suppress(CrmError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            kept = sorted(path.parent.glob("*.json"), key=lambda one: one.stat().st_mtime)
            for old in kept[: max(0, len(kept) + 1 - MOST)]:
                old.unlink(missing_ok=True)
        path.touch(mode=0o600)
        files.write_own(path, json.dumps(data).encode())


def last(ws: Workspace, terminal: str) -> LastReport | None:
    """What was kept; None where nothing was, or it cannot be read."""
    try:
        found = json.loads(files.read_bytes(_place(ws, terminal), most=1 << 16))
        asked = {str(name): str(value) for name, value in found["asked"].items()}
        return LastReport(str(found["report"]), asked, str(found["at"]), str(found["mark"]))
    except (CrmError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def cannot_keep() -> str:
    """The folder in which nothing can be kept; "" where it can."""
    folder = trust.home()
    there = next((one for one in (folder, *folder.parents) if one.exists()), folder)
    return "" if os.access(there, os.W_OK | os.X_OK) else str(there)


def _place(ws: Workspace, terminal: str) -> Path:
    whose = json.dumps([os.path.realpath(ws.root), ws.user, terminal])
    return trust.home() / _FOLDER / f"{files.digest(whose.encode())[:24]}.json"
