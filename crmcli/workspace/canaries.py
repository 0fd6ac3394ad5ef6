"""Canaries as the workspace has them: made-up clients of which the audit alone knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from crmcli.model.access import SETTINGS
from crmcli.model.audit import CANARY, NOUN
from crmcli.model.event import Event
from crmcli.store.audit import canaries
from crmcli.workspace import Workspace
from crmcli.workspace.trail import append_entry

CREATED, REMOVED = f"{NOUN}.created", f"{NOUN}.removed"


class Canary(NamedTuple):
    """A made-up client: its id ("" if nothing tells it any more), its owner, whether its record is there, and
    whether it is made up."""

    id: str
    owner: str
    is_there: bool
    is_made: bool


def enter(ws: Workspace, record_id: str, owner: str, actor: str, *, is_made: bool = False) -> None:
    """Let a record be a canary of that owner; of nobody it is one no longer."""
    canaries.enter(ws.root, record_id, owner, is_made=is_made, any_disk=ws.settings.any_disk)
    what = "added" if owner else "removed"
    append_entry(ws, CANARY, actor, "", {"what": what, "digest": canaries.digest(record_id)})


def all_of(ws: Workspace) -> list[Canary]:
    """The canaries, those too that somebody removed: their ids are looked for among what was removed."""
    known = canaries.known(ws.root)
    if not known:
        return []
    found = canaries.ids(ws.root, _candidates(ws))
    made = canaries.made(ws.root)
    return [
        Canary(one, known[name], bool(one) and ws.exists(one), name in made)
        for name, one in found.items()
    ]


def was(ws: Workspace, record_id: str) -> bool | None:
    """Whether a record is a canary still, None if it never was one."""
    return canaries.ever(ws.root).get(canaries.digest(record_id))


def _candidates(ws: Workspace) -> Iterator[str]:
    yield from (one.id for one in ws.house.facts(NOUN, ["name"]))
    yield from (event.record for event in ws.house.events(kinds=[REMOVED, f"{NOUN}.merged"]))


def is_by_audit(ws: Workspace, events: Callable[[], Iterable[Event]]) -> bool:
    """Whether a change made up a canary, or removed one that is none any more: an administrator undoes that
    by crm audit canary alone. To all others they are clients like any."""
    made = canaries.made(ws.root)
    ever = {name: is_one for name, is_one in canaries.ever(ws.root).items() if name in made}
    if not ever or not (ws.rights is None or ws.rights.has(SETTINGS)):
        return False
    return any(
        event.kind == CREATED or not is_one
        for event in events()
        if (is_one := ever.get(canaries.digest(event.record))) is not None
        and not event.data.get("by")
    )


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
