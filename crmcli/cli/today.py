"""crm today: what is to be done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.params import Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.conditions.tree import Text
from crmcli.present.cells import Listing
from crmcli.present.text_width import clean
from crmcli.present.today import all_parts, parts, undeclared_table, unsent_table
from crmcli.sales.today import Today
from crmcli.sales.today import today as work_of

if TYPE_CHECKING:
    from crmcli.model.event import Event
    from crmcli.workspace import Workspace


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
    without a task, contacts with whom nobody has spoken for --silence, or plans to; messages that have not
    left. Yours, if crm knows who you are (--as, CRM_USER).

    Example: crm today --as anna
    """
    from crmcli.automation.unsent import troubling

    ws = session.workspace
    whose = "" if everybody else _id_of(ws, owner) if owner else ws.person
    found, unsent = work_of(ws, whose, silence), troubling(ws, whose)
    unreadable(session)
    if not session.out.is_table:
        return all_parts(ws, found, unsent)
    _print_parts(session, found, unsent, whose, limit)
    return None


def _id_of(ws: Workspace, owner: str) -> str:
    """The id of a user, or as it is that of somebody who left: the records know it."""
    try:
        return ws.user_id(owner)
    except BadUsage:
        ws.condition(f"owner = {Text(owner)}", "task")
        return owner


def _print_parts(
    session: Session, found: Today, unsent: Sequence[Event], whose: str, limit: int
) -> None:
    ws, out = session.workspace, session.out
    day = ws.now.astimezone(ws.zone).date().isoformat()
    who = clean(ws.owner_name(whose)) or tr("everybody")
    out.lines([out.paint(f"{day}, {who}", dim=True)])
    if found.is_empty and not unsent:
        out.note("nothing to do today (--all: for everybody)" if whose else "nothing to do today")
    for title, table, count in parts(ws, found, limit):
        out.section(title, *table)
        if count > limit:
            out.note(tr("… and {} more: --limit {}", count - limit, count))
    if unsent:
        title = f"{tr('Messages that have not left')}: {len(unsent)}"
        out.section(title, *unsent_table(ws, unsent[-limit:]))
        out.note("more about them: crm jobs list; then crm jobs retry, cancel or resolve")
    if found.arrived:
        out.note(tr("{} came in and could not be taken up: crm intake list", found.arrived))
    out.section("No longer declared", *undeclared_table(found.undeclared))
