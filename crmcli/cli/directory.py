"""crm directory: lists of allowed values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcli.cli.params import ChangingVerb, Noun, Session, Verb
from crmcli.cli.printing import say
from crmcli.language import tr
from crmcli.present.cells import Column
from crmcli.present.changes import reshaped

if TYPE_CHECKING:
    from crmcli.sales.settings.fields import Reshaped

LIST = [
    Column("name", "Directory", keep=True), Column("values", "Values", "count"),
    Column("fields", "Fields"),
]  # fmt: skip
SHOW = [
    Column("id", "Value", keep=True), Column("label", "Label"), Column("records", "Records", "count"),
]  # fmt: skip

directory = Noun(
    "directory", help="Lists of allowed values: sources, types, industries, reasons, your own."
)


@directory.command("list", cls=Verb)
@click.pass_obj
def list_(session: Session) -> None:
    """List the directories.

    Example: crm directory list
    """
    from crmcli.sales.settings import directories

    ws = session.workspace
    rows = [
        {
            "name": name,
            "values": len(ws.settings.directories.get(name, ())),
            "fields": [
                f"{entity}.{field.name}" for entity, field in directories.users_of(ws, name)
            ],
        }
        for name in directories.names(ws)
    ]
    session.out.records(rows, LIST)


@directory.command(cls=Verb)
@click.argument("name")
@click.pass_obj
def show(session: Session, name: str) -> None:
    """Show the values of a directory and how many records have each.

    Example: crm directory show sources
    """
    from crmcli.sales.settings import directories

    ws = session.workspace
    labels = directories.values_of(ws, name)
    counts = directories.counts(ws, name)
    rows = [{"id": v, "label": label, "records": counts[v]} for v, label in labels.items()]
    if not rows and session.out.is_table:
        session.out.note(tr("{} is not declared: any value is allowed", name))
    session.out.records(rows, SHOW)


@directory.command(cls=ChangingVerb)
@click.argument("name")
@click.argument("value")
@click.option("--label", default="", help="Label for people.")
@click.pass_obj
def add(session: Session, name: str, value: str, label: str) -> None:
    """Add a value.

    Example: crm directory add sources telegram --label Телеграм
    """
    from crmcli.sales.settings import directories

    done = directories.add(session.workspace, name, value, label)
    _say(session, tr("Added {} to {}", value, name), done, name, value)


@directory.command(cls=ChangingVerb)
@click.argument("name")
@click.argument("value")
@click.argument("new", default="", metavar="[NEW]")
@click.option("--label", default="", help="Label for people.")
@click.pass_obj
def rename(session: Session, name: str, value: str, new: str, label: str) -> None:
    """Change a value's id, its label or both.

    Records, conditions and robots that use the old id are changed too, in one transaction.

    Example: crm directory rename sources web site --label Сайт
    """
    from crmcli.sales.settings import directories

    done = directories.rename(session.workspace, name, value, new, label)
    text = tr("Renamed {} of {} to {}", value, name, new or label)
    _say(session, text, done, name, new or value)


@directory.command(cls=ChangingVerb)
@click.argument("name")
@click.argument("value")
@click.option(
    "--replace-with", default="", metavar="VALUE", help="The value those records get instead."
)
@click.pass_obj
def rm(session: Session, name: str, value: str, replace_with: str) -> None:
    """Remove a value; refused while records have it.

    Example: crm directory rm sources shop --replace-with web
    """
    from crmcli.sales.settings import directories

    done = directories.remove(session.workspace, name, value, replace_with)
    _say(session, tr("Removed {} from {}", value, name), done, name, value)


def _say(session: Session, text: str, done: Reshaped, name: str, value: str) -> None:
    row = {"directory": name, "value": value}
    say(session, reshaped(session.workspace, text, done, row))
