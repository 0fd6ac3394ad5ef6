"""One run of an import: its rows are taken or turned back, a thousand in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crmcli.errors import BadUsage, CrmError, InvalidData, NotFound, Refused
from crmcli.model.phones import is_country
from crmcli.model.schema import PLURAL
from crmcli.sales.importing.draft import Draft
from crmcli.sales.importing.linking import Linker, Links, content_keys
from crmcli.sales.importing.mapping import Vocabulary, map_columns, preset_named
from crmcli.sales.importing.newrecords import (
    RowRefused,
    changed_by,
    check_writable,
    is_stub,
    new_record,
)
from crmcli.sales.importing.reading import RowReader
from crmcli.sales.importing.rejects import Rejects
from crmcli.sales.importing.repeats import Repeats
from crmcli.sales.importing.summary import Summary
from crmcli.sales.importing.wanted import Wanted
from crmcli.store import layout
from crmcli.store.jsonlines import JsonLines
from crmcli.store.repository import Author, Change
from crmcli.store.tables import Table
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.inputs import InputContext

CHUNK = 1000
"""Rows in one transaction."""


class Import:
    """One run of an import."""

    def __init__(
        self, ws: Workspace, entity: str, source: Table | JsonLines, name: str, wanted: Wanted
    ) -> None:
        self.ws = ws
        self.entity = entity
        self.source = source
        self.wanted = wanted
        preset = preset_named(wanted.preset)
        columns = map_columns(source.labels, Vocabulary(ws.schema, entity, preset), wanted.columns)
        self.reader = RowReader(
            ws, entity, columns, self._inputs(), raw_records=isinstance(source, JsonLines)
        )
        self.batch = "" if wanted.dry_run else layout.new_id("batch")
        self.linker = Linker(ws, entity, self.batch)
        self.repeats = Repeats(ws, entity)
        self.repeated: list[tuple[int, list[str]]] = []
        self.turned_back: list[tuple[Draft, str, Sequence[str]]] = []
        self.saved = self._saved_line = 0
        self._last_event: str | None = None
        self.summary = Summary(
            entity=entity,
            file=name,
            encoding=source.encoding if isinstance(source, Table) else "utf-8",
            delimiter=source.delimiter if isinstance(source, Table) else "",
            batch=self.batch,
            dry_run=wanted.dry_run,
            columns=columns,
        )

    def _inputs(self) -> InputContext:
        ctx = self.ws.inputs
        country = self.wanted.country.upper() or ctx.country
        if self.wanted.country and not is_country(country):
            raise BadUsage(f"{self.wanted.country!r} is no country", "two letters: RU, KZ, US, …")
        return replace(ctx, country=country, date_order=self.wanted.date_order)

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
            for draft in drafts:
                self._take(open_change, draft)
            if is_last and self.summary.taken and trial is None:
                open_change.note("import.done", "", self._done_facts())
            self._last_event = open_change.last_event
        self.saved, self._saved_line = self.summary.taken, drafts[-1].line

    def _notice_others(self, change: Change) -> None:
        """Between two transactions another command may have written what the next rows repeat."""
        if change.last_event != self._last_event:
            self.ws.look_again()
            self.repeats.look_again()

    def _done_facts(self) -> dict[str, Any]:
        found = self.summary
        return {
            "batch": self.batch,
            "entity": self.entity,
            "file": found.file,
            "rows": found.rows,
            "created": found.created,
            "skipped": found.skipped,
            "rejected": found.rejected,
        }

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
        if draft.faults:
            self._turn_back(draft, draft.faults)
            return
        repeated = self.repeats.of(draft, keys)
        try:
            if self._is_new(change, draft, repeated):
                self._create(change, draft, keys)
            else:
                self._repeat(change, draft, repeated)
        except RowRefused as error:
            self._turn_back(draft, error.faults)
        except (Refused, BadUsage, NotFound, InvalidData) as error:
            hint = f" ({error.hint})" if error.hint else ""
            self._turn_back(draft, [("", error.message + hint)])

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
        for made in self.linker.make(links):
            change.add(made, self.facts)
        change.add(record, self.facts)
        self.repeats.remember(record.id, keys)
        self.summary.dangling_links += links.dangling
        self.summary.created += 1

    def _links(self, draft: Draft) -> Links:
        try:
            links = self.linker.plan(draft)
        except ValueError as error:
            column = self.reader.label_of(next(iter(draft.links)))
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
            for made in self.linker.make(links):
                change.add(made, self.facts)
            found.dangling_links += links.dangling
            name = {"merge": "merged", "replace": "replaced", "complete": "completed"}[policy]
            setattr(found, name, getattr(found, name) + 1)
            return
        found.skipped += 1
        self.repeated.append((draft.line, list(repeated)))
        same = ", ".join(f"{record_id} (same {by})" for record_id, by in repeated.items())
        self.turned_back.append((draft, f"repeats {same}", list(repeated)))

    def _turn_back(self, draft: Draft, faults: Sequence[tuple[str, str]]) -> None:
        self.summary.rejected += 1
        for column, why in faults:
            self.summary.reject(column, why)
        words = "; ".join(f"{column}: {why}" if column else why for column, why in faults)
        self.turned_back.append((draft, words, ()))

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
            error.hint += f" as {self.batch}"
            if self.wanted.on_duplicate != "create":
                error.hint += ": the same file again skips those with a phone, e-mail or INN"


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
