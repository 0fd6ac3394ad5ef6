"""What was queued here and what left this machine: kept outside git, which may step back and forget it.

Each line is written in the same transaction as the event that it repeats, so a message is noted here,
durably, before it leaves. `git stash --all` and `git clean -x` take that list away as well: the claims
stand once more in git's own folder, which no step of git touches.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from crmcli.dataclass import dataclass, field
from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.values import parse_instant
from crmcli.store.disk import files, owners
from crmcli.store.git import tracked

PATH = ".crm/sent"
_BESIDE = "crm-sent"


class Claim(NamedTuple):
    """One message or call that left, or was about to: the `number`-th time that its job was begun."""

    key: str
    number: int
    record: str
    robot: str
    action: str
    to: str
    at: str


@dataclass
class SentList:
    """All that this machine noted: what was queued under each key, the last claim of each, how often
    each has ended, and those that are over.

    `size` is how much of the file was read.
    """

    size: int = 0
    queued: dict[str, str] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)

    def lets(self, key: str, facts: Mapping[str, Any]) -> bool:
        """Whether exactly that was queued here, and has not ended here since."""
        return self.queued.get(key) == facts_digest(facts) and key not in self.over


def facts_digest(facts: Mapping[str, Any]) -> str:
    """A digest of all that a queued event says: the message, and how it is to leave."""
    return files.digest(json.dumps(facts, sort_keys=True, default=str).encode())


def queued_line(key: str, facts: Mapping[str, Any]) -> bytes:
    """The line that notes that a message was queued here."""
    return _line({"queued": key, "content": facts_digest(facts)})


def ended_line(key: str) -> bytes:
    """The line that notes that a message has left or been given up here: no event may revive it."""
    return _line({"ended": key})


def again_line(key: str) -> bytes:
    """The line that notes that somebody here wants it to be tried again."""
    return _line({"again": key})


def claimed_line(claim: Claim) -> bytes:
    """The line that notes that a message is about to leave."""
    facts = {name: value for name, value in claim._asdict().items() if name != "key" and value}
    return _line({"claimed": claim.key, **facts})


def _line(facts: Mapping[str, Any]) -> bytes:
    return json.dumps(facts, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def keep(root: Path, claim: Claim) -> None:
    """Note a claim in git's own folder as well, durably, before the message leaves."""
    path = _beside(root)
    if path is None:
        return
    # Who cannot write there cannot set git back either.
    with contextlib.suppress(files.PermissionDenied), files.os_errors("write {}", path):
        fd = files.open_own(path, os.O_WRONLY)
        try:  # the line above may have been cut off
            size = os.fstat(fd).st_size
            files.write_all(fd, b"\n" + claimed_line(claim), size)
            os.fsync(fd)
            if not size:
                files.fsync_dir(path.parent)
        finally:
            os.close(fd)


def _beside(root: Path) -> Path | None:
    """The list in git's own folder; None where there is none, or it stands elsewhere."""
    found = tracked.index_of(root)
    if found is None:
        return None
    top, index = found
    folder = top / ".git"
    if index.parent != folder or folder.is_symlink():
        return None
    if not owners.is_known(root, folder.lstat()):
        return None
    inner = os.path.relpath(os.path.realpath(root), top)
    return folder / (
        _BESIDE if inner == "." else f"{_BESIDE}-{files.digest(os.fsencode(inner))[:8]}"
    )


def size_of(root: Path) -> int:
    """How long the lists are together; 0 if there are none."""
    size = 0
    for path in (files.inside(root, PATH), _beside(root)):
        with contextlib.suppress(FileNotFoundError):
            size += path.lstat().st_size if path else 0
    return size


def read(root: Path) -> SentList:
    """All that was noted; InvalidData where a line cannot be read: nothing may leave on a guess."""
    found = SentList()
    for number, line in _lines(found, files.inside(root, PATH)):
        _take(found, line, number)
    beside = _beside(root)
    for number, line in _lines(found, beside) if beside else ():
        with contextlib.suppress(InvalidData):  # cut off: then its message has not left
            _take(found, line, number)
    return found


def _lines(found: SentList, path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        data = files.read_bytes(path)
    except files.Missing:
        return
    found.size += len(data)
    for number, line in enumerate(data.split(b"\n"), 1):
        if line:
            yield number, line


def _take(found: SentList, line: bytes, number: int) -> None:
    try:
        facts = json.loads(line)
        if _is_of_queue(found, facts):
            return
        claim = Claim(
            facts["claimed"], int(facts["number"]),
            *(str(facts.get(name, "")) for name in Claim._fields[2:]),
        )  # fmt: skip
        parse_instant(claim.at)
    except (ValueError, TypeError, KeyError):
        raise InvalidData(
            tr("{}:{} is damaged, so crm cannot tell what was sent from here", PATH, number),
            tr("look at {}, remove that line, then run crm tick", PATH),
        ) from None
    known = found.claims.get(claim.key)
    if known is None or claim.number > known.number:
        found.claims[claim.key] = claim


def _is_of_queue(found: SentList, facts: Mapping[str, str]) -> bool:
    if "queued" in facts:
        found.queued[facts["queued"]] = facts["content"]
        found.over.discard(facts["queued"])
    elif "ended" in facts:
        found.ends[facts["ended"]] = found.ends.get(facts["ended"], 0) + 1
        found.over.add(facts["ended"])
    elif "again" in facts:
        found.over.discard(facts["again"])
    else:
        return False
    return True
