"""crm today: what is to be done."""

from __future__ import annotations

import click

from crmcli.cli.params import Session, Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.table import clean
from crmcli.language import tr
from crmcli.present.cells import Listing
from crmcli.present.today import all_parts, parts
from crmcli.sales.today import Today
from crmcli.sales.today import today as work_of


@click.command(
    cls=Verb,
    params=[
        option("--owner", "For this user.", "USER"),
        option("--silence", "Neglected after this time.", "TIME", default="30d"),
        option("--all everybody", "For everybody.", is_flag=True),
        option("--limit", "Maximum number in each part.", "N", default=20, at_least=1),
    ],
)
def today(
    session: Session, owner: str, silence: str, everybody: bool, limit: int
) -> Listing | None:
    """What to do: tasks that are overdue or due today, deals past their close date, open leads and deals
    without a task, contacts with whom nobody has spoken for --silence, or plans to. Yours, if crm knows
    who you are (--as, CRM_USER).

    Example: crm today --as anna
    """
    ws = session.workspace
    whose = "" if everybody else ws.user_id(owner) if owner else ws.user
    found = work_of(ws, whose, silence)
    unreadable(session)
    if not session.out.is_table:
        return all_parts(found)
    _print_parts(session, found, whose, limit)
    return None


def _print_parts(session: Session, found: Today, whose: str, limit: int) -> None:
    ws, out = session.workspace, session.out
    day = ws.now.astimezone(ws.zone).date().isoformat()
    who = clean(ws.owner_name(whose)) or tr("everybody")
    out.lines([out.paint(f"{day}, {who}", dim=True)])
    if found.is_empty:
        out.note("nothing to do today (--all: for everybody)" if whose else "nothing to do today")
    for title, table, count in parts(ws, found, limit):
        out.section(title, *table)
        if count > limit:
            out.note(tr("… and {} more: --limit {}", count - limit, count))
