"""crm deal."""

from __future__ import annotations

from typing import Any

import click

from crmcli.cli.nouns import closing, noun
from crmcli.cli.options import read_given
from crmcli.cli.params import REF, ChangingVerb, complete, option
from crmcli.cli.printing import Answer, changes
from crmcli.cli.session import Session
from crmcli.present.told import Told

deal = noun("deal")
deal.makers = {
    **deal.makers,
    "add": "crmcli.cli.deal:add_command",
    "line": "crmcli.cli.deal_line:line_command",
}
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
    from crmcli.sales import deal_copies

    ws = session.workspace
    made = deal_copies.copy(ws, ws.resolve(ref, "deal"), name)
    session.out.created(made.id)


@deal.command(cls=ChangingVerb, params=[REF, CONTACT])
def primary(session: Session, ref: str, contact: str) -> list[Told]:
    """Make a contact the primary one of a deal, to whom its messages go.

    Example: crm deal primary 7k3 anna@example.com
    """
    from crmcli.sales import deal_copies

    ws = session.workspace
    deal_id = ws.resolve(ref, "deal")
    pair = deal_copies.make_primary(ws, deal_id, ws.resolve(contact, "contact"))
    return changes(session, [pair])


def add_command(entity: str) -> click.Command:
    """`crm deal add`, which may take what an offer says."""
    from crmcli.cli import records

    command = records.add_command(entity)
    usual = command.callback
    assert usual is not None

    def callback(session: Session, /, from_offer: str = "", **options: Any) -> Answer:
        if not from_offer:
            answer: Answer = usual(session, **options)
            return answer
        from crmcli.sales import deal_copies

        ws = session.workspace
        options.pop("create", None)
        given = read_given(entity, options)
        made = deal_copies.from_offer(ws, ws.resolve(from_offer, "offer"), given)
        session.out.created(made.id)
        return None

    command.callback = callback
    command.params.append(
        option("--from-offer", "Take the client and the lines of an offer.", "REF")
    )
    return command
