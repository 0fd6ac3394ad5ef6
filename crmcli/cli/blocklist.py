"""crm block: e-mail addresses, domains and phones to keep out."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import ChangingVerb, Noun
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told
from crmcli.sales.consent import block_list

COLUMNS = [
    Column("what", "Blocked", keep=True), Column("kind", "Kind", "word"), Column("reason", "Reason"),
    Column("on", "Since", "date"), Column("by", "By", "user"),
]  # fmt: skip

block = Noun("block", help="The block list: e-mail addresses, domains and phones to keep out.")


@block.command(cls=ChangingVerb)
@click.argument("what", nargs=-1, required=True)
@click.option("--reason", default="", help="Why.")
def add(session: Session, what: Sequence[str], reason: str) -> list[Told]:
    """Add e-mail addresses, domains or phones to the block list.

    New leads and contacts that have them are refused, and so are rows of an import.

    Example: crm block add spam@example.com '+44 20 7946 0999' --reason spam
    """
    added = block_list.add(session.workspace, what, reason)
    return [Told(tr("Blocked {}.", b), {"what": b.what, "reason": b.reason}) for b in added]


@block.command("list")
def list_(session: Session) -> Listing:
    """List what is blocked.

    Example: crm block list --csv > blocked.csv
    """
    blocks = block_list.blocklist(session.workspace).blocks.values()
    return Listing.of(
        blocks,
        COLUMNS,
        empty="nothing is blocked yet: crm block add puts an address or a number on the list",
    )


@block.command(cls=ChangingVerb)
@click.argument("what", nargs=-1, required=True)
def rm(session: Session, what: Sequence[str]) -> list[Told]:
    """Remove e-mail addresses, domains or phones from the block list.

    Example: crm block rm spam@example.com
    """
    removed = block_list.remove(session.workspace, what)
    return [Told(tr("No longer blocked: {}.", b.what), {"what": b.what}) for b in removed]
