"""A trial change that begins in the past: records are as they were, ids go by the time that is played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.model.fields import Record
from crmcli.store.records.change import Change
from crmcli.store.records.drafts import Draft, Drafts
from crmcli.store.timeline.event_ids import EventIds
from crmcli.workspace import Workspace

AT_HAND = 50_000
"""Records that are held as such: each is asked for many times, far apart."""


def _late() -> int:
    """Behind the ids that chance gives within a millisecond; the same in each run."""
    return 1 << 33


@dataclass
class PastChange(Change):
    """Never written. `then` gives a record as it was, or raises RecordRemoved."""

    then: Callable[[str], Record] = lambda _: Record()
    _last_id: str = ""

    @classmethod
    def of(cls, ws: Workspace, then: Callable[[str], Record]) -> PastChange:
        """One in a workspace whose clock was set back."""
        trial = ws.trial("tick", "crm")
        return cls(trial.root, trial.schema, trial.clone, trial.author, trial.robots_of, then=then)

    def note(
        self,
        kind: str,
        record_id: str,
        data: Mapping[str, Any] | None = None,
        *,
        cause: str = "",
        actor: str = "",
    ) -> str:
        """An event at the time that is played."""
        self._ids = EventIds(self.author.at, self._last_id, _late)
        self._last_id = super().note(kind, record_id, data, cause=cause, actor=actor)
        return self._last_id

    def take(self, record: Record | None, record_id: str) -> None:
        """Let a record be as people left it, None if they removed it: no event tells of that."""
        draft = self._drafts.of(record_id)
        if draft.after != record:
            self._drafts.put(record_id, Draft(None, draft.digest, record))

    @cached_property
    def _drafts(self) -> Drafts:
        return Drafts(self._load, self._written, self._read, AT_HAND)

    def _load(self, record_id: str) -> Draft:
        record = self.then(record_id)
        return Draft(record, None, record)
