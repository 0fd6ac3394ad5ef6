"""Which contact and which card belong together, as the timeline tells."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.model.event import CARD_SYNCED, CARD_UNLINKED
from crmcli.workspace import Workspace

CARD_GONE, CONTACT_GONE = "card removed", "contact removed"
"""Why a link is no more."""


@dataclass(frozen=True, slots=True)
class Link:
    """A contact and its card: where that is, its ETag and UID, what each side said when they were alike, and
    whether the card is one that we made. `why` says why it is no more, "" while it is."""

    record: str
    path: str
    uid: str
    etag: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    is_made: bool
    why: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """What the event says of it."""
        alike = self.ours == self.theirs
        return {
            "path": self.path, "uid": self.uid, "etag": self.etag, "ours": [*self.ours],
            **({} if alike else {"theirs": [*self.theirs]}), **({"made": True} if self.is_made else {}),
        }  # fmt: skip


def read_links(ws: Workspace, book: str) -> dict[str, Link]:
    """The newest that is said of each contact, by its id; what a contact merged into another one had is its
    own until that is settled."""
    found: dict[str, Link] = {}
    for event in ws.events(kinds=(CARD_SYNCED, CARD_UNLINKED)):
        data = event.data
        if data.get("book") == book:
            why = str(data.get("why") or "unlinked") if event.kind == CARD_UNLINKED else ""
            found[event.record] = _link(event.record, data, why)
    return found


def _link(record: str, data: Mapping[str, Any], why: str) -> Link:
    ours = tuple(map(str, data.get("ours") or ()))
    theirs = tuple(map(str, data.get("theirs") or ours))
    path, uid, etag = (str(data.get(key) or "") for key in ("path", "uid", "etag"))
    return Link(record, path, uid, etag, ours, theirs, bool(data.get("made")), why)


def fingerprint(links: Iterable[Link]) -> str:
    """What tells whether the links are those that were known with a token of the server."""
    text = "\n".join(sorted(f"{one.record} {one.path} {one.etag} {one.why}" for one in links))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
