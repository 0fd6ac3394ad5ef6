"""Parameters that name a file of the machine on which crm runs. Who comes by `crm gate` has no files there:
what such a one gives and gets goes by stdin and stdout, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import click

_ENDING = re.compile(r"-\.[a-z]{1,5}")


class FileName(click.Path):
    """A file or folder of this machine: through the gate nothing may stand there."""

    def __init__(self, **more: Any) -> None:
        super().__init__(allow_dash=True, **more)

    def passes(self, text: str) -> bool:
        """Whether a text names no file of this machine."""
        return False


class ReadFile(FileName):
    """A file that is read, - for stdin."""

    def passes(self, text: str) -> bool:
        """Only stdin."""
        return text == "-"


class WrittenFile(FileName):
    """A file that is written, - for stdout. Where none is named the command writes in the current folder if
    `is_here`; with `has_kinds` the ending says what is written, for stdout as -.pdf."""

    def __init__(self, *, is_here: bool = False, has_kinds: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.is_here, self.has_kinds = is_here, has_kinds

    def passes(self, text: str) -> bool:
        """Only stdout."""
        return text == "-" or (self.has_kinds and is_stdout(text))


def saving(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that saves one file the options that say where."""
    here = WrittenFile(is_here=True)
    named = click.option(
        "-o", "--output", default="", type=here, metavar="PATH", help="A file, a folder, or -."
    )
    return named(click.option("--force", is_flag=True, help="Overwrite an existing file.")(command))


class TextOrFile(FileName):
    """A text of a certain form, or else a file. `is_text` tells; what is no text is never looked for."""

    def __init__(self, is_text: Callable[[str], bool], **more: Any) -> None:
        super().__init__(**more)
        self.is_text = is_text

    def passes(self, text: str) -> bool:
        """Only a text."""
        return self.is_text(text)


def is_stdout(text: str) -> bool:
    """Whether what is written shall go to stdout: -, or as a certain kind of file, like -.pdf."""
    return text == "-" or bool(_ENDING.fullmatch(text))
