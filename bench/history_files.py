"""Writes what a made-up history has: record files, and the timeline with its ids and its chain of hashes.

Nothing here asks crm: the forms are written down once more, so that a figure of crm is not judged by itself.
"""

from __future__ import annotations

import json
import os
import random
from collections import defaultdict
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from time import gmtime, strftime
from typing import Any

LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
CLONE = "h1st0ry0"
HEADER = b"id,at,actor,kind,record,cause,depth,data,prev"
PLURALS = {"lead": "leads", "contact": "contacts", "company": "companies", "deal": "deals",
           "offer": "offers", "task": "tasks"}  # fmt: skip
_THREE = [a + b + c for a in LETTERS for b in LETTERS for c in LETTERS]
_LOW = (1 << 15) - 1
_SAYS_YES_OR_NO = ("yes", "no")
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_days: dict[int, str] = {}
_times = [f"T{s // 3600:02}:{s // 60 % 60:02}:{s % 60:02}Z" for s in range(86_400)]


def stamp(at: int) -> str:
    """An instant as files have it."""
    day, second = divmod(at, 86_400)
    text = _days.get(day)
    if text is None:
        text = _days[day] = strftime("%Y-%m-%d", gmtime(at))
    return text + _times[second]


def day_of(at: int) -> str:
    return stamp(at)[:10]


def event_id(number: int) -> str:
    """An event's id: nine letters of milliseconds, seven that count on from chance."""
    return (
        f"e{LETTERS[number >> 75]}{_THREE[number >> 60 & _LOW]}{_THREE[number >> 45 & _LOW]}"
        f"{_THREE[number >> 30 & _LOW]}{_THREE[number >> 15 & _LOW]}{_THREE[number & _LOW]}"
    )


class Journal:
    """The events of all records, in any order until they are written."""

    def __init__(self, chance: random.Random) -> None:
        self._bits = chance.getrandbits
        self._months: defaultdict[str, list[str]] = defaultdict(list)
        self.count = 0

    def begin(self, at: int) -> int:
        """The number of the first event of a change; the others of it count on."""
        return (at * 1000 << 35) | self._bits(32)

    def note(
        self, number: int, at: int, actor: str, kind: str, record: str, data: Mapping[str, Any],
        cause: int = 0,
    ) -> None:  # fmt: skip
        """Write down an event; one with a cause was done by a program."""
        when = stamp(at)
        told = _json(data)
        cell = '"' + told.replace('"', '""') + '"' if '"' in told else told
        led = f"{event_id(cause)},1" if cause else ",0"
        self._months[when[:7]].append(
            f"{event_id(number)},{when},{actor},{kind},{record},{led},{cell},"
        )
        self.count += 1

    def one(self, at: int, actor: str, kind: str, record: str, data: Mapping[str, Any]) -> int:
        """Write down a change of one event; its number."""
        number = self.begin(at)
        self.note(number, at, actor, kind, record, data)
        return number

    def write(self, root: Path) -> None:
        """The files of the timeline, one a month, in the order of ids."""
        for month in sorted(self._months):
            prev, written = sha256(HEADER).hexdigest()[:16], [HEADER]
            for head in sorted(self._months[month]):
                line = (head + prev).encode()
                prev = sha256(line).hexdigest()[:16]
                written.append(line)
            folder = root / "data/timeline" / month
            folder.mkdir(parents=True)
            (folder / f"{CLONE}.csv").write_bytes(b"\n".join(written) + b"\n")


class Records:
    """Makes ids, and writes the files of records."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self._root, self._bits = root, chance.getrandbits
        self._taken: set[str] = set()
        self.count = 0
        for plural in PLURALS.values():
            for letter in LETTERS:
                (root / "data" / plural / letter).mkdir(parents=True)

    def new_id(self, entity: str) -> str:
        while True:
            bits = self._bits(40)
            found = f"{entity}-{_THREE[bits >> 25]}{_THREE[bits >> 10 & _LOW]}" + (
                LETTERS[bits >> 5 & 31] + LETTERS[bits & 31]
            )
            if found not in self._taken:
                self._taken.add(found)
                return found

    def write(self, raw: Mapping[str, Any]) -> None:
        """Write the file of a record."""
        record_id: str = raw["id"]
        entity, _, letters = record_id.partition("-")
        path = f"{self._root}/data/{PLURALS[entity]}/{letters[0]}/{record_id}.yaml"
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        os.write(fd, text_of(raw).encode())
        os.close(fd)
        self.count += 1


def summed(raw: Mapping[str, Any]) -> str:
    """By what a created event knows the file as it was made."""
    return sha256(text_of(raw).encode()).hexdigest()[:8]


def text_of(raw: Mapping[str, Any]) -> str:
    """A record as its file has it; what is empty is not there."""
    lines: list[str] = []
    for name, value in raw.items():
        if not value:
            continue
        if isinstance(value, str):
            lines.append(f"{name}: {_scalar(value)}")
        elif isinstance(value, Mapping):
            lines.append(f"{name}:")
            lines += [f"  {key}: {_scalar(text)}" for key, text in value.items()]
        else:
            lines.append(f"{name}:")
            for item in value:
                if isinstance(item, str):
                    lines.append(f"  - {_scalar(item)}")
                    continue
                rest = [f"    {key}: {_scalar(text)}" for key, text in item.items() if text]
                lines.append("  - " + rest[0][4:])
                lines += rest[1:]
    lines.append("")
    return "\n".join(lines)


def _scalar(text: str) -> str:
    return text if text[0].isalpha() and text not in _SAYS_YES_OR_NO else f"'{text}'"
