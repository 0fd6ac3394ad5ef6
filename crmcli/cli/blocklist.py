"""crm block: e-mail addresses, domains and phones to keep out."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import ChangingVerb, Noun, Session, Verb
from crmcli.cli.printing import tell
from crmcli.language import tr
from crmcli.present.cells import Column

COLUMNS = [
    Column("what", "Blocked", keep=True), Column("kind", "Kind"), Column("reason", "Reason"),
    Column("on", "Since", "date"), Column("by", "By", "user"),
]  # fmt: skip

block = Noun("block", help="The block list: e-mail addresses, domains and phones to keep out.")


@block.command(cls=ChangingVerb)
@click.argument("what", nargs=-1, required=True)
@click.option("--reason", default="", help="Why.")
@click.pass_obj
def add(session: Session, what: Sequence[str], reason: str) -> None:
    """Add e-mail addresses, domains or phones to the block list.

    New leads and contacts that have them are refused, and so are rows of an import.

    Example: crm block add spam@example.ru '8 912 345-67-89' --reason спам
    """
    from crmcli.sales.consent import block_list

    for found in block_list.add(session.workspace, what, reason):
        tell(session, tr("Blocked {}.", found), {"what": found.what, "reason": found.reason})


@block.command("list", cls=Verb)
@click.pass_obj
def list_(session: Session) -> None:
    """List what is blocked.

    Example: crm block list --csv > blocked.csv
    """
    from crmcli.sales.consent import block_list

    blocks = block_list.blocklist(session.workspace).blocks.values()
    if not blocks and session.out.is_table:
        session.out.note("the block list is empty")
    names = [column.name for column in COLUMNS]
    session.out.records([{n: getattr(b, n) for n in names} for b in blocks], COLUMNS)


@block.command(cls=ChangingVerb)
@click.argument("what", nargs=-1, required=True)
@click.pass_obj
def rm(session: Session, what: Sequence[str]) -> None:
    """Remove e-mail addresses, domains or phones from the block list.

    Example: crm block rm spam@example.ru
    """
    from crmcli.sales.consent import block_list

    for found in block_list.remove(session.workspace, what):
        tell(session, tr("No longer blocked: {}.", found.what), {"what": found.what})
