"""A row becomes a record, changes one, or is rejected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crmcli.errors import BadUsage, InvalidData, NotFound, Refused
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import DATED, STOOD
from crmcli.model.lead import Lead
from crmcli.model.schema import has_field
from crmcli.sales.add import linked_to_known, marked_repeat
from crmcli.sales.consent.block_list import blocklist, check_welcome
from crmcli.sales.conversion.intake import taken_in
from crmcli.sales.duplicates.known import MadeEarlier, also_at, is_one_of
from crmcli.sales.duplicates.ways import MAKES_ALL
from crmcli.sales.imports.draft import Draft, RowRefused
from crmcli.sales.imports.linking import Key, Linker, keys_of
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.repeats import MOST, Repeated, Repeats
from crmcli.sales.imports.resume import PastImport
from crmcli.sales.imports.row_reader import RowReader
from crmcli.sales.imports.row_records import (
    check_writable,
    has_ended,
    is_stub,
    merged,
    new_record,
    refusals_of,
    replaced,
    row_record,
    save_moved,
    with_refusals,
)
from crmcli.sales.imports.summary import Summary
from crmcli.sales.records.defaults import TooLittle
from crmcli.sales.records.tombstones import successor
from crmcli.workspace import Change
from crmcli.workspace.undone import without_undone

if TYPE_CHECKING:
    from crmcli.model.block_list import BlockList
    from crmcli.model.fields import Record


class Taker:
    """Takes the rows of an import and counts them in its summary.

    `earlier` is the previous import of the same file. `repeated` has the lines that repeat records,
    `turned_back` the rejected rows, `not_taken` the numbers of all that are not taken.
    """

    def __init__(
        self, reader: RowReader, wanted: ImportOptions, summary: Summary, earlier: PastImport | None
    ) -> None:
        self._ws = reader.ws
        self._reader = reader
        self._wanted = wanted
        self._summary = summary
        self._earlier = earlier
        self._facts: dict[str, Any] = {"batch": summary.batch}
        if not wanted.robots:
            self._facts["robots"] = False
        self.linker = Linker(reader, summary.batch, may_make=wanted.create_missing)
        self._repeats = Repeats(self._ws, reader.entity)
        self._held: dict[Key, list[str]] = {}
        self._change: Change | None = None
        self._made = MadeEarlier()
        self.repeated: list[tuple[int, list[str]]] = []
        self.turned_back: list[tuple[Draft, str, Sequence[str]]] = []
        self.not_taken: list[int] = []

    def look_again(self) -> None:
        """Another command may have written what the next rows repeat."""
        self._repeats.look_again()
        self.linker.look_again()

    def look_ahead(self, drafts: Sequence[Draft]) -> None:
        """Which contacts and companies have numbers and addresses of the next leads: asked of all at once."""
        self._held.clear()
        if not has_field(self._reader.entity, "repeat"):
            return
        asked: dict[str, set[str]] = {}
        for draft in drafts:
            draft.keys = list(keys_of(self._ws, draft.values))
            for kind, text in draft.keys:
                asked.setdefault(kind, set()).add(text)
        asked.pop("name", None)
        for kind, texts in asked.items():
            for text, record_id in self._ws.holding(kind, texts, self._others):
                self._held.setdefault((kind, text), []).append(record_id)

    @cached_property
    def _others(self) -> list[str]:
        """Who may be known, beside those that are imported."""
        entity = self._reader.entity
        return [other for other in ENTITIES[entity].known_among if other != entity]

    def take(self, change: Change, draft: Draft) -> None:
        """Take one row into the base, or turn it back."""
        found = self._summary
        found.rows += 1
        if draft.is_other:
            found.note_other(draft)
            self.not_taken.append(found.rows)
            return
        keys = draft.keys or list(keys_of(self._ws, draft.values))
        found.note_read(draft, keys, self._ws.settings.currency)
        if found.resumed and self._earlier and self._earlier.took(found.rows):
            found.before += 1
            return
        try:
            if draft.faults:
                raise RowRefused(draft.faults)
            self._judge(change, draft, keys)
            if found.rows not in self.not_taken[-1:]:
                found.note_doubts(draft)
        except RowRefused as error:
            self._reject(draft, error.faults)
        except (Refused, BadUsage, NotFound, InvalidData) as error:
            hint = f" ({tr(error.hint)})" if error.hint and not isinstance(error, TooLittle) else ""
            self._reject(draft, [("", tr(error.message) + hint)])

    def _judge(self, change: Change, draft: Draft, keys: Sequence[Key]) -> None:
        """Whether a row is new, repeats a record, or was taken when its file was imported before."""
        if draft.id and not self._ws.exists(draft.id):
            draft.id = successor(self._ws, draft.id) or draft.id
        makes_all = self._wanted.on_duplicate in MAKES_ALL
        repeated = self._repeats.of(draft, keys, lambda: self._record(draft), change.get)
        if repeated.same and (not makes_all or draft.id in repeated.same):
            self._repeat(change, draft, repeated)
        elif repeated.doubtful and not makes_all:
            self._doubt(draft, repeated.doubtful)
        elif self._was_taken(draft, keys):
            assert self._earlier is not None
            why = "already imported with this file as {} (--again imports it again)"
            self._skip(draft, tr(why, self._earlier.batch))
        else:
            self._create(change, draft, keys)
            self._summary.repeating += bool(repeated.same or repeated.doubtful)
            if repeated.others:
                self._summary.count_apart(draft, repeated.others)
            known = repeated.likely
            if self._wanted.on_duplicate == "warn":
                known = {**repeated.same, **repeated.doubtful, **known}
            if known:
                self._summary.count_known(draft, known)

    def _record(self, draft: Draft) -> Record:
        """What a row says, in the companies that it names as far as they are there."""
        return also_at(row_record(self._reader, draft), self.linker.companies(draft))

    def _doubt(self, draft: Draft, candidates: Mapping[str, str]) -> None:
        """Give back a row of which nothing says whether it is one of those."""
        self.repeated.append((draft.row.line, list(candidates)))
        by = (tr("{} (same {})", record_id, tr(fact)) for record_id, fact in candidates.items())
        why = tr(
            "may be {}; a column id with that id takes it as that one, --on-duplicate create as a new one",
            ", ".join(by),
        )
        self._reject(draft, [("", why)], list(candidates))

    def _was_taken(self, draft: Draft, keys: Sequence[Key]) -> bool:
        """Whether a row by which nothing is known is of a file that was imported whole before."""
        if (
            (keys and not self._is_intake)
            or draft.id
            or self._summary.resumed
            or self._wanted.on_duplicate in MAKES_ALL
        ):
            return False
        return self._earlier is not None and self._earlier.took(self._summary.rows)

    def _create(self, change: Change, draft: Draft, keys: Sequence[Key]) -> None:
        self.linker.link(draft)
        record = new_record(self._reader, draft, self._summary.batch)
        if self._wanted.on_duplicate == "link":
            record = linked_to_known(self._ws, record)
        if not draft.id:
            record = self._marked(record, draft, keys)
        check_writable(self._ws, record, draft)
        if not draft.id:  # our own export is no intake
            check_welcome(self._ws, record, self._blocks)
        if self._is_intake and isinstance(record, Lead):
            self._take_in(change, record, draft)
        else:
            self._add_linked(change, draft)
            stood = {STOOD: draft.stood} if draft.stood else {}
            change.add(record, {**self._facts, **stood})
            if not draft.id and has_ended(self._ws, record):
                self._summary.note_end(draft, is_lost=self._ws.stage_of(record).kind == "lost")
            self._repeats.remember(record.id, keys, draft)
        self._summary.created += 1

    def _marked(self, record: Record, draft: Draft, keys: Sequence[Key]) -> Record:
        """A lead whose client was here before, marked as a repeated one."""
        there = dict.fromkeys(i for key in keys for i in self._held.get(key, ()))
        is_known = is_one_of(self._ws, record, list(there)[:MOST]) if there else False
        new = {*self.linker.made, *(one.id for one in draft.missing)}
        return marked_repeat(record, is_known=is_known, new=new)

    @property
    def _is_intake(self) -> bool:
        """Whether rows become deals, for no leads are kept."""
        return has_field(self._reader.entity, "converted") and not self._ws.settings.leads

    def _take_in(self, change: Change, lead: Lead, draft: Draft) -> None:
        """A row becomes a deal, with the contact and the company that it needs."""
        if change is not self._change:  # the index knows those of the one before
            self._change, self._made = change, MadeEarlier()
        new = {one.id: one for one in draft.missing}
        plan = taken_in(
            self._ws,
            lead,
            self._wanted.on_duplicate,
            lambda i: new.get(i) or change.get(i),
            self._made,
        )
        made = {e: r.with_values({"batch": self._summary.batch}) for e, r in plan.made.items()}
        deal = made.pop("deal", None)
        draft.missing += made.values()
        self._add_linked(change, draft)
        for record in plan.used.values():
            change.save(record, data=self._facts)
        if deal is not None:
            change.add(deal, self._facts)
        self._made.add(self._ws, [*made.values(), *([deal] if deal else [])])
        self._summary.becomes = "deal"

    @cached_property
    def _blocks(self) -> BlockList:
        return blocklist(self._ws)

    def _add_linked(self, change: Change, draft: Draft) -> None:
        """The records that a row's links need, and the files that come with it."""
        self.linker.remember(draft.missing)
        for record in draft.missing:
            change.add(record, self._facts)
        for content in draft.row.attached:
            change.attach(content)
        self._summary.dangling_links += draft.dangling

    def _repeat(self, change: Change, draft: Draft, found_by: Repeated) -> None:
        """Do with a row that repeats records what the policy says."""
        policy, found = self._wanted.on_duplicate, self._summary
        repeated = found_by.same
        if policy == "update":
            policy = "replace" if found_by.is_named and draft.id not in repeated else "skip"
        lifts = self._wanted.allow_consent_changes
        old = change.get(next(iter(repeated)))
        is_completed = draft.id in repeated and is_stub(self._ws, old)
        if not is_completed and policy not in ("merge", "replace"):
            by = (tr("{} (same {})", record_id, tr(fact)) for record_id, fact in repeated.items())
            self.repeated.append((draft.row.line, list(repeated)))
            if len(repeated) == 1 and policy == "skip":
                self._add_refusals(change, draft, old)
            self._skip(draft, tr("repeats {}", ", ".join(by)), list(repeated))
            return
        if len(repeated) > 1:
            raise RowRefused(
                [("", tr("repeats {} records: {}", len(repeated), " ".join(repeated)))]
            )
        self.linker.link(draft)
        if is_completed:
            record = new_record(self._reader, draft, str(old.get("batch")))
            self._save(change, draft, record)
            found.completed += 1
        elif policy == "merge":
            record, kept = merged(self._reader, draft, old, lifts=lifts)
            self._save(change, draft, record)
            self._count_refusals(draft, old, record)
            found.merged, found.kept = found.merged + 1, found.kept + kept
        else:
            record = replaced(self._reader, draft, old, lifts=lifts)
            self._save(change, draft, record, may_move=True)
            self._count_refusals(draft, old, record)
            is_dated = self._tell_stages(change, draft, old.id)
            has_changed = is_dated or change.get(old.id) != old
            found.replaced += has_changed
            found.unchanged += not has_changed

    def _tell_stages(self, change: Change, draft: Draft, record_id: str) -> bool:
        """Write down what is not yet known of when a record came to its stages; whether there is any."""
        kinds = (f"{self._reader.entity}.created", DATED)
        events = self._ws.events(record=record_id, kinds=kinds) if draft.stood else ()
        known: dict[str, str] = {}
        for event in without_undone(self._ws, events, DATED):
            known.update(event.data.get(STOOD, {}))
        new = {stage: at for stage, at in draft.stood.items() if known.get(stage) != at}
        if new:
            change.note(DATED, record_id, {**self._facts, STOOD: new})
        return bool(new)

    def _add_refusals(self, change: Change, draft: Draft, old: Record) -> None:
        """Somebody who is known already refuses now: that is taken of a row that is not."""
        record = with_refusals(old, draft, old)
        if record != old:
            change.save(record, data=self._facts)
            self._summary.refusals_added += 1

    def _count_refusals(self, draft: Draft, old: Record, new: Record) -> None:
        self._summary.refusals_lifted += bool(refusals_of(old) - refusals_of(new))
        self._summary.refusals_kept += bool(draft.allowed & refusals_of(old) & refusals_of(new))

    def _save(
        self, change: Change, draft: Draft, record: Record, *, may_move: bool = False
    ) -> None:
        check_writable(self._ws, record, draft)
        if may_move:  # which may be refused
            save_moved(change, self._ws, record, draft, self._facts)
        else:
            change.save(record, data=self._facts)
        self._add_linked(change, draft)

    def _reject(
        self, draft: Draft, faults: Sequence[tuple[str, str]], repeats: Sequence[str] = ()
    ) -> None:
        self._summary.rejected += 1
        for column, why in faults:
            self._summary.count_reason(column, why)
        words = "; ".join(f"{column}: {why}" if column else why for column, why in faults)
        self._turn_back(draft, words, repeats)

    def _skip(self, draft: Draft, why: str, repeats: Sequence[str] = ()) -> None:
        self._summary.skipped += 1
        self._turn_back(draft, why, repeats)

    def _turn_back(self, draft: Draft, why: str, repeats: Sequence[str] = ()) -> None:
        self.not_taken.append(self._summary.rows)
        self.turned_back.append((draft, why, repeats))
