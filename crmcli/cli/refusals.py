"""What the rights refuse at this door is kept on the audit."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from crmcli.cli.session import Session
from crmcli.errors import CrmError, Forbidden
from crmcli.store.layout import find_root
from crmcli.workspace.audit import refused

MOST = 300
"""Letters of a refusal that are kept."""


def keep(session: Session, error: Forbidden) -> None:
    """Keep a refusal, also of somebody for whom the workspace did not even open."""
    ws = session.__dict__.get("workspace")
    if ws is not None:
        if ws.trail is not None:
            ws.trail.refused(error.message[:MOST])
        return
    with suppress(CrmError, OSError):
        root = find_root(Path(session.folder or "."))
        user = session.gate.user if session.gate else session.user or os.environ.get("CRM_USER", "")
        refused(root, user, session.door, session.command, error.message[:MOST])
