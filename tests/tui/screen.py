"""A terminal in which the real program runs: its screen as people see it, their keys and their mouse."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyte

from tests.kit import NOW

PATIENCE = 30.0


class Screen:
    """A running program and what its terminal shows."""

    def __init__(self, fd: int, wide: int, tall: int) -> None:
        self._fd = fd
        self._screen = pyte.Screen(wide, tall)
        self._stream = pyte.ByteStream(self._screen)
        self.written = b""

    @property
    def lines(self) -> list[str]:
        """The lines of the screen."""
        return [line.replace("\u00a0", " ").rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def colors(self) -> set[str]:
        """The colours in which something is drawn."""
        cells = (cell for row in self._screen.buffer.values() for cell in row.values())
        return {color for cell in cells for color in (cell.fg, cell.bg)}

    def pump(self, seconds: float = 0.05) -> None:
        """Take in what the program draws."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and select.select([self._fd], [], [], left)[0]:
            try:
                data = os.read(self._fd, 65536)
            except OSError:
                return
            self.written += data
            self._stream.feed(data.replace(b"\x1b[>", b"\x1b[?"))  # which pyte takes for colours

    def until(self, *wanted: str, gone: str = "") -> Screen:
        """Wait until all this is to be seen, and something is not any more."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            self.pump()
            if all(one in self.text for one in wanted) and not (gone and gone in self.text):
                return self
        raise AssertionError(f"{wanted} not {gone!r} in\n{self.text}")

    def settled(self) -> Screen:
        """Wait until nothing more is drawn for a moment."""
        before = ""
        while before != self.text:
            before = self.text
            self.pump(0.4)
        return self

    def type(self, keys: str) -> Screen:
        """Press keys."""
        os.write(self._fd, keys.encode())
        self.pump(0.1)
        return self

    def fill_in(self, *texts: str) -> Screen:
        """Fill in a form, line by line."""
        for text in texts:
            self.type(text).pump(0.1)
            self.type("\r").pump(0.1)
        return self

    def mouse(self, button: int, x: int, y: int, *, up: bool = False) -> None:
        """What a terminal sends for the mouse (SGR): 0 the left button, 32 more while it is moved."""
        self.type(f"\x1b[<{button};{x + 1};{y + 1}{'m' if up else 'M'}")

    def find(self, text: str) -> tuple[int, int]:
        """Where a text stands."""
        return next((line.index(text), y) for y, line in enumerate(self.lines) if text in line)

    def drag(self, text: str, x: int, y: int) -> None:
        """Take hold of a text and let go of it elsewhere."""
        origin = self.find(text)
        self.mouse(0, *origin)
        self.mouse(32, (origin[0] + x) // 2, y)
        self.mouse(32, x, y)
        self.mouse(0, x, y, up=True)


@contextmanager
def running(
    folder: Path,
    *args: str,
    wide: int = 120,
    tall: int = 30,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Screen]:
    """The program in a terminal, on a workspace; killed at the end."""
    given = {
        **os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "PYTHONUTF8": "1",
        "CRM_NOW": NOW.isoformat(), "CRM_USER": "anna", "CRM_LANG": "en", "NO_COLOR": "", **(environ or {}),
    }  # fmt: skip
    for name in ("COLUMNS", "LINES"):
        given.pop(name, None)
    pid, fd = pty.fork()
    if not pid:
        os.chdir(folder)
        os.execvpe(sys.executable, [sys.executable, "-m", "crmcli", *args], given)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", tall, wide, 0, 0))
    try:
        yield Screen(fd, wide, tall)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)
