"""What a command is given to read, a file or a stream: as much as it may hold, and not a byte beyond."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.store.disk import files

if TYPE_CHECKING:
    from typing import BinaryIO

LARGEST_IMPORT = 200_000_000
"""Bytes: about a million rows. It is held in memory while it is taken in."""
LARGEST_TEXT = 1_000_000
"""Bytes of a text that becomes part of a record's story."""
_PIECE = 1 << 20


def read_file(path: str, most: int) -> tuple[str, bytes]:
    """The name and content of a file; NotFound if there is none, BadUsage if it is too large."""
    try:
        with files.os_errors("read {}", path), Path(path).open("rb") as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode) and status.st_size > most:
                raise _too_large(path, most)
            content = read_stream(file, path, most)
    except files.Missing:
        raise NotFound(tr("no such file: {}", path), "give its path, or - for stdin") from None
    return os.fsencode(Path(path).name).decode("utf-8", "replace"), content


def read_stream(stream: BinaryIO, name: str, most: int) -> bytes:
    """All that comes from a stream; BadUsage as soon as it is more than `most` bytes."""
    pieces: list[bytes] = []
    left = most
    while piece := stream.read(min(left + 1, _PIECE)):
        left -= len(piece)
        if left < 0:
            raise _too_large(name, most)
        pieces.append(piece)
    return b"".join(pieces)


def _too_large(name: str, most: int) -> BadUsage:
    if most < 1_000_000:
        return BadUsage(tr("{} is larger than {} KB", name, most // 1024), "split it up")
    return BadUsage(tr("{} is larger than {} MB", name, most // 1000000), "split it up")
