"""Letting cron call `crm tick`: the line of this user's table, written, found and taken out.

The line is crm's own by the comment at its end, which names the folder.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, Refused, ServiceFailed
from crmcli.language import tr
from crmcli.model.durations import SECONDS, Duration

EVEN = {n for n in range(1, 61) if 60 % n == 0} | {60 * n for n in range(1, 25) if 24 % n == 0}
"""The minutes that cron can count evenly: parts of an hour, and hours that are parts of a day."""
_PATIENCE = 30
"""Seconds for the program crontab, which asks nothing."""
LOG = ".crm/tick.log"
NO_TABLE = re.compile("no crontab|no such file", re.IGNORECASE)
"""What crontab says where a user has no table yet."""


@dataclass(frozen=True, slots=True)
class Call:
    """How cron is to call the tick of one folder: by which whole command, how often, in which locale."""

    root: Path
    program: str
    every: Duration
    locale: str

    @property
    def command(self) -> str:
        """The command without its output."""
        return f"{self.program} -C {shlex.quote(str(self.root))} tick"

    @property
    def line(self) -> str:
        """The line of the table. A per cent sign would end the command there."""
        log = shlex.quote(str(self.root / LOG))
        told = f"LC_ALL={self.locale} {self.command} >>{log} 2>&1 {_mark(self.root)}"
        return f"{self._when()} {told}".replace("%", r"\%")

    def _when(self) -> str:
        hours, minutes = divmod(self._minutes(), 60)
        if not hours:
            return f"{_step(minutes)} * * * *"
        return f"0 {_step(hours)} * * *" if hours < 24 else "0 0 * * *"

    def _minutes(self) -> int:
        minutes = self.every.seconds // 60 if self.every.unit in SECONDS else 0
        if minutes not in EVEN:
            told = tr("cron cannot call evenly every {}", self.every)
            raise BadUsage(told, "use 1m, 5m, 10m, 15m, 30m, 1h, 2h, 6h, 12h or 1d")
        return minutes

    def units(self) -> str:
        """The same as a timer of systemd: two files, each below its name."""
        name = "crm-tick-" + (re.sub(r"[^A-Za-z0-9]+", "-", self.root.name).strip("-") or "crm")
        clock = f"OnUnitActiveSec={self._minutes()}min\nOnBootSec=1min"
        command = self.command.replace("%", "%%")
        return (
            f"# ~/.config/systemd/user/{name}.service\n"
            f"[Unit]\nDescription=crm tick\n\n"
            f"[Service]\nType=oneshot\nEnvironment=LC_ALL={self.locale}\nExecStart={command}\n\n"
            f"# ~/.config/systemd/user/{name}.timer\n"
            f"[Unit]\nDescription=crm tick\n\n[Timer]\n{clock}\n\n[Install]\nWantedBy=timers.target\n\n"
            f"# systemctl --user enable --now {name}.timer"
        )


def locale() -> str:
    """The locale of this terminal, in which cron would not call."""
    named = (os.environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    return next((word for word in named if word and "UTF-8" in word.upper()), "C.UTF-8")


def installed(root: Path) -> str:
    """The line of the table that calls the tick of a folder, crm's own or another; "" if none does."""
    return next((line for line in _table() if _calls(line, root)), "")


def install(call: Call) -> None:
    """Write the line, in the place of crm's own if there is one; Refused where another one is there."""
    table = _table()
    others = [line for line in table if _calls(line, call.root) and not _is_own(line, call.root)]
    if others:
        told = tr("another line of the crontab runs it already: {}", others[0])
        raise Refused(told, "remove it with crontab -e, then run crm tick --install again")
    _write([*(line for line in table if not _is_own(line, call.root)), call.line])


def uninstall(root: Path) -> bool:
    """Take crm's own line out; whether it was there."""
    table = _table()
    left = [line for line in table if not _is_own(line, root)]
    if left != table:
        _write(left)
    return left != table


def _step(count: int) -> str:
    return f"*/{count}" if count > 1 else "*"


def _mark(root: Path) -> str:
    return f"# crm tick {root}"


def _is_own(line: str, root: Path) -> bool:
    return line.replace(r"\%", "%").endswith(_mark(root))


def _calls(line: str, root: Path) -> bool:
    try:
        words = shlex.split(line.replace(r"\%", "%"), comments=True)
    except ValueError:
        return False
    return str(root) in words and "tick" in words


def _table() -> list[str]:
    done = _crontab("-l")
    said = _said(done)
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "surrogateescape").splitlines()
    if NO_TABLE.search(said):
        return []
    raise ServiceFailed(tr("crontab -l failed: {}", said), "see crontab -l")


def _write(lines: list[str]) -> None:
    done = _crontab("-", text="".join(f"{line}\n" for line in lines))
    if done.returncode:
        raise ServiceFailed(tr("crontab refused the table: {}", _said(done)), "see crontab -l")


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return " ".join(done.stderr.decode("utf-8", "replace").split())


def _crontab(argument: str, text: str = "") -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("crontab")
    if program is None:
        hint = "install cron (apt install cron), or see --print systemd"
        raise ServiceFailed("crontab is not installed", hint)
    command, english = [program, argument], {**os.environ, "LC_ALL": "C"}
    table = text.encode("utf-8", "surrogateescape")
    try:
        return subprocess.run(
            command, input=table, capture_output=True, timeout=_PATIENCE, check=False, env=english
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ServiceFailed(tr("crontab did not run: {}", error), "see crontab -l") from error
