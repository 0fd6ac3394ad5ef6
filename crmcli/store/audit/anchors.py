"""Heads of the audit in tags of git: signed and pushed, who can write the files cannot change them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from crmcli.errors import Refused
from crmcli.model.audit import Head, heads_in
from crmcli.store.git import commands

PREFIX = "crm-audit-"


def tag(root: Path, heads: Iterable[Head], at: datetime) -> tuple[str, bool]:
    """Put the heads into a tag of git, signed if whoever does it has a key; its name, and whether it is."""
    if commands.top_of(root) is None:
        raise Refused("there is no git here", "keep what crm audit head prints in another place")
    if not commands.answer(root, "rev-parse", "--verify", "--quiet", "HEAD"):
        raise Refused("git has no commit yet to which a tag could point", "commit something first")
    name = f"{PREFIX}{at:%Y%m%dT%H%M%S}"
    is_signed = bool(commands.answer(root, "config", "--get", "user.signingkey"))
    commands.tag(root, name, "\n".join(map(str, heads)), sign=is_signed)
    return name, is_signed


def tagged(root: Path) -> list[Head]:
    """The heads of all such tags."""
    if commands.top_of(root) is None:
        return []
    pattern = f"refs/tags/{PREFIX}*"
    return [*heads_in(commands.answer(root, "for-each-ref", "--format=%(contents)", pattern))]
