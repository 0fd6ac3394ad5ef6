"""Earlier imports on the timeline: what was done of a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmcli.dataclass import dataclass, field
from crmcli.sales.history.undo import dead
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.event import Event
    from crmcli.sales.imports.summary import Summary

KINDS = ("import.part", "import.done")


@dataclass
class PastImport:
    """One import: `spans` are the rows of its parts that stand, `turned` those of them not taken.

    `state` is `whole`, `unfinished` or `taken back`.
    """

    batch: str
    entity: str
    file: str
    at: datetime
    digest: str = ""
    rows: int = 0
    created: int = 0
    changed: int = 0
    skipped: int = 0
    rejected: int = 0
    is_done: bool = False
    is_gone: bool = True
    spans: list[tuple[int, int]] = field(default_factory=list)
    turned: set[int] = field(default_factory=set)

    @property
    def state(self) -> str:
        """How much of it stands."""
        if self.is_gone:
            return "taken back"
        return "whole" if self.is_done else "unfinished"

    def took(self, row: int) -> bool:
        """Whether that row went into the base with a part that still stands."""
        return row not in self.turned and any(a <= row <= b for a, b in self.spans)

    def add(self, event: Event, *, is_gone: bool) -> None:
        """Take in what one of its events tells."""
        data: dict[str, Any] = dict(event.data)
        if event.kind == "import.done":
            self.is_done = not is_gone
            for name in ("rows", "created", "changed", "skipped", "rejected"):
                setattr(self, name, int(data.get(name, 0)))
        elif not is_gone:
            first, last = data["span"]
            self.spans.append((int(first), int(last)))
            self.turned.update(data.get("turned", ()))
        if event.kind == "import.part" and not self.is_done:
            self.rows = max(self.rows, int(data["span"][1]))
            for name in ("created", "changed", "skipped", "rejected"):
                setattr(self, name, getattr(self, name) + int(data.get(name, 0)))
        self.is_gone = self.is_gone and is_gone


class PartLog:
    """What one run has to write down of each transaction, and of the whole at its end."""

    def __init__(self, summary: Summary, digest: str) -> None:
        self._summary = summary
        self._digest = digest
        self._first = 1
        self._counts: dict[str, int] = {}
        self._turned: list[int] = []

    def begin(self) -> None:
        """The next rows go into one transaction."""
        self._first = self._summary.rows + 1
        self._counts = self._counted()
        self._turned = []

    def turn_back(self) -> None:
        """The row that was read last is not taken."""
        self._turned.append(self._summary.rows)

    @property
    def has_taken(self) -> bool:
        """Whether a row of this transaction went into the base."""
        now = self._counted()
        return any(now[name] > self._counts[name] for name in ("created", "changed"))

    def part(self) -> dict[str, Any]:
        """The facts of this transaction."""
        now = self._counted()
        counts = {name: now[name] - self._counts[name] for name in now}
        turned = {"turned": self._turned} if self._turned else {}
        return {**self._file(), "span": [self._first, self._summary.rows], **counts, **turned}

    def whole(self) -> dict[str, Any]:
        """The facts of the whole import, its first run and those that went on with it."""
        counts = self._counted()
        counts["created"] += self._summary.before
        return {**self._file(), "rows": self._summary.rows, **counts}

    def _file(self) -> dict[str, Any]:
        found = self._summary
        return {
            "batch": found.batch,
            "entity": found.entity,
            "file": found.file,
            "digest": self._digest,
        }

    def _counted(self) -> dict[str, int]:
        found = self._summary
        return {
            "created": found.created,
            "changed": found.taken - found.created,
            "skipped": found.skipped,
            "rejected": found.rejected,
        }


def past_imports(ws: Workspace) -> Iterator[PastImport]:
    """Every import of this workspace, in whatever clone, the oldest first."""
    is_dead = dead(ws)
    found: dict[str, PastImport] = {}
    for event in ws.events(kinds=KINDS):
        batch = str(event.data.get("batch", ""))
        if batch not in found:
            entity, file, digest = (
                str(event.data.get(name, "")) for name in ("entity", "file", "digest")
            )
            found[batch] = PastImport(batch, entity, file, event.at, digest)
        found[batch].add(event, is_gone=is_dead(event))
    yield from found.values()


def earlier_import(ws: Workspace, entity: str, digest: str) -> PastImport | None:
    """The last import of the same file that still stands, whole or in part."""
    found = None
    for past in past_imports(ws):
        if (past.entity, past.digest) == (entity, digest) and not past.is_gone:
            found = past
    return found
