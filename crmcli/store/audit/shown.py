"""Which clients a user was shown today: kept in .crm. Where that is lost, counting begins anew."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from crmcli.store import layout
from crmcli.store.disk import files

REVEALED = "!"
"""Before the id of a record that was shown in full by request, which counts to nobody's number."""


def path_of(root: Path, user: str) -> Path:
    """The file of a user."""
    return root / layout.STATE / f"shown.{files.digest(user.encode())[:16]}"


class Shown:
    """The clients that a user was shown today, by whatever commands; at most so many.

    Commands of one user at once share the number: each record is entered under a lock.
    """

    def __init__(self, path: Path, day: str, most: int) -> None:
        self._path, self._day, self._most = path, day, most
        self._ids: set[str] = set()
        self._revealed: set[str] = set()
        self._end = 0
        self._is_read = False

    @property
    def is_full(self) -> bool:
        """Whether no other client is shown today."""
        return not self.left

    @property
    def left(self) -> int:
        """How many others may be shown today."""
        self._look()
        return max(0, self._most - len(self._ids))

    @property
    def most(self) -> int:
        """How many are shown in a day."""
        return self._most

    def enter(self, record_id: str) -> bool:
        """Whether a client may be shown in full; then it is one of today's."""
        self._look()
        if record_id in self._ids or record_id in self._revealed:
            return True
        if len(self._ids) >= self._most:
            return False
        with self._held() as fd:
            self._read_on(fd)
            if record_id not in self._ids and len(self._ids) < self._most:
                self._write(fd, record_id)
                self._ids.add(record_id)
        return record_id in self._ids

    def knows(self, record_id: str) -> bool:
        """Whether a client was shown today, which this shows nobody."""
        self._look()
        return record_id in self._ids or record_id in self._revealed

    def enter_all(self, record_ids: Collection[str]) -> bool:
        """Whether all of these may be shown in full; then they are of today's. Else one is: to be told that
        they are too many is an answer."""
        left = self.left
        new = sorted({*record_ids} - self._ids - self._revealed)
        if len(new) > left:
            self.enter(new[0])
            return False
        return all(self.enter(record_id) for record_id in new)

    def reveal(self, record_id: str) -> None:
        """Let a client be shown in full today, beside the number."""
        with self._held() as fd:
            self._read_on(fd)
            self._write(fd, REVEALED + record_id)
            self._revealed.add(record_id)

    def _look(self) -> None:
        if not self._is_read:
            self._is_read = True
            if self._path.exists():
                with self._held() as fd:
                    self._read_on(fd)

    @contextmanager
    def _held(self) -> Iterator[int]:
        with files.os_errors("write {}", self._path):
            fd = files.open_own(self._path, os.O_RDWR)
        with files.closing(fd):
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield fd

    def _read_on(self, fd: int) -> None:
        size = os.fstat(fd).st_size
        if self._end > size:  # another day began, or somebody emptied it
            self._end = 0
        text = os.pread(fd, size - self._end, self._end).decode("utf-8", "replace")
        if not self._end:
            day, _, text = text.partition("\n")
            if day != self._day:
                os.ftruncate(fd, 0)
                files.write_all(fd, f"{self._day}\n".encode(), 0)
                text, size = "", len(self._day) + 1
        self._end = size
        for line in text.split():
            (self._revealed if line[0] == REVEALED else self._ids).add(line.lstrip(REVEALED))

    def _write(self, fd: int, line: str) -> None:
        data = f"{line}\n".encode()
        files.write_all(fd, data, self._end)
        self._end += len(data)
