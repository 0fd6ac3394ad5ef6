"""The commit record of a transaction: what it says, and how it is carried out, once or again."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from crmcli.errors import CrmError
from crmcli.store import files, owners, targets
from crmcli.store.layout import CLONE_ID

TXN = ".crm/txn"
KEPT = f"{TXN}/kept"
QUARANTINE = f"{TXN}/quarantine"
SUFFIX = ".commit"
MANY = 50
"""From so many files on, one sync of the file system is cheaper than one of each file."""

MOST = 256 << 20
"""Bytes that a commit record may have."""

_VERSION = 1
_ID = re.compile("[0-9a-f]{16}")
_NUMBER = re.compile("0|[1-9][0-9]{0,8}")
_DIGEST = re.compile("[0-9a-f]{64}")
_FINGERPRINT_RULE = re.compile("[0-9a-f]{16}")
_LARGEST = 1 << 62  # bytes of a file
_RUNS = 0o111 | stat.S_ISUID | stat.S_ISGID
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

    def paths(self) -> Iterator[str]:
        """Every file that it touches."""
        yield from (put.path for put in self.puts)
        yield from (append.path for append in self.appends)
        yield from (delete.path for delete in self.deletes)

    def is_sound(self) -> bool:
        """Whether each part of it is as we write it: of the right kind, and each file named once."""
        paths = list(self.paths())
        staged = [put.staged for put in self.puts]
        return (
            all(map(_is_text, (self.id, self.who, self.command, self.at)))
            and bool(_ID.fullmatch(self.id))
            and all(map(_is_text, (*paths, *staged)))
            and len(set(paths)) == len(paths)
            and len(set(staged)) == len(staged)
            and all(map(self._is_put, self.puts))
            and all(map(_is_append, self.appends))
            and all(_is_digest(delete.old) for delete in self.deletes)
        )

    def _is_put(self, put: Put) -> bool:
        id_, _, number = put.staged.partition(".")
        is_named = id_ == self.id and bool(_NUMBER.fullmatch(number))
        return is_named and _is_digest(put.new) and (put.old is None or _is_digest(put.old))

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
        try:
            raw = json.loads(body)
        except (ValueError, RecursionError):
            return None
        version = raw.pop("version", 0) if isinstance(raw, dict) else 0
        if isinstance(version, int) and version > _VERSION:
            raise CrmError("a newer crm left a change unfinished here", "update crm")
        try:
            record = cls(
                **{
                    **raw,
                    "puts": tuple(Put(**put) for put in raw["puts"]),
                    "appends": tuple(Append(**append) for append in raw["appends"]),
                    "deletes": tuple(Delete(**delete) for delete in raw["deletes"]),
                }
            )
        except (TypeError, KeyError, AttributeError):  # not the keys that we write
            return None
        return record if record.is_sound() else None


def _is_text(value: object) -> bool:
    """Whether it is a text that can be written: no half characters."""
    try:
        return isinstance(value, str) and bool(value.encode() or True)
    except UnicodeEncodeError:
        return False


def _is_digest(value: object) -> bool:
    return isinstance(value, str) and bool(_DIGEST.fullmatch(value))


def _is_append(append: Append) -> bool:
    return (
        type(append.offset) is int
        and 0 <= append.offset < _LARGEST
        and _is_text(append.text)
        and isinstance(append.before, str)
        and bool(_FINGERPRINT_RULE.fullmatch(append.before))
    )


def why_refused(root: Path, record: CommitRecord) -> str:
    """Why a sound record must never be carried out; "" if it may. Whoever forged it knows our checksum.

    UnsafePath if a link stands in its way: it waits until that is gone.
    """
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
        return f"{path} is a link, or no file"
    if not owners.is_known(root, status):
        return f"{path} belongs to {owners.name_of(status.st_uid)}"
    if status.st_mode & _RUNS and _keeps_modes(root):
        return f"{path} can be run as a program"
    return ""


def _keeps_modes(root: Path) -> bool:
    """Whether the file system keeps the modes that we give, as vfat does not: there all can be run."""
    try:
        return not os.lstat(root / CLONE_ID).st_mode & 0o111
    except FileNotFoundError:
        return True


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
        self.notes.append(
            f"{put.path} {why}; it stays as it is, and what `{self.record.command}` "
            f"wrote is kept in {KEPT}/{name}"
        )

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
