"""Running a program of somebody else: with an end in time, bounded output, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from crmcli.dataclass import dataclass

LONGEST = 64 * 1024
"""Bytes that a program may print unless it is told otherwise."""
_BLINK = 0.02


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code, negative for a signal, and what it printed, at most a byte more
    than it may; what it said of errors only where that was asked for."""

    code: int
    said: bytes
    complained: bytes = b""


def plain_environ(more: Mapping[str, str]) -> dict[str, str]:
    """What a program of somebody else gets of the environment, and `more`."""
    path, home = os.environ.get("PATH", os.defpath), os.environ.get("HOME", "/")
    return {"PATH": path, "HOME": home, "LANG": "C.UTF-8", **more}


def run(
    words: Sequence[str],
    until: float,
    *,
    given: bytes | Iterable[bytes] | None = None,
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Ended:
    """Run it until an instant of the monotonic clock; TimeoutError if it does not end by then.

    It has no terminal. Without anything `given` it has no input, and its errors go nowhere. What it leaves
    running behind itself, perhaps with the pipe in its hand, is ended with it.
    """
    import subprocess

    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as complaints:
        source.writelines([given] if isinstance(given, bytes) else given or ())
        source.seek(0)
        with subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL if given is None else source,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if given is None else complaints,
            bufsize=0,
            start_new_session=True,
            cwd=folder,
            env=environ,
        ) as process:
            assert process.stdout is not None  # PIPE was asked for
            try:
                said = _read(process.stdout.fileno(), process.pid, until)
            finally:
                with contextlib.suppress(ProcessLookupError, PermissionError):  # none of it is left
                    os.killpg(process.pid, signal.SIGKILL)  # its number is not free before the wait
            code = process.wait()
        complaints.seek(0)
        return Ended(code, said, complaints.read(LONGEST))


def _read(pipe: int, pid: int, until: float) -> bytes:
    """What comes until the command ends, whoever else holds the pipe; at most LONGEST and a byte."""
    said = b""
    is_open = True
    while len(said) <= LONGEST:
        has_ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        ready = is_open and select.select([pipe], [], [], 0 if has_ended else _BLINK)[0]
        if ready:
            piece = os.read(pipe, LONGEST + 1 - len(said))
            is_open = bool(piece)
            said += piece
        elif has_ended:
            break
        elif not is_open:
            time.sleep(_BLINK)
        if time.monotonic() >= until:
            raise TimeoutError
    return said
