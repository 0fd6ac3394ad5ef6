"""The audit of one clone: lines in the form of the timeline, chained over the months.

Lines are added under a lock of their own, so that who only reads waits for no change, and are durable
before `append` returns: what they tell of is shown after that.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from crmcli.errors import InvalidData, Problem
from crmcli.model.audit import BEGUN, DROPPED, Entry, Head
from crmcli.model.event import Event
from crmcli.store import layout
from crmcli.store.audit import ends
from crmcli.store.disk import files, line_reader
from crmcli.store.safety import locks
from crmcli.store.timeline import csv_lines
from crmcli.store.timeline.event_ids import EventIds
from crmcli.store.timeline.line_hashes import own_hash

LOCK = f"{layout.STATE}/audit.lock"
PATIENCE = 10.0
"""Seconds: fifty who write at once are through long before."""


def append(
    root: Path, clone: str, at: datetime, entries: Sequence[Entry], *, any_disk: bool = False
) -> str:
    """Add lines to the audit of this clone, durably; the id of the last one."""
    with locks.beside(root, LOCK, PATIENCE, any_disk=any_disk) as held:
        if held is None:
            raise locks.Busy("the audit is busy, and nothing is shown without it", "try again")
        month = f"{at.astimezone(UTC):%Y-%m}"
        known = months(root, clone)
        month = max([month, *known[-1:]])  # a clock that went back begins no month anew
        path = layout.audit_path(month, clone)
        files.make_folders(root, path.rpartition("/")[0])
        with files.os_errors("write {}", path), files.closing(_opened(root, path)) as fd:
            _cut_torn(fd)
            tail = csv_lines.tail(root, path)
            last_id, before = tail.last_id, tail
            if not tail.size:
                earlier = [one for one in known if one < month]  # a killed one may have made this
                before, entries = _begun(root, clone, earlier, entries)
                last_id = before.last_id
            ids = EventIds(at, last_id)
            events = [
                Event(ids.next(), at, one.actor, one.kind, one.record, one.cause, 0, one.data)
                for one in entries
            ]
            written = csv_lines.lines(events, tail)
            files.write_all(fd, written, tail.size)
            os.fsync(fd)
            if not tail.size:
                files.fsync_dir((root / path).parent)
            _remember(root, month, clone, written, tail.hash or before.hash)
    return events[-1].id


def _remember(root: Path, month: str, clone: str, written: bytes, above: str) -> None:
    """Keep beside the audit how far it goes now."""
    known = ends.remembered(root)
    last = known[-1:]
    is_next = any((one.month, one.clone, one.hash) == (month, clone, above) for one in last)
    added = written.count(b"\n")
    count = last[0].lines + added if is_next else len(hashes(root, month, clone))
    end = own_hash(csv_lines.bare(written.splitlines(keepends=True)[-1]))

    def is_there(head: Head) -> bool:
        place = (head.month, head.clone)
        return place in journals(root) and head.hash in hashes(root, *place)

    if last and (last[0].hash == above or is_there(last[0])):
        known.pop()
    ends.remember(root, [*known, Head(month, clone, count, end)])


def hashes(root: Path, month: str, clone: str) -> list[str]:
    """The hash of each line of a file."""
    path = files.inside(root, layout.audit_path(month, clone))
    with line_reader.opened(path) as fd:
        lines = (csv_lines.bare(line) for _, line in csv_lines.numbered(fd))
        return [own_hash(line) for line in lines if line]


def _opened(root: Path, path: str) -> int:
    return files.open_own(files.inside(root, path), os.O_RDWR)


def _cut_torn(fd: int) -> None:
    """Take away the rest of a line whose writing was cut off: what it tells of was not shown."""
    size = os.fstat(fd).st_size
    if size and os.pread(fd, 1, size - 1) != b"\n":
        os.ftruncate(fd, line_reader.line_start(fd, size))


def _begun(
    root: Path, clone: str, known: Sequence[str], entries: Sequence[Entry]
) -> tuple[csv_lines.Tail, Sequence[Entry]]:
    """The end of the month before, and what is to be kept behind a line that goes on from there."""
    after = known[-1] if known else ""
    before = csv_lines.tail(root, layout.audit_path(after, clone)) if after else None
    before = before or csv_lines.Tail(0, "", "")
    begun = {"after": after, "hash": before.hash, "clone": clone}
    return before, [Entry(BEGUN, data=begun), *entries]


def drop(root: Path, before: str, keep: Callable[[Sequence[Entry]], object]) -> list[str]:
    """Remove the files of all clones of months before that one; a line with their last hashes, which `keep`
    adds, stands before the first of them goes."""
    old = [(month, clone) for month, clone in journals(root) if month < before]
    last = {
        f"{month}/{clone}": csv_lines.tail(root, layout.audit_path(month, clone)).hash
        for month, clone in old
    }
    if last:
        keep([Entry(DROPPED, data={"files": last})])
    for month, clone in old:
        path = files.inside(root, layout.audit_path(month, clone))
        with files.os_errors("remove {}", path):
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()
    ends.forget(root, before)
    return [*last]


def months(root: Path, clone: str) -> list[str]:
    """The months of which there is a file of that clone, in order."""
    return [month for month, other in journals(root) if other == clone]


def journals(root: Path) -> list[tuple[str, str]]:
    """All files of the audit, by month and clone."""
    found = sorted((root / layout.AUDIT).glob("*/*.csv"))
    return [(path.parent.name, path.stem) for path in found if path.is_file()]


def heads(root: Path) -> Iterator[Head]:
    """How far each clone's audit went."""
    last = {clone: month for month, clone in journals(root)}
    for clone, month in sorted(last.items()):
        if lines := hashes(root, month, clone):
            yield Head(month, clone, len(lines), lines[-1])


def read(root: Path, month: str, clone: str) -> tuple[list[csv_lines.Row], list[Problem]]:
    """The lines of a file, and what of it cannot be read."""
    path = layout.audit_path(month, clone)
    chunk = csv_lines.read_file(files.inside(root, path), name=path)
    return chunk.rows, chunk.problems


def events(root: Path, since: datetime | None = None) -> Iterator[Event]:
    """All lines that can be read, of all clones, in the order of their ids."""
    first = f"{since.astimezone(UTC):%Y-%m}" if since else ""
    found: list[Event] = []
    for month, clone in journals(root):
        if month >= first:
            try:
                rows, _ = read(root, month, clone)
            except InvalidData:
                continue  # `verify` tells of it
            found += (row.event for row in rows if since is None or row.event.at >= since)
    yield from sorted(found, key=lambda event: event.id)
