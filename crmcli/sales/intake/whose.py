"""To which record something that came in belongs: by what it answers, then by who sent it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from crmcli.channels.incoming import Incoming
from crmcli.errors import InvalidData, NotFound
from crmcli.model.entities import ENTITIES, having
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.schema import own_fields
from crmcli.sales.duplicates.known import standing
from crmcli.workspace import Workspace

CLIENTS = ("contact", "company", "lead")
"""Among whom a sender is looked for; who is found first counts more."""


def record_of(ws: Workspace, incoming: Incoming) -> Record | None:
    """The record that is meant; None if nobody knows the sender.

    That of the message which is answered; else the only open deal of the client, the open lead, or the
    client: which of several deals is meant, triggers decide (`choose:`).
    """
    return _answered(ws, incoming.answers) or _of_sender(ws, incoming)


def _answered(ws: Workspace, ids: Sequence[str]) -> Record | None:
    for message_id in ids:
        for event in reversed(ws.timeline.events_of_message(message_id)):
            if event.record and (record := _living(ws, event.record)):
                return record
    return None


def letter_of(ws: Workspace, ids: Sequence[str]) -> str:
    """The letter of ours among messages that are answered or told of; "" if none of them is one."""

    def is_ours(event: Event) -> bool:
        return event.kind == "mail.out" or event.data.get("action") == "email"

    ours = (one for one in ids if any(map(is_ours, ws.timeline.events_of_message(one))))
    return next(ours, "")


def _living(ws: Workspace, record_id: str) -> Record | None:
    """A record as it is now: merged into another, converted, or what a task or offer is for."""
    try:
        record = ws.get(ws.heir(record_id))
        parent = ENTITIES[record.entity].parent
        heir = getattr(record, "heir", "") or (str(record.get(parent)) if parent else "")
        return ws.get(ws.heir(heir)) if heir else record
    except (NotFound, InvalidData):
        return None


def _of_sender(ws: Workspace, incoming: Incoming) -> Record | None:
    found = [*clients(ws, incoming)]
    deals = list(dict.fromkeys(deal for one in found for deal in _working(ws, one)))
    if len(deals) == 1:
        return ws.get(deals[0])
    leads = [one for one in found if one.entity == "lead"]
    return next(iter([*leads, *found] if not deals else found), None)


def clients(ws: Workspace, incoming: Incoming) -> Iterator[Record]:
    """Everybody who has one of the sender's addresses: contacts, companies, leads that are open."""
    by = {"email": incoming.emails, "phone": incoming.phones, "handle": incoming.handles}
    keys = [(kind, one) for kind, ones in by.items() for one in ones]
    for entity in CLIENTS:
        ids = dict.fromkeys(i for kind, key in keys for i in ws.lookup(kind, key, [entity]))
        for record_id in ids:
            if (record := standing(ws, record_id)) is not None:
                yield record


def worked_on(ws: Workspace, client: Record) -> Iterator[Record]:
    """The deals and leads of a client, whatever became of them."""
    for entity in having("staged"):
        yield from of_client(ws, entity, client)


def of_client(ws: Workspace, entity: str, client: Record) -> Sequence[Record]:
    """The records of an entity that name a client."""
    links = [f.name for f in own_fields(entity) if client.entity in f.entities and not f.system]
    asked = " or ".join(f"{name} = {client.id}" for name in links)
    return ws.select(entity, ws.condition(asked, entity)) if asked else ()


def _working(ws: Workspace, client: Record) -> list[str]:
    """The open deals of a client, or the open leads that are linked to one; the ids."""
    for entity in reversed(having("staged")):
        found = of_client(ws, entity, client)
        if working := [one.id for one in found if standing(ws, one.id) is not None]:
            return working
    return []
