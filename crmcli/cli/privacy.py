"""crm privacy: what is kept of a person, handed out."""

from __future__ import annotations

from pathlib import Path

import click

from crmcli.cli.params import Noun
from crmcli.cli.session import Session
from crmcli.language import counted, tr
from crmcli.present.told import Told
from crmcli.sales.privacy import gathered
from crmcli.sales.records import attachments

privacy = Noun("privacy", help="Personal data: all that is kept of a person.")


@privacy.command()
@click.argument("ref")
@click.option(
    "-o", "--output", default="", type=click.Path(), metavar="PATH", help="A file, a folder, or -."
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
def export(session: Session, ref: str, output: str, force: bool) -> Told | None:
    """Write all that is kept of a contact or lead into one zip: a page to read, JSON, files.

    In a folder that exists, or ends in /, the same as files; - is stdout.

    Example: crm privacy export anna@example.com -o anna.zip
    """
    ws = session.workspace
    found = gathered.gather(ws, ref)
    for missing in found.missing:
        session.out.note(missing)
    if output == "-":
        session.out.content([gathered.archive(ws, found)])
        return None
    path = Path(output or gathered.file_name(found.who))
    if output.endswith("/") or path.is_dir():
        path /= Path(gathered.file_name(found.who)).stem
        for name, content in gathered.contents(ws, found).items():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            attachments.write_out(path / name, content, over=force)
    else:
        attachments.write_out(path, gathered.archive(ws, found), over=force)
    told = found.told
    parts = (
        counted(len(told["records"]), "record"),
        counted(len(told["timeline"]), "event"),
        counted(len(found.files), "file"),
        counted(len(told["mentions"]), "mention"),
    )
    return Told(
        tr("{}: {}", path, ", ".join(parts)),
        {
            "id": found.who.id,
            "path": str(path),
            "records": len(told["records"]),
            "events": len(told["timeline"]),
            "files": len(found.files),
            "mentions": len(told["mentions"]),
        },
    )
