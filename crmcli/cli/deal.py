"""crm deal."""

from __future__ import annotations

import click

from crmcli.cli.nouns import closing, noun
from crmcli.cli.params import REF, ChangingVerb, Session, complete, option
from crmcli.cli.printing import changes
from crmcli.present.told import Told

deal = noun("deal")
deal.makers = {**deal.makers, "line": "crmcli.cli.deal_line:line_command"}
closing(deal, "deals:win", "Close deals as won.\n\nExample: crm deal win 7k3")
closing(
    deal,
    "deals:lose",
    "Close deals as lost.\n\nExample: crm deal lose 7k3 --reason price",
    option("--reason", "Reason: one of lost_reasons."),
    option("--stage", "The lost stage, if there are several."),
)
CONTACT = click.Argument(("contact",), metavar="CONTACT", shell_complete=complete)


@deal.command(
    cls=ChangingVerb, params=[REF, option("--name", "Name of the copy. [default: the same]")]
)
def copy(session: Session, ref: str, name: str) -> None:
    """Add a deal like another and print its id: the same client, lines and amount, at the first stage.

    Example: crm deal copy 7k3 --name 'New roof, second house'
    """
    from crmcli.sales import deal_contacts

    ws = session.workspace
    made = deal_contacts.copy(ws, ws.resolve(ref, "deal"), name)
    session.out.created(made.id)


@deal.command(cls=ChangingVerb, params=[REF, CONTACT])
def primary(session: Session, ref: str, contact: str) -> list[Told]:
    """Make a contact the primary one of a deal, to whom its messages go.

    Example: crm deal primary 7k3 anna@example.com
    """
    from crmcli.sales import deal_contacts

    ws = session.workspace
    deal_id = ws.resolve(ref, "deal")
    pair = deal_contacts.make_primary(ws, deal_id, ws.resolve(contact, "contact"))
    return changes(session, [pair])
