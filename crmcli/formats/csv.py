"""CSV text and the rows in it: delimiters, headers, broken rows, and writing it again."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage
from crmcli.formats.encodings import TableUnreadable, decode, is_sound
from crmcli.formats.rows import FileRow
from crmcli.language import tr

DELIMITERS = (";", ",", "\t", "|")
CELL_LIMIT = 1_000_000
"""Characters that a cell may have: a record's file may not be longer than a megabyte anyway."""

_LONGEST_HEADER = 100_000
"""Letters among which a header that is looked for must end."""

_LOOKED_AT = 3
"""Lines below the header that are asked which delimiter a file has."""

_SEP_LINE = re.compile(r"sep=(.)\r?\n", re.IGNORECASE)
_HIDDEN = "\ufeff\u200b\u00a0 \t\r\n"


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file, decoded, its header read; its rows are parsed as they are asked for.

    `said` is its delimiter where that needs no guess.
    """

    name: str
    header: tuple[str, ...]
    delimiter: str
    said: str
    encoding: str
    bom: bool
    text: str
    start: int  # the offset in `text` where the header begins
    first_line: int  # of the header

    def beginnings(self, most: int) -> Iterator[Table]:
        """The table as it is if one of the next filled lines is its header."""
        start, line = self.start, self.first_line
        while most and start < len(self.text):
            lines = _Lines(self.text[start : start + _LONGEST_HEADER], line)
            try:
                table = self.begun_at(start, line, lines)
            except TableUnreadable:
                lines.keep_first()
            else:
                if any(table.header):
                    most -= 1
                    yield table
            start += sum(map(len, lines.taken))
            line += len(lines.taken)

    def begun_at(self, start: int, line: int, lines: _Lines) -> Table:
        """The table whose header stands in the next of these lines; TableUnreadable if it is none."""
        delimiter = self.said or find_delimiter(self.text[start : start + _LONGEST_HEADER])
        header = _read_header(lines, delimiter, self.name)
        return replace(self, header=header, delimiter=delimiter, start=start, first_line=line)

    @property
    def labels(self) -> tuple[str, ...]:
        """A name of its own for each column."""
        return unique_labels(self.header)

    def rows(self) -> Iterator[FileRow]:
        """Every row in order, broken ones too; wholly empty lines are passed over."""
        suspicious = "\0" in self.text or not is_sound(self.text)
        lines = _Lines(self.text[self.start :], self.first_line)
        _next_record(lines, self.delimiter)
        lines.begin_record()
        for row in _split(lines, self.delimiter, len(self.header)):
            yield _with_byte_faults(row) if suspicious else row


def unique_labels(header: Sequence[str]) -> tuple[str, ...]:
    """A name of its own for each column: `Tel (2)` if repeated, `column 3` if nameless."""
    labels: dict[str, None] = {}
    for number, name in enumerate(header, start=1):
        base = label = name or tr("column {}", number)
        times = 1
        while label in labels:
            times += 1
            label = f"{base} ({times})"
        labels[label] = None
    return tuple(labels)


def read_table(content: bytes, name: str, encoding: str = "", delimiter: str = "") -> Table:
    """Decode a CSV file and read its header; `name` is what complaints call it.

    Raises TableUnreadable for what is no table, BadUsage for an unknown encoding or delimiter.
    """
    read = decode(content, name, encoding)
    start, line = _first_filled_line(read.text)
    if start == len(read.text):
        raise TableUnreadable(tr("{} is empty", name), "a header line and rows are needed")
    declared = _SEP_LINE.match(read.text, start)
    if declared:  # Excel's own way to say which delimiter a file has
        start, line = declared.end(), line + 1
    said = _known_delimiter(delimiter) or (declared[1] if declared else "")
    table = Table(name, (), said, said, read.encoding, read.bom, read.text, start, line)
    return table.begun_at(start, line, _Lines(read.text[start:], line))


def _read_header(lines: _Lines, delimiter: str, name: str) -> tuple[str, ...]:
    try:
        cells = _next_record(lines, delimiter)
    except csv.Error as error:
        raise TableUnreadable(
            tr("{}:{}: the header cannot be read: {}", name, lines.line, _in_words(error)),
            "close the quote in the first line",
        ) from None
    text = "".join(lines.taken)
    if "\0" in text:
        raise TableUnreadable(
            tr("{} has NUL bytes: it is not text", name),
            "save it as CSV UTF-8, or pass --encoding utf-16-le",
        )
    if not is_sound(text):
        raise TableUnreadable(
            tr("{}: the header is in another encoding", name), "name the encoding with --encoding"
        )
    header = [cell.strip(_HIDDEN) for cell in cells]
    while len(header) > 1 and not header[-1]:
        header.pop()  # a delimiter at the end of the line makes a column that is none
    return tuple(header)


def _next_record(lines: _Lines, delimiter: str) -> list[str]:
    """The cells of the next record, whose lines are taken then."""
    csv.field_size_limit(CELL_LIMIT)  # the module's own limit would cut long comments
    return next(csv.reader(lines, delimiter=delimiter, strict=True))


# -- rows -----------------------------------------------------------------------------------


def find_delimiter(text: str) -> str:
    """The delimiter that the header line has most of outside its quotes; a comma if it has none.

    One that the next lines have as well comes before one that only the header has: `Sum, net`.
    """
    header, *others = _counted(text)
    found = [delimiter for delimiter in DELIMITERS if header[delimiter]]
    return max(found, key=lambda one: (all(c[one] for c in others), header[one]), default=",")


def _counted(text: str) -> list[Counter[str]]:
    """How often each letter stands outside quotes in each of the first lines that are whole."""
    counts = [Counter[str]()]
    quoted = False
    for letter in text:
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in "\r\n":
            if len(counts) > _LOOKED_AT:
                return counts
            if counts[-1]:
                counts.append(Counter())
        elif not quoted:
            counts[-1][letter] += 1
    return counts if counts[-1] or len(counts) == 1 else counts[:-1]


def _known_delimiter(text: str) -> str:
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
    delimiter = named.get(text.lower(), text)
    if delimiter and (len(delimiter) != 1 or delimiter in '"\r\n'):
        raise BadUsage(tr("{!r} is not a delimiter", text), "one character: ; , | or tab")
    return delimiter


class _Lines:
    """The lines of a text for csv.reader, with their numbers and the right to give some back."""

    def __init__(self, text: str, line: int) -> None:
        self._stream = io.StringIO(text, newline="")  # CR, LF and CRLF all end a line, and are kept
        self._again: list[str] = []
        self.taken: list[str] = []
        self.line = line  # where the record begins whose lines are being taken

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else self._stream.readline()
        if not line:
            raise StopIteration
        self.taken.append(line)
        return line

    def begin_record(self) -> None:
        """The lines taken so far are done with."""
        self.line += len(self.taken)
        self.taken.clear()

    def keep_first(self) -> None:
        """Give back all lines of this record but the first."""
        self._again.extend(reversed(self.taken[1:]))
        del self.taken[1:]


def _split(lines: _Lines, delimiter: str, width: int) -> Iterator[FileRow]:
    """The rows; after one whose quotes are broken, reading goes on with the file's next line."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        fault = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fault = _in_words(error)
        else:
            if len(cells) != width and _swallowed_rows(lines.taken, delimiter, width):
                fault = "a quote is never closed"
        if fault:
            lines.keep_first()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            yield FileRow(lines.line, (), fault, lines.taken[0].rstrip("\r\n"))
        elif cells:
            yield _as_row(lines, cells, width)
        lines.begin_record()


