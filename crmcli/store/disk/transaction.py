"""Changes of several files, all or nothing: staged first, one commit record, applied by rename."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

from crmcli.errors import Conflict, CrmError, Refused
from crmcli.language import tr
from crmcli.store.disk import files, owners, targets
from crmcli.store.disk.applying import Applying, digest_of, fingerprint
from crmcli.store.disk.commit_record import MANY, MOST, TXN, Append, CommitRecord, Delete, Put
from crmcli.store.disk.recovery import recover
from crmcli.store.disk.rights import Rights, rights_in


class FileChanged(Conflict):
    """A file is no longer what it was when it was read."""


class Transaction:
    """Collects changes of files and makes them at once; the caller holds the exclusive lock.

    Paths are relative to the workspace, `/` between their parts, each named once.
    """

    def __init__(self, root: Path, command: str, who: str = "", at: str = "") -> None:
        self.root = root
        self.txn = root / TXN
        # An argument that is no UTF-8 arrives with half characters in it.
        self.command = command.encode("utf-8", "replace").decode()
        self.who = who
        self.at = at
        self._puts: dict[str, tuple[bytes, str | None]] = {}
        self._restored: set[str] = set()
        self._appends: dict[str, bytes] = {}
        self._deletes: dict[str, str] = {}

    def put(self, path: str, data: bytes, expected: str | None, *, restored: bool = False) -> None:
        """Write a file whose content has the digest `expected` now; None: it must not exist yet.

        What is `restored` says what somebody once wrote into the workspace: no hand of ours.
        """
        self._take(path, is_allowed=targets.may_put(path))
        self._puts[path] = (data, expected)
        if restored:
            self._restored.add(path)

    def delete(self, path: str, expected: str) -> None:
        """Remove a file whose content has that digest now."""
        self._take(path, is_allowed=targets.may_delete(path))
        self._deletes[path] = expected

    def append(self, path: str, data: bytes) -> None:
        """Put UTF-8 text at the end of a file, on a line of its own; makes the file if need be."""
        if path in self._appends:
            self._appends[path] += data
            return
        self._take(path, is_allowed=targets.may_append(path))
        self._appends[path] = data

    def _take(self, path: str, *, is_allowed: bool) -> None:
        if not is_allowed:
            raise targets.refuse(path)
        if path in self._puts or path in self._appends or path in self._deletes:
            raise ValueError(tr("{} is already part of this transaction", path))

    def commit(self) -> str:
        """Make the changes; a note for the user, if only the next command will finish them for instance.

        An error means that nothing was changed, or will be: FileChanged, UnsafePath if a path leads out
        of the workspace or through a link, DiskFull, PermissionDenied, DiskFailed.
        """
        if not (self._puts or self._appends or self._deletes):
            return ""
        notes = recover(self.root)
        self._check_digests()
        with _Stage(self.root) as stage:
            record = self._stage(stage)
            with _uninterrupted():
                stage.publish(record)
                return _finish(self.root, record, notes)

    def _check_digests(self) -> None:
        inside = files.Insider(self.root)
        expectations = {path: expected for path, (_, expected) in self._puts.items()}
        for path, expected in {**expectations, **self._deletes}.items():
            now = digest_of(inside(path))
            if now == expected:
                continue
            if expected is None:
                raise FileChanged(tr("{} already exists", path), "look at it, then try again")
            fate = "was removed" if now is None else "was changed"
            raise FileChanged(tr("{} {} by someone else meanwhile", path, fate), "try again")

    def _stage(self, stage: _Stage) -> CommitRecord:
        stage.is_large = len(self._puts) + len(self._appends) + len(self._deletes) > MANY
        puts = tuple(
            Put(path, self._staged(stage, path, data), files.digest(data), expected)
            for path, (data, expected) in self._puts.items()
        )
        appends = tuple(stage.append(path, data) for path, data in self._appends.items())
        for path in self._deletes:
            stage.admit(path)
        deletes = tuple(Delete(path, old) for path, old in self._deletes.items())
        return CommitRecord(stage.id, self.who, self.command, self.at, puts, appends, deletes)

    def _staged(self, stage: _Stage, path: str, data: bytes) -> str:
        """The name of the staged file. Our change of a part of somebody's configuration makes it not ours."""
        name = stage.file(path, data)
        is_new = self._puts[path][1] is None
        if path.startswith("data/"):
            return name
        if path in self._restored or not (is_new or owners.is_typed(self.root, path)):
            with files.os_errors("write {}", path):
                owners.mark_untyped(f"{self.root}/{TXN}/{name}")
        return name


