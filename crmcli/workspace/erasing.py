"""What an erasure needs of the folder itself: timeline files to rewrite, texts to look through, leftovers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Container, Iterator, Mapping
from pathlib import Path

from crmcli.errors import Conflict
from crmcli.store import layout
from crmcli.store.disk import files
from crmcli.store.timeline import chain, erased_lines, sent
from crmcli.store.timeline.erased_lines import Journal as Journal
from crmcli.workspace import Workspace, spool

LARGEST = 64_000_000
"""Bytes of a file that is looked through."""
SEEN = ".crm/erased-seen"
"""How the timeline files stood in which nothing that was erased was found again."""
_ASIDE = (".crm/txn/kept/", ".crm/txn/quarantine/", ".crm/aside/")
_OWN = (
    ".crm/index.db",
    ".crm/clone-id",
    ".crm/lock",
    ".crm/tick.lock",
    ".crm/index.lock",
    ".crm/txn/",
)
_ROUND = (".git", ".crm", ".venv", "node_modules", "__pycache__")


def journals(ws: Workspace) -> Iterator[Journal]:
    """The timeline's files, one after the other."""
    return (Journal(ws.root, path) for path in chain.journals(ws.root))


def lines_again(ws: Workspace, listed: Mapping[str, Container[str]]) -> list[str]:
    """The timeline files, of those named, in which a listed line has its data again. One that is as it was
    when nothing was found there is not looked at."""
    known = _seen(ws)
    stamps = {path: _stamp(ws.root / path) for path in sorted(listed)}
    changed = [path for path, stamp in stamps.items() if stamp and known.get(path) != stamp]
    found = [path for path in changed if any(erased_lines.again(ws.root, [path], listed[path]))]
    if not found and changed and not ws.only_reads:
        files.write_own(ws.root / SEEN, json.dumps(stamps).encode())
    return found


def _seen(ws: Workspace) -> dict[str, list[int]]:
    try:
        known = json.loads(files.read_bytes(ws.root / SEEN))
    except (files.Missing, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _stamp(path: Path) -> list[int]:
    """What is another one when a file was written; empty where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return []
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def once(journal: Journal) -> bytes:
    """A timeline file as it is to be written, with each line once."""
    return chain.mended(journal.written(), is_whole=journal.content.endswith(b"\n"))[0]


def text_of(root: Path, path: str) -> str:
    """What a file says; "" for one that is no text, or too large."""
    full = root / path
    if full.is_symlink() or not full.is_file() or full.stat().st_size > LARGEST:
        return ""
    data = files.read_bytes(full)
    return "" if b"\0" in data[:4096] else data.decode("utf-8", "replace")


def stored_files(ws: Workspace) -> Iterator[str]:
    """The sha256 of every attached file."""
    for path in sorted((ws.root / layout.FILES).glob("??/*")):
        yield path.name


def paths_in(ws: Workspace) -> Iterator[str]:
    """The files of the workspace, whosever they are; not those of git and of this machine's state."""
    for folder, names, found in os.walk(ws.root):
        names[:] = sorted(name for name in names if name not in _ROUND)
        inner = os.path.relpath(folder, ws.root)
        yield from (name if inner == "." else f"{inner}/{name}" for name in sorted(found))


def leftovers(ws: Workspace) -> Iterator[tuple[str, Path]]:
    """The files of this machine's state that say something in plain words, each with its path; what came in
    and waits to be written down is Conflict."""
    if any(path.stat().st_size for path in (ws.root / spool.FOLDER).glob("*")):
        raise Conflict("something came in and waits to be written down", "run crm tick first")
    for folder, _, names in os.walk(ws.root / layout.STATE):
        for name in sorted(names):
            path = os.path.relpath(f"{folder}/{name}", ws.root)
            if path.startswith(_ASIDE) or not path.startswith(_OWN):
                yield path, ws.root / path
    beside = sent.beside(ws.root)
    if beside and beside.is_file():
        yield os.path.relpath(beside, ws.root), beside


def clean(path: str, full: Path, taken_out: Callable[[str], str]) -> None:
    """Take what is not to stay out of such a file; one that was only put aside goes."""
    if path.startswith(_ASIDE):
        with files.os_errors("remove {}", path):
            full.unlink(missing_ok=True)
        return
    files.write_own(full, taken_out(files.read_bytes(full).decode("utf-8", "replace")).encode())


def remove_copy(ws: Workspace, path: str) -> None:
    """Remove the copy of a message in the outbox."""
    with files.os_errors("remove {}", path):
        (ws.root / path).unlink(missing_ok=True)
