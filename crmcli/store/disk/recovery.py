"""What a killed command left: what was saved is finished, what was not is swept away."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from crmcli.errors import InvalidData, Problem
from crmcli.language import tr
from crmcli.store.disk import files
from crmcli.store.disk.applying import Applying, why_refused
from crmcli.store.disk.commit_record import KEPT, MOST, QUARANTINE, CommitRecord
from crmcli.store.disk.unfinished import SUFFIX, TXN, names, needs_recovery


class CommitRecordDamaged(InvalidData):
    """A change that was saved cannot be finished, because what says it was damaged afterwards."""


def recover(root: Path) -> list[str]:
    """Finish what was saved, sweep away what was not; notes for the user. Needs the exclusive lock.
    CommitRecordDamaged, once, if a record cannot be trusted: it is put into quarantine."""
    notes: list[str] = []
    found = names(root)
    for name in found:
        if name.endswith(SUFFIX):
            notes += _recover_one(root, name)
    if found:
        for name in names(root):
            with files.os_errors("remove {}/{}", TXN, name):
                (root / TXN / name).unlink()
    return notes


def _recover_one(root: Path, name: str) -> list[str]:
    record = _read_record(root, name)
    if record is None:
        _quarantine(root, name)
        raise CommitRecordDamaged(
            tr("{}/{} is damaged: a saved change may be only half applied", TXN, name),
            tr("compare the files in {} with data/; the disk may be failing", QUARANTINE),
        )
    bad = why_refused(root, record)
    if bad:
        _quarantine(root, name)
        raise CommitRecordDamaged(
            tr("{}/{} is refused, and nothing in it was done: {}", TXN, name, bad),
            tr("it is in {}; check who could have written it", QUARANTINE),
        )
    notes = Applying(root, record, again=True).run()
    said = (
        "finished `{}` by {}, which had been interrupted"
        if record.who
        else "finished `{}`, which had been interrupted"
    )
    return [tr(said, *filter(None, (record.command, record.who))), *notes]


def _read_record(root: Path, name: str) -> CommitRecord | None:
    """A commit record; None if it is damaged, is not that for which it is named, or is no file."""
    try:
        data = files.read_bytes(root / TXN / name, most=MOST)
    except files.UnsafePath:
        return None
    record = CommitRecord.decode(data)
    return record if record is not None and record.name == name else None


def _quarantine(root: Path, name: str) -> None:
    files.make_folders(root, QUARANTINE)
    mine = name.removesuffix(SUFFIX) + "."
    for other in names(root):
        if other.startswith(mine):
            with files.os_errors("move {}/{}", TXN, other):
                (root / TXN / other).rename(root / QUARANTINE / other)
    files.fsync_dir(root / QUARANTINE)
    files.fsync_dir(root / TXN)


def strays(root: Path) -> list[str]:
    """What a killed command has prepared and not committed, from the root; the next change sweeps it."""
    found = names(root)
    return [] if needs_recovery(root) else [f"{TXN}/{name}" for name in found]


def leftovers(root: Path) -> list[Problem]:
    """The files that recovery put aside, for a person to look at."""
    problems = []
    for folder, message in (
        (KEPT, "a version that lost to a change by hand"),
        (QUARANTINE, "part of a damaged change"),
    ):
        with contextlib.suppress(FileNotFoundError):
            for name in sorted(os.listdir(root / folder)):
                hint = "compare it with the file in data/, then delete it"
                problems.append(Problem(f"{folder}/{name}", 0, message, hint))
    return problems
