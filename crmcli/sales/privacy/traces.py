"""Where a person stands on the timeline: his own events, his messages on others' records, mentions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from crmcli.model.event import AMENDMENTS, INTAKE, KEPT, MESSAGES, TOGETHER, Event
from crmcli.model.values import entity_of
from crmcli.sales.history.past import PAGE
from crmcli.sales.privacy.spelled import Spelled, texts_in
from crmcli.sales.privacy.whose import PEOPLE, Person
from crmcli.workspace import Workspace

SAID = (*MESSAGES, *AMENDMENTS, "mail.bounced", "mail.opened", "mail.clicked", "form.submitted")
OWN, MESSAGE, ARRIVED, MENTION = "own", "message", "arrived", "mention"
_FROM = ("from", "number", "phone", "address", "chat", "client")
_SHA = re.compile("[0-9a-f]{64}")


class Trace(NamedTuple):
    """An event, and what it is to the person: his own, a message of his, as it came in, or a mention."""

    event: Event
    what: str


def every_event(ws: Workspace) -> Iterator[Event]:
    """All events, some hundred at a time."""
    after = ""
    while True:
        found = ws.events(after=after, limit=PAGE)
        yield from found
        if len(found) < PAGE:
            return
        after = found[-1].id


def files_named(event: Event) -> list[str]:
    """The stored files that an event names."""
    return [text for text in texts_in(event.data) if _SHA.fullmatch(text)]


def traces(ws: Workspace, person: Person) -> list[Trace]:
    """Every event that tells of the person, in their order."""
    spelled, his = person.spelled, person.his
    found = {e.id: Trace(e, OWN) for record_id in sorted(his) for e in ws.events(record=record_id)}
    own = set(found) | {str(one.event.data.get(TOGETHER, "")) for one in found.values()} - {""}
    arrived = {str(one.event.data.get("intake", "")) for one in found.values()}
    waiting: list[Event] = []
    for event in every_event(ws):
        if event.id in found:
            continue
        if event.kind in INTAKE:
            waiting.append(event)
        elif _is_message(event, spelled, own):
            found[event.id] = Trace(event, MESSAGE)
            arrived.add(str(event.data.get("intake", "")))
        elif any(map(spelled.is_in, texts_in(event.data))) or his & {*texts_in(event.data)}:
            found[event.id] = Trace(event, MENTION)
    found |= _of_intake(ws, waiting, arrived - {""}, spelled)
    return [found[event_id] for event_id in sorted(found)]


def _is_message(event: Event, spelled: Spelled, own: set[str]) -> bool:
    """Whether it was said by him, or to him alone, on what is no other client's own timeline; also where it
    stands with him as well."""
    if event.kind not in SAID or entity_of(event.record) in PEOPLE:
        return False
    if str(event.data.get(TOGETHER, "")) in own or event.id in own:
        return True
    to = [*texts_in(event.data.get("to"))]
    return any(
        spelled.is_in(text) for name in _FROM for text in texts_in(event.data.get(name))
    ) or (bool(to) and all(map(spelled.is_in, to)))


def _of_intake(
    ws: Workspace, events: Sequence[Event], arrived: set[str], spelled: Spelled
) -> dict[str, Trace]:
    """What came in and became his, or waits and names him."""
    taken_by_others = {str(e.data.get("intake")) for e in events if e.kind != KEPT and e.record}
    for event in events:
        if event.kind == KEPT and event.id not in arrived | taken_by_others:
            said = [*texts_in(event.data), *_contents(ws, event)]
            if any(map(spelled.is_in, said)):
                arrived.add(event.id)
    found: dict[str, Trace] = {}
    for event in events:
        if event.id in arrived or str(event.data.get("intake", "")) in arrived:
            found[event.id] = Trace(event, ARRIVED)
        elif any(map(spelled.is_in, texts_in(event.data))):
            found[event.id] = Trace(event, MENTION)
    return found


def _contents(ws: Workspace, event: Event) -> Iterator[str]:
    from crmcli.errors import CrmError

    for sha in files_named(event):
        try:
            yield ws.attached(sha).decode("utf-8", "replace")
        except CrmError:
            continue
