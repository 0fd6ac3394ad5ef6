"""crm audience: advertising audiences, for Yandex, VK, Google and Meta."""

from __future__ import annotations

import click

from crmcli.cli.params import Noun, option
from crmcli.cli.session import Session
from crmcli.model.audience import KINDS, PLATFORMS
from crmcli.present.cells import Column, Listing
from crmcli.sales.consent import audiences

COLUMNS = [
    Column("name", "Audience", keep=True), Column("clients", "Clients", "count"),
    Column("emails", "E-mails", "count"), Column("phones", "Phones", "count"),
    Column("left_out", "Left out", "count"),
]  # fmt: skip

audience = Noun("audience", help="Advertising audiences that robots fill: list, export.")


@audience.command("list")
def list_(session: Session) -> Listing:
    """List the audiences, and how many of each would go out.

    Left out are clients who refuse messages, are on the block list, or have neither e-mail nor phone.

    Example: crm audience list
    """
    found = audiences.listed(session.workspace)
    return Listing.of(found, COLUMNS, empty=audiences.NONE_YET)


@audience.command(
    params=[
        option("--for of", "For which platform.", among=tuple(PLATFORMS), required=True),
        option("--only", "E-mails or phones alone; VK needs one of them.", among=KINDS),
    ]
)
@click.argument("name")
def export(session: Session, name: str, of: str, only: str) -> None:
    """Print an audience as a platform takes it: hashes of e-mails and phones, no address itself.

    Example: crm audience export buyers --for yandex > buyers.csv

    Example: crm audience export buyers --for vk --only phone
    """
    from crmcli.formats.csv import csv_line

    rows = audiences.exported(session.workspace, name, of, only or "")
    session.out.text("".join(map(csv_line, rows)))
