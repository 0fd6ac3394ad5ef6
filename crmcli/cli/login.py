"""crm login and crm logout: who acts in a workspace, on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from crmcli.cli.params import Verb, complete
from crmcli.cli.session import Session
from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.present.told import Told
from crmcli.workspace.logins import log_in, log_out

BY = {
    "as": "by --as",
    "environment": "by CRM_USER",
    "login": "by crm login",
    "only": "the only user here",
    "robot": "by CRM_USER, for a program of a robot",
    "system": "by the name with which you are logged in to this machine",
    "": "nobody said so",
}


@click.command(
    cls=Verb,
    params=[click.Argument(("user",), metavar="[USER]", default="", shell_complete=complete)],
)
def login(session: Session, user: str) -> Told:
    """Say who you are in this workspace; without a name, show who acts and what says so.

    It is kept for you alone on this machine, outside the folder. --as and CRM_USER go before it; crm
    logout takes it back.

    Example: crm login anna
    """
    if not user:
        ws = session.workspace
        by = ws.acting.by if ws.user else ""
        text = tr("{}, {}", ws.user, tr(BY[by])) if ws.user else _nobody()
        return Told(text, {"user": ws.user, "by": by})
    found = log_in(Path(session.folder or "."), user)
    return Told(tr("You are {} here now.", found), {"user": found, "by": "login"})


@click.command(cls=Verb)
def logout(session: Session) -> Told:
    """Take back what crm login said.

    Example: crm logout
    """
    was = log_out(Path(session.folder or "."))
    if not was:
        raise NotFound("nobody is logged in here", "crm login shows who acts")
    return Told(tr("You are no longer {} here.", was), {"user": was})


def _nobody() -> str:
    return tr("nobody: say who you are by crm login NAME, CRM_USER=NAME or --as NAME")
