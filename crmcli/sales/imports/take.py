"""A row becomes a record, changes one, or is rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crmcli.errors import BadUsage, InvalidData, NotFound, Refused
from crmcli.language import tr
from crmcli.sales.consent.block_list import blocklist, check_welcome
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.linking import Linker, Links, keys_of
from crmcli.sales.imports.new_records import (
    RowRefused,
    changed_by,
    check_writable,
    is_stub,
    new_record,
)
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.repeats import Repeats
from crmcli.sales.imports.resume import PartLog, PastImport
from crmcli.sales.imports.row_reader import RowReader
from crmcli.sales.imports.summary import Summary
from crmcli.sales.records.tombstones import successor
from crmcli.workspace import Change

if TYPE_CHECKING:
    from crmcli.model.block_list import BlockList


class Taker:
    """Takes the rows of an import and counts them in its summary.

    `earlier` is the previous import of the same file. `repeated` has the lines that repeat records,
    `turned_back` the rejected rows.
    """

    def __init__(
        self,
        reader: RowReader,
        wanted: ImportOptions,
        summary: Summary,
        log: PartLog,
        earlier: PastImport | None,
    ) -> None:
        self._ws = reader.ws
        self._entity = reader.entity
        self._reader = reader
        self._wanted = wanted
        self._summary = summary
        self._log = log
        self._earlier = earlier
        self._resumed = earlier if earlier and not earlier.is_done else None
        self._batch = summary.batch
        self._facts: dict[str, Any] = {"batch": self._batch}
        if not wanted.robots:
            self._facts["robots"] = False
        self._linker = Linker(self._ws, self._entity, self._batch, may_make=wanted.create_missing)
        self._repeats = Repeats(self._ws, self._entity)
        self.repeated: list[tuple[int, list[str]]] = []
        self.turned_back: list[tuple[Draft, str, Sequence[str]]] = []

    @property
    def made(self) -> dict[str, int]:
        """How many records were made because rows name them, by entity."""
        return dict(self._linker.made)

    def look_again(self) -> None:
        """Another command may have written what the next rows repeat."""
        self._repeats.look_again()
        self._linker.look_again()

    def take(self, change: Change, draft: Draft) -> None:
        """Take one row into the base, or turn it back."""
        found = self._summary
        found.rows += 1
        if draft.is_total:
            found.total_rows.append(draft.line)
            self._log.turn_back()
            return
        found.conflicts += [(draft.line, column) for column in draft.conflicts]
        keys = list(keys_of(self._ws, draft.values))
        phones = [text for kind, text in keys if kind == "phone"]
        found.totals.add(draft, phones, self._ws.settings.currency)
        if len(found.sample) < 3:
            found.sample.append({**draft.values, **draft.unknown})
            found.decoded.append(draft.cells)
        if self._resumed and self._resumed.took(found.rows):
            found.before += 1
            return
        if draft.faults:
            self._turn_back(draft, draft.faults)
            return
        if draft.id and not self._ws.exists(draft.id):
            draft.id = successor(self._ws, draft.id) or draft.id
        repeated = self._repeats.of(draft, keys)
        if self._was_taken(draft, keys, repeated):
            return
        try:
            is_own = draft.id in repeated
            if not repeated or (self._wanted.on_duplicate == "create" and not is_own):
                self._create(change, draft, keys)
                self._summary.repeating += bool(repeated)
            else:
                self._repeat(change, draft, repeated)
        except RowRefused as error:
            self._turn_back(draft, error.faults)
        except (Refused, BadUsage, NotFound, InvalidData) as error:
            hint = f" ({error.hint})" if error.hint else ""
            self._turn_back(draft, [("", error.message + hint)])

    def _was_taken(
        self, draft: Draft, keys: Sequence[tuple[str, str]], repeated: Mapping[str, str]
    ) -> bool:
        """Skip a row by which nothing is known, of a file that was imported whole before."""
        past = self._earlier
        if past is None or self._resumed or keys or repeated or draft.id:
            return False
        if self._wanted.on_duplicate == "create" or not past.took(self._summary.rows):
            return False
        self._summary.skipped += 1
        why = tr("already imported with this file as {} (--again imports it again)", past.batch)
        self._give_back(draft, why)
        return True

    def _create(self, change: Change, draft: Draft, keys: Sequence[tuple[str, str]]) -> None:
        links = self._links(draft)
        record = new_record(self._ws, self._reader, draft, links.values, self._batch)
        check_writable(self._ws, record, draft)
        if not draft.id:  # our own export is no intake
            check_welcome(self._ws, record, self._blocks)
        self._add(change, draft, links)
        change.add(record, self._facts)
        self._repeats.remember(record.id, keys)
        self._summary.dangling_links += links.dangling
        self._summary.created += 1

    @cached_property
    def _blocks(self) -> BlockList:
        return blocklist(self._ws)

    def _add(self, change: Change, draft: Draft, links: Links) -> None:
        """The records that a row's links need, and the files that come with it."""
        for made in self._linker.make(links):
            change.add(made, self._facts)
        for content in draft.attached:
            change.attach(content)

    def _links(self, draft: Draft) -> Links:
        try:
            links = self._linker.plan(draft)
        except ValueError as error:
            name = next(iter(draft.links))
            name = "company_name" if self._entity == "lead" and name == "company" else name
            column = self._reader.label_of(name)
            raise RowRefused([(column, str(error))]) from None
        columns = [self._reader.label_of(name, "names") for name in links.misnamed]
        self._summary.conflicts += [(draft.line, column) for column in columns]
        return links

    def _repeat(self, change: Change, draft: Draft, repeated: Mapping[str, str]) -> None:
        """What to do with a row that repeats a record."""
        policy = self._wanted.on_duplicate
        found = self._summary
        old = change.get(next(iter(repeated)))
        if draft.id in repeated and is_stub(self._ws, old):
            policy = "complete"
        if policy in ("merge", "replace", "complete"):
            if len(repeated) > 1:
                raise RowRefused(
                    [("", tr("repeats {} records: {}", len(repeated), " ".join(repeated)))]
                )
            links = self._links(draft)
            update = changed_by(self._ws, self._reader, draft, links.values, old, policy)
            check_writable(self._ws, update.record, draft)
            found.kept += update.save(change, self._ws, self._facts)  # first: it may be refused
            self._add(change, draft, links)
            found.dangling_links += links.dangling
            found.merged += policy == "merge"
            found.replaced += policy == "replace"
            found.completed += policy == "complete"
            return
        found.skipped += 1
        self.repeated.append((draft.line, list(repeated)))
        same = ", ".join(tr("{} (same {})", record_id, by) for record_id, by in repeated.items())
        self._give_back(draft, tr("repeats {}", same), list(repeated))

    def _turn_back(self, draft: Draft, faults: Sequence[tuple[str, str]]) -> None:
        self._summary.rejected += 1
        for column, why in faults:
            self._summary.reject(column, why)
        words = "; ".join(f"{column}: {why}" if column else why for column, why in faults)
        self._give_back(draft, words)

    def _give_back(self, draft: Draft, why: str, repeats: Sequence[str] = ()) -> None:
        self._log.turn_back()
        self.turned_back.append((draft, why, repeats))
