"""crm file: attachments."""

from __future__ import annotations

from pathlib import Path

import click

from crmcli.cli.params import ChangingVerb, Noun, Session
from crmcli.cli.printing import notes, tell
from crmcli.errors import BadUsage
from crmcli.present.cells import Column

file = Noun("file", help="Files of a record: contracts, plans, photos.")


@file.command(
    cls=ChangingVerb,
    help="Attach files to a record. The same content is stored once.\n\n"
    "Example: crm file add 7k3 Договор.pdf",
)
@click.argument("ref")
@click.argument("paths", nargs=-1, required=True, type=click.Path(), metavar="PATH...")
@click.option("--name", default="", help="The name that it shall have.")
@click.option("--replace", is_flag=True, help="Instead of a file of the same name.")
@click.pass_obj
def add(session: Session, ref: str, paths: tuple[str, ...], name: str, replace: bool) -> None:
    """Attach files."""
    from crmcli.present.records import raw_row
    from crmcli.sales.records import attachments

    if name and len(paths) > 1:
        raise BadUsage("--name names one file", "attach the files one by one")
    ws = session.workspace
    record = ws.find(ref)
    new = [attachments.read(Path(path), name) for path in paths]
    attachments.attach(ws, record.id, new, instead=replace)
    row = raw_row(ws, record)
    names = ", ".join(each.name for each in new)
    tell(session, f"Attached {names} to {record.id} {record.get('name')}.", row)
    notes(session)


@file.command("list", help="List the files of a record.\n\nExample: crm file list 7k3")
@click.argument("ref")
@click.pass_obj
def list_(session: Session, ref: str) -> None:
    """List the files of a record."""
    from crmcli.sales.records import attachments

    ws, out = session.workspace, session.out
    record = ws.find(ref)
    rows = [
        {"name": found.name, "size": attachments.size(ws, found), "file": found.file}
        for found in attachments.of(record)
    ]
    if not rows:
        out.note(f"{record.id} has no files")
    for row in rows:
        if row["size"] is None:
            out.note(f"{row['name']}: the stored file is missing, see crm check")
    out.records(rows, [Column("name", keep=True), Column("size", kind="count"), Column("file")])


@file.command(
    help="Write a file of a record to the current folder, or where -o says; - is stdout.\n\n"
    "NAME may be the beginning of its name.\n\nExample: crm file get 7k3 Договор -o /tmp"
)
@click.argument("ref")
@click.argument("name", required=False, default="")
@click.option(
    "-o", "--output", default="", type=click.Path(), metavar="PATH", help="A file, a folder, or -."
)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@click.pass_obj
def get(session: Session, ref: str, name: str, output: str, force: bool) -> None:
    """Write a file of a record to the disk."""
    from crmcli.sales.records import attachments

    ws = session.workspace
    record = ws.find(ref)
    found = attachments.named(record, name)
    content = attachments.content(ws, found)
    if output == "-":
        session.out.content(content)
        return
    path = Path(output or ".")
    path = path / found.name if path.is_dir() else path
    attachments.write_out(path, content, over=force)
    session.out.changed(str(path), {"id": record.id, "name": found.name, "path": str(path)})


@file.command(
    cls=ChangingVerb,
    help="Take a file off a record. Its content stays stored, for the record's past.\n\n"
    "Example: crm file rm 7k3 Договор.pdf",
)
@click.argument("ref")
@click.argument("name")
@click.pass_obj
def rm(session: Session, ref: str, name: str) -> None:
    """Take a file off a record."""
    from crmcli.present.records import raw_row
    from crmcli.sales.records import attachments

    ws = session.workspace
    record, found = attachments.detach(ws, ws.find(ref).id, name)
    tell(session, f"Took {found.name} off {record.id} {record.get('name')}.", raw_row(ws, record))
    notes(session)
