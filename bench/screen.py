"""Measures the full-screen board in a terminal: when its first cards stand there, how soon it answers keys.

    python bench/screen.py DIR [DIR …]

Each run is a whole process on a terminal of its own; a key is answered when the screen changes.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

KEYS = "jjjjllljkhhjG" + "gjlGkl" + "  ss" + "/ки"
"""Going about, to the end of a stage and back, marks, another order, a filter."""
QUIET = 0.25
"""Seconds of silence after which a screen is ready for the next key."""
CARD = "▌".encode()
PATIENCE = 120.0


@contextmanager
def terminal(command: Sequence[str], environ: Mapping[str, str]) -> Iterator[int]:
    """A command on a terminal of 120 by 40, by its descriptor; killed at the end."""
    pid, fd = pty.fork()
    if not pid:
        os.execvpe(command[0], command, {**environ, "TERM": "xterm-256color"})
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    try:
        yield fd
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)


def first_paint(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Seconds until the first card is drawn."""
    started = time.perf_counter()
    with terminal(command, environ) as fd:
        drawn = b""
        while CARD not in drawn:
            if time.perf_counter() - started > PATIENCE:
                raise SystemExit("the board drew no card")
            drawn += os.read(fd, 65536)
        return time.perf_counter() - started


def answers(command: Sequence[str], environ: Mapping[str, str], keys: str = KEYS) -> list[float]:
    """Seconds from each key until the screen changes."""
    took = []
    with terminal(command, environ) as fd:
        while CARD not in os.read(fd, 65536):
            pass
        for key in keys:
            _rest(fd)
            started = time.perf_counter()
            os.write(fd, key.encode())
            if select.select([fd], [], [], 5)[0]:
                took.append(time.perf_counter() - started)
    return took


def _rest(fd: int) -> None:
    """Take in what is still drawn."""
    while select.select([fd], [], [], QUIET)[0]:
        os.read(fd, 65536)


def main() -> None:
    """Print both for each base."""
    program = Path(sys.executable).parent / "crm"
    for base in sys.argv[1:]:
        command = [str(program), "-C", base, "board"]
        environ = {**os.environ, "CRM_USER": "anna"}
        first_paint(command, environ)
        paints = [first_paint(command, environ) for _ in range(9)]
        took = answers(command, environ)
        print(
            f"{base}: first paint {statistics.median(paints):.3f} s (least {min(paints):.3f}), "
            f"a key {statistics.median(took) * 1000:.0f} ms (most {max(took) * 1000:.0f})"
        )


if __name__ == "__main__":
    main()
