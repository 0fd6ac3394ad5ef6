"""The records in an open change: the latest as records, the others, of a large change, as text."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from crmcli.dataclass import dataclass
from crmcli.model.fields import Record

MOST = 2000
"""Records that are held as such; a change may be of all that there are."""


@dataclass
class Draft:
    """A record in an open change: as it was on disk, with its file's digest (None: absent), and as
    it will be (None: removed)."""

    before: Record | None
    digest: str | None
    after: Record | None
    content: bytes | None = None
    """The content of its file, where that is known already; of no other record than `after`."""


class Content(NamedTuple):
    """What becomes of a file: its digest before, its content after; None where it is not there."""

    digest: str | None
    after: bytes | None


class Drafts:
    """Every record that an open change has touched, by its id.

    `load` reads one from the disk, `write` makes the content of its file and `read` reads that.
    A draft is to be asked for anew after another one was.
    """

    def __init__(
        self,
        load: Callable[[str], Draft],
        write: Callable[[Record], bytes],
        read: Callable[[str, bytes], Record],
        most: int = MOST,
    ) -> None:
        self._most = most
        self._load = load
        self._write = write
        self._read = read
        self._at_hand: dict[str, Draft] = {}
        self._put_away: dict[str, Content] = {}

    def of(self, record_id: str) -> Draft:
        """One record, read from the disk if it was not touched yet."""
        draft = self._at_hand.get(record_id)
        if draft is None:
            draft = self._taken_out(record_id)
            self.put(record_id, draft)
        return draft

    def put(self, record_id: str, draft: Draft) -> None:
        """Hold a record from now on as this draft says."""
        if len(self._at_hand) >= self._most and record_id not in self._at_hand:
            self._tidy()
        self._put_away.pop(record_id, None)
        self._at_hand[record_id] = draft

    def all(self) -> Iterator[Draft]:
        """Every record that was touched, but for some of those that are as they were."""
        for record_id in self._put_away:
            yield self._taken_out(record_id)
        yield from self._at_hand.values()

    def contents(self) -> Iterator[tuple[str, Content]]:
        """What is to be written, by ids; this is the end of the drafts."""
        self._tidy()
        while self._put_away:
            record_id = next(iter(self._put_away))
            yield record_id, self._put_away.pop(record_id)

    def _tidy(self) -> None:
        """Put everything away; what is as it was can be read again."""
        for record_id, draft in self._at_hand.items():
            if draft.after is not draft.before and draft.after != draft.before:
                after = None if draft.after is None else draft.content or self._write(draft.after)
                self._put_away[record_id] = Content(draft.digest, after)
        self._at_hand.clear()

    def _taken_out(self, record_id: str) -> Draft:
        content = self._put_away.get(record_id)
        if content is None:
            return self._load(record_id)
        before = None if content.digest is None else self._load(record_id).before
        after = None if content.after is None else self._read(record_id, content.after)
        return Draft(before, content.digest, after)
