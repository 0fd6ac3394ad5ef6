"""What happened with a client: calls, messages, meetings, notes, and codes that triggers wait for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.event import ACTIVITIES
from crmcli.sales.consent.block_list import check_welcome
from crmcli.workspace import Change, Workspace


def log(
    ws: Workspace, record_id: str, kind: str, text: str, *, anyway: bool = False, **data: Any
) -> str:
    """Log an activity (one of ACTIVITIES) of a record and return the event's id.

    Blocked if it came from somebody on the block list, unless `anyway`.
    """
    if kind not in ACTIVITIES:
        raise BadUsage(tr("{!r} is not an activity", kind), tr("one of {}", ", ".join(ACTIVITIES)))
    with ws.change("log") as change:
        record = change.get(record_id)
        if kind.endswith(".in") and not anyway:
            check_welcome(ws, record)
        return log_in(change, record_id, kind, text, data)


def log_in(
    change: Change, record_id: str, kind: str, text: str, data: Mapping[str, Any] | None = None
) -> str:
    """Write down an activity within an open change."""
    facts = {name: value for name, value in (data or {}).items() if value not in ("", None)}
    return change.note(kind, record_id, {"text": text, **facts})


def fire(ws: Workspace, record_id: str, code: str) -> str:
    """Tell the triggers that something happened outside; returns the event's id."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", code):
        raise BadUsage(
            tr("{!r} is not a valid code", code),
            "a word of small Latin letters, digits, - and _, e.g. paid",
        )
    with ws.change("trigger fire") as change:
        change.get(record_id)
        return change.note("signal", record_id, {"code": code})
