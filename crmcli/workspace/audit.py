"""The audit as the workspace has it: what was refused, what is kept, whether that is whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from crmcli.errors import CrmError, Problem
from crmcli.model.audit import REFUSED, Entry, Head, heads_in
from crmcli.model.event import ANCHORED, Event
from crmcli.store import layout
from crmcli.store.audit import anchors, ends, journal, verified
from crmcli.store.config.settings import load_settings
from crmcli.store.safety import approved, locks
from crmcli.workspace.reads import Reads
from crmcli.workspace.trail import append


def refused(
    where: Reads | Path, user: str, door: str, words: Iterable[str] | str, why: str
) -> None:
    """Keep that something was refused: `words` are the command's own, without what people gave it.

    Where there are no rights nothing is kept; what keeps the audit from being written is not told.
    """
    root = where if isinstance(where, Path) else where.root
    command = words if isinstance(words, str) else " ".join(words)
    data = {"door": door, "command": command, "why": why}
    entry = Entry(REFUSED, user, data=data)
    with suppress(CrmError, OSError):
        if not (root / layout.ACCESS).is_file() and approved.text(root) is None:
            return
        if isinstance(where, Reads):
            append(where, [entry])
            return
        any_disk = load_settings(root).any_disk
        clone = locks.admit(root, any_disk=any_disk)
        now = datetime.now(UTC).replace(microsecond=0)
        journal.append(root, clone, now, [entry], any_disk=any_disk)


def kept(ws: Reads, since: datetime | None = None) -> Iterator[Event]:
    """The lines of all clones, in order."""
    return journal.events(ws.root, since)


def heads(ws: Reads) -> list[Head]:
    """How far the audit of each clone went."""
    return [*journal.heads(ws.root)]


def faults(ws: Reads, anchored: Iterable[Head] = ()) -> list[Problem]:
    """The first bad line of each file, and heads that are not there: those given, those of tags of git,
    those that the timeline has, and how far this clone knows that it wrote."""
    told = (str(event.data.get("heads", "")) for event in ws.events(kinds=[ANCHORED]))
    noted = (head for text in told for head in heads_in(text))
    outside = [*anchored, *anchors.tagged(ws.root), *noted, *ends.remembered(ws.root)]
    return [*verified.problems(ws.root, outside)]


def sign(ws: Reads) -> tuple[str, bool]:
    """Put the heads into a tag of git; its name, and whether it is signed."""
    return anchors.tag(ws.root, heads(ws), ws.now)


def drop(ws: Reads, before: str) -> list[str]:
    """Remove the files of months before that one, once a line has taken their last hashes on; their names."""
    return journal.drop(ws.root, before, partial(append, ws))


def forks(ws: Reads) -> list[Problem]:
    """Lines that follow the same one as others do."""
    return [*verified.forks(ws.root)]


def is_there(ws: Reads) -> bool:
    """Whether anything was kept yet."""
    return (ws.root / layout.AUDIT).is_dir()


def shown_of(event: Event) -> Mapping[str, int]:
    """How many records of each noun a line says were shown."""
    found = event.data.get("shown")
    return found if isinstance(found, dict) else {}
