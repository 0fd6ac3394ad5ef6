"""What was settled is written together: contacts and the links to their cards in one change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crmcli.dataclass import dataclass, field
from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.event import CARD_SYNCED, CARD_UNLINKED
from crmcli.model.fields import Record
from crmcli.sales.cards.links import Link, read_links
from crmcli.workspace import Change, Workspace

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class SyncLine:
    """One thing that a sync did, or asks: what, of whom, and more of it."""

    what: str
    record: str
    name: str
    path: str
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """A link as it is from here on, and its contact before and after; `after` None where that stays."""

    link: Link
    told: SyncLine
    before: Record | None = None
    after: Record | None = None
    made: Sequence[Record] = ()
    yielded: Mapping[str, str] = field(default_factory=dict)


class Batch:
    """Writes in portions; what was changed by somebody else meanwhile is left for the next sync."""

    def __init__(self, ws: Workspace, book: str) -> None:
        self.ws, self.book = ws, book
        self.told: list[SyncLine] = []
        self._waiting: list[Settled] = []

    def add(self, settled: Settled) -> None:
        """Write that, with the others of its portion."""
        self._waiting.append(settled)
        if len(self._waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write all that waits."""
        some, self._waiting = self._waiting, []
        if not some:
            return
        done: list[SyncLine] = []
        with self.ws.change("contact sync") as change:
            taken = {link.path for link in read_links(self.ws, self.book).values() if not link.why}
            done += [self._written(change, one, taken) for one in some]
        self.told += [one for one in done if one.what]

    def _written(self, change: Change, one: Settled, taken: set[str]) -> SyncLine:
        link = one.link
        try:
            if one.before is not None and change.get(link.record) != one.before:
                return SyncLine("", link.record, "", link.path)  # edited meanwhile
        except CrmError:
            return SyncLine("", link.record, "", link.path)
        if one.before is None and one.after is not None:
            if link.path in taken:
                return SyncLine("", link.record, "", link.path)  # another sync was there before
            for company in one.made:
                change.add(company)
            change.add(one.after)
        elif one.after is not None:
            for company in one.made:
                change.add(company)
            change.save(one.after)
        data: dict[str, Any] = {"book": self.book, **link.data}
        if link.why:
            data = {"book": self.book, "path": link.path, "uid": link.uid, "why": link.why}
        elif one.yielded:
            data["yielded"] = dict(one.yielded)
        change.note(CARD_UNLINKED if link.why else CARD_SYNCED, link.record, data)
        return one.told


def notes_of(yielded: Mapping[str, str], refused: Sequence[str]) -> list[str]:
    """What is said of fields that both sides changed, and of what did not fit."""
    told = [tr("{}: ours stays, the card had {!r}", name, text) for name, text in yielded.items()]
    return [*told, *refused]
