"""crm today: what is to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcli.cli.params import Session, Verb
from crmcli.cli.printing import unreadable
from crmcli.cli.table import clean
from crmcli.language import tr

if TYPE_CHECKING:
    from crmcli.sales.today import Today

MANY = 20


@click.command(
    cls=Verb,
    help="What to do: tasks that are overdue or due today, deals past their close date, open "
    "leads and deals without a task. Yours, if crm knows who you are (--as, "
    "CRM_USER).\n\nExample: crm today --as anna",
)
@click.option("--owner", default="", metavar="USER", help="Of this user.")
@click.option("--all", "everybody", is_flag=True, help="Of everybody.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=MANY, metavar="N", show_default=True,
    help="Maximum number in each part.",
)  # fmt: skip
@click.pass_obj
def today(session: Session, owner: str, everybody: bool, limit: int) -> None:
    """What is to be done."""
    from crmcli.present.today import all_parts
    from crmcli.sales.today import today as work_of

    ws, out = session.workspace, session.out
    whose = "" if everybody else ws.user_id(owner) if owner else ws.user
    found = work_of(ws, whose)
    if out.is_table:
        _print_parts(session, found, whose, limit)
    else:
        out.records(*all_parts(found))
    unreadable(session)


def _print_parts(session: Session, found: Today, whose: str, limit: int) -> None:
    from crmcli.present.today import parts

    ws, out = session.workspace, session.out
    day = ws.now.astimezone(ws.zone).date().isoformat()
    out.lines([out.paint(f"{day}, {clean(ws.owner_name(whose)) or 'everybody'}", dim=True)])
    if found.is_empty:
        others = " (--all: for everybody)" if whose else ""
        out.note(tr("nothing to do today{}", others))
    for title, table, count in parts(ws, found, limit):
        out.section(title, *table)
        if count > limit:
            out.note(tr("… and {} more: --limit {}", count - limit, count))
