"""The index and the timeline of one folder, and how fresh they are for who reads."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.errors import Problem
from crmcli.model.entities import ENTITIES
from crmcli.model.event import Event
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import entity_of, format_instant
from crmcli.store.layout import record_folder, record_path
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
FEW = 500
"""Records whose own files are looked at one by one rather than whole folders."""


class Indexed:
    """What a folder knows of itself. Each read sees one committed state.

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
        self._looked_at_alone: set[str] = set()
        """Files of records whose folders were not looked at."""
        self._knows_events = False
        self.rights: Rights | None = None
        """What the user may do here; None where there is no access.yaml: everything."""
        self.trail: Trail | None = None
        """What is kept of what is handed out here; None where nothing is."""

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
    def _sees_a_part(self) -> bool:
        return self.rights is not None and self.rights.is_narrow

    @property
    def _index(self) -> Index:
        """The index, equal to the folder as of now."""
        return self._index_of(ENTITIES)

    def _index_of(self, entities: Collection[str]) -> Index:
        """The index, equal to the folder as of now as far as these entities and the timeline go: less
        to look at than all of it. Ask it only for what lies in their own files."""
        index = self._index_as_left
        if self._sees_a_part:  # what is seen hangs on other records
            entities = ENTITIES
        new = set(entities) - self._looked_at
        if new or not self._looked_at:
            with self._reading():
                index.refresh(ENTITIES if len(entities) == len(ENTITIES) else new)
            self._looked_at.update(entities)
            self._knows_events = True
        return index

    def _index_at(self, record_ids: Sequence[str]) -> Index:
        """The index, equal to the folder as far as these records go: of few, by their own files."""
        nouns = set(map(entity_of, record_ids)) & ENTITIES.keys()
        index = self._index_as_left
        is_known = self._sees_a_part or self._looked_at.issuperset(nouns)
        if is_known or len(record_ids) > FEW or not index.is_whole():
            return self._index_of(nouns)
        paths = [record_path(one) for one in record_ids if entity_of(one) in nouns]
        with self._reading():
            index.touch(paths)
        self._looked_at_alone.update(paths)
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

    def births_of(self, entities: Collection[str]) -> Births:
        """The same as far as records of these entities go, which is less to look at."""
        return self._index_of(entities)

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
        self._looked_at_alone.clear()
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
        found = self._history.events(record, kinds, after, limit, newest_first, clone, before)
        if self.trail is not None:
            self.trail.told(found)
        return found

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

    def problems(self, *, of_all: bool = True) -> list[Problem]:
        """The files that cannot be read, each with its place and reason; or those of them alone which
        were looked at."""
        if of_all:
            return self._index.problems()
        others = tuple(f"{record_folder(one)}/" for one in ENTITIES if one not in self._looked_at)
        alone, found = self._looked_at_alone, self._index_as_left.problems()
        return [one for one in found if one.path in alone or not one.path.startswith(others)]

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
