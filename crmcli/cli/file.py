"""crm file: attachments."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from crmcli.cli.file_names import ReadFile, saving
from crmcli.cli.params import ChangingVerb, Noun
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.present.cells import Column, Listing
from crmcli.present.records import raw_row
from crmcli.present.told import Told
from crmcli.sales.history.story import files_of
from crmcli.sales.records import attachments
from crmcli.sales.records.input_files import read_stream

file = Noun("file", help="Files attached to a record: contracts, plans, photos.")
COLUMNS = [
    Column("name", "Name", keep=True),
    Column("size", "Size", "count"),
    Column("file", "File"),
]


@file.command(cls=ChangingVerb)
@click.argument("ref")
@click.argument("paths", nargs=-1, required=True, type=ReadFile(), metavar="PATH...")
@click.option("--name", default="", help="Name to attach it under.")
@click.option("--replace", is_flag=True, help="Replace a file of the same name.")
def add(session: Session, ref: str, paths: tuple[str, ...], name: str, replace: bool) -> Told:
    """Attach files to a record.

    Equal files are stored once. - is stdin, for which --name says how it is called.

    Example: crm file add 7k3 Contract.pdf
    """
    if name and len(paths) > 1:
        raise BadUsage("--name names one file", "attach the files one by one")
    ws = session.workspace
    record = ws.find(ref)
    if "-" in paths and not name:
        raise BadUsage("a file from stdin has no name", "give one with --name")
    new = [_read(path, name) for path in paths]
    attachments.attach(ws, record.id, new, instead=replace)
    names = ", ".join(each.name for each in new)
    text = tr("Attached {} to {} {}.", names, record.id, record.get("name"))
    return Told(text, raw_row(ws, record))


def _read(path: str, name: str) -> attachments.New:
    if path != "-":
        return attachments.read(Path(path), name)
    content = read_stream(sys.stdin.buffer, "stdin", attachments.LARGEST)
    return attachments.named_new(name, content)


@file.command("list")
@click.argument("ref")
def list_(session: Session, ref: str) -> Listing:
    """List the files of a record; of a lead and its deal, those of both.

    Example: crm file list 7k3
    """
    ws = session.workspace
    record = ws.find(ref)
    rows = [
        {"name": found.name, "size": attachments.size(ws, found), "file": found.file}
        for found in files_of(ws, record)
    ]
    for row in rows:
        if row["size"] is None:
            session.out.note(tr("{}: the stored file is missing, see crm check", row["name"]))
    return Listing(rows, COLUMNS, tr("{} has no files", record.id))


@file.command()
@click.argument("ref")
@click.argument("name", required=False, default="")
@saving
def get(session: Session, ref: str, name: str, output: str, force: bool) -> Told | None:
    """Save a file of a record in the current folder, or where -o says; - is stdout.

    NAME may be the beginning of a name, and left out if there is only one file.

    Example: crm file get 7k3 Contract -o /tmp
    """
    ws = session.workspace
    record = ws.find(ref)
    found = attachments.named(record.with_values({"files": (*files_of(ws, record),)}), name)
    content = ws.attached(found.file)
    if output == "-":
        session.out.content([content])
        return None
    path = Path(output or ".")
    path = path / found.name if path.is_dir() else path
    attachments.write_out(path, content, over=force)
    return Told(str(path), {"id": record.id, "name": found.name, "path": str(path)})


@file.command(cls=ChangingVerb)
@click.argument("ref")
@click.argument("name")
def rm(session: Session, ref: str, name: str) -> Told:
    """Remove a file from a record.

    Its content is kept for the record's history.

    Example: crm file rm 7k3 Contract.pdf
    """
    ws = session.workspace
    record, found = attachments.detach(ws, ws.find(ref).id, name)
    text = tr("Removed {} from {} {}.", found.name, record.id, record.get("name"))
    return Told(text, raw_row(ws, record))
