"""crm tick --install, --uninstall, --status and --print: who calls crm tick, and when it last ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.automation import crontab
from crmcli.errors import BadUsage, Refused, ServiceFailed
from crmcli.language import counted, tr
from crmcli.model.durations import parse_duration
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.cli.session import Session
    from crmcli.workspace import Workspace

USUAL = "5m"


def install(session: Session, every: str) -> Told:
    """Write the line of the crontab; where other clones are at work, this one becomes the runner."""
    ws = session.workspace
    call = _call(ws, every)
    if not ws.settings.runs_at(ws.clone):
        raise Refused(
            tr("crm tick runs in the clone {}, and this one is {}", ws.settings.runner, ws.clone),
            "change automation: runner: in settings.yaml first",
        )
    line = call.line
    crontab.install(call)
    notes = [tr("What it says is written to {}.", call.root / crontab.LOG)]
    if _become_runner(ws):
        notes.append(tr("This clone, {}, is the runner now: settings.yaml says so.", ws.clone))
    return Told(tr("Installed in the crontab: {}", line), {"line": line}, notes)


def uninstall(session: Session) -> Told:
    """Take the line out of the crontab."""
    root = session.workspace.root.resolve()
    gone = crontab.uninstall(root)
    none = tr("There was no line of crm in the crontab.")
    return Told(tr("Taken out of the crontab.") if gone else none, {"removed": gone})


def printed(session: Session, form: str, every: str) -> Told:
    """The line of the crontab or the units of systemd, to be put where one likes."""
    call = _call(session.workspace, every)
    text = call.units() if form == "systemd" else call.line
    return Told(text, {"text": text})


def status(session: Session) -> Told:
    """When crm tick last came to its end here, who calls it, and what waits."""
    from crmcli.automation.jobs import listed
    from crmcli.automation.ledger import AWAITING, OPEN, TROUBLED
    from crmcli.model.local_times import local_minute
    from crmcli.workspace.tick_times import ends

    ws = session.workspace
    past = max(ends(ws), default=None)
    try:
        line = crontab.installed(ws.root.resolve())
    except ServiceFailed as error:
        line = ""
        session.out.note(error.message)
    runner, here = ws.settings.runner, ws.settings.runs_at(ws.clone)
    waiting, troubled = len(listed(ws, (*OPEN, AWAITING))), len(listed(ws, TROUBLED))
    row = {
        "last_end": past,
        "crontab": line,
        "clone": ws.clone,
        "runner": runner,
        "open_jobs": waiting,
        "troubled_jobs": troubled,
    }
    ended = local_minute(past, ws.zone) if past else tr("never")
    lines = [
        tr("Last finished: {}", ended),
        tr("Crontab: {}", line or tr("no line; crm tick --install writes one")),
        tr("Clone: {}", ws.clone),
        tr("Runner: {}", tr("any clone") if not runner else tr("this clone") if here else runner),
        tr("Open: {}", counted(waiting, "job")),
        tr("In trouble: {}", counted(troubled, "job")),
    ]
    return Told("\n".join(lines), row)


def _call(ws: Workspace, every: str) -> crontab.Call:
    from crmcli.cli.terminal import program

    try:
        length = parse_duration(every or USUAL)
    except ValueError as error:
        raise BadUsage(f"--every: {error}") from None
    return crontab.Call(ws.root.resolve(), program(), length, crontab.locale())


def _become_runner(ws: Workspace) -> bool:
    """Write into settings.yaml that this clone runs automation, where others might too and none is named."""
    from crmcli.sales.settings.reshape import SettingsEdit, below, reshape
    from crmcli.workspace.clones import is_shared

    if ws.settings.runner or not is_shared(ws):
        return False
    wanted = SettingsEdit(lambda tree: below(tree, "automation").update(runner=ws.clone))
    reshape(ws, "tick --install", wanted)
    return True
