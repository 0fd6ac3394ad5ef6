"""A new file outside the workspace: written aside, it appears whole under a name that is free."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from crmcli.errors import BadUsage, CrmError
from crmcli.store.files import os_errors

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


class NewFile:
    """A file in the making; `keep` puts it in its place, `discard` makes it never have been."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.is_dir():
            raise BadUsage(f"{path} is a folder", "give the name of a file in it")
        self._aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}.tmp")
        with os_errors(f"write {path}"):
            fd = os.open(self._aside, _NEW, 0o666)
        self._file = os.fdopen(fd, "w", encoding="utf-8", newline="")

    def write(self, text: str) -> None:
        """Add text; DiskFull or another refusal if it cannot be written."""
        with os_errors(f"write {self.path}"):
            self._file.write(text)

    def keep(self) -> Path:
        """Bring it into its place and return where that is: `name-2.csv` if `name.csv` is taken.

        Nothing that is there already is ever overwritten. What cannot be brought there is discarded.
        """
        try:
            with os_errors(f"write {self.path}"):
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()
                target = self._reserve()
                self._aside.replace(target)
                return target
        except CrmError:
            self.discard()
            raise

    def discard(self) -> None:
        """Leave nothing behind; after `keep` this does nothing."""
        with contextlib.suppress(OSError):  # a full disk has no room for text that nobody wants
            self._file.close()
        self._aside.unlink(missing_ok=True)

    def _reserve(self) -> Path:
        """Take the first free name, with an empty file that nobody else can take then."""
        target, number = self.path, 1
        while True:
            try:
                os.close(os.open(target, _NEW, 0o666))
            except FileExistsError:
                number += 1
                target = self.path.with_name(f"{self.path.stem}-{number}{self.path.suffix}")
            else:
                return target
