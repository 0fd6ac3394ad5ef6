"""crm block: from whom nothing is taken in."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import ChangingVerb, Noun, Session, Verb
from crmcli.cli.printing import notes, tell
from crmcli.language import tr
from crmcli.present.cells import Column

COLUMNS = [
    Column("what", "Blocked", keep=True), Column("kind", "Kind"), Column("reason", "Reason"),
    Column("on", "Since", "date"), Column("by", "By", "user"),
]  # fmt: skip

block = Noun("block", help="The block list: e-mail addresses, domains and phones to keep out.")


@block.command(
    cls=ChangingVerb,
    help="Add e-mail addresses, domains or phones to the block list.\n\nNew leads and contacts "
    "with them are refused, and rows of an import rejected.\n\nExample: crm block add "
    "spam@example.ru '8 912 345-67-89' --reason спам",
)
@click.argument("what", nargs=-1, required=True)
@click.option("--reason", default="", help="Why.")
@click.pass_obj
def add(session: Session, what: Sequence[str], reason: str) -> None:
    """Add e-mail addresses, domains or phones to the block list."""
    from crmcli.sales.consent import block_list

    for found in block_list.add(session.workspace, what, reason):
        tell(session, tr("Blocked {}.", found), {"what": found.what, "reason": found.reason})
    notes(session)


@block.command(
    "list", cls=Verb, help="List what is blocked.\n\nExample: crm block list --csv > blocked.csv"
)
@click.pass_obj
def list_(session: Session) -> None:
    """List what is blocked."""
    from crmcli.sales.consent import block_list

    ws = session.workspace
    rows = [
        {"what": b.what, "kind": b.kind, "reason": b.reason, "on": b.on, "by": b.by}
        for b in block_list.blocklist(ws).blocks.values()
    ]
    if not rows and session.out.is_table:
        session.out.note("the block list is empty")
    session.out.records(rows, COLUMNS)


@block.command(
    cls=ChangingVerb,
    help="Remove addresses, domains or phones from the block list.\n\nExample: crm block rm spam@example.ru",
)
@click.argument("what", nargs=-1, required=True)
@click.pass_obj
def rm(session: Session, what: Sequence[str]) -> None:
    """Remove addresses, domains or phones from the block list."""
    from crmcli.sales.consent import block_list

    for found in block_list.remove(session.workspace, what):
        tell(session, tr("No longer blocked: {}.", found.what), {"what": found.what})
    notes(session)
