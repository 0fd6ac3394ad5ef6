"""Days foreseen, then lived through by a real cron daemon whose clock is shifted and runs fast.

libfaketime gives the daemon its clock. `crm tick --install` writes the line into a table from which the
daemon runs it by a shell of ours; that tells crm the time of the daemon, by CRM_NOW.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from torture.month import START, begin, compare, foresee, known_events
from torture.score import Score
from torture.tracing import crm, environ

FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), Path())
EVERY = 30
"""Minutes between two ticks; all that is due falls on one of them."""


def cron(folder: Path, *, deals: int = 20, days: int = 14, speed: int = 900) -> Score:
    """The acts that `crm tick --dry-run` foresees are those of a cron daemon that calls crm tick."""
    score = Score("cron")
    if os.geteuid() or not shutil.which("cron") or not FAKETIME.is_file():
        score.ran()
        score.remark("not run: it takes root, cron and libfaketime")
        return score.stop()
    begin(folder, deals, timedelta(minutes=7 * EVERY))
    end = START + timedelta(days=days)
    foreseen, known = foresee(folder, end), known_events(folder)
    _live(folder, speed, days)
    told = (folder / "ticks.log").read_text("utf-8").split()
    score.ran(len(told))
    slots = days * 24 * 60 // EVERY
    if len(told) != len(set(told)) or len(told) < slots - days // 10:
        # A daemon whose clock runs so fast misses a minute where the machine is busy: a few are allowed.
        score.fault(
            "other", f"{len(told)} ticks of {slots}, {len(set(told))} at times of their own"
        )
    compare(score, folder, foreseen, known, end)
    score.remark(f"{len(foreseen)} acts of {deals} deals in {days} days, {len(told)} ticks")
    return score.stop()


def _live(folder: Path, speed: int, days: int) -> None:
    """Let the daemon live these days, with no table but the one of this folder."""
    fast = f"LD_PRELOAD={FAKETIME} FAKETIME='@{START:%Y-%m-%d %H:%M:%S} x{speed}' TZ=UTC"
    shell, daemon, began = (folder / name for name in ("shell", "daemon", "began"))
    install = shlex.join((*crm(), "-C", str(folder), "tick", "--install", "--every", f"{EVERY}m"))
    daemon.write_text(DAEMON.format(install=install, shell=shell, fast=fast, began=began), "utf-8")
    kept = ("CRM_LANG", "CRM_USER", "LOGNAME", "USER", "PYTHONPATH", "XDG_STATE_HOME", "HOME")
    names = {name: value for name, value in environ().items() if name in kept}
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in names.items())
    clock = CLOCK.format(start=START.timestamp(), began=began, speed=speed, every=EVERY)
    (folder / "clock.py").write_text(clock, "utf-8")
    now = f"$({sys.executable} {folder / 'clock.py'})"
    shell.write_text(SHELL.format(exports=exports, now=now, log=folder / "ticks.log"), "utf-8")
    shell.chmod(0o755)
    process = subprocess.Popen(("unshare", "--mount", "sh", str(daemon)), env=environ())
    try:
        time.sleep(timedelta(days=days) / timedelta(seconds=speed) + 1)
    finally:
        process.terminate()
        process.wait()
    time.sleep(3)  # the last tick ends


DAEMON = """
set -e
for place in /run /etc/cron.d /var/spool/cron; do mount -t tmpfs none $place; done
mkdir -m 1730 /var/spool/cron/crontabs && chgrp crontab /var/spool/cron/crontabs
mount --bind /dev/null /etc/crontab
{install}
(echo SHELL={shell}; crontab -l) | crontab -
date +%s.%N > {began}
exec env {fast} cron -f
"""
"""A place of its own for tables, so that the fast clock calls nobody else's."""
SHELL = """#!/bin/sh
{exports}export CRM_NOW={now}
echo $CRM_NOW >> {log}
exec /bin/sh "$@"
"""
CLOCK = """
from datetime import UTC, datetime
import time
began = float(open("{began}").read())
now = {start} + (time.time() - began) * {speed}
print(datetime.fromtimestamp(now - now % ({every} * 60), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
"""
