"""crm trust: what this user approves on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from crmcli.cli.output import Column
from crmcli.cli.params import Session, Verb
from crmcli.errors import BadUsage

COLUMNS = [Column("folder", "Folder", keep=True), Column("since", "Since", "date")]


@click.command(
    cls=Verb,
    help="Approve a workspace that somebody else owns or has made: work in DIR, or in the workspace "
    "around you, from now on.\n\n"
    "In a folder of another user crm only reads until then. Your word is kept for you alone, outside "
    "the folder, in ~/.local/state/crm.\n\n"
    "Example: crm trust /srv/crm",
)
@click.argument("folder", metavar="[DIR]", default="")
@click.option("--list", "list_", is_flag=True, help="List the folders that you trust.")
@click.option("--revoke", is_flag=True, help="Trust it no longer.")
@click.pass_obj
def trust(session: Session, folder: str, list_: bool, revoke: bool) -> None:
    """Approve a workspace that somebody else owns or has made."""
    if list_ and (folder or revoke):
        raise BadUsage("--list goes alone", "crm trust --list")
    if list_:
        _list(session)
        return
    root = _root(session, folder)
    if revoke:
        _revoke(session, root)
    else:
        _trust_folder(session, root)


def _root(session: Session, folder: str) -> Path:
    from crmcli.store.layout import find_root

    return find_root(Path(folder or session.folder or "."))


def _list(session: Session) -> None:
    from crmcli.store.trust import trusted_folders

    rows = [{"folder": path, "since": since} for path, since in sorted(trusted_folders().items())]
    if not rows and session.out.is_table:
        session.out.note("no folder of another user is trusted")
    session.out.records(rows, COLUMNS)


def _trust_folder(session: Session, root: Path) -> None:
    from crmcli.store import owners, trust

    if trust.problem() is None and trust.is_folder_trusted(root):
        session.out.changed(f"{root} was trusted before.", {"folder": str(root)})
        return
    if owners.is_mine(root):
        session.out.changed(f"{root} is yours: nothing to approve.", {"folder": str(root)})
        return
    owner = owners.name_of(root.stat().st_uid)
    session.confirm(f"{root} belongs to {owner}: work in it?")
    trust.trust_folder(root)
    session.out.changed(f"Trusted {root}, which belongs to {owner}.", {"folder": str(root)})


def _revoke(session: Session, root: Path) -> None:
    from crmcli.store.trust import untrust_folder

    was = untrust_folder(root)
    text = f"{root} is no longer trusted." if was else f"{root} was not trusted."
    session.out.changed(text, {"folder": str(root)})
