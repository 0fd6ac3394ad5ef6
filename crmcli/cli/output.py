"""What every command prints through: data on stdout in the format asked for, talk on stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice

import click

from crmcli.cli import formats, terminal
from crmcli.cli.table import in_blocks, message_lines
from crmcli.errors import CrmError, InvalidData, OutputFailed, Problem, Refused
from crmcli.language import tr
from crmcli.present.cells import Column, Locale, Row, plain, shown
from crmcli.present.text_width import clean, one_line, pad, width

PROBLEMS_SHOWN = 20
"""How many problems an error lists; `crm check` lists them all."""
_LOT = 5000
"""Lines that are held back, where the audit comes before them."""


class UnwritableOutput(InvalidData):
    """What is to be printed holds letters that the output's encoding does not have."""


class Output:
    """Where and how one run prints.

    `format` is one of table, json, jsonl, csv, tsv, yaml, ids ("" is table). `color` None means:
    as the terminal and NO_COLOR say. `width` None means: the terminal's, or no limit elsewhere.
    """

    def __init__(
        self,
        format: str = "",  # noqa: A002  # the option's own name
        color: bool | None = None,
        quiet: bool = False,
        verbose: bool = False,
        width: int | None = None,
    ) -> None:
        self.format = format or "table"
        self.quiet = quiet
        self.verbose = verbose
        self.color = terminal.wants_color() if color is None else color
        self.width = terminal.width() if width is None else width
        self.locale = Locale()
        self.before: Callable[[], None] | None = None
        """What must be done before anything is given out: the audit keeps what is shown."""
        self.masked: Callable[[str], str] = str
        """How a text may be shown: with phones and e-mails masked beyond the day's number of clients."""
        self._held: list[str] = []
        self._left = False  # whoever read stdout is gone

    # -- data -------------------------------------------------------------------------------

    def records(
        self,
        rows: Sequence[Row],
        columns: Sequence[Column],
        empty: str = "",
        *,
        all_fields: bool = True,
    ) -> None:
        """Print a list: the columns as a table, CSV or TSV; whole rows as JSON or YAML.

        With `all_fields` false, JSON and YAML have the columns only. People are told that it is `empty`.
        """
        if self.format == "table":
            if empty and not rows:
                self.note(empty)
            self._page(self.table(rows, columns), are_masked=True)
            return
        if not all_fields and self.format in ("json", "jsonl", "yaml"):
            rows = [{c.name: row[c.name] for c in columns if c.name in row} for row in rows]
        self._write_data(formats.LISTS[self.format](rows, columns))

    def one(self, record: Row, columns: Sequence[Column]) -> None:
        """Print one record: `label: value` lines, or an object in the machine formats."""
        if self.format == "table":
            self._page(self.card(record, columns))
        elif self.format == "json":
            self._write_data([formats.write_json(record, indent=2)])
        elif self.format == "yaml":
            self._write_data(formats.yaml_map(record))
        else:
            self._write_data(formats.LISTS[self.format]([record], columns))

    def section(
        self, title: str, rows: Sequence[Row], columns: Sequence[Column], _empty: str = ""
    ) -> None:
        """Print a titled table below a record; nothing in the machine formats or without rows."""
        if self.format == "table" and rows:
            heading = self.paint(self.masked(clean(tr(title))), bold=True)
            lines = ["", heading, *self.table(rows, columns)]
            self._write(lines, as_they_are=True, are_masked=True)

    def text(self, text: str) -> None:
        """Print what is text by nature, as it is: a rendered letter, a page."""
        lines = [text.removesuffix("\n")]
        if sys.stdout.isatty():
            self._write(lines)
        else:
            self._write_data(lines, "text")

    def prose(self, text: str) -> None:
        """Print words for people: help, a problem."""
        self._page([clean(line) for line in text.removesuffix("\n").split("\n")])

    def content(self, pieces: Iterable[bytes]) -> None:
        """Print what a file has, byte for byte; to a terminal only what it does not take for orders."""
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

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines that were laid out, and cleaned, already."""
        self._page(list(lines))

    @property
    def is_table(self) -> bool:
        """Whether a person reads what is printed."""
        return self.format == "table"

    # -- what happened ----------------------------------------------------------------------

    def created(self, record_id: str) -> None:
        """Print the id of a new record, alone."""
        if self.format in ("json", "jsonl"):
            self._write_data([formats.write_json({"id": record_id})])
        else:
            self._write([record_id])

    def changed(self, text: str, record: Row | None = None) -> None:
        """Print the one line that says what changed; with JSON the record, with ids its id."""
        if self.format in ("json", "jsonl"):
            facts = record if record is not None else {"changed": text}
            self._write_data([formats.write_json(facts)])
        elif self.format == "ids":
            self._write([plain(record["id"])] if record else [])
        elif not self.quiet:
            said, *below = tr(text).split("\n")
            first = message_lines(clean(said), self.width) if self.width else [said]
            self._write([*first, *map(clean, below)])

    def note(self, text: str) -> None:
        """Say something on stderr, unless `-q`."""
        if not self.quiet:
            self._say(tr(text))

    def warn(self, text: str) -> None:
        """Say on stderr what must be known, with `-q` too."""
        self._say(tr(text))

    def detail(self, text: str) -> None:
        """Say something on stderr with `-v`."""
        if self.verbose and not self.quiet:
            self._say(text)

    def error(self, error: CrmError) -> None:
        """Say what went wrong and how to mend it, on stderr; as JSON if the output is JSON."""
        from crmcli.model.redaction import redacted

        problems = error.problems if isinstance(error, InvalidData) else ()
        if self.format in ("json", "jsonl"):

            def words(said: CrmError | Problem) -> dict[str, str]:
                return {"message": redacted(tr(said.message)), "hint": redacted(tr(said.hint))}

            known = [{"path": p.path, "line": p.line, **words(p)} for p in problems]
            facts = {"name": error.name, **words(error), "exit_code": error.exit_code}
            facts["problems"] = known
            self._put(terminal.json_printable(formats.write_json({"error": facts}), sys.stderr))
            return
        alarm = tr("crm: error:")
        self._say(f"{alarm} {one_line(error.message)}", alarm=alarm)
        told = [p for p in problems if str(p._replace(hint="")) not in error.message]
        for problem in told[:PROBLEMS_SHOWN]:
            self._say(f"  {problem}")
        if len(told) > PROBLEMS_SHOWN:
            self._say("  " + tr("… and {} more, see crm check", len(told) - PROBLEMS_SHOWN))
        if error.hint:
            self._say(f"{tr('hint:')} {one_line(error.hint)}")

    @contextmanager
    def progress(self, label: str) -> Iterator[terminal.Progress]:
        """Count long work on stderr: only on a terminal, and only after a second."""
        wanted = sys.stderr.isatty() and not self.quiet
        progress = terminal.Progress(tr(label), sys.stderr if wanted else None)
        try:
            yield progress
        finally:
            progress.close()

    # -- how --------------------------------------------------------------------------------

    def table(self, rows: Sequence[Row], columns: Sequence[Column], lead: int = 0) -> list[str]:
        """The lines of a table that fits (see `in_blocks`); says on stderr which columns did not."""
        if not rows:
            return []

        def paint(row: int, n: int, text: str) -> str:
            if row < 0:
                return self.paint(text, bold=True)
            return self._colored(text, columns[n], rows[row])

        cells = self._cells(rows, columns)
        lines, left_out = in_blocks(columns, cells, self.width, paint if self.color else None, lead)
        if left_out:
            heads = [columns[n].head for n in left_out]
            names = ("; " if any("," in head for head in heads) else ", ").join(heads)
            self.note(tr("columns left out: {} (the terminal is {} wide)", names, self.width))
        return lines

    def card(self, record: Row, columns: Sequence[Column]) -> list[str]:
        """The lines of one record: labels in a column, long texts below one another."""
        found = [(c, clean(shown(c, record, self.locale)).strip("\n")) for c in columns]
        found = [(column, text) for column, text in found if text]
        room = max((width(column.head) for column, _ in found), default=0) + 1
        lines = []
        for column, text in found:
            label = self.paint(pad(f"{column.head}:", room), dim=True)
            first, *rest = text.split("\n")
            lines.append(f"{label} {self._colored(first, column, record)}")
            lines.extend(" " * (room + 1) + line for line in rest)
        return lines

    def paint(self, text: str, color: str = "", *, bold: bool = False, dim: bool = False) -> str:
        """The text in a colour (a click name or '#rrggbb'), if colours are wanted."""
        if not self.color or not (color or bold or dim):
            return text
        tint = terminal.tint(color) if color.startswith("#") else color or None
        return click.style(text, fg=tint, bold=bold or None, dim=dim or None)

    def flush(self) -> None:
        """Bring everything out; OutputFailed if it cannot be, BrokenPipeError if nobody reads."""
        self.clear_the_way()
        if self._left:
            raise BrokenPipeError
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise _failed(error) from error

    def _cells(self, rows: Sequence[Row], columns: Sequence[Column]) -> list[list[str]]:
        cells = [[one_line(shown(column, row, self.locale)) for column in columns] for row in rows]
        if self.masked is str:
            return cells
        said = iter(self.masked("\n".join(map("\n".join, cells))).split("\n"))  # in one go
        return [[next(said) for _ in row] for row in cells]

    def _colored(self, text: str, column: Column, row: Row) -> str:
        color = column.colors.get(column.key(row)) if column.colors else None
        return self.paint(text, color) if color else text

    def _say(self, text: str, *, alarm: str = "") -> None:
        """Say something on stderr; on a terminal no word is broken, and `alarm` is in red."""
        from crmcli.model.redaction import redacted

        said = terminal.printable(self.masked(redacted(clean(text))), sys.stderr)
        room = terminal.width(sys.stderr)
        lines = message_lines(said, room) if room else [said]
        if room and alarm:
            lines[0] = self.paint(alarm, "red", bold=True) + lines[0].removeprefix(alarm)
        self._put("\n".join(lines))

    def _put(self, line: str) -> None:
        self.clear_the_way()
        with suppress(OSError):  # a full stderr must not end what is half done
            sys.stderr.write(self.masked(line) + "\n")

    def _page(self, lines: Sequence[str], *, are_masked: bool = False) -> None:
        """Write lines that are clean already; a long text a screen at a time, on a terminal."""
        if sys.stdout.isatty():
            self.clear_the_way()
            lines = lines if are_masked else self.masked("\n".join(lines)).split("\n")
        if not terminal.page(lines):
            self._write(lines, as_they_are=True, are_masked=are_masked)

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

    def _write_data(self, lines: Iterable[str], form: str = "") -> None:
        """Write what programs read: exactly that, or escaped as JSON allows, or nothing at all."""
        encoding = terminal.encoding_of(sys.stdout)
        if (form or self.format) in ("json", "jsonl"):
            lines = (terminal.json_printable(line, sys.stdout) for line in lines)
        elif encoding.lower() not in ("utf-8", "utf8"):
            lines = list(lines)
            for line in lines:
                if letters := terminal.unwritable(line, encoding):
                    raise UnwritableOutput(
                        tr("the output has {!r}, which {} cannot encode", letters[:20], encoding),
                        "choose --format json, or set PYTHONIOENCODING=utf-8",
                    )
        self._write(lines)

    def _write(
        self, lines: Iterable[str], *, as_they_are: bool = False, are_masked: bool = False
    ) -> None:
        """Write lines, or nothing if nobody reads any more: a change begun is brought to its end."""
        if self._left:
            return
        out = sys.stdout
        cleans = out.isatty() and not as_they_are
        written = (terminal.printable(clean(line) if cleans else line, out) for line in lines)
        if self.before is None:
            self._let_out(written)
            return
        # Held, so that one line of the audit tells of all that a command shows.
        while lot := [*islice(written, _LOT)]:
            self._held.append("\n".join(lot) if are_masked else self.masked("\n".join(lot)))
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