class _Stage:
    """What a transaction prepares before its commit point; it goes if that is not reached."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.txn = root / TXN
        self.id = f"{time.time_ns():016x}"
        self.is_large = False
        self._published = False
        self._staged: list[str] = []
        self._folders: list[Path] = []
        self._admitted: dict[str, Rights] = {}

    def __enter__(self) -> _Stage:
        files.make_folders(self.root, TXN)
        return self

    def __exit__(self, *_: object) -> None:
        if self._published:
            return
        # What cannot be removed now is swept away by the next command.
        for name in self._staged:
            with contextlib.suppress(OSError):
                (self.txn / name).unlink(missing_ok=True)
        files.remove_folders(self._folders)

    def admit(self, path: str) -> Rights:
        """Make sure of all that could go wrong after the commit point; the rights of a new file there."""
        above = path.rpartition("/")[0]
        known = self._admitted.get(above)
        if known is not None:
            return known
        if above:
            self._folders += files.make_folders(self.root, above)
        folder = self.root / above
        with files.os_errors("write in {}", above or self.root):
            status = folder.stat()
            home = self.txn.stat()
        if not os.access(folder, os.W_OK | os.X_OK):
            message = tr("cannot write in {}: Permission denied", above or self.root)
            raise files.PermissionDenied(message, "check who owns the folder")
        if status.st_dev != home.st_dev:
            message = tr("{} is on another file system than {}", above, TXN)
            raise files.UnsafePath(message, "a workspace must be on one file system")
        with files.os_errors("look at {}", above or self.root):
            rights = self._admitted[above] = rights_in(folder)
        return rights

    def file(self, path: str, data: bytes) -> str:
        """Write the new content of a file; returns the name of the staged file."""
        rights = self.admit(path)
        name = f"{self.id}.{len(self._staged)}"
        self._staged.append(name)
        files.write_file(
            f"{self.root}/{TXN}/{name}", data, durable=not self.is_large,
            like=f"{self.root}/{path}", rights=rights,
        )  # fmt: skip
        return name

    def append(self, path: str, data: bytes) -> Append:
        """What an append will do to a file as it is now."""
        self.admit(path)
        text = data.decode()
        try:
            with files.os_errors("write {}", path):
                fd = os.open(files.inside(self.root, path), os.O_RDWR | os.O_NOFOLLOW)
        except files.Missing:
            return Append(path, 0, text, files.digest(b"")[:16])
        with files.os_errors("read {}", path), files.closing(fd):
            size = os.fstat(fd).st_size
            whole = not size or os.pread(fd, 1, size - 1) == b"\n"
            return Append(path, size, text if whole else "\n" + text, fingerprint(fd, size))

    def publish(self, record: CommitRecord) -> None:
        """The commit point: when this returns, the change will happen, whatever comes."""
        if self.is_large:
            files.sync_all(self.txn)
        draft, final = self.txn / f"{self.id}.tmp", self.txn / record.name
        data = record.encode()
        if len(data) > MOST:
            raise Refused("this is too much for one change", "split it into several")
        self._staged.append(draft.name)
        files.write_file(draft, data, rights=rights_in(self.txn))
        try:
            with files.os_errors("write {}", final):
                draft.rename(final)
            files.fsync_dir(self.txn)
        except CrmError:
            self._withdraw(final)
            raise
        self._published = True

    def _withdraw(self, final: Path) -> None:
        """Take back a commit record that may not be durable; if that fails, keep what it needs."""
        self._published = True
        with files.os_errors("remove {}", final):
            final.unlink(missing_ok=True)
        files.fsync_dir(self.txn)
        self._published = False


def _finish(root: Path, record: CommitRecord, notes: list[str]) -> str:
    try:
        notes = notes + Applying(root, record, again=False).run()
    except CrmError as failure:
        notes = [*notes, tr("saved; the next command finishes it ({})", failure.message)]
    return "; ".join(notes)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let Ctrl-C wait: it must not cut off the answer to whether the change is saved."""
    signals = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
