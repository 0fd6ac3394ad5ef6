"""Canaries as the workspace has them: made-up clients of which the audit alone knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crmcli.model.audit import CANARY, NOUN
from crmcli.store.audit import canaries
from crmcli.workspace import Workspace
from crmcli.workspace.trail import append_entry


def enter(ws: Workspace, record_id: str, owner: str, actor: str) -> None:
    """Let a record be a canary of that owner; of nobody it is one no longer."""
    canaries.enter(ws.root, record_id, owner, any_disk=ws.settings.any_disk)
    what = "added" if owner else "removed"
    append_entry(ws, CANARY, actor, "", {"what": what, "digest": canaries.digest(record_id)})


def owners(ws: Workspace) -> dict[str, str]:
    """The canaries that are there, by id, each with its owner."""
    known = canaries.known(ws.root)
    if not known:
        return {}
    found = canaries.ids(ws.root, (one.id for one in ws.house.facts(NOUN, ["name"])))
    return {one: known[name] for name, one in found.items() if one}


def is_any(ws: Workspace) -> bool:
    """Whether there are canaries, or any was touched."""
    return bool(canaries.known(ws.root) or canaries.touched(ws.root))


def touched(ws: Workspace) -> list[dict[str, Any]]:
    """Who touched which, as commands left word of it."""
    return canaries.touched(ws.root)


def told(ws: Workspace, count: int) -> None:
    """The first so many of them are told."""
    canaries.told(ws.root, count, any_disk=ws.settings.any_disk)


def happened(ws: Workspace, record_id: str, actor: str, what: str) -> None:
    """Keep what the timeline tells of one."""
    append_entry(ws, CANARY, actor, record_id, {"what": what})


def looked_at(ws: Workspace) -> str:
    """The last event that was looked at; "" if none was."""
    return str(canaries.state(ws.root).get("seen", ""))


def note_looked_at(ws: Workspace, event: str) -> None:
    """Keep how far was looked."""
    facts: Mapping[str, Any] = canaries.state(ws.root)
    canaries.keep_state(ws.root, {**facts, "seen": event})
