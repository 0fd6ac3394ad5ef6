"""The commit record of a transaction: what it says, and how it is carried out, once or again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from crmcli.errors import CrmError
from crmcli.store import files

TXN = ".crm/txn"
KEPT = f"{TXN}/kept"
QUARANTINE = f"{TXN}/quarantine"
SUFFIX = ".commit"
MANY = 50
"""From so many files on, one sync of the file system is cheaper than one of each file."""

_VERSION = 1
_FINGERPRINT = 4096  # bytes before an append by which its file is known again
_T = TypeVar("_T")


class Put(NamedTuple):
    """A file that gets the content staged under that name; `old` is None where it must be new."""

    path: str
    staged: str
    new: str
    old: str | None


class Append(NamedTuple):
    """A text that goes to the end of a file, at that offset; `before` tells the file as it was."""

    path: str
    offset: int
    text: str
    before: str


class Delete(NamedTuple):
    """A file that goes away."""

    path: str
    old: str


class CommitRecord(NamedTuple):
    """Everything that one transaction does. Once it is durable under its name, it will be done."""

    id: str
    who: str
    command: str
    at: str
    puts: tuple[Put, ...] = ()
    appends: tuple[Append, ...] = ()
    deletes: tuple[Delete, ...] = ()

    @property
    def name(self) -> str:
        """Its file in the transaction folder."""
        return self.id + SUFFIX

    @property
    def is_large(self) -> bool:
        """Whether it is synced by file system instead of file by file."""
        return len(self.puts) + len(self.appends) + len(self.deletes) > MANY

    def encode(self) -> bytes:
        """Its file: the checksum on the first line, JSON below."""
        head = {"version": _VERSION, "id": self.id, "who": self.who}
        written = bytearray(_json({**head, "command": self.command, "at": self.at})[:-1])
        # One after the other: all in one text would be several times as large for a while.
        lists: dict[str, Sequence[Put | Append | Delete]] = {
            "puts": self.puts, "appends": self.appends, "deletes": self.deletes
        }  # fmt: skip
        for name, items in lists.items():
            written += f', "{name}": ['.encode()
            for number, item in enumerate(items):
                written += (b", " if number else b"") + _json(item._asdict())
            written += b"]"
        body = bytes(written + b"}")
        return files.digest(body).encode() + b"\n" + body

    @classmethod
    def decode(cls, data: bytes) -> CommitRecord | None:
        """Read such a file; None if it is damaged. CrmError if a newer crm wrote it."""
        checksum, _, body = data.partition(b"\n")
        if checksum != files.digest(body).encode():
            return None
        raw: dict[str, Any] = json.loads(body)
        if raw.pop("version") != _VERSION:
            raise CrmError("a newer crm left a change unfinished here", "update crm")
        return cls(
            **{
                **raw,
                "puts": tuple(Put(**put) for put in raw["puts"]),
                "appends": tuple(Append(**append) for append in raw["appends"]),
                "deletes": tuple(Delete(**delete) for delete in raw["deletes"]),
            }
        )


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


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
        """Do all that can be done; notes for the user about files that others changed meanwhile.

        Raises the first failure at the end; the record then stays, to be carried out again.
        """
        for put in self.record.puts:
            self._try(self._put, put)
        for append in self.record.appends:
            self._try(self._append, append)
        for delete in self.record.deletes:
            self._try(self._delete, delete)
        self._try(self._sync, self._touched)
        if self._failures:
            raise self._failures[0]
        with files.os_errors(f"remove {self.txn / self.record.name}"):
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
            with files.os_errors(f"write {getattr(what, 'path', self.root)}"):
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
                os.utime(target)  # written here and now: what was unpacked has an older time
        elif waiting == put.new:
            self._keep(put, Path(staged), "was changed by someone else in the meantime")
        else:
            self._keep(put, Path(staged), "was not written: its new content is damaged")

    def _keep(self, put: Put, staged: Path, why: str) -> None:
        files.make_folders(self.root, KEPT)
        name = f"{self.record.id}.{put.path.rpartition('/')[2]}"
        staged.rename(self.root / KEPT / name)
        files.fsync_dir(self.root / KEPT)
        self.notes.append(
            f"{put.path} {why}; it stays as it is, and what `{self.record.command}` "
            f"wrote is kept in {KEPT}/{name}"
        )

    def _append(self, append: Append) -> None:
        target = self._target(append.path)
        self._make_room(append.path)
        fd = files.open_own(target, os.O_RDWR)
        try:
            offset, text = _what_is_missing(fd, append)
            if text:
                files.write_all(fd, text, offset)
            if not self.record.is_large:
                os.fsync(fd)
        finally:
            os.close(fd)

    def _delete(self, delete: Delete) -> None:
        target = self._target(delete.path)
        now = digest_of(target)
        if now == delete.old:
            Path(target).unlink()
        elif now is not None:
            self.notes.append(
                f"{delete.path} was changed by someone else in the meantime, so "
                f"`{self.record.command}` did not remove it"
            )


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
