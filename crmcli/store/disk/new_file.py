"""A new file outside the workspace: written aside, it appears whole under a name that is free."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from crmcli.errors import BadUsage, CrmError, Refused
from crmcli.language import tr
from crmcli.store.disk.files import Missing, os_errors, write_file

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class NameTaken(Refused):
    """A file of that name is there already."""


_NAMELESS = getattr(os, "O_TMPFILE", 0)


class NewFile:
    """A file in the making; `keep` puts it in its place, `discard` makes it never have been. Where the file
    system can, it has no name until then, and a kill leaves nothing of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.is_dir():
            raise BadUsage(tr("{} is a folder", path), "give the name of a file in it")
        self._aside: Path | None = None
        with os_errors("write {}", path):
            fd = self._nameless() if _NAMELESS else -1
            if fd < 0:
                self._aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}.tmp")
                fd = os.open(self._aside, _NEW, 0o666)
        self._file = os.fdopen(fd, "w", encoding="utf-8", newline="")

    def _nameless(self) -> int:
        """A file without a name in the folder; -1 where there can be none."""
        try:
            return os.open(self.path.parent, _NAMELESS | os.O_WRONLY, 0o666)
        except OSError as error:
            if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
                return -1
            raise

    def write(self, text: str) -> None:
        """Add text; DiskFull or another refusal if it cannot be written."""
        with os_errors("write {}", self.path):
            self._file.write(text)

    def keep(self) -> Path:
        """Bring it into its place and return where that is: `name-2.csv` if `name.csv` is taken. What cannot
        be brought there is discarded."""
        try:
            with os_errors("write {}", self.path):
                self._file.flush()
                os.fsync(self._file.fileno())
                target = self._take_name()
                self._file.close()
                if self._aside is not None:
                    self._aside.replace(target)
                return target
        except CrmError:
            self.discard()
            raise

    def discard(self) -> None:
        """Leave nothing behind; after `keep` this does nothing."""
        with contextlib.suppress(OSError):  # a full disk has no room for text that nobody wants
            self._file.close()
        if self._aside is not None:
            self._aside.unlink(missing_ok=True)

    def _take_name(self) -> Path:
        """The first free name: of this file now, or of an empty one that it will replace."""
        fd = self._file.fileno()
        for target in self._names():
            with contextlib.suppress(FileExistsError):
                if self._aside is None:
                    # With a folder's number the call follows the link in /proc to the file itself.
                    os.link(f"/proc/self/fd/{fd}", target, src_dir_fd=fd, follow_symlinks=True)
                else:
                    os.close(os.open(target, _NEW, 0o666))
                return target
        raise AssertionError("there is always another name")

    def _names(self) -> Iterator[Path]:
        yield self.path
        for number in count(2):
            yield self.path.with_name(f"{self.path.stem}-{number}{self.path.suffix}")


def write_out(path: Path, data: bytes, *, over: bool) -> None:
    """Write a file anywhere, whole or not at all; NameTaken if one is there, unless `over` it."""
    if not path.parent.is_dir():
        raise Missing(tr("no such folder: {}", path.parent), "make it first, or name another")
    if over and path.exists() and not path.is_file() and not path.is_dir():
        with os_errors(
            "write {}", path
        ):  # a device or a pipe, which a file must not take the place of
            path.write_bytes(data)
        return
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}.tmp")
    try:
        write_file(aside, data)
        with os_errors("write {}", path):
            if not over:
                _reserve(path)
            aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _reserve(path: Path) -> None:
    """Take a name with an empty file, so that nobody else can."""
    try:
        os.close(os.open(path, _NEW, 0o666))
    except FileExistsError:
        hint = "add --force to write over it"
        raise NameTaken(tr("{} already exists", path), hint) from None
