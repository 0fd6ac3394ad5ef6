"""The timeline in CSV: one event a line, each with the hash of the line before it."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.model.event import Event
from crmcli.model.event_facts import check_facts
from crmcli.model.values import format_instant, parse_instant
from crmcli.store.disk import files, line_reader
from crmcli.store.timeline.event_ids import EVENT_ID, ID_LENGTH
from crmcli.store.timeline.line_hashes import line_hash as line_hash
from crmcli.store.yaml.canonical import MAX_BYTES

COLUMNS = ("id", "at", "actor", "kind", "record", "cause", "depth", "data", "prev")
HEADER = ",".join(COLUMNS)
HEADER_LINE = HEADER.encode()
BOM = b"\xef\xbb\xbf"
TOO_LONG = b"\0"
"""In place of a line that is too long to be read."""

LONGEST = 10 * MAX_BYTES
"""Bytes of a line. The longest that we write have two states of a record and the text of its file, of
a megabyte each; quotes and what an editor may take for a line end grow threefold on their way here."""

_HASH = re.compile("[0-9a-f]{16}")
_NEEDS_QUOTES = re.compile('[",]')
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_LARGEST_FIELD = 1 << 26
_MOST_DAMAGED = 100  # lines at the end of a file among which the last event is looked for
_instant = lru_cache(maxsize=256)(parse_instant)  # many events of a command have the same one
# JSON leaves these as they are, but an editor or a text tool takes some of them for the end of a line.
_HIDDEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
_HALF = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class UnwritableEvent(InvalidData):
    """An event cannot stand on a line of the timeline."""


class Row(NamedTuple):
    """One event as a file has it, with its hash of the line above and its data as JSON text.

    `line` counts from 1.
    """

    event: Event
    prev: str
    data: str
    line: int


class Chunk(NamedTuple):
    """What was read of a timeline file. Read on at byte `end`, which is in line `next_line`."""

    rows: list[Row]
    problems: list[Problem]
    end: int
    next_line: int


class Tail(NamedTuple):
    """How a timeline file ends: its size in bytes, its last line's hash, its last event's id.

    All zero or empty for a file that does not exist yet.
    """

    size: int
    hash: str
    last_id: str


def to_line(event: Event, prev: str) -> str:
    """The line of an event, with its line end; `prev` is the hash of the line above it.

    UnwritableEvent if its data is no JSON or a field holds a line end or half a character.
    """
    try:
        data = json.dumps(event.data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise UnwritableEvent(tr("event {} of {}: {}", event.kind, event.record, error)) from error
    if _HIDDEN.search(data):
        data = _HIDDEN.sub(_escaped, data)
    plain = (event.id, event.actor, event.kind, event.record, event.cause)
    if _CONTROL.search("".join(plain)):
        raise UnwritableEvent(tr("event {} of {}: a line end in a field", event.kind, event.record))
    if _HALF.search(data):
        raise UnwritableEvent(
            tr("event {} of {}: half a character in its data", event.kind, event.record)
        )
    id_, actor, kind, record, cause = map(_cell, plain)
    at = format_instant(event.at)
    return f"{id_},{at},{actor},{kind},{record},{cause},{event.depth},{_cell(data)},{prev}\n"


def _cell(text: str) -> str:
    if _NEEDS_QUOTES.search(text):
        return '"' + text.replace('"', '""') + '"'
    return text


def _escaped(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"


def lines(events: Iterable[Event], tail: Tail) -> bytes:
    """What to append to a file that ends as `tail` says; a new file begins with the header."""
    written = []
    prev = tail.hash
    if not tail.size:
        written.append(HEADER_LINE + b"\n")
        prev = line_hash(HEADER_LINE)
    for event in events:
        line = to_line(event, prev).encode()
        if len(line) > LONGEST:
            raise UnwritableEvent(
                tr(
                    "event {} of {}: {:,} bytes are too long for a line",
                    event.kind,
                    event.record,
                    len(line),
                )
            )
        prev = line_hash(line[:-1])
        written.append(line)
    return b"".join(written)


def tail(root: Path, path: str) -> Tail:
    """How a timeline file ends, without reading it whole."""
    try:
        with line_reader.opened(files.inside(root, path)) as fd:
            size = os.fstat(fd).st_size
            ending = islice(lines_above(fd, size), _MOST_DAMAGED)
            last = next(ending, b"")
            ids = filter(None, map(event_id, chain((last,), ending)))
            return Tail(size, line_hash(last) if size else "", next(ids, ""))
    except files.Missing:
        return Tail(0, "", "")


def lines_above(fd: int, end: int) -> Iterator[bytes]:
    """The lines before a byte in which something stands, the last one first, bare of their ends."""
    while end:
        start = line_reader.line_start(fd, end - 1)
        line = TOO_LONG if end - start > LONGEST else bare(os.pread(fd, end - start, start))
        if line:
            yield line
        end = start


def numbered(fd: int, upto: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The lines before a byte with their numbers, one at a time, with their ends."""
    number = 0
    for piece in line_reader.pieces(fd, 0, LONGEST):
        if upto is not None and piece.start >= upto:
            return
        data = TOO_LONG if piece.data is None else piece.data
        for line in io.BytesIO(data if upto is None else data[: upto - piece.start]):
            number += 1
            yield number, line


