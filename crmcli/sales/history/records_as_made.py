"""Whether a record is still what it was when it was made."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from crmcli.model.event import SUM, Event
from crmcli.model.fields import Record
from crmcli.model.values import Raw, entity_of
from crmcli.sales.history.past import before, restored, without_empty
from crmcli.sales.history.renames import Renamings
from crmcli.workspace import Change, RecordRemoved, Workspace


class RecordsAsMade:
    """Records as they are on disk, and as they were when they were made."""

    def __init__(self, ws: Workspace, change: Change) -> None:
        self.ws = ws
        self.change = change

    def now(self, record_id: str) -> dict[str, Raw] | None:
        """The record as it is on disk."""
        record = self.on_disk(record_id)
        return None if record is None else self.ws.schema.write(record)

    def on_disk(self, record_id: str) -> Record | None:
        """The record as it is on disk, or as it was changed in the open change; None if it is gone."""
        try:
            return self.change.get(record_id, merged=True)
        except RecordRemoved:
            return None

    def if_same(self, raw: Mapping[str, Raw], made: Event, clone: str) -> dict[str, Raw] | None:
        """How the record was made, if that is what it is now, by the names of then or of today."""
        if not entity_of(made.record) or (then := self._as_made(made, clone)) is None:
            return None
        is_same = raw == then or raw == self._as_made(made, clone, self._renamings)
        return then if is_same else None

    def is_edited_by_hand(self, made: Event, raw: Mapping[str, Raw] | None) -> bool:
        """Whether a record differs from what its creation event says, if that says it.

        `raw` is how it was made, None: as it is on disk.
        """
        known = str(made.data.get(SUM, ""))
        if not known or self.change.file_digest(made.record).startswith(known):
            return False
        record = restored(self.ws, made.record, raw) if raw else self.on_disk(made.record)
        return record is None or self.change.sum_of(record) != known

    @cached_property
    def _renamings(self) -> Renamings:
        """A field or a value of a directory that was renamed since is no change of its records."""
        return Renamings(self.ws, "")

    def _as_made(
        self, made: Event, clone: str, names: Renamings | None = None
    ) -> dict[str, Raw] | None:
        """The record as it was created, by the `names` of today if these are given.

        None if another clone changed it, since their order is unknown.
        """
        own = self.ws.events(record=made.record, clone=clone, newest_first=True)
        known = {event.id for event in own}
        for event in self.ws.events(record=made.record):
            if event.id not in known and event.id > made.id and "changes" in event.data:
                return None
        raw = self.now(made.record)
        changed: set[str] = set()
        for event in own:
            if event.id <= made.id:
                break
            event = names.of_today(event) if names else event
            raw = before(raw, event)
            changed |= {*event.data.get("changes", ())}
        return None if raw is None else without_empty(raw, changed)
