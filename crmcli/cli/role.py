"""crm role: what each role may do."""

from __future__ import annotations

import click

from crmcli.cli.params import Noun
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.present.cells import Listing
from crmcli.present.permission import ROLES, role_rows, role_table
from crmcli.sales.settings import people

role = Noun("role", help="Roles: list, show.")


@role.command("list")
def list_(session: Session) -> Listing:
    """List the roles: those that ship, and those of access.yaml.

    Example: crm role list
    """
    return Listing(role_rows(session.workspace.rules), ROLES)


@role.command()
@click.argument("ref", metavar="ROLE")
def show(session: Session, ref: str) -> Listing:
    """Show how far a role reaches, by noun and verb: none, own, team, subtree, all.

    A + says that some pipelines or stages have a level of their own: access.yaml tells them.

    Example: crm role show manager
    """
    ws = session.workspace
    [found] = people.roles_named(ws, [ref])
    one = ws.rules.roles[found]
    powers = ", ".join(sorted(one.powers)) or tr("none")
    session.workspace.notes.append(tr("powers: {}", powers))
    return role_table(one)
