"""Made-up clients that nobody calls: which they are is known to the audit alone, by digests.

A line of `data/audit/canaries` is `+DIGEST OWNER made`, without the last word of a client who was there, or
`-DIGEST`; git joins the lines of two clones. What .crm
has of them, their ids and how far was looked, saves work and may be lost.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from crmcli.store import layout
from crmcli.store.audit import journal
from crmcli.store.disk import files
from crmcli.store.safety import locks

PATH = f"{layout.AUDIT}/canaries"
_MADE = " made"
_TOUCHED = f"{layout.STATE}/touched"
_STATE = f"{layout.STATE}/canaries"


def digest(record_id: str) -> str:
    """By what a canary is known."""
    return hashlib.sha256(f"canary {record_id}".encode()).hexdigest()[:32]


def known(root: Path) -> dict[str, str]:
    """The digests of all canaries, each with its owner."""
    found, gone = _listed(root)
    return {name: said.partition(" ")[0] for name, said in found.items() if name not in gone}


def made(root: Path) -> set[str]:
    """The digests of those that were made up."""
    return {name for name, said in _listed(root)[0].items() if said.endswith(_MADE)}


def ever(root: Path) -> dict[str, bool]:
    """The digests of all that were ever canaries, each with whether it is one still."""
    found, gone = _listed(root)
    return {name: name not in gone for name in found}


def _listed(root: Path) -> tuple[dict[str, str], set[str]]:
    found: dict[str, str] = {}
    gone: set[str] = set()
    with suppress(files.Missing):
        for line in (
            files.read_bytes(files.inside(root, PATH)).decode("utf-8", "replace").split("\n")
        ):
            word, _, owner = line.strip().partition(" ")
            if word[:1] == "+":
                found[word[1:]] = owner
            elif word[:1] == "-":
                gone.add(word[1:])
    return found, gone


def enter(
    root: Path, record_id: str, owner: str, *, is_made: bool = False, any_disk: bool = False
) -> None:
    """Note that a record is one, before it is there if it `is_made` up; of nobody it is one no longer."""
    line = f"+{digest(record_id)} {owner}{_MADE * is_made}" if owner else f"-{digest(record_id)}"
    files.make_folders(root, layout.AUDIT)
    _append(root, PATH, line, any_disk=any_disk)
    facts = state(root)
    keep_state(root, {**facts, "ids": {**facts.get("ids", {}), digest(record_id): record_id}})


def touch(root: Path, facts: dict[str, Any], *, any_disk: bool = False) -> None:
    """Leave word for crm tick that one was touched."""
    _append(root, _TOUCHED, json.dumps(facts, ensure_ascii=False), any_disk=any_disk)


def touched(root: Path) -> list[dict[str, Any]]:
    """What was left for crm tick."""
    found = []
    with suppress(files.Missing):
        for line in files.read_bytes(root / _TOUCHED).split(b"\n"):
            with suppress(ValueError):
                found += [json.loads(line)] if line.strip() else []
    return found


def told(root: Path, count: int, *, any_disk: bool = False) -> None:
    """Take away the first of them, which were told."""
    with locks.beside(root, journal.LOCK, journal.PATIENCE, any_disk=any_disk):
        left = touched(root)[count:]
        lines = [json.dumps(one, ensure_ascii=False) + "\n" for one in left]
        files.write_own(root / _TOUCHED, "".join(lines).encode())


def state(root: Path) -> dict[str, Any]:
    """The ids by their digests, and the last event that was looked at."""
    with suppress(files.Missing, ValueError):
        found = json.loads(files.read_bytes(root / _STATE))
        if isinstance(found, dict):
            return found
    return {}


def keep_state(root: Path, facts: dict[str, Any]) -> None:
    """Keep that for the next tick."""
    files.write_own(root / _STATE, json.dumps(facts).encode())


def _append(root: Path, path: str, line: str, *, any_disk: bool) -> None:
    with locks.beside(root, journal.LOCK, journal.PATIENCE, any_disk=any_disk) as held:
        if held is None:
            raise locks.Busy("the audit is busy, and nothing is shown without it", "try again")
        with files.os_errors("write {}", path):
            fd = files.open_own(files.inside(root, path), os.O_RDWR)
        with files.closing(fd):
            size = os.fstat(fd).st_size
            begun = b"\n" if size and os.pread(fd, 1, size - 1) != b"\n" else b""
            files.write_all(fd, begun + line.encode() + b"\n", size)
            os.fsync(fd)


def ids(root: Path, candidates: Iterable[str]) -> dict[str, str]:
    """The id of each canary by its digest, "" if it is nowhere; the candidates are looked through only if one
    is not known."""
    wanted, facts = known(root), state(root)
    have = {name: one for name, one in dict(facts.get("ids", {})).items() if one and name in wanted}
    if wanted.keys() - have.keys():
        found = {name: one for one in candidates if (name := digest(one)) in wanted}
        have = {**dict.fromkeys(wanted, ""), **have, **found}
        keep_state(root, {**facts, "ids": have})
    return have