def _as_row(lines: _Lines, cells: list[str], width: int) -> FileRow:
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if len(cells) == width:
        return FileRow(lines.line, tuple(cells))
    if not any(cell.strip() for cell in cells):
        return FileRow(lines.line, ("",) * width)
    if len(cells) < width:
        filled = (*cells, *[""] * (width - len(cells)))
        return FileRow(lines.line, filled, is_short=True)
    fault = tr("has {} cells, the header has {}", len(cells), width)
    return FileRow(lines.line, tuple(cells), fault, "".join(lines.taken).rstrip("\r\n"))


def _swallowed_rows(taken: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether an open quote made one row of several: the next line is a row by itself."""
    try:
        following = next(csv.reader(taken[1:2], delimiter=delimiter, strict=True), [])
        return len(following) >= width > 1
    except csv.Error:
        return False


def _with_byte_faults(row: FileRow) -> FileRow:
    text = row.source or "".join(map(str, row.cells))
    fault = "has a NUL byte" if "\0" in text else ""
    if not is_sound(text):
        fault = "is in another encoding"
    return FileRow(row.line, row.cells, fault, row.source or text) if fault else row


def _in_words(error: csv.Error) -> str:
    text = str(error)
    if "expected after" in text:
        return "a quote inside a quoted cell is not doubled, or a quote is not closed"
    if "larger than field limit" in text:
        return tr("a cell is longer than {:,} characters, or a quote is not closed", CELL_LIMIT)
    return "a quote is never closed"


def _first_filled_line(text: str) -> tuple[int, int]:
    """Where it begins, and its number."""
    blank = text[: len(text) - len(text.lstrip())]
    if blank == text:
        return len(text), 1
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", blank)
    return len(blank) - len(lines[-1]), len(lines)


# -- writing --------------------------------------------------------------------------------


def csv_line(cells: Iterable[str], delimiter: str = ",", end: str = "\n") -> str:
    """One line of CSV; a cell is quoted where a reader could take it for something else.

    csv.writer leaves a lone carriage return bare when lines end in LF, and then the row breaks.
    """
    needs = {delimiter, '"', "\r", "\n"}
    line = delimiter.join(
        '"' + cell.replace('"', '""') + '"' if needs.intersection(cell) else cell for cell in cells
    )
    return (line or '""') + end
