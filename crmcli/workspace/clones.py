"""Whether other clones of this workspace may be at work beside it."""

from __future__ import annotations

from crmcli.store.git import commands, tracked
from crmcli.workspace import Workspace


def is_shared(ws: Workspace) -> bool:
    """Whether git brings changes from elsewhere; also where git cannot tell."""
    if tracked.index_of(ws.root) is None:
        return False
    try:
        return bool(commands.run(ws.root, "remote"))
    except commands.GitFailed:
        return True
