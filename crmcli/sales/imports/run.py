"""One run of an import: its rows are taken or turned back, a thousand in one transaction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path

from crmcli.errors import CrmError
from crmcli.formats.csv import Table
from crmcli.formats.xlsx import Workbook
from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import CREATED_VALUES
from crmcli.model.preset import NONE
from crmcli.sales.imports.draft import Draft
from crmcli.sales.imports.file_columns import FileColumns
from crmcli.sales.imports.intake_rows import without_others
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.other_rows import OtherRows
from crmcli.sales.imports.rejects import Rejects, rejects_name
from crmcli.sales.imports.resume import earlier_import
from crmcli.sales.imports.sources import Cards, Source, digest_of, doubts_of
from crmcli.sales.imports.summary import Summary
from crmcli.sales.imports.take import Taker
from crmcli.store import layout
from crmcli.workspace import Change, Workspace

CHUNK = 1000
"""Rows in one transaction."""


class Import:
    """One run of an import."""

    def __init__(
        self,
        ws: Workspace,
        entity: str,
        source: Source,
        name: str,
        wanted: ImportOptions,
        created: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._created = {name: [*labels] for name, labels in (created or {}).items()}
        wanted, given = without_others(ws, entity, wanted)
        file = FileColumns(ws, entity, source, name, wanted)
        self.ws = ws
        self.entity = entity
        self.wanted = file.wanted
        self.source = source = file.source
        self.reader = file.reader()
        self.reader.check_said()
        is_number, point = self.reader.is_number, self.reader.habits.point
        self.other_rows = OtherRows(source, file.columns, is_number, point)
        self.digest = digest_of(source)
        earlier = None if wanted.again else earlier_import(ws, entity, self.digest)
        self.saved = self._saved_line = 0
        self._last_event: str | None = None
        resumed = earlier.batch if earlier and not earlier.is_done else ""
        self.summary = self._begun(file, name, resumed)
        self.taker = Taker(self.reader, self.wanted, self.summary, earlier, given)

    def _begun(self, file: FileColumns, name: str, resumed: str) -> Summary:
        """The summary of a run that has read no row yet."""
        source, wanted, preset = file.source, file.wanted, file.vocabulary.preset
        return Summary(
            entity=self.entity,
            file=name,
            encoding=source.encoding,
            delimiter=source.delimiter,
            batch="" if wanted.dry_run else resumed or layout.new_id("batch"),
            dry_run=wanted.dry_run,
            columns=self.reader.columns,
            preset="" if preset == NONE else preset,
            preset_was_asked=bool(wanted.preset),
            resumed=resumed,
            header_line=source.first_line if isinstance(source, Table | Workbook) else 0,
            skipped_above=file.skipped,
            doubts=[*doubts_of(source), *file.told],
            wrong_guesses=file.wrong,
        )

    def run(self, progress: Callable[[int], None]) -> Summary:
        """Read, take and give back every row, a thousand in one transaction."""
        keeps = not (
            self.wanted.dry_run or self.ws.gate
        )  # a file of the host is nothing to who comes in
        rejects = Rejects(self.source, self._reject_paths()) if keeps else None
        with self.ws.series():
            try:
                self._take_all(rejects, progress)
            except BaseException as error:
                self._end_early(error, rejects)
                raise
            self._keep(rejects)
        return self._finished()

    def unknown_values(self) -> Mapping[str, Counter[str]]:
        """How often the rows have values that our directories lack; nothing is taken."""
        for _ in self._drafts():
            pass
        return self.reader.cells.unknown_values

    def _take_all(self, rejects: Rejects | None, progress: Callable[[int], None]) -> None:
        trial = self.ws.trial("import") if self.wanted.dry_run else None
        for drafts, is_last in _chunks(self._drafts()):
            self._take_chunk(drafts, trial, is_last=is_last)
            for draft, reason, ids in self.taker.turned_back:
                if rejects is not None:
                    rejects.add(draft, reason, ids)
            self.taker.turned_back.clear()
            progress(self.summary.rows)

    def _keep(self, rejects: Rejects | None) -> None:
        try:
            kept = rejects.close() if rejects is not None else None
        except CrmError as error:
            self._say_what_stands(error)
            raise
        self.summary.rejects = str(kept) if kept else ""

    def _reject_paths(self) -> list[Path]:
        """Where the rejects may go: as was said, or beside the file, or else into our own folder."""
        wanted = self.wanted
        if wanted.rejects is not None:
            return [wanted.rejects]
        name = rejects_name(self.summary.file, self.source)
        folders = [wanted.file.parent] if wanted.file is not None else []
        return [folder / name for folder in (*folders, self.ws.root / layout.STATE)]

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
            elif not self.wanted.keep_totals and (kind := self.other_rows.kind(row)):
                yield Draft(row, is_other=kind)
            else:
                yield self.reader.read(row)

    def _take_chunk(self, drafts: Sequence[Draft], trial: Change | None, *, is_last: bool) -> None:
        change: AbstractContextManager[Change]
        command = f"import {ENTITIES[self.entity].plural}"
        change = nullcontext(trial) if trial else self.ws.change(command, is_one_of_many=True)
        first, before = self.summary.rows + 1, self.summary.counts()
        refusals = self.summary.refusals_added
        self.taker.not_taken.clear()
        with change as open_change:
            if trial is None and open_change.last_event != self._last_event:
                self.ws.look_again()  # between two transactions another command may have written
                self.taker.look_again()
            self.taker.look_ahead(drafts)
            for draft in drafts:
                self.taker.take(open_change, draft)
                self.summary.conflicts += [(draft.row.line, label) for label in draft.conflicts]
            if trial is None:
                refuses = self.summary.refusals_added > refusals
                self._note_part(open_change, first, before, is_last=is_last, refuses=refuses)
            self._last_event = open_change.last_event
        self.saved, self._saved_line = self.summary.taken, drafts[-1].row.line

    def _note_part(
        self, change: Change, first: int, before: Counter[str], *, is_last: bool, refuses: bool
    ) -> None:
        """What is done so far is written with the rows themselves, so that no kill can part them."""
        found, now = self.summary, self.summary.counts()
        file = {"batch": found.batch, "entity": found.entity, "file": found.file}
        file["digest"] = self.digest
        values = {CREATED_VALUES: self._created} if self._created else {}
        part = {name: count - before[name] for name, count in now.items()}
        if part["created"] or part["changed"] or refuses:
            turned = {"turned": [*self.taker.not_taken]} if self.taker.not_taken else {}
            change.note(
                "import.part", "", {**file, "span": [first, found.rows], **part, **turned, **values}
            )
        if is_last and (found.taken or found.before):
            now["created"] += found.before
            change.note("import.done", "", {**file, "rows": found.rows, **now})

    def _finished(self) -> Summary:
        found = self.summary
        if isinstance(self.source, Cards):
            found.decoded.clear()  # the card itself is what stands in the file
        found.made = Counter(record.entity for record in self.taker.linker.made.values())
        found.unknown_owners = dict(self.reader.cells.unknown_owners)
        found.unknown_values = self.reader.cells.unknown_values
        found.unknown_stages = dict(self.reader.stages.names.unknown)
        found.unknown_pipelines = dict(+self.reader.stages.names.unknown_pipelines)
        found.has_one_pipeline = self.reader.stages.has_one_pipeline
        found.unused_stages = list(self.reader.stages.names.unused.values())
        found.filled = dict(self.reader.placer.filled)
        found.foreign_ids = self.reader.foreign_ids
        found.refusals = dict(self.reader.placer.refusals)
        found.unheard = dict(self.reader.placer.unheard)
        found.unused_values = list(self.reader.said.unused.values())
        return found

    def _say_what_stands(self, error: CrmError) -> None:
        if self.saved and not self.wanted.dry_run:
            rows = counted(self.saved, "row is", "rows are")
            error.hint += tr("; up to line {}, {} imported already", self._saved_line, rows)
            batch = self.summary.batch
            error.hint += tr(" as {}: run the same command again to continue", batch)


def _chunks(drafts: Iterator[Draft]) -> Iterator[tuple[list[Draft], bool]]:
    """A thousand at a time, and whether those are the last."""
    chunk = [*islice(drafts, CHUNK)]
    while chunk:
        following = [*islice(drafts, 1)]
        yield chunk, not following
        chunk = [*following, *islice(drafts, CHUNK - 1)] if following else []
