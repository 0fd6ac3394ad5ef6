"""crm privacy: what is kept of a person, handed out or erased."""

from __future__ import annotations

from pathlib import Path

import click

from crmcli.cli.file_names import saving
from crmcli.cli.params import ChangingVerb, Noun
from crmcli.cli.session import Session
from crmcli.language import counted, tr
from crmcli.model.access import SETTINGS
from crmcli.present.cells import Column, Listing
from crmcli.present.erasures import erased_told, git_told, paths_of, plan_lines, proof_rows
from crmcli.present.told import Told
from crmcli.sales.privacy import again, gathered, law
from crmcli.sales.privacy import erase as erasing
from crmcli.sales.records import attachments

privacy = Noun("privacy", help="Personal data: all that is kept of a person, handed out or erased.")
LIST = [
    Column("id", "Id", keep=True), Column("at", "When", "datetime"), Column("by", "By", "user"),
    Column("records", "Records", "count"), Column("events", "Events", "count"),
    Column("files", "Files", "count"), Column("kept", "Kept by law"),
]  # fmt: skip
LOCKED = [
    Column("record", "Record", keep=True),
    Column("until", "Keep until", "date"),
    Column("path", "File"),
]


@privacy.command()
@click.argument("ref")
@saving
def export(session: Session, ref: str, output: str, force: bool) -> Told | None:
    """Write all that is kept of a contact or lead into one zip: a page to read, JSON, files.

    In a folder that exists, or ends in /, the same as files; - is stdout. Keep it out of the workspace:
    crm privacy erase does not remove it there, but names it.

    Example: crm privacy export anna@example.com -o anna.zip
    """
    ws = session.workspace
    ws.require(SETTINGS)
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
    if path.resolve().is_relative_to(ws.root.resolve()):
        said = tr(
            "{} lies in the workspace, where git would take it: hand it over and remove it", path
        )
        session.out.note(said)
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


@privacy.command(cls=ChangingVerb)
@click.argument("ref")
@click.option(
    "--keep",
    type=click.Choice(law.WAYS),
    default=law.WAYS[0],
    help="What stays: what the law wants, locked away, or nothing.",
)
def erase(session: Session, ref: str, keep: str) -> list[Told]:
    """Erase a contact or lead: records, texts, letters, files, copies.

    --dry-run shows what goes.

    It cannot be undone. What git's history still holds is told, with the command that removes it.

    Example: crm privacy erase anna@example.com --dry-run
    """
    ws = session.workspace
    if ref in erasing.erased_ids(ws):
        done = again.finish(ws)
        said = tr("{} was erased before; erased again: {}", ref, counted(len(done), "file"))
        return [Told(said, {"id": ref, "files": len(done)})]
    if session.dry_run or not session.yes:
        before, session.workspace.dry_run = ws.dry_run, True
        plan = erasing.erase(ws, ref, keep)
        ws.dry_run = before
        if session.dry_run:
            return [Told(line, row) for line, row in plan_lines(plan)]
        if session.out.is_table:
            session.out.text("\n".join(line for line, _ in plan_lines(plan)))
            session.out.flush()
        session.confirm(tr("erase all this of {}? It cannot be undone", plan.who.id))
    plan = erasing.erase(ws, ref, keep)
    return [erased_told(plan), *git_told(ws, plan)]


@privacy.command("list")
def list_(session: Session) -> Listing:
    """List what was erased, when and by whom.

    Example: crm privacy list
    """
    session.workspace.require(SETTINGS)
    rows = [
        {"id": e.id, "at": e.at, "by": e.actor, **e.data["counts"], "kept": len(e.data["kept"])}
        for e in erasing.erasures(session.workspace)
    ]
    return Listing(rows, LIST, "nothing was erased")


@privacy.command()
@click.argument("ref")
@click.option("--paths", is_flag=True, help="Print the files alone, for git filter-repo.")
def proof(session: Session, ref: str, paths: bool) -> Listing | None:
    """Show what an erasure removed: lines, files and records, with their digests.

    REF is its id, or that of a record that it took.

    Example: crm privacy proof contact-7k3qf2m9 --csv > proof.csv
    """
    columns = [
        Column("what", "What", "word", keep=True),
        Column("place", "Where"),
        Column("digest", "Digest"),
    ]
    session.workspace.require(SETTINGS)
    event = erasing.proof(session.workspace, ref)
    if paths:
        session.out.text("\n".join(paths_of(session.workspace, event)))
        return None
    return Listing(proof_rows(session.workspace, event), columns)


@privacy.command(cls=ChangingVerb)
@click.option("--drop", is_flag=True, help="Remove those whose time is over.")
def kept(session: Session, drop: bool) -> Listing | list[Told]:
    """List what the law keeps of erased people, and until when.

    Example: crm privacy kept --drop
    """
    ws = session.workspace
    ws.require(SETTINGS)
    if drop:
        gone = erasing.drop(ws)
        return [Told(tr("Removed {}.", path), {"path": path}) for path in gone]
    rows = [{"record": i, "until": until, "path": path} for i, until, path in law.locked(ws)]
    return Listing(rows, LOCKED, "nothing is kept")
