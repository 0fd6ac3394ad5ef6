"""crm directory: lists of allowed values."""

from __future__ import annotations

import click

from crmcli.cli.params import ChangingVerb, Noun, Session, Verb
from crmcli.cli.printing import say
from crmcli.language import tr
from crmcli.present.cells import Column
from crmcli.present.changes import reshaped

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


@directory.command("list", cls=Verb, help="List the directories.\n\nExample: crm directory list")
@click.pass_obj
def list_(session: Session) -> None:
    """List the directories."""
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


@directory.command(
    cls=Verb,
    help="Show the values of a directory and how many records have each.\n\nExample: crm "
    "directory show sources",
)
@click.argument("name")
@click.pass_obj
def show(session: Session, name: str) -> None:
    """Show the values of a directory."""
    from crmcli.sales.settings import directories

    ws = session.workspace
    labels = directories.values_of(ws, name)
    counts = directories.counts(ws, name)
    rows = [{"id": v, "label": label, "records": counts[v]} for v, label in labels.items()]
    if not rows and session.out.is_table:
        session.out.note(tr("{} is not declared: any value is allowed", name))
    session.out.records(rows, SHOW)


@directory.command(
    cls=ChangingVerb,
    help="Add a value.\n\nExample: crm directory add sources telegram --label Телеграм",
)
@click.argument("name")
@click.argument("value")
@click.option("--label", default="", help="Label for people.")
@click.pass_obj
def add(session: Session, name: str, value: str, label: str) -> None:
    """Add a value."""
    from crmcli.sales.settings import directories

    done = directories.add(session.workspace, name, value, label)
    say(
        session,
        reshaped(
            session.workspace,
            tr("{} has {} now", name, value),
            done,
            {"directory": name, "value": value},
        ),
    )


@directory.command(
    cls=ChangingVerb,
    help="Change a value's id, label or both. Records, conditions and robots that use the old id "
    "are changed too, in one transaction.\n\nExample: crm directory rename sources web site --label Сайт",
)
@click.argument("name")
@click.argument("value")
@click.argument("new", default="", metavar="[NEW]")
@click.option("--label", default="", help="Label for people.")
@click.pass_obj
def rename(session: Session, name: str, value: str, new: str, label: str) -> None:
    """Give a value another id, another label, or both."""
    from crmcli.sales.settings import directories

    done = directories.rename(session.workspace, name, value, new, label)
    text = tr("{} of {} is {} now", value, name, new or label)
    say(
        session, reshaped(session.workspace, text, done, {"directory": name, "value": new or value})
    )


@directory.command(
    cls=ChangingVerb,
    help="Remove a value; refused while records have it.\n\nExample: crm directory rm sources "
    "shop --replace-with web",
)
@click.argument("name")
@click.argument("value")
@click.option(
    "--replace-with", default="", metavar="VALUE", help="The value those records get instead."
)
@click.pass_obj
def rm(session: Session, name: str, value: str, replace_with: str) -> None:
    """Take a value away."""
    from crmcli.sales.settings import directories

    done = directories.remove(session.workspace, name, value, replace_with)
    text = tr("{} has no {} any more", name, value)
    say(session, reshaped(session.workspace, text, done, {"directory": name, "value": value}))
