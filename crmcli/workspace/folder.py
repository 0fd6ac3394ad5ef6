"""The reading half of a workspace: records, references, index and timeline of one folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.errors import InvalidData, Problem
from crmcli.language import together, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.merged import MERGED_INTO, survivor_in
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import entity_of, format_instant
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
from crmcli.store.safety import locks

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.model.access import Rights
    from crmcli.model.scoring.scorer import Scorer
    from crmcli.model.sent import Claim, SentList
    from crmcli.store.index import Agenda, Births, Index, Timeline
    from crmcli.workspace.trail import Trail

MOST_KEPT = 4000
"""Records that are held where nothing is written."""


class Folder:
    """What a folder holds. Each read sees one committed state.

    `notes` are what the user should be told once the command is done.
    """

    def __init__(self, root: Path, settings: Settings) -> None:
        self.root = root
        self.settings = settings
        self.schema = Schema(settings.fields)
        self.notes: list[str] = []
        self._writing = False
        self.only_reads = False
        """Whether nothing is written here, not even an index: the folder, or its state, is not ours."""
        self._newest = ""
        self._looked_at: set[str] = set()
        self._knows_events = False
        self._kept: dict[str, Stored] | None = None
        self.rights: Rights | None = None
        """What the user may do here; None where there is no access.yaml: everything."""
        self.trail: Trail | None = None
        """What is kept of what is handed out here; None where nothing is."""

    # --- index and timeline --------------------------------------------------------------------

    @cached_property
    def _index_as_left(self) -> Index:
        """The index, not looked after: reads of it see what the last command left there."""
        from crmcli.store.index import Index

        country = self.settings.phone_country
        return Index(
            self.root,
            self.schema,
            country,
            in_memory=self.only_reads,
            rights=self.rights,
            scorer=self.needed_scorer,
        )

    def needed_scorer(self, entity: str) -> Scorer | None:
        """What scores the records of an entity; None where nothing was learned of them."""
        return None

    @property
    def _index(self) -> Index:
        """The index, equal to the folder as of now."""
        return self._index_of(ENTITIES)

    def _index_of(self, entities: Collection[str]) -> Index:
        """The index, equal to the folder as of now as far as these entities and the timeline go: less
        to look at than all of it. Ask it only for what lies in their own files."""
        index = self._index_as_left
        if not self._looked_at.issuperset(entities):
            with self._reading():
                index.refresh(entities)
            self._looked_at.update(entities)
            self._knows_events = True
        return index

    @property
    def _history(self) -> Index:
        """The index with the timeline made fresh: enough for events."""
        index = self._index_as_left
        if not self._knows_events:
            with self._reading():
                index.refresh_timeline()
            self._knows_events = True
        return index

    @property
    def _standing(self) -> Index:
        """The index as the last command left it, at no cost that grows with the base: what was edited
        by hand since is not in it. Built where there is none."""
        index = self._index_as_left
        return index if index.is_whole() else self._index

    def read_as_left(self) -> None:
        """Let reads see what the last command left in the index, until they `look_again`."""
        if self._index_as_left.is_whole():
            self._looked_at.update(ENTITIES)
            self._knows_events = True

    def watch(self) -> Callable[[], object]:
        """Tells, whenever it is called, what nearly every change of the folder changes, at no cost that grows
        with its records; not all systems tell of a record's file that is written in its place."""
        from crmcli.store.index.watching import watch

        return watch(self.root)

    @property
    def timeline(self) -> Timeline:
        """What crm itself asks of the timeline; what is shown of it are `events`."""
        return self._history

    @property
    def births(self) -> Births:
        """Where the records and the timeline do not agree that they are there."""
        return self._index

    @property
    def agenda(self) -> Agenda:
        """What automation must look at."""
        return self._index

    def newest_id(self) -> str:
        """The greatest id of an event that is known here, of whatever clone; "" if none is."""
        if not self._newest:
            self._newest = self._index_as_left.newest_id()
        return self._newest

    def _reading(self) -> AbstractContextManager[object]:
        """The shared lock, or nothing where this process holds the exclusive one, or leaves no trace."""
        return nullcontext() if self._writing or self.only_reads else locks.shared(self.root)

    def look_again(self) -> None:
        """Let the next read look at the folder again."""
        self._newest = ""
        self._looked_at.clear()
        self._knows_events = False
        if (index := self.__dict__.pop("_index_as_left", None)) is not None:
            index.close()  # else its file stays open until Python looks for rings

    def look_at_events(self) -> None:
        """`look_again`, at the timeline alone: where there is no index, one is begun without the records."""
        self.look_again()
        with self._reading():
            self._index_as_left.refresh_timeline(alone=True)
        self._knows_events = True

    def events(
        self,
        record: str = "",
        kinds: Sequence[str] = (),
        *,
        after: str = "",
        before: str = "",
        clone: str = "",
        limit: int | None = None,
        newest_first: bool = False,
    ) -> list[Event]:
        """Events of the timeline in the order of their ids; what is not empty narrows the choice.

        `after` and `before` are ids, `clone` is whose they are.
        """
        return self._history.events(record, kinds, after, limit, newest_first, clone, before)

    def activities(
        self, record: str = "", since: datetime | None = None, until: datetime | None = None
    ) -> list[Event]:
        """Activities as they are now, of a record or of all, in the order in which they happened."""
        span = (format_instant(moment) if moment else "" for moment in (since, until))
        return self._history.activities(record, *span)

    def sent_list(self) -> SentList:
        """What was queued here and left this machine; InvalidData if the list is damaged."""
        from crmcli.store.timeline import sent

        return sent.read(self.root)

    def sent_size(self) -> int:
        """How long that list is, to see whether it has grown."""
        from crmcli.store.timeline import sent

        return sent.size_of(self.root)

    def keep_claim(self, claim: Claim) -> None:
        """Note in git's own folder too that a message is about to leave; durable."""
        from crmcli.store.timeline import sent

        sent.keep(self.root, claim)

    def problems(self) -> list[Problem]:
        """The files that cannot be read, each with its place and reason."""
        return self._index.problems()

    @contextmanager
    def _held(self) -> Iterator[None]:
        """This process holds the exclusive lock inside the block, so reads need none."""
        self._writing = True
        self._knows_events = False  # others may have written before the lock was ours
        try:
            yield
        finally:
            self._writing = False

    def _reindex(self, paths: Sequence[str], *, later: bool) -> None:
        try:
            index = self._index_as_left
        except OSError:  # not even its code can be read; the change is saved, a refresh finds it
            return
        index.touch(paths, later=later)

    # --- records --------------------------------------------------------------------------------

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

    @property
    def _sees_a_part(self) -> bool:
        return self.rights is not None and self.rights.is_narrow

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
