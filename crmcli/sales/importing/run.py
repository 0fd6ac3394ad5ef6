"""One run of an import: its rows are taken or turned back, a thousand in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crmcli.errors import BadUsage, CrmError, InvalidData, NotFound, Refused
from crmcli.model.phones import is_country
from crmcli.model.schema import PLURAL
from crmcli.sales.blocklist import blocklist, stops
from crmcli.sales.importing.cardrows import Cards
from crmcli.sales.importing.draft import Draft
from crmcli.sales.importing.linking import Linker, Links, content_keys
from crmcli.sales.importing.mapping import Column, Vocabulary, chosen_preset, map_columns
from crmcli.sales.importing.newrecords import (
    RowRefused,
    changed_by,
    check_writable,
    is_stub,
    new_record,
)
from crmcli.sales.importing.reading import Manner, RowReader
from crmcli.sales.importing.rejects import Rejects
from crmcli.sales.importing.repeats import Repeats
from crmcli.sales.importing.resuming import PartLog, earlier_import
from crmcli.sales.importing.sources import (
    Source,
    delimiter_of,
    doubts_of,
    encoding_of,
    key_of,
    read_as,
)
from crmcli.sales.importing.summary import Summary
from crmcli.sales.importing.wanted import Wanted
from crmcli.sales.tombstones import successor
from crmcli.store import layout
from crmcli.store.jsonlines import JsonLines
from crmcli.store.repository import Author, Change
from crmcli.store.workbook import Workbook
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.blocking import BlockList
    from crmcli.model.inputs import InputContext

CHUNK = 1000
"""Rows in one transaction."""


class Import:
    """One run of an import."""

    def __init__(
        self, ws: Workspace, entity: str, source: Source, name: str, wanted: Wanted
    ) -> None:
        self.ws = ws
        self.entity = entity
        ctx = self._inputs(wanted)
        self.source = source = read_as(source, entity, ctx)
        self.wanted = wanted
        is_raw = isinstance(source, JsonLines | Cards)
        preset = None
        if not is_raw or wanted.preset:
            preset = chosen_preset(wanted.preset, source.labels)
        columns = self._columns(Vocabulary(ws.schema, entity, preset))
        manner = Manner(
            ctx, preset, wanted.owners, wanted.stages, wanted.name_format, raw_records=is_raw,
            is_workbook=isinstance(source, Workbook),
        )  # fmt: skip
        self.reader = RowReader(ws, entity, columns, manner)
        digest = key_of(source)
        self.earlier = None if wanted.again else earlier_import(ws, entity, digest)
        self.resumed = self.earlier if self.earlier and not self.earlier.is_done else None
        self.batch = "" if wanted.dry_run else layout.new_id("batch")
        if self.resumed and not wanted.dry_run:
            self.batch = self.resumed.batch
        self.linker = Linker(ws, entity, self.batch, may_make=wanted.create_missing)
        self.repeats = Repeats(ws, entity)
        self.repeated: list[tuple[int, list[str]]] = []
        self.turned_back: list[tuple[Draft, str, Sequence[str]]] = []
        self.saved = self._saved_line = 0
        self._last_event: str | None = None
        self.summary = Summary(
            entity=entity,
            file=name,
            encoding=encoding_of(source),
            delimiter=delimiter_of(source),
            batch=self.batch,
            dry_run=wanted.dry_run,
            columns=columns,
            preset=preset.name if preset else "",
            preset_was_asked=bool(wanted.preset),
            resumed=self.resumed.batch if self.resumed else "",
            doubts=doubts_of(source),
        )
        self.log = PartLog(self.summary, digest)

    def _columns(self, vocabulary: Vocabulary) -> tuple[Column, ...]:
        if not isinstance(self.source, Cards):
            return map_columns(self.source.labels, vocabulary, self.wanted.columns)
        if self.wanted.columns:
            raise BadUsage("a vCard has no columns", "leave out --map")
        return self.source.columns(vocabulary)

    def _inputs(self, wanted: Wanted) -> InputContext:
        ctx = self.ws.inputs
        country = wanted.country.upper() or ctx.country
        if wanted.country and not is_country(country):
            raise BadUsage(f"{wanted.country!r} is no country", "two letters: RU, KZ, US, …")
        return replace(ctx, country=country, date_order=wanted.date_order)

    @property
    def facts(self) -> dict[str, Any]:
        """What the events of this import say beside what happened."""
        return {"batch": self.batch, **({} if self.wanted.robots else {"robots": False})}

    def run(self, progress: Callable[[int], None]) -> Summary:
        """Read, take and give back every row, a thousand in one transaction."""
        rejects = None if self.wanted.dry_run else Rejects(self.wanted.rejects, self.source)
        trial = self._trial() if self.wanted.dry_run else None
        try:
            for drafts, is_last in _chunks(self._drafts()):
                self._take_chunk(drafts, trial, is_last=is_last)
                for draft, reason, ids in self.turned_back:
                    if rejects is not None:
                        rejects.add(draft, reason, ids)
                self.turned_back.clear()
                progress(self.summary.rows)
        except BaseException as error:
            self._end_early(error, rejects)
            raise
        self._keep(rejects)
        return self._finished()

    def _keep(self, rejects: Rejects | None) -> None:
        try:
            kept = rejects.close() if rejects is not None else None
        except CrmError as error:
            self._say_what_stands(error)
            raise
        self.summary.rejects = str(kept) if kept else ""

    def _end_early(self, error: BaseException, rejects: Rejects | None) -> None:
        """Keep the rejects so far, and let the error say what stands; it is what must be seen."""
        if isinstance(error, CrmError):
            self._say_what_stands(error)
        try:
            self._keep(rejects)
        except CrmError as unkept:
            if isinstance(error, CrmError):
                error.hint += f"; {unkept.message}"

    def _drafts(self) -> Iterator[Draft]:
        for row in self.source.rows():
            if row.is_blank:
                self.summary.empty_rows += 1
            else:
                yield self.reader.read(row)

    def _trial(self) -> Change:
        """A change that is never committed: a dry run sees its own records without a lock."""
        author = Author("", "import", self.ws.now)
        return Change(self.ws.root, self.ws.schema, "00000000", author, self.ws.robots_of)

    def _take_chunk(self, drafts: Sequence[Draft], trial: Change | None, *, is_last: bool) -> None:
        change: AbstractContextManager[Change]
        command = f"import {PLURAL[self.entity]}"
        change = nullcontext(trial) if trial else self.ws.change(command, is_one_of_many=True)
        with change as open_change:
            if trial is None:
                self._notice_others(open_change)
            self.log.begin()
            for draft in drafts:
                self._take(open_change, draft)
            if trial is None:
                self._note_part(open_change, is_last=is_last)
            self._last_event = open_change.last_event
        self.saved, self._saved_line = self.summary.taken, drafts[-1].line

    def _notice_others(self, change: Change) -> None:
        """Between two transactions another command may have written what the next rows repeat."""
        if change.last_event != self._last_event:
            self.ws.look_again()
            self.repeats.look_again()
            self.linker.look_again()

    def _note_part(self, change: Change, *, is_last: bool) -> None:
        """What is done so far is written with the rows themselves, so that no kill can part them."""
        if self.log.has_taken:
            change.note("import.part", "", self.log.part())
        if is_last and (self.summary.taken or self.summary.before):
            change.note("import.done", "", self.log.whole())

    def _take(self, change: Change, draft: Draft) -> None:
        """Take one row into the base, or turn it back."""
        found = self.summary
        found.rows += 1
        found.conflicts += [(draft.line, column) for column in draft.conflicts]
        keys = content_keys(self.ws, draft.values)
        phones = [text for kind, text in keys if kind == "phone"]
        found.totals.add(draft, phones, self.ws.settings.currency)
        if len(found.sample) < 3:
            found.sample.append({**draft.values, **draft.unknown})
            if not isinstance(self.source, Cards):  # which have no cells
                found.decoded.append(draft.cells)
        if self.resumed and self.resumed.took(found.rows):
            found.before += 1
            return
        if draft.faults:
            self._turn_back(draft, draft.faults)
            return
        if draft.id and not self.ws.exists(draft.id):
            draft.id = successor(self.ws, draft.id) or draft.id
        repeated = self.repeats.of(draft, keys)
        if self._was_taken(draft, keys, repeated):
            return
        try:
            if self._is_new(change, draft, repeated):
                self._create(change, draft, keys)
                self.summary.repeating += bool(repeated)
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
        past = self.earlier
        if past is None or self.resumed or keys or repeated or draft.id:
            return False
        if self.wanted.on_duplicate == "create" or not past.took(self.summary.rows):
            return False
        self.summary.skipped += 1
        why = f"was imported with this file already, as {past.batch} (--again takes it anew)"
        self._give_back(draft, why)
        return True

    def _is_new(self, change: Change, draft: Draft, repeated: Mapping[str, str]) -> bool:
        if not repeated:
            return True
        if draft.id in repeated:
            return False
        return self.wanted.on_duplicate == "create"

    def _create(self, change: Change, draft: Draft, keys: Sequence[tuple[str, str]]) -> None:
        links = self._links(draft)
        record = new_record(self.ws, self.reader, draft, links.values, self.batch)
        check_writable(self.ws, record, draft)
        block = None if draft.id else stops(self._blocks, record)  # our own export is no intake
        if block is not None:
            raise RowRefused([("", f"{block} is on the block list")])
        self._add(change, draft, links)
        change.add(record, self.facts)
        self.repeats.remember(record.id, keys)
        self.summary.dangling_links += links.dangling
        self.summary.created += 1

    @cached_property
    def _blocks(self) -> BlockList:
        return blocklist(self.ws)

    def _add(self, change: Change, draft: Draft, links: Links) -> None:
        """The records that a row's links need, and the files that come with it."""
        for made in self.linker.make(links):
            change.add(made, self.facts)
        for content in draft.attached:
            change.attach(content)

    def _links(self, draft: Draft) -> Links:
        try:
            links = self.linker.plan(draft)
        except ValueError as error:
            name = next(iter(draft.links))
            name = "company_name" if self.entity == "lead" and name == "company" else name
            column = self.reader.label_of(name)
            raise RowRefused([(column, str(error))]) from None
        columns = [self.reader.label_of(name, "names") for name in links.misnamed]
        self.summary.conflicts += [(draft.line, column) for column in columns]
        return links

    def _repeat(self, change: Change, draft: Draft, repeated: Mapping[str, str]) -> None:
        """What to do with a row that repeats a record."""
        policy = self.wanted.on_duplicate
        found = self.summary
        old = change.get(next(iter(repeated)))
        if draft.id in repeated and is_stub(self.ws, old):
            policy = "complete"
        if policy in ("merge", "replace", "complete"):
            if len(repeated) > 1:
                raise RowRefused([("", f"repeats {len(repeated)} records: {' '.join(repeated)}")])
            links = self._links(draft)
            update = changed_by(self.ws, self.reader, draft, links.values, old, policy)
            check_writable(self.ws, update.record, draft)
            found.kept += update.save(change, self.ws, self.facts)  # first: it may be refused
            self._add(change, draft, links)
            found.dangling_links += links.dangling
            name = {"merge": "merged", "replace": "replaced", "complete": "completed"}[policy]
            setattr(found, name, getattr(found, name) + 1)
            return
        found.skipped += 1
        self.repeated.append((draft.line, list(repeated)))
        same = ", ".join(f"{record_id} (same {by})" for record_id, by in repeated.items())
        self._give_back(draft, f"repeats {same}", list(repeated))

    def _turn_back(self, draft: Draft, faults: Sequence[tuple[str, str]]) -> None:
        self.summary.rejected += 1
        for column, why in faults:
            self.summary.reject(column, why)
        words = "; ".join(f"{column}: {why}" if column else why for column, why in faults)
        self._give_back(draft, words)

    def _give_back(self, draft: Draft, why: str, repeats: Sequence[str] = ()) -> None:
        self.log.turn_back()
        self.turned_back.append((draft, why, repeats))

    def _finished(self) -> Summary:
        found = self.summary
        found.made = dict(self.linker.made)
        found.unknown_owners = dict(self.reader.cells.unknown_owners)
        found.filled = dict(self.reader.filled)
        found.foreign_ids = self.reader.foreign_ids
        return found

    def _say_what_stands(self, error: CrmError) -> None:
        if self.saved and not self.wanted.dry_run:
            error.hint += f"; up to line {self._saved_line}, {self.saved} rows are imported already"
            error.hint += f" as {self.batch}: the same command again goes on there"


def _chunks(drafts: Iterator[Draft]) -> Iterator[tuple[list[Draft], bool]]:
    """A thousand at a time, and whether those are the last."""
    chunk: list[Draft] = []
    for draft in drafts:
        if len(chunk) == CHUNK:
            yield chunk, False
            chunk = []
        chunk.append(draft)
    if chunk:
        yield chunk, True
