"""crm can: whether a user may do something, and why."""

from __future__ import annotations

import click

from crmcli.cli.params import Verb, complete, option
from crmcli.cli.session import Session
from crmcli.present.permission import permission
from crmcli.present.told import Told
from crmcli.sales.permission import asked


@click.command(
    cls=Verb,
    params=[
        click.Argument(("user",), metavar="USER", shell_complete=complete),
        click.Argument(("verb",), metavar="VERB"),
        click.Argument(("ref",), metavar="[REF|NOUN]", default="", shell_complete=complete),
        option("--why", "Say which role, level and rule decide.", is_flag=True),
    ],
)
def can(session: Session, user: str, verb: str, ref: str, why: bool) -> Told:
    """Say whether a user may do something; exit 0 for yes, 1 for no.

    VERB is read, add, edit, move, convert, delete, export, import or merge, of a record or a noun; or
    settings, robots, run or act_as, of the workspace. What you may not see yourself is not there.

    Example: crm can anna edit deal --why
    """
    ws = session.workspace
    found = asked(ws, ws.user_id(user), verb, ref)
    session.exit_code = 0 if found.may else 1
    return permission(ws, found, why=why)
