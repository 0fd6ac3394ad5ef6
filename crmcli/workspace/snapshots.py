"""Snapshots of the index for reports over millions of records: written, told of, asked."""

from __future__ import annotations

from crmcli.errors import Forbidden, NotFound, Refused
from crmcli.language import counted, tr
from crmcli.model.local_times import local_minute
from crmcli.model.values import parse_instant
from crmcli.model.work_time import shift
from crmcli.store.index import snapshots
from crmcli.store.index.ready import Frame
from crmcli.store.index.snapshots import Note, Snapshot
from crmcli.workspace import Workspace
from crmcli.workspace.frames import frame_of
from crmcli.workspace.stays import settle_stays

PATH = snapshots.PATH
AGAIN = "crm snapshot"
"""The way out of a snapshot that is missing or too old."""


class Stale(Refused):
    """Something changed since the snapshot was written, and it was to be fresh."""


def write(ws: Workspace) -> Note:
    """Write a snapshot of the folder as it is; Forbidden to whoever does not see all that goes into it."""
    if _sees_a_part(ws):
        raise Forbidden(
            "a snapshot holds all records, of which you see a part",
            "reports answer you without one; an administrator, or crm tick, writes it",
        )
    return _write(ws)


def _sees_a_part(ws: Workspace) -> bool:
    return ws.rights is not None and ws.rights.is_narrow


def _write(ws: Workspace) -> Note:
    settle_stays(ws)
    return ws.house.write_snapshot(frame_of(ws))


def opened(ws: Workspace, frame: Frame, *, fresh: bool) -> Snapshot | None:
    """The newest snapshot, with a note of how old it is; None for whoever does not see all. NotFound
    where there is none, Stale where it does not hold any more, or `fresh` is wanted of one that is old."""
    if _sees_a_part(ws):
        return None
    found = snapshots.newest(ws.root)
    if found is None:
        raise NotFound("there is no snapshot", AGAIN)
    folder, note = found
    snapshot = ws.house.snapshot(folder, frame)
    if note.signature != snapshot.signature:
        raise Stale("fields, stages, scores or crm itself changed since the snapshot", AGAIN)
    since = ws.house.timeline.count_all() - note.events
    if since:
        at = local_minute(parse_instant(note.at), ws.zone)
        told = tr("figures of {}, before the last {}", at, counted(since, "event"))
        if fresh:
            raise Stale(told, AGAIN)
        ws.notes.append(told)
    ws.read_as_left()  # names alone are read beside it, for which nobody looks through millions of files
    return snapshot


def renew(ws: Workspace) -> bool:
    """Write a snapshot if the settings want one and the one that there is is older than they say; whether
    it was written."""
    every = ws.settings.snapshot
    if every is None or ws.dry_run or ws.only_reads:
        return False
    found = snapshots.newest(ws.root)
    if found is not None and shift(parse_instant(found[1].at), every, ws.zone) > ws.now:
        return False
    _write(ws)
    return True
