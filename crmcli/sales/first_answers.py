"""Who came in and waits for a first answer: none of us has written, called or met yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from crmcli.model.conditions.tree import Text
from crmcli.model.event import AMENDMENTS, ANSWERS, Event, as_amended
from crmcli.model.values import Raw, format_instant, parse_instant
from crmcli.model.work_time import shift_working
from crmcli.workspace import Workspace

ANSWER_BY = "answer_by"
"""Under what `waiting` adds by when they are to be answered."""
TALKED = "call.in"
"""A call of the client that one of us took."""


def entity_of_who_comes(ws: Workspace) -> str:
    """What who comes in becomes: a lead, or a deal where no leads are kept."""
    return "lead" if ws.settings.leads else "deal"


def waiting(ws: Workspace, owner: str = "", condition: str = "") -> Iterator[Mapping[str, Raw]]:
    """The open records, raw, that nobody has answered since they were added, the one that waits longest
    first; none where settings.yaml says nothing of a `first_response`. What an import brought did not come
    in by itself."""
    if ws.settings.first_response is None:
        return
    entity = entity_of_who_comes(ws)
    terms = ["stage = open", "batch is empty", condition, f"owner = {Text(owner)}" if owner else ""]
    where = " and ".join(f"({term})" for term in terms if term)
    for raw in ws.rows(entity, ws.condition(where, entity), ["created_at"]):
        kinds = (*ANSWERS, TALKED, *AMENDMENTS)
        if not is_answered(ws.events(record=str(raw["id"]), kinds=kinds)):
            by = answer_by(ws, parse_instant(str(raw["created_at"])))
            yield {**raw, ANSWER_BY: format_instant(by)}


def answer_by(ws: Workspace, since: datetime) -> datetime:
    """By when who came in then is to be answered, in working time."""
    assert ws.settings.first_response is not None
    return shift_working(since, ws.settings.first_response, ws.settings.calendar, ws.zone)


def is_answered(events: Iterable[Event]) -> bool:
    """Whether some of the events of a record is an answer of one of us."""
    return any(
        event.kind == TALKED or (event.kind in ANSWERS and ":" not in event.actor)
        for event in as_amended(events)
    )
