"""Running the program as another user, wherever Python itself stands."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

_OPENED = """
mkdir "$1/python" && mount --bind "$2" "$1/python" && mount -t tmpfs -o mode=755 tmpfs "$3" &&
mkdir -p "$2" && mount --bind "$1/python" "$2" || exit 99
shift 3
"""
"""In a mount namespace of its own: Python's folder stays where it is, what closes it off goes."""


def command(
    args: Sequence[str], top: Path, uid: int, group: int, team: int, umask: int
) -> list[str]:
    """The command that runs another as that user; `top` is a folder for what is needed on the way."""
    become = (
        "setpriv", f"--reuid={uid}", f"--regid={group}", f"--groups={team}", "--",
    )  # fmt: skip
    masked = f'umask {umask:o}\nexec {" ".join(become)} "$@"'
    base = Path(sys.base_prefix)
    closed = [p for p in reversed(base.parents) if not p.stat().st_mode & 0o001]
    if not closed:
        return ["sh", "-c", masked, "sh", *args]
    spare = top / "spare"
    spare.mkdir(exist_ok=True)
    work = subprocess.run(
        ["mktemp", "-d", "-p", str(spare)], capture_output=True, text=True, check=True
    ).stdout.strip()
    return [
        "unshare",
        "-m",
        "sh",
        "-c",
        _OPENED + masked,
        "sh",
        work,
        str(base),
        str(closed[0]),
        *args,
    ]
