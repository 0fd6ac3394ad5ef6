"""Which line of a timeline file follows which: by the hash of the line above that each carries.

As crm writes it a file is one straight line. Where git joined two branches of one clone, the lines of
one stand below those of the other and follow one further up: a file is a tree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from crmcli.store.disk import line_reader
from crmcli.store.timeline.csv_lines import (
    HEADER_LINE,
    LONGEST,
    TOO_LONG,
    bare,
    event_id,
    line_hash,
    lines_above,
    numbered,
)

UNKNOWN = "?"
"""In place of the event above, where the line that is named stands nowhere in the file."""

_PREV = 16


class Fork(NamedTuple):
    """An event that does not follow the one right above it, and that which it follows.

    `parent` is an id, "" where it began a file of its own, or UNKNOWN.
    """

    event: str
    parent: str


def is_straight(fd: int, start: int, end: int) -> bool:
    """Whether every line between two bytes, the first of which begins one, follows the one above."""
    above = _hash(next(lines_above(fd, start), b"")) if start else b""
    for piece in line_reader.pieces(fd, start, LONGEST):
        if piece.start >= end:
            break
        data = TOO_LONG if piece.data is None else piece.data[: end - piece.start]
        lines = data.split(b"\n")
        if not above or b"\r" in data:
            lines = list(map(bare, lines))
        for line in lines:
            if line:
                if line[-_PREV:] != above and (above or line != HEADER_LINE):
                    return False
                above = _hash(line)
    return True


def forks(fd: int, end: int, unreadable: Collection[int]) -> Iterator[Fork]:
    """The forks of a file up to a byte, the lines that cannot be read (by number) left out.

    What stands right below such a line follows it. A line that stands there again counts once.
    """
    known: dict[bytes, str] = {_hash(HEADER_LINE): ""}
    open_rows: list[tuple[str, bytes, str, bool]] = []
    last = ""
    below_damage = False
    for number, line in ((number, bare(line)) for number, line in numbered(fd, end)):
        if not line or line == HEADER_LINE:
            continue
        event, own = event_id(line), _hash(line)
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


def _hash(line: bytes) -> bytes:
    return line_hash(line).encode()
