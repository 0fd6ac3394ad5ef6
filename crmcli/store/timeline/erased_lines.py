"""Lines of the timeline whose data were erased: each says which hash it had, and an event lists them all.

So the chain holds over them, and a line that nobody's event lists was changed by somebody else.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from crmcli.dataclass import replace
from crmcli.errors import Problem
from crmcli.model.event import ERASED, PRIVACY_ERASED, Event
from crmcli.store.disk import files, line_reader
from crmcli.store.timeline import csv_lines
from crmcli.store.timeline.csv_lines import bare
from crmcli.store.timeline.line_hashes import before_erasing, line_hash, own_hash

_LISTING = f",{PRIVACY_ERASED},".encode()
_ANY = f'""{ERASED}"":'.encode()


class Line(NamedTuple):
    """A line that holds an event; `text` is bare of its end."""

    text: bytes
    event: Event

    @property
    def is_erased(self) -> bool:
        """Whether its data were erased before."""
        return bool(before_erasing(self.text))


class Journal:
    """A timeline file that is rewritten: its lines, some of them with other data."""

    def __init__(self, root: Path, path: str) -> None:
        self.path = path
        self.content = files.read_bytes(root / path)
        rows = {row.line: row for row in csv_lines.read_file(root / path).rows}
        self._lines = self.content.split(b"\n")
        self.lines = {
            number: Line(bare(text), rows[number].event)
            for number, text in enumerate(self._lines, 1)
            if number in rows
        }
        self.changed: dict[int, str] = {}
        """By the number of a line, what its event is listed by."""

    def erase(self, number: int, data: Mapping[str, Any]) -> None:
        """Give the event of a line other data; what hash it had stands before them."""
        line = self.lines[number]
        told = {ERASED: line_hash(line.text), **{k: v for k, v in data.items() if k != ERASED}}
        prev = line.text.rpartition(b",")[2].decode("ascii")
        text = csv_lines.to_line(replace(line.event, data=told), prev).encode()[:-1]
        self._lines[number - 1] = text
        self.changed[number] = listed_as(line.event.id, text)

    def written(self) -> bytes:
        """The file as it is to be."""
        return b"\n".join(self._lines)


def listed_as(event_id: str, text: bytes) -> str:
    """How the event of an erasure names a line."""
    return f"{event_id}:{own_hash(text)}"


def shortest(lines: Iterable[bytes]) -> dict[str, bytes]:
    """The lines whose data were erased, by the hash that each had; of two for one the one that says least.

    Where git joined a clone that knows of the erasure and one that does not, the line as it was stands there
    too, and where two have erased it, both of theirs.
    """
    found: dict[str, bytes] = {}
    for line in lines:
        if had := before_erasing(line):
            found[had] = min(found.get(had, line), line, key=len)
    return found


def faults(root: Path, paths: Iterable[str], by_fix: str) -> Iterator[Problem]:
    """Lines that were erased though no event lists them, and such as are listed and are here again."""
    found: list[tuple[str, int, str]] = []
    whole: list[tuple[str, int, bytes]] = []
    listed: dict[str, set[str]] = {}
    paths = list(paths)
    for path, number, line in _told(root, paths):
        event_id = csv_lines.event_id(line)
        if before_erasing(line):
            found.append((path, number, listed_as(event_id, line)))
        elif _LISTING in line:
            for name in _names(line):
                listed.setdefault(name.partition(":")[0], set()).add(name)
    for path, number, name in found:
        if name not in listed.get(name.partition(":")[0], ()):
            said = "the data of this line are erased, and no event says that crm did it"
            yield Problem(path, number, said, "compare with git or a backup")
    whole += again(root, paths, listed) if listed else ()
    for path, number, _ in whole:
        yield Problem(path, number, "what was erased is here again", by_fix)


def again(
    root: Path, paths: Iterable[str], listed: Container[str]
) -> Iterator[tuple[str, int, bytes]]:
    """The lines that are listed by the ids of their events, and have their data all the same."""
    for path in paths:
        with line_reader.opened(root / path) as fd:
            for number, line in csv_lines.numbered(fd):
                text = bare(line)
                if csv_lines.event_id(text) in listed and not before_erasing(text):
                    yield path, number, text


def _told(root: Path, paths: Iterable[str]) -> Iterator[tuple[str, int, bytes]]:
    """The lines that may be erased, or tell of it."""
    for path in paths:
        with line_reader.opened(root / path) as fd:
            for number, line in csv_lines.numbered(fd):
                if _ANY in line or _LISTING in line:
                    yield path, number, bare(line)


def _names(line: bytes) -> Iterator[str]:
    try:
        cells = next(csv.reader([line.decode()], strict=True), [])
        kind, lines = cells[3], json.loads(cells[7]).get("lines")
    except (ValueError, IndexError, AttributeError, csv.Error):
        return  # the line is told of as one that cannot be read
    if kind != PRIVACY_ERASED:
        return
    for names in lines.values() if isinstance(lines, dict) else ():
        yield from map(str, names if isinstance(names, list) else ())
