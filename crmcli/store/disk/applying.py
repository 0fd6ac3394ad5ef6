"""Carrying a commit record out, once or again; and whether it may be."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.store.disk import files, owners, targets
from crmcli.store.disk.commit_record import KEPT, TXN, Append, CommitRecord, Delete, Put
from crmcli.store.layout import CLONE_ID

_RUNS = 0o111 | stat.S_ISUID | stat.S_ISGID
_FINGERPRINT = 4096  # bytes before an append by which its file is known again
_T = TypeVar("_T")


def why_refused(root: Path, record: CommitRecord) -> str:
    """Why a sound record must never be carried out; "" if it may: who forges one knows our checksum.
    UnsafePath if a link stands in its way: it waits until that is gone."""
    for acts, is_allowed in (
        (record.puts, targets.may_put),
        (record.appends, targets.may_append),
        (record.deletes, targets.may_delete),
    ):
        for act in acts:
            if not is_allowed(act.path):
                return targets.refuse(act.path).message
    names = (record.name, *(put.staged for put in record.puts))
    bad = next(filter(None, (_why_strange(root, f"{TXN}/{name}") for name in names)), "")
    for path in () if bad else record.paths():
        files.inside(root, path)
    return bad


def _why_strange(root: Path, path: str) -> str:
    """Why a file of a transaction is none that we wrote; "" also where it is gone."""
    try:
        status = os.lstat(f"{root}/{path}")
    except FileNotFoundError:
        return ""
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        return tr("{} is a link, or no file", path)
    if not owners.is_known(root, status):
        return tr("{} belongs to {}", path, owners.name_of(status.st_uid))
    if status.st_mode & _RUNS and _keeps_modes(root):
        return tr("{} can be run as a program", path)
    return ""


def _keeps_modes(root: Path) -> bool:
    """Whether the file system keeps the modes that we give, as vfat does not: there all can be run."""
    try:
        return not os.lstat(root / CLONE_ID).st_mode & 0o111
    except FileNotFoundError:
        return True


def digest_of(path: str) -> str | None:
    """The digest of a file; None if there is none."""
    if not os.path.lexists(path):
        return None
    try:
        return files.digest(files.read_bytes(path))
    except files.Missing:
        return None


def fingerprint(fd: int, offset: int) -> str:
    """By what the part of a file before an offset is known again, without reading it all."""
    start = max(0, offset - _FINGERPRINT)
    return files.digest(os.pread(fd, offset - start, start))[:16]


class Applying:
    """Carries a commit record out. Doing it twice, or half and then again, comes to the same."""

    def __init__(self, root: Path, record: CommitRecord, *, again: bool) -> None:
        self.root = root
        self.txn = root / TXN
        self._inside = files.Insider(root)
        self.record = record
        self.again = again
        self.notes: list[str] = []
        self._touched: set[str] = set()
        self._present: set[str] = set()
        self._failures: list[CrmError] = []

    def run(self) -> list[str]:
        """Do all that can be done; notes for the user about files that others changed meanwhile. The first
        failure is raised at the end; the record then stays, to be carried out again."""
        for put in self.record.puts:
            self._try(self._put, put)
        for append in self.record.appends:
            self._try(self._append, append)
        for delete in self.record.deletes:
            self._try(self._delete, delete)
        self._try(self._sync, self._touched)
        if self._failures:
            raise self._failures[0]
        with files.os_errors("remove {}", self.txn / self.record.name):
            (self.txn / self.record.name).unlink()
        files.fsync_dir(self.txn)
        return self.notes

    def _sync(self, folders: set[str]) -> None:
        if self.record.is_large:
            files.sync_all(self.txn)
            return
        for folder in sorted(folders):
            full = self.root / folder
            if full.is_dir():  # git takes away a folder with its last file
                files.fsync_dir(full)

    def _try(self, act: Callable[[_T], None], what: _T) -> None:
        try:
            with files.os_errors("write {}", getattr(what, "path", self.root)):
                act(what)
        except CrmError as failure:
            self._failures.append(failure)

    def _target(self, path: str) -> str:
        self._touched.add(path.rpartition("/")[0])
        return self._inside(path)

    def _make_room(self, path: str) -> None:
        """The folder of a target; git may have taken it away since it was made."""
        above = path.rpartition("/")[0]
        if above not in self._present:
            files.make_folders(self.root, above)
            self._present.add(above)

    def _put(self, put: Put) -> None:
        target, staged = self._target(put.path), f"{self.root}/{TXN}/{put.staged}"
        now = digest_of(target)
        waiting = digest_of(staged) if self.again else put.new
        if waiting is None:  # it is in its place, whatever was made of it since
            return
        if now == put.new and waiting == put.new:
            Path(staged).unlink()
        elif now == put.old and waiting == put.new:
            self._make_room(put.path)
            os.rename(staged, target)  # noqa: PTH104  # a Path costs more than the call; imports have many
            if not put.path.startswith("data/"):
                owners.mark_typed(target)
        elif waiting == put.new:
            self._keep(put, Path(staged), "was changed by someone else in the meantime")
        else:
            self._keep(put, Path(staged), "was not written: its new content is damaged")

    def _keep(self, put: Put, staged: Path, why: str) -> None:
        files.make_folders(self.root, KEPT)
        name = f"{self.record.id}.{put.path.rpartition('/')[2]}"
        staged.rename(self.root / KEPT / name)
        files.fsync_dir(self.root / KEPT)
        what = "{} {}; it is left as it is, and what `{}` wrote is in {}/{}"
        self.notes.append(tr(what, put.path, why, self.record.command, KEPT, name))

    def _append(self, append: Append) -> None:
        target = self._target(append.path)
        self._make_room(append.path)
        with files.closing(files.open_own(target, os.O_RDWR)) as fd:
            offset, text = _what_is_missing(fd, append)
            if text:
                files.write_all(fd, text, offset)
            if not self.record.is_large:
                os.fsync(fd)

    def _delete(self, delete: Delete) -> None:
        target = self._target(delete.path)
        now = digest_of(target)
        if now == delete.old:
            Path(target).unlink()
        elif now is not None:
            what = "{} was changed by someone else, so `{}` did not remove it"
            self.notes.append(tr(what, delete.path, self.record.command))


def _what_is_missing(fd: int, append: Append) -> tuple[int, bytes]:
    """Where to write what of an append, whatever a crash, an editor or git made of the file."""
    text = append.text.encode()
    size = os.fstat(fd).st_size
    if size >= append.offset and fingerprint(fd, append.offset) == append.before:
        there = os.pread(fd, len(text), append.offset)
        if there == text:
            return size, b""
        if size - append.offset <= len(text) and _is_part(there, text):
            return append.offset, text
    whole = files.read_all(fd, size)
    events = text.lstrip(b"\n")
    if events in whole:
        return size, b""
    return size, (b"" if whole.endswith(b"\n") or not whole else b"\n") + events


def _is_part(there: bytes, text: bytes) -> bool:
    """Whether a write of the text that a crash cut short may have left this: its bytes, or NULs."""
    return text.startswith(there) or all(a in (b, 0) for a, b in zip(there, text, strict=False))
