"""What the rights or the gate refuse at this door is kept on the audit."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from crmcli.cli.session import Session
from crmcli.errors import CrmError
from crmcli.store.layout import find_root
from crmcli.workspace.audit import refused
from crmcli.workspace.logins import who_acts

MOST = 300
"""Letters of a refusal that are kept."""


def keep(session: Session, why: str) -> None:
    """Keep a refusal, also of somebody for whom the workspace did not even open."""
    if session.is_refusal_kept:
        return
    session.is_refusal_kept = True
    ws = session.__dict__.get("workspace")
    if ws is not None:
        if ws.trail is not None:
            ws.trail.refused(why[:MOST])
        return
    with suppress(CrmError, OSError):
        root = find_root(Path(session.folder or "."))
        really = who_acts(root, os.environ.get("CRM_USER", ""))
        user = session.gate.user if session.gate else really or session.user
        refused(root, user, session.door, session.command, why[:MOST])
