"""How much memory a command takes at most, whatever the process is that asks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, NamedTuple

_SMALL = """
import os, sys
process = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(process, 0)
with open(sys.argv[1], "w") as file:
    file.write(str(used.ru_maxrss))
os._exit(os.waitstatus_to_exitcode(status) & 255)
"""
"""Starts the command: Linux counts in a child what its parent held then, so that must be little."""


class Peak(NamedTuple):
    """How a command ended, what it said on stderr, and the most that it held, in kilobytes."""

    code: int
    err: str
    kilobytes: int


def peak(
    command: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: IO[bytes] | int
) -> Peak:
    """Run a command to its end, its stdout unread."""
    with NamedTemporaryFile("r") as told:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _SMALL, told.name, *command], cwd=cwd, env=env,
            stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
        return Peak(done.returncode, done.stderr.decode(), int(told.read()))