def bare(line: bytes) -> bytes:
    """A line without its end, and without the mark with which some editors begin a file."""
    return line.removeprefix(BOM).rstrip(b"\r\n")


def event_id(line: bytes) -> str:
    """The id of the event on a line; "" if it is no event's."""
    first = line[:ID_LENGTH].decode("ascii", "replace")
    is_event = line[ID_LENGTH : ID_LENGTH + 1] == b"," and EVENT_ID.fullmatch(first)
    return first if is_event else ""


def read_file(path: Path, offset: int = 0, *, name: str = "", line: int = 1) -> Chunk:
    """The events of a timeline file from byte `offset` on, which begins line number `line`.

    Problems (under `name`, else the path) say which lines could not be read. A last line that is
    cut off is one of them, and is left for the next reading: `end` stands before it. All events are
    held at once; see `read_pieces`.
    """
    whole = Chunk([], [], offset, line)
    with line_reader.opened(path) as fd:
        for chunk in read_pieces(fd, offset, name=name or path.as_posix(), line=line):
            rows, problems = whole.rows + chunk.rows, whole.problems + chunk.problems
            whole = chunk._replace(rows=rows, problems=problems)
    return whole


def read_pieces(fd: int, offset: int, *, name: str, line: int) -> Iterator[Chunk]:
    """As `read_file`, some thousand events at a time; a line over LONGEST is told, and passed over."""
    for piece in line_reader.pieces(fd, offset, LONGEST):
        if piece.data is not None:
            chunk = _read_lines(piece.data, piece.start, name=name, line=line)
        else:
            hint = "crm did not write it: restore the file from git, or remove the line"
            limit = tr("the line is longer than {} MB", LONGEST // 1000000)
            is_ended = os.pread(fd, 1, piece.end - 1) == b"\n"
            end, below = (piece.end, line + 1) if is_ended else (piece.start, line)
            chunk = Chunk([], [Problem(name, line, limit, hint)], end, below)
        line = chunk.next_line
        yield chunk


def _read_lines(data: bytes, offset: int, *, name: str, line: int) -> Chunk:
    text = data.decode("utf-8", "surrogateescape")
    if line == 1:
        text = text.removeprefix("\ufeff")
    if "\r\n" in text:  # an editor of Windows; nothing that we write holds one
        text = text.replace("\r\n", "\n")
    rows, problems = _taken_apart(text, name, line)
    end, next_line = len(data), line + text.count("\n")
    if not data.endswith(b"\n") and not (rows and rows[-1].line == next_line):
        hint = "its content is lost; look in git or a backup"
        cut = Problem(name, next_line, "the last line is cut off", hint)
        problems = [*(problem for problem in problems if problem.line < next_line), cut]
        end = data.rfind(b"\n") + 1
    return Chunk(rows, problems, offset + end, next_line)


def _taken_apart(text: str, name: str, first: int) -> tuple[list[Row], list[Problem]]:
    """The events of lines, one by one where it must be, so that a damaged line costs only itself."""
    is_dirty = "\0" in text or bool(_HALF.search(text))
    rows: list[Row] = []
    problems: list[Problem] = []
    lines = text.removesuffix("\n").split("\n")
    for number, (line, cells) in enumerate(zip(lines, _split(lines), strict=True), first):
        if not line or line == HEADER:  # git's union merge may repeat the header
            continue
        try:
            if cells is None or len(cells) != len(COLUMNS):
                raise ValueError(_misfit(line, cells))
            if is_dirty:
                _refuse_damage(line)
            rows.append(Row(_event(cells), cells[8], cells[7], number))
        except ValueError as error:
            hint = "restore the line from git or a backup"
            if line.startswith(_CONFLICT):
                hint = "keep the lines of both sides, remove the markers"
            problems.append(Problem(name, number, str(error), hint))
    return rows, problems


def _split(texts: Sequence[str]) -> Sequence[Sequence[str] | None]:
    """The cells of each line; None for one that is no CSV."""
    import csv

    csv.field_size_limit(_LARGEST_FIELD)
    try:
        reader = csv.reader(texts, strict=True)
        rows = []
        for row in reader:
            rows.append(row)
            if reader.line_num != len(rows):
                break  # a quote that is not closed swallowed the line below
        else:
            return rows
    except csv.Error:
        pass
    return [_split_one(text) for text in texts]


def _split_one(text: str) -> Sequence[str] | None:
    import csv

    try:
        return next(csv.reader([text], strict=True), [])
    except csv.Error:
        return None


def _misfit(line: str, cells: Sequence[str] | None) -> str:
    _refuse_damage(line)
    if line.startswith(_CONFLICT):
        return "unresolved merge conflict"
    if cells is None:
        return "the line is not CSV: a quote is not closed"
    return tr("{} columns instead of {}", len(cells), len(COLUMNS))


def _refuse_damage(line: str) -> None:
    if "\0" in line:
        raise ValueError("the line has NUL bytes, as after a crash of the machine")
    if _HALF.search(line):
        raise ValueError("the line is not UTF-8")


def _event(cells: Sequence[str]) -> Event:
    id_, at, actor, kind, record, cause, depth, data, prev = cells
    if not EVENT_ID.fullmatch(id_):
        raise ValueError(tr("{!r} is not the id of an event", id_))
    if not _HASH.fullmatch(prev):
        raise ValueError(tr("prev is {!r}, not the hash of a line", prev))
    facts = _facts(data)
    check_facts(kind, facts)
    return Event(id_, _instant(at), actor, kind, record, cause, _depth(depth), facts)


def _facts(data: str) -> dict[str, Any]:
    if data == "{}":
        return {}
    try:
        facts = _decoded(data)
    except ValueError as error:
        raise ValueError(tr("data is not JSON: {}", error)) from None
    except RecursionError:
        raise ValueError("data is nested too deeply") from None
    if "\\ud" in data and _HALF.search(json.dumps(facts, ensure_ascii=False)):
        raise ValueError("data has half a character")
    if not isinstance(facts, dict):
        raise ValueError("data is not a JSON object")
    return facts


def _number(text: str) -> float:
    """A number of JSON; ValueError for one that SQLite and other readers of JSON do not know."""
    if not isfinite(number := float(text)):
        raise ValueError(tr("{!r} is no number", text))
    return number


_decoded = json.JSONDecoder(parse_float=_number, parse_constant=_number).decode


def _depth(text: str) -> int:
    if not text.isdecimal():
        raise ValueError(tr("depth is {!r}, not a number", text))
    return int(text)
