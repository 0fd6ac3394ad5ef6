"""The rights that the gate goes by: the version of access.yaml that an administrator approved, kept outside
of the folder. What somebody writes into the file by hand counts at the gate only once it is approved."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from crmcli.errors import Forbidden
from crmcli.store.disk import files
from crmcli.store.layout import ACCESS
from crmcli.store.safety import trust

PART = "gates"
"""The part of what is approved on this machine that holds rights: real path -> the text."""
MOST = 1 << 20


class NothingApproved(Forbidden):
    """No rights are approved for a folder, so that its gate lets nobody in."""


def text(root: Path) -> bytes | None:
    """The approved rights; None where a folder has none."""
    kept = trust.read(PART).get(os.path.realpath(root))
    return str(kept).encode() if kept is not None else None


def needed(root: Path) -> bytes:
    """The approved rights; NothingApproved where a folder has none."""
    found = text(root)
    if found is None:
        raise NothingApproved(
            "no rights are approved here", "an administrator runs crm gate approve"
        )
    return found


def standing(root: Path) -> bytes | None:
    """What access.yaml holds now; None if it is not there."""
    try:
        return files.read_bytes(files.inside(root, ACCESS), most=MOST)
    except files.Missing:
        return None


def state(root: Path) -> Literal["none", "approved", "changed"]:
    """Whether rights are approved for a folder, and are those that stand in it."""
    kept = text(root)
    if kept is None:
        return "none"
    return "approved" if kept == standing(root) else "changed"


def approve(root: Path, rights: bytes) -> None:
    """Let the gate go by these rights from now on."""
    with trust.changed(PART) as known:
        known[os.path.realpath(root)] = rights.decode()
