"""What is to be done today, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.present.cells import Column, Listing
from crmcli.present.columns import columns_of, for_people, with_derived

if TYPE_CHECKING:
    from crmcli.sales.today import Today
    from crmcli.workspace import Workspace

_TASK = ("due", "name", "about", "owner", "id")
_DEAL = ("close_by", "name", "stage", "amount", "owner", "id")
_LEAD = ("name", "phones", "stage", "owner", "id")
_IDLE = ("name", "contacts", "stage", "amount", "owner", "id")
_SILENT = ("name", "phones", "last_activity", "owner", "id")
PARTS = (
    ("overdue", "task", "Overdue tasks", _TASK),
    ("due", "task", "Tasks for today", _TASK),
    ("late", "deal", "Deals past their close date", _DEAL),
    ("idle_leads", "lead", "Leads without a next step", _LEAD),
    ("idle_deals", "deal", "Deals without a next step", _IDLE),
    ("neglected", "contact", "Contacts nobody has spoken with lately", _SILENT),
)
"""What Today holds: its name, of which entity, the heading, the columns."""


def parts(ws: Workspace, found: Today, limit: int) -> Iterator[tuple[str, Listing, int]]:
    """Each part that is not empty: its heading, its first rows, how many there are."""
    for part, entity, title, names in PARTS:
        rows = getattr(found, part)
        if rows:
            shown: Any = rows[:limit]
            shown = with_derived(ws, entity, columns_of(ws, entity, names), shown)
            columns = for_people(ws, entity, names, shown)
            yield f"{tr(title)}: {len(rows)}", Listing(shown, columns), len(rows)


def all_parts(found: Today) -> Listing:
    """Everything in one table, for programs."""
    rows = [{"part": part, **row} for part, _, _, _ in PARTS for row in getattr(found, part)]
    names = ("part", "id", "name", "due", "close_by", "about", "owner")
    return Listing(rows, [Column(name) for name in names])
