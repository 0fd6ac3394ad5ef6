"""Earlier imports on the timeline: what was done of a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from crmcli.dataclass import dataclass, field
from crmcli.model.event import Event
from crmcli.workspace import Workspace
from crmcli.workspace.undone import dead

KINDS = ("import.part", "import.done")
COUNTS = ("created", "changed", "skipped", "rejected")


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
    counts: Counter[str] = field(default_factory=Counter)
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
        data = event.data
        self.is_gone = self.is_gone and is_gone
        if event.kind == "import.done":
            self.is_done = not is_gone
            self.rows = int(data.get("rows", 0))
            self.counts = Counter({name: int(data.get(name, 0)) for name in COUNTS})
            return
        first, last = map(int, data["span"])
        if not is_gone:
            self.spans.append((first, last))
            self.turned.update(data.get("turned", ()))
        if not self.is_done:
            self.rows = max(self.rows, last)
            self.counts.update({name: int(data.get(name, 0)) for name in COUNTS})


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
