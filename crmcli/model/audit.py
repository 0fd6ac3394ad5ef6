"""What the audit keeps: who looked at how much, exported, was refused, and the heads of its chains."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

COMMAND, EXPORT, REFUSED, REVEAL, CANARY = KINDS = (
    # data of all: door, command (its words). Of the first also shown {noun: records}, masked (records)
    "command",
    "export",   # data also: count, where
    "refused",  # data also: why
    "reveal",   # record: whose phones and e-mails were shown in full
    "canary",   # record, data also: what (shown, exported, …), owner
)  # fmt: skip
"""What is kept of people."""
BEGUN, DROPPED = OWN = (
    "begun",    # data: after, hash: with which line the file of the month before ended
    "dropped",  # data: files {month/clone: hash of its last line}: they were kept long enough
)  # fmt: skip
"""What the audit says of itself."""

NOUN = "contact"
"""Canaries are contacts without deals: no sum and no funnel holds them, numbers of contacts do."""
CLI = "cli"
"""The door of who sits at the machine."""

_HEAD = re.compile(r"(\d{4}-\d\d)/([0-9a-z]{8}):(\d{1,12}):([0-9a-f]{16})")


class Entry(NamedTuple):
    """What is to be kept, before it has a place in the chain."""

    kind: str
    actor: str = ""
    record: str = ""
    data: Mapping[str, Any] = {}
    cause: str = ""


class Head(NamedTuple):
    """How far the audit of a clone went: its month, the number of lines, the hash of the last one."""

    month: str
    clone: str
    lines: int
    hash: str

    def __str__(self) -> str:
        return f"{self.month}/{self.clone}:{self.lines}:{self.hash}"


def heads_in(text: str) -> Iterator[Head]:
    """The heads that stand anywhere in a text, as in a letter."""
    for month, clone, lines, hash_ in _HEAD.findall(text):
        yield Head(month, clone, int(lines), hash_)
