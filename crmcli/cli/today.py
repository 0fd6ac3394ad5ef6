"""crm today: what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from crmcli.cli.params import Session, Verb
from crmcli.cli.printing import unreadable
from crmcli.cli.table import clean
from crmcli.present.cells import Column
from crmcli.present.columns import columns_of, named

if TYPE_CHECKING:
    from crmcli.sales.today import Today

SECTIONS = (
    ("overdue", "task", "Overdue", ("id", "due", "name", "about", "owner")),
    ("due", "task", "Today", ("id", "due", "name", "about", "owner")),
    (
        "late",
        "deal",
        "Deals past their day",
        ("id", "close_by", "name", "stage", "amount", "owner"),
    ),
    ("idle_leads", "lead", "Leads without a next step", ("id", "name", "stage", "phones", "owner")),
    ("idle_deals", "deal", "Deals without a next step", ("id", "name", "stage", "amount", "owner")),
)
"""What Today holds: its name, of which entity, the heading, the columns."""
MANY = 20


@click.command(
    cls=Verb,
    help="What is to be done: my tasks that are overdue or due today, deals whose day is past, and "
    "open leads and deals with no task. Mine, if it is known who I am (--as, CRM_USER).\n\n"
    "Example: crm today --as anna",
)
@click.option("--owner", default="", metavar="USER", help="What this user has to do.")
@click.option("--all", "everybody", is_flag=True, help="What everybody has to do.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=MANY, metavar="N", show_default=True,
    help="At most so many in each part, for people.",
)  # fmt: skip
@click.pass_obj
def today(session: Session, owner: str, everybody: bool, limit: int) -> None:
    """What is to be done."""
    from crmcli.sales.today import today as work_of

    ws, out = session.workspace, session.out
    whose = "" if everybody else ws.user_id(owner) if owner else ws.user
    found = work_of(ws, whose)
    if out.is_table:
        _print_parts(session, found, whose, limit)
    else:
        rows = [{"part": part, **row} for part, _, _, _ in SECTIONS for row in getattr(found, part)]
        out.records(
            rows,
            [Column(name) for name in ("part", "id", "name", "due", "close_by", "about", "owner")],
        )
    unreadable(session)


def _print_parts(session: Session, found: Today, whose: str, limit: int) -> None:
    ws, out = session.workspace, session.out
    day = ws.now.astimezone(ws.zone).date().isoformat()
    out.lines([out.paint(f"{day}, {clean(ws.owner_name(whose)) or 'everybody'}", dim=True)])
    if found.is_empty:
        others = " (--all: for everybody)" if whose else ""
        out.note(f"nothing is to be done today{others}")
    for part, entity, title, names in SECTIONS:
        rows: Sequence[Any] = getattr(found, part)
        if not rows:
            continue
        shown = rows[:limit]
        columns = [named(ws, entity, column, shown) for column in columns_of(ws, entity, names)]
        out.section(f"{title}: {len(rows)}", shown, columns)
        if len(rows) > limit:
            out.note(f"… and {len(rows) - limit} more: --limit {len(rows)}")
