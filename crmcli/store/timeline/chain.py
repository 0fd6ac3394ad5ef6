"""Whether the timeline is whole: the chain of hashes, ids that stand twice, events in a strange place."""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from crmcli.errors import Problem
from crmcli.language import tr
from crmcli.model.event import KINDS
from crmcli.store import layout
from crmcli.store.disk import line_reader
from crmcli.store.timeline import csv_lines, descent, erased_lines
from crmcli.store.timeline.csv_lines import BOM, HEADER_LINE, bare, line_hash

_KINDS = frozenset(kind.encode() for kind in KINDS)
_FILE = re.compile(rb'""file"":""([0-9a-f]{64})""')
_COMPARE = "compare with git or a backup"
BY_FIX = "crm check --fix fixes it"
"""The hint of what `mended` mends."""

_NO_LINES: frozenset[int] = frozenset()


def journals(root: Path) -> Iterator[str]:
    """The timeline's files by their paths from the root; what is no regular file is left out."""
    for path in sorted((root / layout.TIMELINE).glob("*/*.csv")):
        if stat.S_ISREG(path.lstat().st_mode):
            yield path.relative_to(root).as_posix()


def by_file(unreadable: Iterable[Problem]) -> dict[str, frozenset[int]]:
    """The lines, by file, in which there is a problem already; 0 stands for the whole file."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for problem in unreadable:
        found[problem.path].add(problem.line)
    return {path: frozenset(lines) for path, lines in found.items()}


def problems(root: Path, unreadable: Mapping[str, frozenset[int]]) -> Iterator[Problem]:
    """What is wrong with the timeline beside the lines that cannot be read, which are given by file.

    Nothing is held of a file but its ids.
    """
    ids: set[bytes] = set()
    attached: set[bytes] = set()
    for path in journals(root):
        bad = unreadable.get(path, _NO_LINES)
        if 0 in bad:
            continue
        yield from verify_chain(root / path, name=path, unreadable=bad)
        yield from _of_events(root, path, bad, ids, attached)
    whole = (path for path in journals(root) if 0 not in unreadable.get(path, _NO_LINES))
    yield from erased_lines.faults(root, whole, BY_FIX)


def verify_chain(
    path: Path, *, name: str = "", unreadable: frozenset[int] = _NO_LINES
) -> list[Problem]:
    """Where a timeline file was changed afterwards: each line must know a line above it.

    It is the one right above, except where git joined two branches of one clone: there the chain
    forks, and the lines of one branch follow those of the other.
    """
    with line_reader.opened(path) as fd:
        if descent.is_straight(fd, 0, os.fstat(fd).st_size):
            return []
        return list(_of_chain(fd, name or path.as_posix(), unreadable))


def _of_chain(fd: int, name: str, unreadable: frozenset[int]) -> Iterator[Problem]:
    above: dict[str, int] = {}
    for number, line in csv_lines.numbered(fd):
        text = bare(line)
        if not text or (text == HEADER_LINE and number > 1):
            continue
        own, prev = line_hash(text), text.rpartition(b",")[2].decode("ascii", "replace")
        if number == 1:
            if text != HEADER_LINE:
                yield Problem(name, 1, "the first line is not the header", _COMPARE)
        elif own in above:
            said = tr("the line of {}:{} is here again", name, above[own])
            yield Problem(name, number, said, BY_FIX)
        elif prev not in above and not {number, number - 1} & unreadable:
            broken = "the line above was changed, or a line was taken out or put in"
            yield Problem(name, number, broken, _COMPARE)
        above.setdefault(own, number)


def _of_events(
    root: Path, path: str, unreadable: frozenset[int], ids: set[bytes], attached: set[bytes]
) -> Iterator[Problem]:
    """What the lines say that cannot be, each for itself and beside all others."""
    month = path.split("/")[2].encode()
    is_elsewhere = False
    for number, line in ((number, bare(line)) for number, line in _lines(root / path)):
        if not line or line == HEADER_LINE or number in unreadable or number == 1:
            continue
        cells = line.split(b",", 5)
        if cells[0] in ids:
            yield from _repeated(root, path, number, line)
        ids.add(cells[0])
        if len(cells) == 6 and b'"' not in cells[2]:  # else the actor may hold a comma
            yield from _strange_kind(path, number, cells[3])
            if cells[1][:7] != month and not is_elsewhere:
                is_elsewhere = True
                said = tr(
                    "an event of {} is in this month's file",
                    cells[1][:7].decode("ascii", "replace"),
                )
                yield Problem(path, number, said, "put the file back where it was")
        for found in _FILE.findall(line):
            if found not in attached:
                attached.add(found)
                yield from _missing_file(root, path, number, found.decode())


def _strange_kind(path: str, number: int, kind: bytes) -> Iterator[Problem]:
    if kind not in _KINDS:
        said = tr("no event kind {!r}", kind.decode("utf-8", "replace"))
        yield Problem(
            path, number, said, "restore the line; or update crm, if a newer one wrote it"
        )


def _missing_file(root: Path, path: str, number: int, sha: str) -> Iterator[Problem]:
    there = layout.file_path(sha)
    if not os.path.lexists(root / there):
        said = tr("the file that the event names is missing: {}", there)
        yield Problem(path, number, said, tr("restore it: git checkout {}", there))


def _repeated(root: Path, path: str, number: int, line: bytes) -> Iterator[Problem]:
    """An id that stands twice; a line that is there twice to the letter is told by the chain."""
    event_id = line[: line.index(b",")]
    other, at, text = next(
        (other, at, bare(text))
        for other in journals(root)
        for at, text in _lines(root / other)
        if text.startswith(event_id + b",")
    )
    if (other, line_hash(text)) != (path, line_hash(line)):
        said = tr(
            "the event {} is already in {}:{}", event_id.decode("ascii", "replace"), other, at
        )
        yield Problem(path, number, said, "only that one is read: remove the wrong one")


def line_ends(
    root: Path, unreadable: Mapping[str, frozenset[int]], growing: str = ""
) -> Iterator[Problem]:
    """The timeline files whose lines end otherwise than crm writes them; they are read all the same.

    Of the file that is `growing` the next change gives the last line its end.
    """
    for path in journals(root):
        bad = unreadable.get(path, _NO_LINES)
        windows, number, line = 0, 0, b""
        if 0 in bad:
            continue
        lines = _lines(root / path)
        _, first = next(lines, (1, b""))
        for number, line in lines:
            if not windows and line.endswith(b"\r\n"):
                windows = number
        if number and not line.endswith(b"\n") and number not in bad:
            hint = "the next change adds it" if path == growing else BY_FIX
            said = "the last line has no line end"
            yield Problem(path, number, said, hint, passing=path == growing)
        if not first and 1 not in bad:
            yield Problem(path, 0, "the file is empty", "restore it from git or a backup")
        if first.startswith(BOM):
            yield Problem(path, 1, "the file begins with a byte order mark", BY_FIX)
        if windows or first.endswith(b"\r\n"):
            at = 1 if first.endswith(b"\r\n") else windows
            yield Problem(path, at, "Windows line ends (CRLF)", BY_FIX)


def mended(data: bytes, *, is_whole: bool) -> tuple[bytes, list[str]]:
    """A timeline file with plain line ends and no line twice to the letter; what was mended, in words.

    The last line gets its end only if it `is_whole`, and not the rest of one that was cut off.
    """
    text = data.removeprefix(BOM).replace(b"\r\n", b"\n")
    lines = text.removesuffix(b"\n").split(b"\n")
    erased = erased_lines.shortest(lines)
    kept: list[bytes] = []
    seen: set[bytes] = set()
    twice = 0
    for there in lines:
        line = erased.get(line_hash(there), there) if erased else there
        if line and line != HEADER_LINE and line in seen:
            twice += 1
            continue
        seen.add(line)
        kept.append(line)
    has_no_end = is_whole and not text.endswith(b"\n")
    what = [
        *(["removed the byte order mark"] if data.startswith(BOM) else []),
        *(["converted the line ends"] if b"\r\n" in data else []),
        *(
            [tr("took away {} line{} that stood there twice", twice, "s"[: twice > 1])]
            if twice
            else []
        ),
        *(["added the last line end"] if has_no_end else []),
    ]
    ending = b"\n" if has_no_end or text.endswith(b"\n") else b""
    return b"\n".join(kept) + ending, what


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, one at a time, with their ends."""
    with line_reader.opened(path) as fd:
        yield from csv_lines.numbered(fd)
