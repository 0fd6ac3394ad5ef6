"""crm today: what is to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcli.cli.params import Session, Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.table import clean
from crmcli.language import tr

if TYPE_CHECKING:
    from crmcli.sales.today import Today


@click.command(
    cls=Verb,
    params=[
        option("--owner", "For this user.", "USER"),
        option("--all everybody", "For everybody.", is_flag=True),
        option("--limit", "Maximum number in each part.", "N", default=20, at_least=1),
    ],
)
@click.pass_obj
def today(session: Session, owner: str, everybody: bool, limit: int) -> None:
    """What to do: tasks that are overdue or due today, deals past their close date, open leads and deals
    without a task. Yours, if crm knows who you are (--as, CRM_USER).

    Example: crm today --as anna
    """
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
    who = clean(ws.owner_name(whose)) or tr("everybody")
    out.lines([out.paint(f"{day}, {who}", dim=True)])
    if found.is_empty:
        out.note("nothing to do today (--all: for everybody)" if whose else "nothing to do today")
    for title, table, count in parts(ws, found, limit):
        out.section(title, *table)
        if count > limit:
            out.note(tr("… and {} more: --limit {}", count - limit, count))
