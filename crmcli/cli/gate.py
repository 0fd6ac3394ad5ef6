"""crm gate: the door for people who have no account on this machine, by SSH and their key."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from crmcli.cli import gate_door, refusals, terminal
from crmcli.cli.file_names import FileName, ReadFile
from crmcli.cli.gate_door import Door
from crmcli.cli.params import Noun, complete, option
from crmcli.cli.session import Session
from crmcli.errors import BadUsage, CrmError, Forbidden, NotFound, Refused
from crmcli.language import counted, tr
from crmcli.model.access import Rights
from crmcli.model.values import fold
from crmcli.present.cells import Column, Listing
from crmcli.present.told import Told
from crmcli.store import layout
from crmcli.store.safety import approved, authorized_keys, trust
from crmcli.workspace.approving import approve as approve_rights
from crmcli.workspace.approving import rights_at_gate

COLUMNS = [
    Column("user", "User", keep=True), Column("kind", "Key"), Column("key", "Fingerprint", keep=True),
    Column("comment", "Comment"), Column("folder", "Folder"), Column("terminal", "Board", "word"),
    Column("state", "State", "door", keep=True),
]  # fmt: skip
KEYS = option(
    "--keys", "The file of keys. [default: ~/.ssh/authorized_keys]", "FILE", type=FileName()
)
CHANGED = (
    "access.yaml is not the version that was approved: the old rights hold here; crm gate approve"
)


@click.pass_context
def _enter(
    ctx: click.Context, folder: str, user: str, key: str, keys: str | None, state: str | None
) -> Any:
    if ctx.invoked_subcommand is not None:
        return None
    session = ctx.ensure_object(Session)
    if not user:
        raise BadUsage(
            "--as says who comes in", "crm gate install USER KEY writes the line for SSH"
        )
    raw = os.environb.get(gate_door.ASKED.encode(), b"")
    said = {"--as": user, "--key": key, "--keys": keys, "--state": state}
    words = ("gate", *(word for pair in said.items() if pair[1] for word in pair if word))
    door = Door(user, key, keys or str(_keys_of_account()), folder or session.folder, words)
    return _run(session, door, raw, state or "")


gate = Noun(
    "gate",
    invoke_without_command=True,
    callback=_enter,
    help="The gate: people work here by SSH and a key of their own, within their rights.\n\n"
    "Each line of authorized_keys runs crm gate --as USER, whatever was asked for; crm help gate has the way "
    "to set it up.",
    params=[
        option("--workspace -C folder", "Workspace folder.", "DIR"),
        option("--as user", "Who comes in: the id in settings.yaml.", "USER"),
        option("--key", "The key by which they come.", "FINGERPRINT"),
        KEYS,
        option("--state", "Where crm keeps what is approved.", "DIR", type=FileName()),
    ],
)


def _run(session: Session, door: Door, raw: bytes, state: str) -> Any:
    """Read what was asked for, and let the ordinary commands do it."""
    from crmcli.cli.root import crm

    gate_door.clean({}, state)
    gate_door.bound()
    session.begin_anew()  # nothing of what this machine's environment said
    session.folder = (
        str(Path(door.folder).resolve()) if door.folder else os.environ.get("HOME", "/")
    )
    session.gate, session.door = door, gate_door.NAME
    session.speak()
    root = layout.find_root(Path(session.folder))
    rights = _checked(session, root, door)
    try:
        asked = gate_door.read(raw)
    except BadUsage as error:
        refusals.keep(session, error.message)
        raise
    gate_door.clean(asked.shown, state)
    session.speak()
    gate_door.check_folder(root, asked.folder)
    gate_door.watch(_closing(root, door, rights), lambda why: refusals.keep(session, why))
    sys.argv[1:] = asked.words
    with crm.make_context("crm", list(asked.words), obj=session) as context:
        return crm.invoke(context)


def _checked(session: Session, root: Path, door: Door) -> Rights:
    """The rights of who came in; nothing is told of the workspace to whom it is closed."""
    try:
        if why := _why_revoked(door):
            raise Forbidden(why, "ask an administrator")
        return rights_at_gate(root, door.user)
    except CrmError as error:
        refusals.keep(session, error.message)
        if isinstance(error, approved.NothingApproved):
            raise
        raise Forbidden("this door is closed", "ask an administrator of the workspace") from None


def _why_revoked(door: Door) -> str:
    if door.key and door.key not in authorized_keys.fingerprints(Path(door.keys)):
        return "this key was revoked"
    return ""


def _closing(root: Path, door: Door, began: Rights) -> Callable[[], str]:
    """Tells why a door was closed since, "" while it is open, at the cost of two looks at files."""
    seen = [_stamps(door)]

    def why() -> str:
        now = _stamps(door)
        if now == seen[0]:
            return ""
        try:
            rights = rights_at_gate(root, door.user)
        except CrmError:
            return "your rights were taken back"
        is_same = (rights.roles, rights.access.teams) == (began.roles, began.access.teams)
        seen[0] = now
        return _why_revoked(door) or ("" if is_same else "your rights have changed: start again")

    return why


def _stamps(door: Door) -> object:
    try:
        found = Path(door.keys).stat()
    except OSError:
        return trust.state()
    return trust.state(), found.st_mtime_ns, found.st_ino, found.st_size


def _keys_of_account() -> Path:
    import pwd

    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir, ".ssh/authorized_keys")
    except KeyError:
        return Path("/nonexistent")


def _keys(given: str | None) -> Path:
    return Path(given).resolve() if given else Path.home() / ".ssh/authorized_keys"


def _command(session: Session, user: str, key: str, keys: Path) -> str:
    """What the line for a user runs: all that it depends on stands in it."""
    words = [terminal.program(), "gate", "--as", terminal.quoted(user), "--key", key]
    if keys != _keys_of_account():
        words += ["--keys", terminal.quoted(str(keys))]
    if os.environ.get("XDG_STATE_HOME") or Path.home() != _keys_of_account().parents[1]:
        words += ["--state", terminal.quoted(str(trust.home().parent))]
    return " ".join([*words, "-C", terminal.quoted(str(session.workspace.root))])


@gate.command(
    params=[
        click.Argument(("ref",), metavar="USER", shell_complete=complete),
        click.Argument(("file",), metavar="KEYFILE", type=ReadFile()),
        option("--no-board", "Give no terminal: no full-screen board, no questions.", is_flag=True),
        KEYS,
    ]
)
def install(session: Session, ref: str, file: str, no_board: bool, keys: str | None) -> Told:
    """Let a user in by an SSH key: KEYFILE is the public one, - reads it from stdin.

    Writes the line into ~/.ssh/authorized_keys of whoever runs this, the account that keeps the
    workspace. The first one approves access.yaml as it is.

    Example: crm gate install olga olga.pub
    """
    from crmcli.sales.records.input_files import read_file, read_stream

    ws = session.workspace
    user, most = ws.user_id(ref), authorized_keys.LONGEST
    if user in ws.gone:
        raise Refused(tr("{} may not work here", ws.owner_name(user)), tr("crm user on {}", user))
    content = (
        read_stream(sys.stdin.buffer, "stdin", most) if file == "-" else read_file(file, most)[1]
    )
    key = authorized_keys.read_key(content.decode("utf-8", "replace"))
    notes = _first_rights(session, user)
    path = _keys(keys)
    command = _command(session, user, key.fingerprint, path)
    authorized_keys.add(path, command, key, terminal=not no_board)
    text = tr("{} may come in by {}.", ws.owner_name(user), key.fingerprint)
    return Told(text, {"user": user, "key": key.fingerprint, "file": str(path)}, notes)


def _first_rights(session: Session, user: str) -> list[str]:
    """Approve the rights where nobody has; Refused where there are none for that user."""
    ws = session.workspace
    notes = []
    if approved.state(ws.root) == "none":
        if approved.standing(ws.root) is None:
            raise NotFound("there is no access.yaml: the gate would have no rights to go by",
                           tr("crm user role {} ROLE makes it", user))  # fmt: skip
        approve_rights(ws.root)
        notes.append(tr("approved access.yaml as it is"))
    elif approved.state(ws.root) == "changed":
        notes.append(tr(CHANGED))
    try:
        rights_at_gate(ws.root, user)
    except Forbidden:
        notes.append(tr("{} has no role yet: crm user role {} ROLE", user, user))
    return notes


@gate.command("list", params=[KEYS])
def list_(session: Session, keys: str | None) -> Listing:
    """List who may come in, and by which keys.

    Example: crm gate list
    """
    ws = session.workspace
    if approved.state(ws.root) == "changed":
        ws.notes.append(tr(CHANGED))
    doors = [door for door in authorized_keys.doors(_keys(keys)) if door.folder == str(ws.root)]
    rows = [
        {
            "user": door.user, "kind": door.key.kind, "key": door.key.fingerprint,
            "comment": door.key.comment, "folder": door.folder,
            "terminal": "yes" if door.has_terminal else "no", "state": _state(ws.root, door.user),
        }
        for door in doors
    ]  # fmt: skip
    return Listing(rows, COLUMNS, "nobody comes in by SSH: crm gate install USER KEYFILE")


def _state(root: Path, user: str) -> str:
    try:
        rights_at_gate(root, user)
    except CrmError:
        return "closed"
    return "open"


@gate.command(params=[click.Argument(("who",), metavar="USER|FINGERPRINT"), KEYS])
def revoke(session: Session, who: str, keys: str | None) -> Told:
    """Close the door for a user, or for one key.

    Sessions that are open end within two seconds.

    Example: crm gate revoke boris
    """
    ws = session.workspace
    meant = fold(who if who.startswith("SHA256:") else _user(session, who))
    path = _keys(keys)
    gone = authorized_keys.remove(
        path,
        lambda door: (
            door.folder == str(ws.root)
            and (door.key.fingerprint == who or fold(door.user) == meant)
        ),
    )
    if not gone:
        raise NotFound(tr("no key of {!r} stands in {}", who, path), "crm gate list shows them")
    text = tr("Revoked {}.", counted(len(gone), "key"))
    return Told(text, {"revoked": [door.key.fingerprint for door in gone]})


def _user(session: Session, ref: str) -> str:
    """The user that is meant; who is no user any more is named by the id."""
    try:
        return session.workspace.user_id(ref)
    except CrmError:
        return ref


@gate.command()
def approve(session: Session) -> Told:
    """Let the gate go by access.yaml as it is now: what was edited by hand is shown first.

    Example: crm gate approve
    """
    ws = session.workspace
    state, new = approved.state(ws.root), approved.standing(ws.root)
    if state == "approved":
        return Told("access.yaml is approved as it is.", {"approved": False})
    if new is None:
        raise NotFound("there is no access.yaml", "restore it: git checkout access.yaml")
    ws.read_access(thorough=True)
    old = approved.text(ws.root) or b""
    was, is_now = (text.decode("utf-8", "replace").splitlines() for text in (old, new))
    for line in difflib.unified_diff(was, is_now, tr("approved"), "access.yaml", "", "", 1, ""):
        session.out.note(line)
    session.confirm("Approve these rights?")
    approve_rights(ws.root)
    told = tr("Approved {}, for doors with --state {}.", "access.yaml", trust.home().parent)
    return Told(told, {"approved": True})
