"""What is read of an opened workspace: its records by condition, sums, look-ups, search."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.errors import InvalidData, NotFound, Refused
from crmcli.model.event import Event
from crmcli.model.fields import BadValues, Record
from crmcli.model.schema import SCORED
from crmcli.model.values import Raw, Value, entity_of
from crmcli.store.records.stored import Stored
from crmcli.workspace import withheld
from crmcli.workspace.clock import Clock
from crmcli.workspace.configured import no_scores

if TYPE_CHECKING:
    from datetime import datetime

    from crmcli.model.conditions.holds import Env
    from crmcli.model.conditions.tree import Condition
    from crmcli.model.forecast import Past
    from crmcli.model.kinds import Key
    from crmcli.model.report import Asked, Behind, Group
    from crmcli.store.index import Index
    from crmcli.store.index.answers import Facts, Hit, Total
    from crmcli.store.index.documents import Documents
    from crmcli.store.index.ready import Frame
    from crmcli.store.index.snapshots import Note, Snapshot


class Reads(Clock):
    """The one place through which records and events are read, at the time that it is for the reader.

    Each read names the entity, or the record, of which it tells.
    """

    @property
    def house(self) -> Reads:
        """The folder as it is, whoever asks."""
        return self

    @cached_property
    def env(self) -> Env:
        """What conditions are evaluated against."""
        from crmcli.model.conditions.holds import Env

        return Env(
            now=self.now,
            zone=self.zone,
            schema=self.schema,
            follow=self._follow,
            country=self.settings.phone_country,
            derive=self._derive,
        )

    def _derive(self, record: Record, name: str) -> Value | None:
        if name == SCORED.name:
            return self._scored(record)
        raw = self.derived(record.entity, [name], [record.id]).get(record.id, {}).get(name, "")
        field = next(field for field in self.schema.askable(record.entity) if field.name == name)
        return field.kind.parse(raw)

    def _scored(self, record: Record) -> Decimal | None:
        scorer = self.scorer(record.entity)
        if scorer is None:
            told = "{}; {}".format(*no_scores())
            self.notes += [told] if told not in self.notes else []
            return None
        score = scorer.score(record)
        return None if score is None else Decimal(score)

    def _follow(self, record_id: str) -> Record | None:
        try:
            return self.get(record_id)
        except (NotFound, InvalidData):
            return None  # a dangling link has no fields; `crm check` reports it

    # --- reading -------------------------------------------------------------------------------

    def select(
        self,
        entity: str,
        condition: Condition | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
        *,
        among: Collection[str] = (),
    ) -> Sequence[Record]:
        """The records that fit a condition, in order; unreadable files are left to `problems`.

        Of many, each is taken apart when it is asked for: go through them once. `among` as of `rows`.
        """
        found = self.rows(entity, condition, order, limit, among=among)
        return found.read_as(partial(self.schema.read, entity))

    def rows(
        self,
        entity: str,
        condition: Condition | None = None,
        order: Sequence[str] = (),
        limit: int | None = None,
        *,
        offset: int = 0,
        among: Collection[str] = (),
    ) -> Documents[dict[str, Raw]]:
        """The same as their files have them. Among the files of these entities alone, which is quicker,
        if the condition follows no link to others."""
        condition = self._ask(entity, condition)
        index = self._index_of(among) if among else self._index
        if last := self._out_of_order(entity, condition, order):
            return self._leaving(self._with_last(index, entity, last, order, limit, offset))
        return self._leaving(index.select(entity, condition, self.env, order, limit, offset))

    def _out_of_order(
        self, entity: str, condition: Condition | None, order: Sequence[str]
    ) -> tuple[Condition, Condition] | None:
        """Where an order would tell what is masked: the condition of the others, and of those."""
        if self.trail is None or not order or not self.trail.withholds:
            return None
        from crmcli.workspace.asked import parted

        return parted(self, self.trail, entity, condition, order)

    def _with_last(
        self, index: Index, entity: str, parts: tuple[Condition, Condition],
        order: Sequence[str], limit: int | None, offset: int,
    ) -> Documents[dict[str, Raw]]:  # fmt: skip
        first, last = parts
        found = index.select(entity, first, self.env, order, limit, offset)
        left = None if limit is None else limit - len(found)
        if left == 0:
            return found
        before = max(0, offset - index.count(entity, first, self.env)) if offset else 0
        return found.then(index.select(entity, last, self.env, ["id"], left, before))

    def asked(self, entity: str, condition: Condition) -> Condition:
        """A condition as it is asked of whom not all is shown, for what is not read by it alone; see
        `workspace.asked`."""
        return self._ask(entity, condition) or condition

    def _ask(self, entity: str, condition: Condition | None) -> Condition | None:
        if condition is None or self.trail is None or not self.trail.is_asked:
            return condition
        from crmcli.workspace.asked import as_asked

        return as_asked(self, self.trail, entity, condition)

    def fitting(self, entity: str, condition: Condition) -> Documents[dict[str, Raw]]:
        """The same as `rows`, for the workspace itself: nobody is told."""
        return self._index.select(entity, condition, self.env)

    def keys_of(
        self, entity: str, name: str, condition: Condition
    ) -> Iterator[tuple[str, Sequence[Key]]]:
        """The same, but ids and the keys of one field."""
        return ((one.id, one.keys[0]) for one in self._facts(entity, [name], condition))

    def _leaving(self, rows: Documents[dict[str, Raw]]) -> Documents[dict[str, Raw]]:
        """Rows, each of which the audit sees when it is taken."""
        return rows if self.trail is None else rows.let_out(self.trail.let_out)

    def rows_of(
        self, record_ids: Sequence[str], *, as_left: bool = False
    ) -> Documents[dict[str, Raw]]:
        """Those of these records that are there and readable, as their files have them; `as_left` as
        of `holding`."""
        index = self._standing if as_left else self._index_at(record_ids)
        return self._leaving(index.raws(record_ids, as_left=as_left))

    def read_ahead(self, record_ids: Sequence[str]) -> dict[str, list[Event]]:
        """The events of some records; the records are held too, as long as the folder is `standing_still`."""
        for raw in self.rows_of(record_ids):
            with suppress(BadValues):  # whoever asks for it is told
                record = self.schema.read(entity_of(str(raw["id"])), raw)
                self._keep(Stored(record, raw, ""))
        return self._history.events_of(record_ids)

    def derived(
        self, entity: str, names: Sequence[str], records: Sequence[str]
    ) -> dict[str, dict[str, str]]:
        """Fields that stand in no file, of some records, raw, by id and name; absent ones are ""."""
        from crmcli.store.index.derived import read_for

        known = self._index_of(read_for(entity)).derived(entity, names, records)
        if len(known) == len(set(records)):  # less to look at than all files
            return known
        return self._index.derived(entity, names, records)

    def before_ends(self, entity: str) -> dict[str, dict[str, Raw]]:
        """By record and field what stood there before the record ended, where the end changed it."""
        return self._index.before_ends(entity)

    def count(self, entity: str, condition: Condition | None = None) -> int:
        """How many records fit a condition."""
        condition = self._ask(entity, condition)
        return self._index.count(entity, condition, self.env)

    def sums(
        self, entity: str, by: Sequence[str], condition: Condition | None = None
    ) -> list[Total]:
        """Number and exact sum of the records that fit, by the values of some fields and by currency."""
        condition = self._ask(entity, condition)
        return self._index.totals(entity, by, condition, self.env)

    def groups(self, asked: Asked, of: Frame | Snapshot) -> list[Group]:
        """What a report measures; see `workspace.measuring`."""
        told = self._ask_all(asked, of)
        if not isinstance(of, tuple):
            return of.groups(told)
        return self._index_for(told, of).groups(told, of)

    def behind(
        self, asked: Asked, of: Frame | Snapshot, keys: Sequence[str | float | None]
    ) -> list[Behind]:
        """What a report's measure counts in the group of those keys, by record."""
        told = self._ask_all(asked, of)
        if not isinstance(of, tuple):
            return of.behind(told, keys)
        return self._index_for(told, of).behind(told, of, keys)

    def _ask_all(self, asked: Asked, of: Frame | Snapshot) -> Asked:
        """The same of a report, whose measures have conditions of their own; Refused where records of now
        would be told to a snapshot."""
        entity = asked.entity
        whens = {name: self._ask(entity, one) or one for name, one in asked.whens.items()}
        told = replace(asked, condition=self._ask(entity, asked.condition), whens=whens)
        if not isinstance(of, tuple) and told != asked:
            hint = "leave out --snapshot, or ask for the whole number or address"
            raise Refused("phones and e-mails are masked: a snapshot is asked for whole ones", hint)
        return told

    def _index_for(self, asked: Asked, frame: Frame) -> Index:
        """The index, equal to the folder as far as a report asks of it."""
        return self._index_of(self._index_as_left.nouns_of(asked, frame)[0])

    def asks_stays(self, asked: Asked, frame: Frame) -> bool:
        """Whether what a report measures hangs on how long records stood in stages."""
        return self._index_as_left.nouns_of(asked, frame)[1]

    def past(self, entity: str, moments: Sequence[datetime], frame: Frame) -> Past:
        """How the records that are seen stood at moments of the past."""
        return self._index_of([entity]).past(entity, moments, frame)

    def write_snapshot(self, frame: Frame) -> Note:
        """Write a snapshot of the folder as it is; see `workspace.snapshots`."""
        return self._index.write_snapshot(frame)

    def snapshot(self, folder: Path, frame: Frame) -> Snapshot:
        """A snapshot, to be asked as the index is, which is not looked at."""
        return self._index_as_left.snapshot(folder, frame)

    def listed(self, entity: str, name: str) -> dict[str, int]:
        """The items that a field of lists has, folded, each with the number of records that have it."""
        return self._index.listed(entity, name)

    def facts(
        self, entity: str, names: Sequence[str], condition: Condition | None = None
    ) -> Iterator[Facts]:
        """The keys of some fields of the records that fit, quicker than `rows`, in no order that means
        anything."""
        return self._facts(entity, names, self._ask(entity, condition))

    def _facts(
        self, entity: str, names: Sequence[str], condition: Condition | None
    ) -> Iterator[Facts]:
        index, after = self._index, 0
        while page := index.facts(entity, names, condition, self.env, after=after):
            yield from page
            after = page[-1].num

    def lookup(
        self, kind: str, key: str, entities: Sequence[str], *, as_left: bool = False
    ) -> list[str]:
        """The ids of records with this phone, email, inn, site or (exact) name, however it is written.

        `as_left` by the last command: what was edited by hand since is not seen, at no cost that grows.
        """
        return (self._standing if as_left else self._index).lookup(kind, key, entities)

    def holding(
        self, kind: str, keys: Collection[str], entities: Sequence[str]
    ) -> list[tuple[str, str]]:
        """The records that had some of many keys when the last command left, and not what this one has
        written since: each key with an id."""
        return self._standing.holding(kind, keys, entities)

    def search(self, text: str, entities: Sequence[str] = (), limit: int = 20) -> list[Hit]:
        """Records in which all the words stand somewhere, the best first."""
        if self.trail is None or not self.trail.is_asked:
            return self._index.search(text, entities, limit)
        most = limit
        while True:  # what is kept back makes room for others
            hits = self._index.search(text, entities, most)
            ids = [hit.id for hit in hits]
            told = withheld.found(self, self.trail, hits, text, self._index_at(ids).raws(ids))
            if len(told) >= limit or len(hits) < most:
                return told[:limit]
            most *= 4

    def merged(self, survivor: str = "") -> list[tuple[str, str]]:
        """The records that went into others, each with the one into which; of one of these if named."""
        return self._index.merged(survivor)
