"""What git still has of files that are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import CrmError
from crmcli.store.git import commands

if TYPE_CHECKING:
    from crmcli.workspace import Workspace


def where_is(ws: Workspace, path: str) -> str:
    """The command that brings a file back out of git, from whatever branch or stash; "" if none has it."""
    try:
        commit = commands.commit_with(ws.root, path)
    except CrmError:
        return ""
    return f"git checkout {commit} -- {path}" if commit else ""


def has_stash(ws: Workspace) -> bool:
    """Whether git keeps changes that somebody has put aside."""
    try:
        return bool(commands.run(ws.root, "stash", "list"))
    except CrmError:
        return False
