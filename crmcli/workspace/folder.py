"""The reading half of a workspace: the records and files of one folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from crmcli.errors import InvalidData
from crmcli.language import together, tr
from crmcli.model.fields import Record
from crmcli.model.merged import MERGED_INTO, survivor_in
from crmcli.model.values import entity_of
from crmcli.store import layout
from crmcli.store.disk import files
from crmcli.store.records.stored import (
    RecordMerged,
    RecordRemoved,
    Stored,
    content_of,
    gone_into,
    merged_into,
    no_record,
    read_record,
    without,
)
from crmcli.workspace.indexed import Indexed

MOST_KEPT = 4000
"""Records that are held where nothing is written."""


class Folder(Indexed):
    """What a folder holds: its records and its files."""

    _kept: dict[str, Stored] | None = None

    def stored(self, record_id: str, *, merged: bool = False) -> Stored:
        """A record with its raw form and the digest of its file; a tombstone if `merged` asks for it."""
        found = self._as_seen(record_id, merged=merged)
        if self.trail is not None:
            self.trail.let_out(found.raw)
        return found

    def _as_seen(self, record_id: str, *, merged: bool) -> Stored:
        if self._sees_a_part:
            return self._seen(record_id, merged=merged)
        if self._kept is None:
            return read_record(self.root, self.schema, record_id, merged=merged)
        if record_id not in self._kept:
            self._keep(read_record(self.root, self.schema, record_id, merged=True))
        found = self._kept[record_id]
        if MERGED_INTO in found.raw and not merged:
            raise gone_into(record_id, survivor_in(found.raw))
        return found

    def _seen(self, record_id: str, *, merged: bool) -> Stored:
        """As `stored`, without what is hidden; what the user may not see is not there, and is said to be
        so at the same cost."""
        from crmcli.model.access import READ

        assert self.rights is not None
        try:
            stored = read_record(self.root, self.schema, record_id, merged=merged)
        except (RecordRemoved, InvalidData):
            if not self.is_seen(record_id):
                raise no_record(record_id) from None
            raise
        if not self.rights.may_with(READ, stored.record) and not self.is_seen(record_id):
            raise no_record(record_id)
        return without(stored, self.rights.hidden, self.schema)

    def is_seen(self, record_id: str) -> bool:
        """Whether the user sees a record, or that into which it went."""
        entity = entity_of(record_id)
        return bool(entity) and (not self._sees_a_part or self._index.is_seen(record_id))

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Inside, what was read of a record is not read anew: for a play, in which nobody writes."""
        self._kept = {}
        try:
            yield
        finally:
            self._kept = None

    def _keep(self, stored: Stored) -> None:
        """Hold a record as it is, with the others that were asked for lately."""
        if self._kept is not None:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[stored.record.id] = stored

    def get(self, record_id: str) -> Record:
        """A record by its full id; NotFound if it is not there, InvalidData if its file is broken."""
        return self.stored(record_id).record

    def attached(self, sha: str) -> bytes:
        """What a file holds that was stored by its sha256; FileDamaged if that is not what stands there."""
        return content_of(self.root, sha)

    def file(self, path: str) -> bytes | None:
        """A file by its path from the root, whatever stands in it; None if there is none."""
        try:
            from crmcli.store.records.change import MAX_FILE

            return files.read_bytes(files.inside(self.root, path), most=MAX_FILE)
        except files.Missing:
            return None

    def has_file(self, path: str) -> bool:
        """Whether a file stands there, or may in a folder that is closed to us."""
        return files.is_there(f"{self.root}/{path}")

    def merged_into(self, record_id: str) -> str:
        """The id into which a record was merged; "" if it was not, or its file cannot be read."""
        into = merged_into(self.root, record_id)
        return into if not into or self.is_seen(into) else ""

    def exists(self, record_id: str) -> bool:
        """Whether there is a file for that id, and not one that says that it was merged."""
        return (
            self.is_taken(record_id) and not self.merged_into(record_id) and self.is_seen(record_id)
        )

    def is_taken(self, record_id: str) -> bool:
        """Whether a file has that id, whatever it says and whoever may see it."""
        return bool(entity_of(record_id)) and self.has_file(layout.record_path(record_id))

    def survivor(self, record_id: str) -> str:
        """The id under which a record is now: its own, or that into which it was merged.

        RecordMerged if it went into one that went into it.
        """
        way = [record_id]
        while entity_of(way[-1]) and (into := self.merged_into(way[-1])):
            if into in way:
                raise RecordMerged(
                    tr("{} are merged into each other", together(way)),
                    tr("crm {} unmerge {}, or see crm check", entity_of(into), record_id),
                )
            way.append(into)
        return way[-1]

    def heir(self, record_id: str) -> str:
        """The same, and of a circle, which `crm check` tells of, its own id."""
        try:
            return self.survivor(record_id)
        except RecordMerged:
            return record_id
