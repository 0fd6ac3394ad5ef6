"""What every command prints through: data on stdout in the format asked for, talk on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager

import click

from crmcli.cli import formats, terminal
from crmcli.cli.masking import (
    error_facts,
    hides,
    holds_numbers,
    masked_cleaned,
    masked_rows,
    masked_text,
)
from crmcli.cli.table import in_blocks, message_lines
from crmcli.cli.writing import Writing
from crmcli.errors import CrmError, InvalidData
from crmcli.language import tr
from crmcli.model.masked_lines import masked_each
from crmcli.present.cells import Column, Locale, Row, plain, shown
from crmcli.present.text_width import clean, one_line, pad, width

PROBLEMS_SHOWN = 20
"""How many problems an error lists; `crm check` lists them all."""


class Output(Writing):
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
        super().__init__(format or "table")
        self.quiet = quiet
        self.verbose = verbose
        self.color = terminal.wants_color() if color is None else color
        self.width = terminal.width() if width is None else width
        self.locale = Locale()

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
        write, is_hiding = formats.LISTS[self.format], False
        lines: Iterable[str] = write(rows, columns)
        if self.masked is not str:
            lines = [*lines]
            is_hiding = self.format == "yaml" or hides(lines, terminal.encoding_of(sys.stdout))
            is_hiding = is_hiding or (self.format.startswith("json") and holds_numbers(lines))
        if is_hiding:
            lines = write(masked_rows(rows, self.masked), columns)
        self._write_data(lines, are_masked=is_hiding)

    def one(self, record: Row, columns: Sequence[Column]) -> None:
        """Print one record: `label: value` lines, or an object in the machine formats."""
        if self.format == "table":
            self._page(self.card(record, columns), are_masked=True)
            return
        [record] = masked_rows([record], self.masked)
        if self.format == "json":
            lines: Iterable[str] = [formats.write_json(record, indent=2)]
        elif self.format == "yaml":
            lines = formats.yaml_map(record)
        else:
            lines = formats.LISTS[self.format]([record], columns)
        self._write_data(lines, are_masked=True)

    def section(
        self, title: str, rows: Sequence[Row], columns: Sequence[Column], _empty: str = ""
    ) -> None:
        """Print a titled table below a record; nothing in the machine formats or without rows."""
        if self.format == "table" and rows:
            heading = self.paint(masked_text(tr(title), self.masked), bold=True)
            lines = ["", heading, *self.table(rows, columns)]
            self._write(lines, as_they_are=True, are_masked=True)

    def text(self, text: str) -> None:
        """Print what is text by nature, as it is: a rendered letter, a page."""
        lines = [text.removesuffix("\n")]
        if "&" in text:  # a page may have an address in other letters
            self.check(self.masked(text).encode("utf-8", "replace"))
        if sys.stdout.isatty():
            self._write(lines)
        else:
            self._write_data(lines, "text")

    def prose(self, text: str) -> None:
        """Print words for people: help, a problem."""
        self._page([clean(line) for line in text.removesuffix("\n").split("\n")])

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
            facts = masked_rows([facts], self.masked)[0]
            self._write_data([formats.write_json(facts)], are_masked=True)
        elif self.format == "ids":
            self._write([plain(record["id"])] if record else [])
        elif not self.quiet:
            said, *below = masked_text(tr(text), self.masked).split("\n")
            first = message_lines(said, self.width) if self.width else [said]
            self._write([*first, *below], are_masked=True)

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
        problems = error.problems if isinstance(error, InvalidData) else ()
        if self.format in ("json", "jsonl"):
            facts = error_facts(error, problems, self.masked)
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
        is_seen = sys.stderr.isatty() and not self.quiet
        label = masked_text(tr(label), self.masked)
        with closing(terminal.Progress(label, sys.stderr if is_seen else None)) as progress:
            yield progress

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
        said = [shown(c, record, self.locale) for c in columns]
        cells = masked_cleaned(said, clean, self.masked)
        found = [
            (c, cell) for c, text in zip(columns, cells, strict=True) if (cell := text.strip("\n"))
        ]
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

    def _cells(self, rows: Sequence[Row], columns: Sequence[Column]) -> list[list[str]]:
        said = [shown(column, row, self.locale) for row in rows for column in columns]
        cells = iter(masked_cleaned(said, one_line, self.masked))
        return [[next(cells) for _ in columns] for _ in rows]

    def _colored(self, text: str, column: Column, row: Row) -> str:
        color = column.colors.get(column.key(row)) if column.colors else None
        return self.paint(text, color) if color else text

    def _say(self, text: str, *, alarm: str = "") -> None:
        """Say something on stderr; on a terminal no word is broken, and `alarm` is in red."""
        from crmcli.model.redaction import redacted

        said = terminal.printable(masked_text(redacted(text), self.masked), sys.stderr)
        room = terminal.width(sys.stderr)
        lines = message_lines(said, room) if room else [said]
        if room and alarm:
            lines[0] = self.paint(alarm, "red", bold=True) + lines[0].removeprefix(alarm)
        self._put("\n".join(lines))

    def _page(self, lines: Sequence[str], *, are_masked: bool = False) -> None:
        """Write lines that are clean already; a long text a screen at a time, on a terminal."""
        if sys.stdout.isatty():
            self.clear_the_way()
        if not are_masked:
            lines = masked_each(lines, self.masked)
        if not terminal.page(lines):
            self._write(lines, as_they_are=True, are_masked=True)
