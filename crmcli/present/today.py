"""What is to be done today, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.schema import has_field
from crmcli.present.cells import Column, Listing
from crmcli.present.columns import columns_of, for_people, with_derived
from crmcli.present.letters import message_row
from crmcli.sales.first_answers import ANSWER_BY, entity_of_who_comes

if TYPE_CHECKING:
    from crmcli.model.event import Event
    from crmcli.sales.today import Today
    from crmcli.sales.undeclared import Undeclared
    from crmcli.workspace import Workspace

_TASK = ("due", "length", "kind", "name", "about", "owner", "id")
_OF_MEETINGS = ("length", "kind")
_DEAL = ("close_by", "name", "stage", "amount", "owner", "id")
_LEAD = ("name", "phones", "stage", "owner", "id")
_IDLE = ("name", "contacts", "stage", "amount", "owner", "id")
_SILENT = ("name", "phones", "last_activity", "owner", "id")
_WAITING = (ANSWER_BY, "name", "phones", "emails", "owner", "id")
PARTS = (
    ("waiting", "", "Waiting for a first answer", _WAITING),
    ("overdue", "task", "Overdue tasks", _TASK),
    ("due", "task", "Tasks for today", _TASK),
    ("late", "deal", "Deals past their close date", _DEAL),
    ("idle_leads", "lead", "Leads without a next step", _LEAD),
    ("idle_deals", "deal", "Deals without a next step", _IDLE),
    ("neglected", "contact", "Contacts nobody has spoken with lately", _SILENT),
)
"""What Today holds: its name, of which entity ("": what who comes in becomes), the heading, the columns."""


def parts(ws: Workspace, found: Today, limit: int) -> Iterator[tuple[str, Listing, int]]:
    """Each part that is not empty: its heading, its first rows, how many there are."""
    for part, entity, title, usual in PARTS:
        rows = getattr(found, part)
        entity = entity or entity_of_who_comes(ws)
        if rows:
            shown: Any = rows[:limit]
            names = tuple(n for n in usual if n not in _OF_MEETINGS or any(n in r for r in shown))
            own = [Column(ANSWER_BY, "Answer by", "datetime")] if ANSWER_BY in names else []
            names = tuple(n for n in names if has_field(entity, n))
            shown = with_derived(ws, entity, columns_of(ws, entity, names), shown)
            columns = [*own, *for_people(ws, entity, names, shown)]
            yield f"{tr(title)}: {len(rows)}", Listing(shown, columns), len(rows)


def undeclared_table(found: Sequence[Undeclared]) -> Listing:
    """Values that nobody declares any more, and how to move their records on."""
    rows = [
        {"value": one.value, "field": one.field.name, "label": tr(one.field.label)}
        | {"entity": one.entity, "count": one.count, "records": one.records, "way_on": one.way_on}
        for one in found
    ]
    columns = [
        Column("label", "Field"), Column("value", "Value"), Column("records", "Records"),
        Column("way_on", "How to move them on", whole=True),
    ]  # fmt: skip
    return Listing(rows, columns)


UNSENT = [
    Column("at", "When", "datetime"), Column("state", "State", "word", keep=True),
    Column("to", "To", keep=True), Column("text", "Text"), Column("name", "Record"),
    Column("why", "Why", whole=True),
]  # fmt: skip


def unsent_table(ws: Workspace, unsent: Sequence[Event]) -> Listing:
    """Messages to clients that have not left, and why."""
    rows = []
    for event in unsent:
        told = {
            key: str(event.data.get(key) or "") for key in ("to", "text", "subject", "why", "key")
        }
        told |= {"text": told["text"] or told["subject"], "state": event.kind.removeprefix("job.")}
        rows.append(message_row(ws, event) | told)
    return Listing(rows, UNSENT)


def all_parts(ws: Workspace, found: Today, unsent: Sequence[Event] = ()) -> Listing:
    """Everything in one table, for programs."""
    rows = [
        {"part": part, **ws.schema.numbered(entity or entity_of_who_comes(ws))(row)}
        for part, entity, _, _ in PARTS
        for row in getattr(found, part)
    ]
    rows += [
        {"part": "undeclared", "id": "", "name": row["value"], **row}
        for row in undeclared_table(found.undeclared).rows
    ]
    rows += [{"part": "unsent", **row} for row in unsent_table(ws, unsent).rows]
    names = ("part", "id", "name", "due", "close_by", "about", "owner")
    return Listing(rows, [Column(name) for name in names])
