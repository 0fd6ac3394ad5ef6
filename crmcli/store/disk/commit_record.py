"""The commit record of a transaction: what it says, as it stands in its file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from crmcli.errors import CrmError
from crmcli.store.disk import files
from crmcli.store.disk.unfinished import SUFFIX as SUFFIX
from crmcli.store.disk.unfinished import TXN as TXN

KEPT = f"{TXN}/kept"
QUARANTINE = f"{TXN}/quarantine"
MANY = 50
"""From so many files on, one sync of the file system is cheaper than one of each file."""

MOST = 256 << 20
"""Bytes that a commit record may have."""

_VERSION = 1
_ID = re.compile("[0-9a-f]{16}")  # of a transaction; a fingerprint is written like it
_NUMBER = re.compile("0|[1-9][0-9]{0,8}")
_DIGEST = re.compile("[0-9a-f]{64}")
_LARGEST = 1 << 62  # bytes of a file


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
        texts = (self.id, self.who, self.command, self.at, *paths, *staged)
        return (
            all(map(_is_text, texts))
            and _fits(_ID, self.id)
            and len(set(paths)) == len(paths)
            and len(set(staged)) == len(staged)
            and all(map(self._is_put, self.puts))
            and all(map(_is_append, self.appends))
            and all(_fits(_DIGEST, delete.old) for delete in self.deletes)
        )

    def _is_put(self, put: Put) -> bool:
        id_, _, number = put.staged.partition(".")
        is_old = put.old is None or _fits(_DIGEST, put.old)
        return id_ == self.id and _fits(_NUMBER, number) and _fits(_DIGEST, put.new) and is_old

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


def _fits(rule: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and bool(rule.fullmatch(value))


def _is_append(append: Append) -> bool:
    is_place = type(append.offset) is int and 0 <= append.offset < _LARGEST
    return is_place and _is_text(append.text) and _fits(_ID, append.before)


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
