"""Up to which letter each mailbox was fetched, and what went wrong there last: it stands in .crm/ alone."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from crmcli.errors import CrmError
from crmcli.store.disk import files
from crmcli.workspace import Workspace

RECORD = ".crm/mail-places"
"""Without it, the timeline tells nearly as much; what is fetched twice is known by its Message-ID."""


def read(ws: Workspace) -> dict[str, Mapping[str, Any]]:
    """What is known of each mailbox, by its name: uidvalidity, uid, trouble."""
    if ws.only_reads:
        return {}
    try:
        known = json.loads(ws.file(RECORD) or b"{}")
    except ValueError:
        known = {}
    return (
        {k: v for k, v in known.items() if isinstance(v, dict)} if isinstance(known, dict) else {}
    )


def write(ws: Workspace, known: Mapping[str, Mapping[str, Any]]) -> None:
    """Keep that; a full disk takes no more than this note."""
    if not ws.dry_run:
        with contextlib.suppress(OSError, CrmError):
            files.write_own(ws.root / RECORD, json.dumps(known, ensure_ascii=False).encode())
