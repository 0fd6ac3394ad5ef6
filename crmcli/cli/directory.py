"""crm directory: lists of allowed values."""

from __future__ import annotations

import click

from crmcli.cli.params import ChangingVerb, Noun
from crmcli.cli.session import Session
from crmcli.language import tr
from crmcli.present.cells import Column, Listing
from crmcli.present.changes import reshaped
from crmcli.present.told import Told
from crmcli.sales.settings import directories

LIST = [
    Column("name", "Directory", keep=True), Column("values", "Values", "count"),
    Column("fields", "Fields"),
]  # fmt: skip
SHOW = [
    Column("id", "Value", keep=True), Column("label", "Label"), Column("records", "Records", "count"),
]  # fmt: skip

directory = Noun(
    "directory",
    help="Lists of allowed values: sources, types, reasons, topics of letters, your own.",
)


@directory.command("list")
def list_(session: Session) -> Listing:
    """List the directories.

    Example: crm directory list
    """
    ws = session.workspace
    rows = [
        {
            "name": name,
            "values": len(ws.settings.directories.get(name, ())),
            "fields": [f"{entity}.{f.name}" for entity, f in directories.users_of(ws, name)],
        }
        for name in directories.names(ws)
    ]
    return Listing(rows, LIST)


@directory.command()
@click.argument("name")
def show(session: Session, name: str) -> Listing:
    """Show the values of a directory and how many records have each.

    Example: crm directory show sources
    """
    ws = session.workspace
    labels = directories.values_of(ws, name)
    counts = directories.counts(ws, name)
    rows = [{"id": v, "label": label, "records": counts[v]} for v, label in labels.items()]
    return Listing(rows, SHOW, tr("{} is not declared: any value is allowed", name))


@directory.command(cls=ChangingVerb)
@click.argument("name")
@click.argument("value")
@click.option("--label", default="", help="Label for people.")
def add(session: Session, name: str, value: str, label: str) -> Told:
    """Add a value.

    Example: crm directory add sources telegram --label Telegram
    """
    ws = session.workspace
    done, text = directories.add(ws, name, value, label), tr("Added {} to {}", value, name)
    return reshaped(ws, text, done, {"directory": name, "value": value})


@directory.command(cls=ChangingVerb)
@click.argument("name")
@click.argument("value")
@click.argument("new", default="", metavar="[NEW]")
@click.option("--label", default="", help="Label for people.")
def rename(session: Session, name: str, value: str, new: str, label: str) -> Told:
    """Change a value's id, its label or both.

    Records, conditions and robots that use the old id are changed too, in one transaction.

    Example: crm directory rename sources web site --label Site
    """
    ws = session.workspace
    done = directories.rename(ws, name, value, new, label)
    text = tr("Renamed {} of {} to {}", value, name, new or label)
    return reshaped(ws, text, done, {"directory": name, "value": new or value})


@directory.command(cls=ChangingVerb)
@click.argument("name")
@click.argument("value")
@click.option(
    "--replace-with", default="", metavar="VALUE", help="The value those records get instead."
)
def rm(session: Session, name: str, value: str, replace_with: str) -> Told:
    """Remove a value; refused while records have it.

    Example: crm directory rm sources shop --replace-with web
    """
    ws = session.workspace
    done = directories.remove(ws, name, value, replace_with)
    text = tr("Removed {} from {}", value, name)
    return reshaped(ws, text, done, {"directory": name, "value": value})
