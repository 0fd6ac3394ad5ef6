"""crm trust: what this user approves on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from crmcli.automation.approval.acts import Act, in_one_line
from crmcli.automation.approval.gate import approval, approve, queued_elsewhere, revoke
from crmcli.cli.params import Verb
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, NotFound
from crmcli.language import counted, tr
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told
from crmcli.store.disk import owners
from crmcli.store.layout import find_root
from crmcli.store.safety import trust as folders

COLUMNS = [
    Column("place", "Where", keep=True), Column("what", "What", whole=True),
    Column("state", "State", "word", keep=True),
]  # fmt: skip


@click.command(cls=Verb)
@click.argument("folder", metavar="[DIR]", default="")
@click.option(
    "--list", "list_", is_flag=True, help="Show what could be sent, and the folders you trust."
)
@click.option("--revoke", is_flag=True, help="Stop trusting the folder and all in it.")
def trust(session: Session, folder: str, list_: bool, revoke: bool) -> Listing | Told:
    """Trust a workspace that somebody else owns or made: DIR, or the current one.

    In a folder of another user crm only reads until you trust it. Robots, the mail server, password
    commands and queued messages that came by clone, pull, merge, checkout or unpacking are shown, and
    act only after you approve them. What you wrote by hand needs no approval. Approval is kept for you
    alone, outside the folder, and holds until what you approved changes.

    Example: crm trust /srv/crm

    Example: crm trust --list
    """
    if list_ and revoke:
        raise BadUsage("--list and --revoke cannot be used together", "use one of them")
    session.folder = folder or session.folder
    if list_:
        return _list(session)
    if revoke:
        return _revoke(session)
    _trust_folder(session)
    return _approve(session)


def _root(session: Session) -> Path:
    return find_root(Path(session.folder or "."))


def _trust_folder(session: Session) -> None:
    """Ask to work in a folder of another user; nothing is asked about one's own."""
    root = _root(session)
    if owners.is_mine(root) or (folders.problem() is None and folders.is_folder_trusted(root)):
        return
    owner = owners.name_of(root.stat().st_uid)
    session.confirm(tr("{} belongs to {}: work in it?", root, owner))
    folders.trust_folder(root)
    session.out.note(tr("trusted {}, which belongs to {}", root, owner))


def _approve(session: Session) -> Told:
    """Show what came from elsewhere, and let it act if the answer is yes."""
    ws = session.workspace
    waiting = [*approval(ws).unapproved, *queued_elsewhere(ws)]
    if not waiting:
        return Told(tr("Nothing in {} is waiting for approval.", ws.root), {"approved": 0})
    session.out.note(
        "This came from elsewhere and could run commands, send messages or call web hooks:"
    )
    for act in waiting:
        session.out.note(f"  {in_one_line(act.place)}: {in_one_line(act.what)}")
    session.confirm("Approve all of this?")
    approve(ws, waiting)
    return Told(tr("Approved {}.", counted(len(waiting), "act")), {"approved": len(waiting)})


def _list(session: Session) -> Listing:
    rows = [
        {"place": path, "what": tr("a folder of another user"), "state": tr("trusted {}", since)}
        for path, since in sorted(folders.trusted_folders().items())
    ]
    with suppress(NotFound):  # outside a workspace the folders are all there is
        rows += [
            {"place": in_one_line(act.place), "what": in_one_line(act.what), "state": state}
            for act, state in _acts(session)
        ]
    none = "nothing here can run, send or call, and no folder of others is trusted"
    return Listing(rows, COLUMNS, none)


def _acts(session: Session) -> Sequence[tuple[Act, str]]:
    found = approval(session.workspace)
    waiting = {act.digest for act in found.unapproved}
    known = [(act, "waits" if act.digest in waiting else "approved") for act in found.acts]
    return [*known, *((act, "waits") for act in queued_elsewhere(session.workspace))]


def _revoke(session: Session) -> Told:
    acts, root = revoke(session.workspace), _root(session)
    if folders.untrust_folder(root):
        session.out.note(tr("no longer trusted: {}", root))
    return Told(
        tr("Not approved any more: {}. See crm trust.", counted(acts, "act")), {"revoked": acts}
    )
