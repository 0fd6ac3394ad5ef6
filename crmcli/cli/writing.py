"""The way out of the program: what is printed is masked and kept on the audit before it leaves."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TextIO

from crmcli.cli import terminal
from crmcli.cli.masking import masked_cleaned
from crmcli.errors import OutputFailed, Refused
from crmcli.language import tr
from crmcli.model.masked_lines import masked_each
from crmcli.present.text_width import clean

_LOT = 5000
"""Lines that are held back, where the audit comes before them."""


class Writing:
    """What leaves by stdout and stderr."""

    def __init__(self, format: str) -> None:  # noqa: A002  # the option's own name
        self.format = format
        self.before: Callable[[], None] | None = None
        """What must be done before anything is given out: the audit keeps what is shown."""
        self.masked: Callable[[str], str] = str
        """How a text may be shown: with phones and e-mails masked beyond the day's number of clients."""
        self.check_shown: Callable[[str], object] = str
        """Refuses what a file says that leaves as it is, where phones or e-mails in it are to be masked."""
        self._held: list[str] = []
        self._left = False  # whoever read stdout is gone

    def check(self, content: bytes) -> None:
        """Refused where phones or e-mails in a file are to be masked: it leaves whole or not at all."""
        if self.check_shown is not str:
            from crmcli.formats.readings import said_in

            self.check_shown(said_in(content))

    def content(self, pieces: Iterable[bytes], says: bytes | None = None) -> None:
        """Print what a file has, byte for byte; to a terminal only what it does not take for orders. `says`
        is the same in a form that can be read, b"" where nothing in it needs a look."""
        if says is None:
            pieces = [*pieces]
        self.check(b"".join(pieces) if says is None else says)
        try:
            sys.stdout.flush()
            for data in self._cleared(pieces):
                text = data.decode("utf-8", "replace") if sys.stdout.isatty() else ""
                if not text.replace("\n", "").isprintable():
                    hint = "redirect it, or write it to a file with -o"
                    raise Refused("this cannot be shown in a terminal", hint)
                sys.stdout.buffer.write(data)
        except BrokenPipeError:
            self._left = True
        except OSError as error:
            raise _failed(error) from error

    def flush(self) -> None:
        """Bring everything out; OutputFailed if it cannot be, BrokenPipeError if nobody reads."""
        self.clear_the_way()
        if self._left:
            raise BrokenPipeError
        try:
            sys.stdout.flush()
        except OSError as error:
            raise error if isinstance(error, BrokenPipeError) else _failed(error) from error

    def _put(self, line: str) -> None:
        self.clear_the_way()
        with suppress(OSError):  # a full stderr must not end what is half done
            sys.stderr.write(line + "\n")

    def clear_the_way(self) -> None:
        """Let out what is held, once the audit has what it shows; before anything leaves another way too."""
        if self.before is None:
            return
        self.before()
        held, self._held = self._held, []
        self._let_out(held)

    def _cleared(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self.clear_the_way()
            yield piece

    def _write_data(self, lines: Iterable[str], form: str = "", are_masked: bool = False) -> None:
        """Write what programs read: exactly that, or escaped as JSON allows, or nothing at all."""
        encoding, escaped = terminal.encoding_of(sys.stdout), terminal.printable
        if (form or self.format) in ("json", "jsonl"):
            escaped = terminal.json_printable
        elif encoding.lower() not in ("utf-8", "utf8"):
            lines = [*map(terminal.writable, lines)]
        self._write(lines, are_masked=are_masked, escaped=escaped)

    def _write(
        self,
        lines: Iterable[str],
        *,
        as_they_are: bool = False,
        are_masked: bool = False,
        escaped: Callable[[str, TextIO], str] = terminal.printable,
    ) -> None:
        """Write lines, or nothing if nobody reads any more: a change begun is brought to its end."""
        if self._left:
            return
        out, mask = sys.stdout, str if are_masked else self.masked
        cleans = out.isatty() and not as_they_are
        if self.before is None:
            self._let_out(escaped(clean(line) if cleans else line, out) for line in lines)
            return
        # Held, so that one line of the audit tells of all that a command shows.
        lines = iter(lines)
        while lot := [*islice(lines, _LOT)]:
            lot = masked_cleaned(lot, clean, mask) if cleans else masked_each(lot, mask)
            self._held.append(escaped("\n".join(lot), out))
            if len(lot) == _LOT:
                self.clear_the_way()

    def _let_out(self, lines: Iterable[str]) -> None:
        try:
            for line in lines:
                sys.stdout.write(line + "\n")
        except BrokenPipeError:
            self._left = True
        except OSError as error:
            raise _failed(error) from error


def _failed(error: OSError) -> OutputFailed:
    return OutputFailed(tr("the output cannot be written: {}", error.strerror or error))
