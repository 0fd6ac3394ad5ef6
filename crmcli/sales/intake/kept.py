"""What came in, kept as it came: nothing is lost, also of what nobody can read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from crmcli.channels.incoming import Arrived, receiver
from crmcli.dataclass import dataclass
from crmcli.errors import NotFound, Refused
from crmcli.language import tr
from crmcli.model.event import DROPPED, KEPT, TAKEN, UNREAD, Event
from crmcli.model.fields import Record
from crmcli.model.values import entity_of
from crmcli.sales.history.story import beginning_with
from crmcli.workspace import Change, Workspace

MOST_WAITING = 1000
"""So many are looked at in one go."""
ALL = -1


@dataclass(frozen=True, slots=True)
class Kept:
    """Something that came in: by which channel, when, under which key, in which file; and what became of
    it: `state` is waiting, quarantined or unreadable (`why`), taken (`record`) or dropped. `content` is what
    a dry run has not kept."""

    id: str
    at: datetime
    channel: str
    key: str
    file: str
    facts: Mapping[str, Any]
    state: str = "waiting"
    why: str = ""
    record: str = ""
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of something that came in: the record that it is told of, if any; whether that is new;
    else why nothing came of it. `failed` says why it cannot be read, so that it waits for a person,
    or, if it `waits`, for what it belongs to."""

    kept: Kept
    record: Record | None = None
    is_new: bool = False
    why: str = ""
    failed: str = ""
    waits: bool = False


_STATES = {KEPT: "waiting", UNREAD: "unreadable", TAKEN: "taken", DROPPED: "dropped"}


AGAIN = "again"
"""The key in the data of what says that something could not be taken up: it is tried at each tick."""
HELD = "held"
"""The key in the data of what says that something is in quarantine, and in the facts of what goes there."""


def whole(given: Any) -> Any:
    """The same with each half of a character in its texts replaced: such a text cannot be written."""
    if isinstance(given, str):
        return given.encode("utf-8", "replace").decode()
    if isinstance(given, Mapping):
        return {whole(name): whole(value) for name, value in given.items()}
    return [whole(one) for one in given] if isinstance(given, list | tuple) else given


def bug_told(error: Exception) -> str:
    """An error of crm's own over what came in, in one line that can be written."""
    return tr("a bug in crm: {}: {}", type(error).__name__, whole(str(error))[:200])


def keep(ws: Workspace, channel: str, arrived: Iterable[Arrived]) -> list[Kept]:
    """Keep what has come, durably, in one transaction; those that are new, for what came before is known
    by its key."""
    return keep_all(ws, [(channel, one) for one in arrived])


def keep_all(ws: Workspace, arrived: Iterable[tuple[str, Arrived]]) -> list[Kept]:
    """The same of several channels at once."""
    by: dict[str, list[Arrived]] = {}
    for channel, one in arrived:
        by.setdefault(channel, []).append(one)
    with ws.change("intake keep", actor="crm") as change:
        ws.look_again()
        return [one for name, ones in by.items() for one in keep_in(change, ws, name, ones)]


def keep_in(change: Change, ws: Workspace, channel: str, arrived: Iterable[Arrived]) -> list[Kept]:
    """The same within an open change."""
    new: dict[str, Kept] = {}
    key_of = receiver(channel, ws.root, ws.settings).key
    for one in arrived:
        key = whole(one.key or key_of(one.content))
        key = key or f"sha256:{hashlib.sha256(one.content).hexdigest()}"
        if key in new or any(e.kind == KEPT for e in ws.timeline.events_of_message(key)):
            continue
        facts = {"channel": channel, "message_id": key, "file": change.attach(one.content)}
        event_id = change.note(KEPT, "", {**facts, **({"facts": one.facts} if one.facts else {})})
        if why := one.facts.get(HELD):  # a person has to look at it first
            change.note(UNREAD, "", {"intake": event_id, "why": why, HELD: True})
        held = one.content if ws.dry_run else None
        new[key] = Kept(event_id, ws.now, channel, key, facts["file"], one.facts, content=held)
    return list(new.values())


def waiting(ws: Workspace, most: int = MOST_WAITING) -> list[Kept]:
    """What nobody has taken up or dropped yet, the oldest first, of many so many."""
    return [_as_it_is(ws, event) for event in ws.agenda.arrived(most)]


def listed(ws: Workspace, states: Sequence[str]) -> list[Kept]:
    """What is in one of these states, the oldest first."""
    if not {*states} - {"waiting", "unreadable", "quarantined"}:
        found = waiting(ws, ALL)
    else:
        found = [_as_it_is(ws, event) for event in ws.events(kinds=(KEPT,))]
    return [one for one in found if one.state in states]


def named(ws: Workspace, ref: str) -> Kept:
    """What came in, by its id or the beginning of it, or by its key; NotFound or Ambiguous."""
    event = beginning_with(ws, ref, (KEPT,), or_key=True)
    if event is None:
        raise NotFound(tr("nothing that came in is {!r}", ref), "see crm intake list --state all")
    return _as_it_is(ws, event)


def file_of(ws: Workspace, key: str) -> str:
    """The file of what came in under this very key; "" if nothing did."""
    found = (e for e in ws.timeline.events_of_message(key) if e.kind == KEPT)
    return next((str(event.data.get("file", "")) for event in found), "")


def _as_it_is(ws: Workspace, event: Event) -> Kept:
    said = ws.timeline.intake_events(event.id)
    last = next((e for e in reversed(said) if e.kind in (TAKEN, DROPPED)), said[-1])
    data = event.data
    state = "waiting" if last.data.get(AGAIN) else _STATES[last.kind]
    state = "quarantined" if last.data.get(HELD) else state
    channel, key, file = (str(data.get(name, "")) for name in ("channel", "message_id", "file"))
    facts, why = dict(data.get("facts") or {}), str(last.data.get("why", ""))
    return Kept(event.id, event.at, channel, key, file, facts, state, why, last.record)


def content(ws: Workspace, kept: Kept) -> bytes:
    """It, as it came; FileDamaged where that is not what stands there."""
    return ws.attached(kept.file) if kept.content is None else kept.content


def drop(ws: Workspace, kept: Kept) -> None:
    """Throw it away: it makes nothing. It stays kept. Refused if it was taken up or dropped before."""
    with ws.change("intake drop") as change:
        ws.look_again()
        now = named(ws, kept.id)
        if now.state in ("taken", "dropped"):
            said = tr("{} is {} already", kept.id, tr(now.state))
            is_lead = bool(now.record) and entity_of(now.record) == "lead"
            hint = tr("crm lead rm {} removes the lead", now.record) if is_lead else ""
            raise Refused(said, hint)
        change.note(DROPPED, "", {"intake": kept.id})
