"""The rights by which the gate goes: approved by who keeps the host, or by commands of an administrator."""

from __future__ import annotations

from pathlib import Path

from crmcli.model.access import Rights
from crmcli.store.config.settings import load_settings
from crmcli.store.disk import files
from crmcli.store.safety import approved
from crmcli.workspace.reads import Reads


def follow_rights(root: Path, before: str | None, after: bytes | None) -> list[str]:
    """Approve what a command made of access.yaml, if it was made of what is approved; else what to tell."""
    kept = approved.text(root)
    if kept is None or after is None:
        return []
    if files.digest(kept) == before:
        approved.approve(root, after)
        return []
    return [
        "access.yaml was edited by hand before: at the gate the old rights hold until crm gate approve"
    ]


def rights_at_gate(root: Path, user: str) -> Rights:
    """What a user may do who comes by the gate now; Forbidden for whoever may do nothing."""
    reads = Reads(root, load_settings(root), user, None, "")
    reads.is_gated = True
    reads.take_rights()
    assert reads.rights is not None  # else it was refused
    return reads.rights


def rights_wait(root: Path) -> bool:
    """Whether access.yaml says something that nobody approved, while a gate goes by what was approved."""
    return approved.state(root) == "changed"


def approve(root: Path) -> None:
    """Let the gate go by what access.yaml says now; InvalidData where it is wrong."""
    text = approved.standing(root)
    settings = load_settings(root)
    Reads(root, settings, "", None, "").read_access()
    if text is not None:
        approved.approve(root, text)
