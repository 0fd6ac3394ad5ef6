"""A row becomes a record, changes one, or is rejected."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

from crmcli.errors import BadUsage, InvalidData, NotFound, Refused
from crmcli.language import tr
from crmcli.model.block_list import BlockList
from crmcli.model.event import STOOD
from crmcli.model.fields import Record
from crmcli.model.lead import Lead
from crmcli.model.masking import CONTACTS, contacts_of, typed_contacts
from crmcli.sales.add import linked_to_known, marked_repeat
from crmcli.sales.consent.block_list import blocklist, check_welcome
from crmcli.sales.conversion.intake import is_intake
from crmcli.sales.duplicates.known import also_at
from crmcli.sales.duplicates.ways import MAKES_ALL
from crmcli.sales.imports.draft import Draft, RowRefused
from crmcli.sales.imports.intake_rows import Intake
from crmcli.sales.imports.known_clients import KnownClients
from crmcli.sales.imports.linking import Linker, keys_of
from crmcli.sales.imports.options import ImportOptions
from crmcli.sales.imports.repeats import Repeated, Repeats
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
from crmcli.sales.imports.stage_dates import tell_stages
from crmcli.sales.imports.summary import Summary
from crmcli.sales.records.defaults import TooLittle
from crmcli.sales.records.given_values import Given
from crmcli.sales.records.tombstones import successor
from crmcli.workspace import Change
from crmcli.workspace.withheld import may_be_whole


class Taker:
    """Takes the rows of an import and counts them in its summary.

    `earlier` is the previous import of the same file, `given` what is said of what rows become. `repeated`
    has the lines that repeat records, `turned_back` the rejected rows, `not_taken` the numbers of all that
    are not taken.
    """

    def __init__(
        self,
        reader: RowReader,
        wanted: ImportOptions,
        summary: Summary,
        earlier: PastImport | None,
        given: Mapping[str, Given],
    ) -> None:
        self._ws = reader.ws
        self._reader = reader
        self._wanted = wanted
        self._summary = summary
        self._earlier = earlier
        self._is_intake = is_intake(self._ws, reader.entity)
        self._facts: dict[str, Any] = {"batch": summary.batch}
        if not wanted.robots:
            self._facts["robots"] = False
        self.linker = Linker(reader, summary.batch, may_make=wanted.create_missing)
        self._repeats = Repeats(self._ws, reader.entity)
        self._clients = KnownClients(self._ws, reader.entity)
        self._intake = Intake(self._ws, summary.batch, wanted.on_duplicate, given)
        self.repeated: list[tuple[int, list[str]]] = []
        self.turned_back: list[tuple[Draft, str, Sequence[str]]] = []
        self.not_taken: list[int] = []

    def look_again(self) -> None:
        """Another command may have written what the next rows repeat."""
        self._repeats.look_again()
        self.linker.look_again()

    def look_ahead(self, drafts: Sequence[Draft]) -> None:
        """What is best asked of many rows at once."""
        for draft in drafts:
            draft.keys = list(keys_of(self._ws, draft.values))
        if self._ws.trail is not None:
            self._ws.trail.named(chain.from_iterable(map(_numbers_in, drafts)))
        self._clients.look_up(drafts)

    def take(self, change: Change, draft: Draft) -> None:
        """Take one row into the base, or turn it back."""
        found = self._summary
        found.rows += 1
        if draft.is_other:
            found.note_other(draft)
            self.not_taken.append(found.rows)
            return
        found.note_read(draft, draft.keys, self._ws.settings.currency)
        if found.resumed and self._earlier and self._earlier.took(found.rows):
            found.before += 1
            return
        try:
            if draft.faults:
                raise RowRefused(draft.faults)
            self._judge(change, draft)
            if found.rows not in self.not_taken[-1:]:
                found.note_doubts(draft)
        except RowRefused as error:
            self._reject(draft, error.faults)
        except (Refused, BadUsage, NotFound, InvalidData) as error:
            hint = f" ({tr(error.hint)})" if error.hint and not isinstance(error, TooLittle) else ""
            self._reject(draft, [("", tr(error.message) + hint)])

    def _judge(self, change: Change, draft: Draft) -> None:
        """Whether a row is new, repeats a record, or was taken when its file was imported before."""
        if draft.id and not self._ws.exists(draft.id):
            draft.id = successor(self._ws, draft.id) or draft.id
        makes_all = self._wanted.on_duplicate in MAKES_ALL
        repeated = self._repeats.of(draft, draft.keys, lambda: self._record(draft), change.get)
        if repeated.same and (not makes_all or draft.id in repeated.same):
            self._repeat(change, draft, repeated)
        elif repeated.doubtful and not makes_all:
            self._doubt(draft, repeated.doubtful)
        elif self._was_taken(draft):
            assert self._earlier is not None
            why = "already imported with this file as {} (--again imports it again)"
            self._skip(draft, tr(why, self._earlier.batch))
        else:
            self._create(change, draft)
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

    def _was_taken(self, draft: Draft) -> bool:
        """Whether a row by which nothing is known is of a file that was imported whole before."""
        if (
            (draft.keys and not self._is_intake)
            or draft.id
            or self._summary.resumed
            or self._wanted.on_duplicate in MAKES_ALL
        ):
            return False
        return self._earlier is not None and self._earlier.took(self._summary.rows)

    def _create(self, change: Change, draft: Draft) -> None:
        self.linker.link(draft)
        record = new_record(self._reader, draft, self._summary.batch)
        if self._wanted.on_duplicate == "link":
            record = linked_to_known(self._ws, record)
        if not draft.id:
            record = self._marked(record, draft)
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
            self._repeats.remember(record.id, draft.keys, draft)
        self._summary.created += 1

    def _marked(self, record: Record, draft: Draft) -> Record:
        """A lead whose client was here before, marked as a repeated one."""
        new = ChainMap(self.linker.made, {one.id: one for one in draft.missing})
        return marked_repeat(record, is_known=self._clients.has(record, draft.keys), new=new)

    def _take_in(self, change: Change, lead: Lead, draft: Draft) -> None:
        """A row becomes a deal, with the contact and the company that it needs."""
        plan = self._intake.plan(change, lead, draft)
        made = dict(plan.made)
        deal = made.pop("deal", None)
        draft.missing += made.values()
        self._add_linked(change, draft)
        for record in plan.used.values():
            change.save(record, data=self._facts)
        if deal is not None:
            change.add(deal, self._facts)
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
            is_dated = tell_stages(change, self._ws, old.id, draft.stood, self._facts)
            has_changed = is_dated or change.get(old.id) != old
            found.replaced += has_changed
            found.unchanged += not has_changed

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


def _numbers_in(draft: Draft) -> Iterator[str]:
    """The whole phones, e-mails and handles by which a row, and whom it names, are looked up."""
    for kind, text in draft.keys:
        yield from typed_contacts(kind, [text])
    for mention in (one for mentions in draft.links.values() for one in mentions):
        yield from contacts_of(mention.facts, CONTACTS)
        yield from filter(may_be_whole, (mention.name, mention.or_id))
