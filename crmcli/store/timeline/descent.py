"""Which line of a timeline file follows which: by the hash of the line above that each carries.

As crm writes it a file is one straight line. Where git joined two branches of one clone, the lines of
one stand below those of the other and follow one further up: a file is a tree.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator
from typing import NamedTuple

from crmcli.store.disk import line_reader
from crmcli.store.timeline.csv_lines import HEADER, LONGEST
from crmcli.store.timeline.event_ids import EVENT_ID, ID_LENGTH

UNKNOWN = "?"
"""In place of the event above, where the line that is named stands nowhere in the file."""

_HEADER = HEADER.encode()
_BOM = b"\xef\xbb\xbf"
_PREV = 16
_TOO_LONG = b"\0"


class Fork(NamedTuple):
    """An event that does not follow the one right above it, and that which it follows.

    `parent` is an id, "" where it began a file of its own, or UNKNOWN.
    """

    event: str
    parent: str


def is_straight(fd: int, start: int, end: int) -> bool:
    """Whether every line between two bytes, the first of which begins one, follows the one above."""
    above = _hash(_last_line(fd, start)) if start else b""
    for data in _pieces(fd, start, end):
        lines = data.split(b"\n")
        if not above or b"\r" in data:
            lines = list(map(_bare, lines))
        for line in lines:
            if line:
                if line[-_PREV:] != above and (above or line != _HEADER):
                    return False
                above = hashlib.sha256(line).hexdigest()[:_PREV].encode()
    return True


def last_id(fd: int, end: int) -> str:
    """The id on the line that ends at a byte; "" if it is no event's."""
    return _id_of(_last_line(fd, end))


def forks(fd: int, end: int, unreadable: Collection[int]) -> Iterator[Fork]:
    """The forks of a file up to a byte, the lines that cannot be read (by number) left out.

    What stands right below such a line follows it. A line that stands there again counts once.
    """
    known: dict[bytes, str] = {_hash(_HEADER): ""}
    open_rows: list[tuple[str, bytes, str, bool]] = []
    last = ""
    below_damage = False
    for number, line in _lines(fd, end):
        if not line or line == _HEADER:
            continue
        event, own = _id_of(line), _hash(line)
        if number in unreadable or not event:
            below_damage = True
            continue
        if own in known:
            continue
        prev = line[-_PREV:]
        if known.get(prev) != last:
            open_rows.append((event, prev, last, below_damage))
        known[own] = last = event
        below_damage = False
    for event, prev, above, after_damage in open_rows:
        parent = known.get(prev, above if after_damage else UNKNOWN)
        if parent != above:
            yield Fork(event, parent)


def _lines(fd: int, end: int) -> Iterator[tuple[int, bytes]]:
    number = 0
    for data in _pieces(fd, 0, end):
        for line in data.removesuffix(b"\n").split(b"\n"):
            number += 1
            yield number, _bare(line)


def _pieces(fd: int, start: int, end: int) -> Iterator[bytes]:
    for piece in line_reader.pieces(fd, start, LONGEST):
        if piece.start >= end:
            return
        yield _TOO_LONG if piece.data is None else piece.data[: end - piece.start]


def _last_line(fd: int, end: int) -> bytes:
    """The last line before a byte in which something stands."""
    while end:
        start = line_reader.line_start(fd, end - 1)
        line = _TOO_LONG if end - start > LONGEST else _bare(os.pread(fd, end - start, start))
        if line:
            return line
        end = start
    return b""


def _bare(line: bytes) -> bytes:
    return line.removeprefix(_BOM).rstrip(b"\r\n")


def _hash(line: bytes) -> bytes:
    return hashlib.sha256(line).hexdigest()[:_PREV].encode()


def _id_of(line: bytes) -> str:
    first = line[:ID_LENGTH].decode("ascii", "replace")
    is_event = line[ID_LENGTH : ID_LENGTH + 1] == b"," and EVENT_ID.fullmatch(first)
    return first if is_event else ""
