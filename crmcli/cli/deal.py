"""crm deal."""

from __future__ import annotations

import click

from crmcli.cli.nouns import noun
from crmcli.cli.params import ChangingVerb, Session
from crmcli.cli.printing import say

deal = noun("deal")


@deal.command(cls=ChangingVerb, help="Close a deal as won.\n\nExample: crm deal win 7k3")
@click.argument("ref")
@click.pass_obj
def win(session: Session, ref: str) -> None:
    """Close a deal as won."""
    from crmcli.present.changes import moved
    from crmcli.sales import deals

    ws = session.workspace
    say(session, moved(ws, deals.win(ws, ws.resolve(ref, "deal"))))


@deal.command(
    cls=ChangingVerb, help="Close a deal as lost.\n\nExample: crm deal lose 7k3 --reason price"
)
@click.argument("ref")
@click.option("--reason", default="", help="Reason: one of lost_reasons.")
@click.option("--stage", default="", help="The lost stage, if there are several.")
@click.pass_obj
def lose(session: Session, ref: str, reason: str, stage: str) -> None:
    """Close a deal as lost."""
    from crmcli.present.changes import moved
    from crmcli.sales import deals

    ws = session.workspace
    say(session, moved(ws, deals.lose(ws, ws.resolve(ref, "deal"), reason, stage)))
