"""Files of lines that are read a piece at a time, however large they are and however long a line is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple

from crmcli.store.disk.files import opened as opened

PIECE = 1 << 20
"""Bytes that are read at a time."""

_STEP = 1 << 13  # bytes in which the last line nearly always lies


class Piece(NamedTuple):
    """Whole lines between two bytes of a file; `data` is None for one line that is too long to be read."""

    start: int
    end: int
    data: bytes | None


def pieces(fd: int, offset: int, longest: int) -> Iterator[Piece]:
    """The lines from a byte on that begins one; of a line over `longest` bytes, which are no less than a
    piece, only where it stands."""
    held = b""
    while block := os.pread(fd, PIECE, offset + len(held)):
        held += block
        end = held.rfind(b"\n") + 1
        if not end and len(held) > longest:
            end = _line_end(fd, offset + len(held)) - offset
            yield Piece(offset, offset + end, None)
            held = b""
        elif end:
            first = held.index(b"\n") + 1
            if first > longest + 1:
                yield Piece(offset, offset + first, None)
                offset, held, end = offset + first, held[first:], end - first
            if end:
                yield Piece(offset, offset + end, held[:end])
            held = held[end:]
        offset += end
    if held:
        yield Piece(offset, offset + len(held), held)


def _line_end(fd: int, start: int) -> int:
    """Where the line ends that goes on at byte `start`, with its end; the end of the file at last."""
    while block := os.pread(fd, PIECE, start):
        place = block.find(b"\n") + 1
        if place:
            return start + place
        start += len(block)
    return start


def line_start(fd: int, end: int) -> int:
    """Where the line begins that ends before byte `end`, which is not behind its line end."""
    step = _STEP
    while end > 0:
        start = max(0, end - step)
        place = os.pread(fd, end - start, start).rfind(b"\n") + 1
        if place:
            return start + place
        end, step = start, PIECE
    return 0
