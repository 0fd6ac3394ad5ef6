"""Chats of clients: where they are reached, who waits for an answer, and who of us has taken one over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from crmcli.dataclass import dataclass
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.durations import parse_duration
from crmcli.model.event import CHAT_REFUSED, CHAT_RELEASED, CHAT_TAKEN, Event, as_amended
from crmcli.model.fields import Record
from crmcli.model.handles import handle_key
from crmcli.sales.documents.messages import reached
from crmcli.workspace import Workspace

MESSAGES = ("message.in", "message.out")
_LOOKED_AT = 5_000
"""So many of the newest messages tell which chats there are."""
_NUMBERED = re.compile(r"[\w-]+:-?\d+")


class NoChat(Refused):
    """The client has never written in a chat."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat as it stands: of which record, its last message, since when the client waits, None if nobody
    does; `taken` by whom."""

    record: str
    last: Event
    waits_since: datetime | None
    taken: str = ""


def address_of(ws: Workspace, record: Record) -> str:
    """The chat in which a client is reached, `telegram:77`; "" for none. A chat is known by its number, as a
    handle of whoever wrote there."""
    for one in reached(ws, record):
        for handle in getattr(one, "handles", ()):
            if _NUMBERED.fullmatch(key := handle_key(str(handle))):
                return key
    last = (_last_in(ws, one) for one in reached(ws, record))
    return next(filter(None, last), "")


def _last_in(ws: Workspace, record: Record) -> str:
    """The chat from which a record's last message came: not every messenger numbers its chats."""
    found = ws.events(record=record.id, kinds=("message.in",), newest_first=True, limit=1)
    return next((str(event.data.get("chat") or "") for event in found), "")


def chats(ws: Workspace) -> list[Chat]:
    """The chats that there are: who waits longest for an answer first, then the last that wrote."""
    told: dict[str, list[Event]] = {}
    newest = ws.events(kinds=MESSAGES, newest_first=True, limit=_LOOKED_AT)
    for event in as_amended(reversed(newest)):
        told.setdefault(ws.heir(event.record), []).append(event)
    found = [
        Chat(record, events[-1], _waits_since(events), taken_by(ws, [record]))
        for record, events in told.items()
        if ws.exists(record)
    ]
    waiting = sorted((c for c in found if c.waits_since), key=lambda c: str(c.waits_since))
    rest = sorted((c for c in found if not c.waits_since), key=lambda c: c.last.id, reverse=True)
    return [*waiting, *rest]


def _waits_since(events: Sequence[Event]) -> datetime | None:
    """When the first message came that none of us answered; robots answer nobody."""
    since: datetime | None = None
    for event in events:
        if event.kind == "message.in" and not event.is_of_machine:
            since = since or event.happened_at
        elif event.kind == "message.out" and ":" not in event.actor:
            since = None
    return since


def taken_by(ws: Workspace, records: Sequence[str]) -> str:
    """Who of us has taken over the chat of these records; "" where robots may write."""
    last = max(_turns(ws, records), key=lambda event: event.id, default=None)
    if last is None or last.kind == CHAT_RELEASED:
        return ""
    after = str(ws.settings.channels.get("chat", {}).get("robots_after") or "")
    if after and last.at + timedelta(seconds=parse_duration(after).seconds) <= ws.now:
        return ""
    return last.actor


def _turns(ws: Workspace, records: Sequence[str]) -> Iterator[Event]:
    """What people did: took, released, wrote."""
    for record in records:
        kinds = (CHAT_TAKEN, CHAT_RELEASED, "message.out")
        for event in ws.events(record=record, kinds=kinds):
            if event.kind != "message.out" or ":" not in event.actor:
                yield event


def refuses(ws: Workspace, records: Sequence[str]) -> bool:
    """Whether the chat was refused since its client last wrote there."""
    kinds = (CHAT_REFUSED, "message.in")
    found = [event for one in records for event in ws.events(record=one, kinds=kinds)]
    last = max(found, key=lambda event: event.id, default=None)
    return last is not None and last.kind == CHAT_REFUSED


def people_of_chat(ws: Workspace, record: Record) -> list[str]:
    """The records on which a chat may have been taken over: its own and those behind it."""
    return [one.id for one in reached(ws, record)]


def take(ws: Workspace, record: Record, *, release: bool = False) -> None:
    """Take a chat over, so that robots keep quiet, or let them write again."""
    if not address_of(ws, record):
        raise NoChat(tr("{} has never written in a chat", record.id), "crm chat list")
    kind = CHAT_RELEASED if release else CHAT_TAKEN
    with ws.change("chat release" if release else "chat take") as change:
        for one in people_of_chat(ws, record):
            change.note(kind, one)
