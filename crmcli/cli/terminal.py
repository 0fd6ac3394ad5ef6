"""What is known of the terminal: its width and colours, its pager, a line of progress."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from itertools import product
from typing import TextIO

import click

from crmcli.errors import InvalidData
from crmcli.language import tr

FIRST_AFTER = 1.0
"""Seconds of silence before progress is shown."""
EVERY = 0.2
_STEPS = (0, 95, 135, 175, 215, 255)
"""How strong red, green and blue may be among the 256 colours, but for the greys."""


def width(stream: TextIO | None = None) -> int | None:
    """The terminal's width (COLUMNS comes first); None if the stream, or stdout, is no terminal."""
    return columns() if (stream or sys.stdout).isatty() else None


def name() -> str:
    """Which terminal we are at, as the system calls it; "" for none."""
    for stream in (0, 1, 2):
        with suppress(OSError):
            return os.ttyname(stream)
    return ""


def say_that_it_reads() -> None:
    """Say on a terminal that text is awaited, and how it ends."""
    if sys.stdin.isatty():
        click.echo(tr("Type or paste the text, then press Ctrl-D."), err=True)


def is_screen() -> bool:
    """Whether there is a terminal whose screen can be drawn on, and whose keys can be read."""
    is_able = (
        os.environ.get("TERM", "dumb") not in ("dumb", "")
        and "utf" in encoding_of(sys.stdout).lower()
    )
    return is_able and sys.stdin.isatty() and sys.stdout.isatty()


def columns(elsewhere: int = 80) -> int:
    """How many cells wide what is read by people may be: the terminal, or so many `elsewhere`."""
    import shutil

    return shutil.get_terminal_size((elsewhere, 24)).columns


def wants_color() -> bool:
    """Whether stdout shows colours: a terminal that is not dumb, and nobody said NO_COLOR."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty() or os.environ.get("FORCE_COLOR", "") not in ("", "0")


def tint(color: str) -> tuple[int, int, int] | int | None:
    """A '#rrggbb' as the terminal can show it: itself, or the nearest of 256; None if it is no colour."""
    try:
        red, green, blue = bytes.fromhex(color.removeprefix("#"))
    except ValueError:
        return None
    if os.environ.get("COLORTERM", "") in ("truecolor", "24bit"):
        return red, green, blue
    return _nearest(red, green, blue)


@cache
def _nearest(*wanted: int) -> int:
    """The number, among the 256 colours of a terminal, of the one that is nearest."""
    cube = {16 + n: rgb for n, rgb in enumerate(product(_STEPS, repeat=3))}
    greys = {232 + n: (8 + 10 * n,) * 3 for n in range(24)}
    known = {**cube, **greys}
    return min(known, key=lambda n: math.dist(known[n], wanted))


def encoding_of(stream: TextIO) -> str:
    """How a stream writes letters."""
    return getattr(stream, "encoding", None) or "utf-8"


def unwritable(text: str, encoding: str) -> str:
    """The first letters of the text that the encoding cannot express; "" if it can express it all."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError as error:
        return text[error.start : error.end]
    return ""


class UnwritableOutput(InvalidData):
    """What is to be printed holds letters that the output's encoding does not have."""


def writable(line: str) -> str:
    """A line for programs as it is; UnwritableOutput if stdout's encoding cannot express it."""
    encoding = encoding_of(sys.stdout)
    if letters := unwritable(line, encoding):
        raise UnwritableOutput(
            tr("the output has {!r}, which {} cannot encode", letters[:20], encoding),
            "choose --format json, or set PYTHONIOENCODING=utf-8",
        )
    return line


def printable(text: str, stream: TextIO) -> str:
    r"""The text for people, with what the stream's encoding cannot express as `\u0436`."""
    encoding = encoding_of(stream)
    if not unwritable(text, encoding):
        return text
    return text.encode(encoding, "backslashreplace").decode(encoding)


def json_printable(text: str, stream: TextIO) -> str:
    r"""A JSON text, with what the stream's encoding cannot express as JSON escapes it (`\ud83d\ude00`)."""
    encoding = encoding_of(stream)
    if not unwritable(text, encoding):
        return text
    return "".join(_json_escaped(c) if unwritable(c, encoding) else c for c in text)


def _json_escaped(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[n : n + 4]}" for n in range(0, len(units), 4))


def page(lines: Sequence[str]) -> bool:
    """Show lines through PAGER if they are longer than the screen; else False, and nothing is shown."""
    if not (sys.stdout.isatty() and sys.stdin.isatty()) or os.environ.get("TERM") == "dumb":
        return False
    import shutil

    few = len(lines) < shutil.get_terminal_size().lines
    if few or os.environ.get("PAGER", "less") in ("", "cat"):
        return False
    os.environ.setdefault("LESS", "FRX")
    sys.stdout.flush()
    click.echo_via_pager(printable("\n".join(lines), sys.stdout), color=True)
    return True


class Progress:
    """One line on stderr that counts; `stream` None keeps it silent."""

    def __init__(self, label: str, stream: TextIO | None) -> None:
        self.label = label
        self.count = 0
        self._stream = stream
        self._next = time.monotonic() + FIRST_AFTER
        self._shown = False

    def advance(self, steps: int = 1) -> None:
        """Count on; the line is drawn anew at most five times a second."""
        self.count += steps
        if self._stream is not None and time.monotonic() >= self._next:
            self._draw()

    def close(self) -> None:
        """Wipe the line."""
        if self._shown and self._stream is not None:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _draw(self) -> None:
        assert self._stream is not None  # advance asked
        self._stream.write(f"\r\x1b[K{self.label}: {self.count:,}")
        self._stream.flush()
        self._shown = True
        self._next = time.monotonic() + EVERY


def quoted(word: str) -> str:
    """A word as a shell takes it, in quotes only where it needs them."""
    import re
    import shlex

    return word if re.fullmatch(r"[\w@%+=:,./-]+", word) else shlex.quote(word)


def program() -> str:
    """How a shell with few folders to look in, as cron's, calls the program that runs now."""
    import shutil
    from pathlib import Path

    called = Path(sys.argv[0])
    if called.name == "__main__.py":
        return f"{quoted(sys.executable)} -m crmcli"
    found = shutil.which(called.name) if called.name == sys.argv[0] else None
    return quoted(str(Path(found or called).absolute()))
