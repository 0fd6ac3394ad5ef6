"""crm trust: what this user approves on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crmcli.cli.params import Session, Verb
from crmcli.errors import BadUsage
from crmcli.language import counted, tr
from crmcli.present.cells import Column

if TYPE_CHECKING:
    from crmcli.automation.approval.acts import Act

COLUMNS = [
    Column("place", "Where", keep=True),
    Column("what", "What", whole=True),
    Column("state", "State", "word", keep=True),
]


@click.command(cls=Verb)
@click.argument("folder", metavar="[DIR]", default="")
@click.option(
    "--list", "list_", is_flag=True, help="Show what could be sent, and the folders you trust."
)
@click.option("--revoke", is_flag=True, help="Stop trusting the folder and all in it.")
@click.pass_obj
def trust(session: Session, folder: str, list_: bool, revoke: bool) -> None:
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
        _list(session)
    elif revoke:
        _revoke(session)
    else:
        _trust_folder(session)
        _approve(session)


def _root(session: Session) -> Path:
    from crmcli.store.layout import find_root

    return find_root(Path(session.folder or "."))


def _trust_folder(session: Session) -> None:
    """Ask to work in a folder of another user; nothing is asked about one's own."""
    from crmcli.store.disk import owners
    from crmcli.store.safety import trust

    root = _root(session)
    if owners.is_mine(root) or (trust.problem() is None and trust.is_folder_trusted(root)):
        return
    owner = owners.name_of(root.stat().st_uid)
    session.confirm(tr("{} belongs to {}: work in it?", root, owner))
    trust.trust_folder(root)
    session.out.note(tr("trusted {}, which belongs to {}", root, owner))


def _approve(session: Session) -> None:
    """Show what came from elsewhere, and let it act if the answer is yes."""
    from crmcli.automation.approval.gate import approval, approve, queued_elsewhere

    ws = session.workspace
    waiting = [*approval(ws).unapproved, *queued_elsewhere(ws)]
    if not waiting:
        session.out.changed(tr("Nothing in {} is waiting for approval.", ws.root), {"approved": 0})
        return
    session.out.note(
        "This came from elsewhere and could run commands, send messages or call web hooks:"
    )
    for act in waiting:
        row = _row(act, "waits")
        session.out.note(f"  {row['place']}: {row['what']}")
    session.confirm("Approve all of this?")
    approve(ws, waiting)
    text = tr("Approved {}.", counted(len(waiting), "act"))
    session.out.changed(text, {"approved": len(waiting)})


def _list(session: Session) -> None:
    from crmcli.errors import NotFound
    from crmcli.store.safety.trust import trusted_folders

    rows = [
        {"place": path, "what": tr("a folder of another user"), "state": tr("trusted {}", since)}
        for path, since in sorted(trusted_folders().items())
    ]
    with suppress(NotFound):  # outside a workspace the folders are all there is
        rows += [_row(act, state) for act, state in _acts(session)]
    session.out.records(rows, COLUMNS)
    if not rows:
        session.out.note("nothing here can run, send or call, and no folder of others is trusted")


def _acts(session: Session) -> Sequence[tuple[Act, str]]:
    from crmcli.automation.approval.gate import approval, queued_elsewhere

    found = approval(session.workspace)
    waiting = {act.digest for act in found.unapproved}
    known = [(act, "waits" if act.digest in waiting else "approved") for act in found.acts]
    return [*known, *((act, "waits") for act in queued_elsewhere(session.workspace))]


def _row(act: Act, state: str) -> dict[str, str]:
    from crmcli.automation.approval.acts import in_one_line

    return {"place": in_one_line(act.place), "what": in_one_line(act.what), "state": state}


def _revoke(session: Session) -> None:
    from crmcli.automation.approval.gate import revoke
    from crmcli.store.safety.trust import untrust_folder

    acts, root = revoke(session.workspace), _root(session)
    if untrust_folder(root):
        session.out.note(tr("no longer trusted: {}", root))
    text = tr("{} will wait for crm trust.", counted(acts, "act"))
    session.out.changed(text, {"revoked": acts})
