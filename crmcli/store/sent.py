"""What was queued here and what left this machine: kept outside git, which may step back and forget it.

Each line is written in the same transaction as the event that it repeats, so a letter is noted here,
durably, before it leaves.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from crmcli.errors import InvalidData
from crmcli.store import files

PATH = ".crm/sent"


class Claim(NamedTuple):
    """One letter or call that left, or was about to: the `number`-th time that its job was begun."""

    key: str
    number: int
    record: str
    robot: str
    action: str
    to: str
    at: str


@dataclass
class Sent:
    """All that this machine noted: the content queued under each key, and the last claim of each.

    `size` is how much of the file was read.
    """

    size: int = 0
    queued: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)


def queued_line(key: str, content: str) -> bytes:
    """The line that notes that a letter of this content (its sha256) was queued here."""
    return _line({"queued": key, "file": content})


def claimed_line(claim: Claim) -> bytes:
    """The line that notes that a letter is about to leave."""
    facts = {name: value for name, value in claim._asdict().items() if name != "key" and value}
    return _line({"claimed": claim.key, **facts})


def _line(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def size_of(root: Path) -> int:
    """How long the file is; 0 if there is none."""
    try:
        return files.inside(root, PATH).lstat().st_size
    except FileNotFoundError:
        return 0


def read(root: Path) -> Sent:
    """All that was noted; InvalidData where a line cannot be read: nothing may leave on a guess."""
    try:
        data = files.read_bytes(files.inside(root, PATH))
    except files.Missing:
        return Sent()
    found = Sent(len(data))
    for number, line in enumerate(data.split(b"\n"), 1):
        if line:
            _take(found, line, number)
    return found


def _take(found: Sent, line: bytes, number: int) -> None:
    try:
        facts = json.loads(line)
        if "queued" in facts:
            found.queued[facts["queued"]] = facts["file"]
            return
        claim = Claim(
            facts["claimed"], int(facts["number"]),
            *(str(facts.get(name, "")) for name in Claim._fields[2:]),
        )  # fmt: skip
    except (ValueError, TypeError, KeyError):
        raise InvalidData(
            f"{PATH}:{number} is damaged, so nobody knows what has left here",
            f"look at {PATH}, take that line out, then crm tick",
        ) from None
    known = found.claims.get(claim.key)
    if known is None or claim.number > known.number:
        found.claims[claim.key] = claim
