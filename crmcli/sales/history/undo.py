"""Undo and redo of changes of this clone, of whole imports and of single events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from crmcli.dataclass import dataclass, field
from crmcli.errors import Refused
from crmcli.language import tr
from crmcli.model.event import AMENDMENTS, MARKS, PRIVACY_ERASED, SEQUENCES, Event
from crmcli.model.fields import Record
from crmcli.model.listed import only_beginning
from crmcli.model.words import in_words
from crmcli.sales.history.amendments import is_of_people
from crmcli.sales.history.past import (
    SAID,
    PastChange,
    change_at,
    changes_of,
    changes_of_batch,
    ids_from,
)
from crmcli.sales.history.undo_plan import Kept, Reversal
from crmcli.sales.records.packed import Pairs
from crmcli.workspace import Change, Workspace, canaries

Span = tuple[str, str]
OUTGOING = ("mail.out", "sms.out", "message.out")


class NothingToUndo(Refused):
    """This clone has made no change that is not taken back already."""


@dataclass
class Undone:
    """What was undone: each record before and after (None: not there).

    `kept` was changed since, `stays` happened outside, `files` were restored; `marks` are pairs of ids
    and whether they are marked as no duplicates now.
    """

    records: Pairs[Record | None]
    kept: list[Kept] = field(default_factory=list)
    stays: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    marks: list[tuple[str, str, bool]] = field(default_factory=list)

    def add(self, other: Undone) -> None:
        """Take in what another transaction took back."""
        self.records.extend(other.records)
        self.kept += other.kept
        self.stays += other.stays
        self.files += other.files
        self.marks += other.marks


WHOSE = ("mine", "anybody's", "robots'")
"""Whose changes are looked for: those of the acting user, of all who work in this clone, of robots."""


class Telling(NamedTuple):
    """Whom to tell: before anything is undone, and after each transaction, of which an import has many."""

    before: Callable[[Sequence[PastChange]], None]
    each: Callable[[Undone], None]


def undo(
    ws: Workspace, count: int = 1, telling: Telling | None = None, *, whose: str = WHOSE[0]
) -> Undone:
    """Undo the last `count` changes of `whose` in this clone; NothingToUndo if there are none.

    An import counts as one change, and each act of a robot as one. Messages that were sent stay.
    """
    return _in_turn(ws, lambda: _latest(ws, count, whose), telling)


def redo(ws: Workspace, telling: Telling | None = None, *, whose: str = WHOSE[0]) -> Undone:
    """Undo the last undo in this clone; NothingToUndo if there is none."""
    return _in_turn(ws, lambda: _latest(ws, 1, whose, redo=True), telling)


def batch_of(ws: Workspace, beginning: str) -> str:
    """The id of the import whose id begins so; NotFound."""
    events = ws.events(kinds=("import.part", "import.done"))
    batches = (str(event.data.get("batch", "")) for event in events)
    said = tr("no import {!r}", beginning)
    return only_beginning(beginning, batches, said, "see crm import list")


def undo_batch(ws: Workspace, batch: str, telling: Telling | None = None) -> Undone:
    """Undo an import, wherever it ran; edited rows are kept. NotFound, or NothingToUndo if it is undone."""

    def find() -> list[PastChange]:
        spans = undone_spans(ws)
        known = batch_of(ws, batch)
        found = changes_of_batch(ws, known)
        left = [past for past in found if past.span not in spans]
        if not left:
            raise NothingToUndo(
                tr("{} is already undone", known), "do it again with crm undo --redo"
            )
        return left

    return _in_turn(ws, find, telling)


def undo_at(ws: Workspace, event_id: str, telling: Telling | None = None) -> Undone:
    """Undo the change that wrote an event, in whatever clone; NotFound if there is none."""

    def find() -> list[PastChange]:
        past = change_at(ws, event_id)
        if past is None:
            near = ids_from(ws, event_id)
            hint = "see crm timeline REF --json"
            past = change_at(
                ws, only_beginning(event_id, near, tr("no event {!r}", event_id), hint)
            )
        assert past is not None
        if past.span in undone_spans(ws):
            raise NothingToUndo("that change is already undone", "do it again with crm undo --redo")
        return [past]

    return _in_turn(ws, find, telling)


def _in_turn(
    ws: Workspace, find: Callable[[], list[PastChange]], telling: Telling | None
) -> Undone:
    """Undo changes, the latest first, in one transaction, or one for each part of an import.

    With `telling` nothing is returned: an import may be larger than memory.
    """
    total = Undone(Pairs(ws.schema))
    tell = telling.each if telling else total.add
    with ws.series():
        with ws.change("undo") as change:
            ws.look_at_events()
            found = find()
            _check_own(ws, found)
            _check_not_erased(found)
            if telling:
                telling.before(found)
            parts = _parts(found)[::-1]
            done = take_back(ws, change, parts.pop())
            last = change.last_event
        while parts:
            tell(done)
            with ws.change("undo") as change:
                if change.last_event != last:  # somebody else has written meanwhile
                    ws.look_again()
                done = take_back(ws, change, parts.pop())
                last = change.last_event
    tell(done)
    return total


def _check_own(ws: Workspace, changes: Sequence[PastChange]) -> None:
    """Forbidden where others made one of the changes, but to whom may change the settings."""
    if any(past.actor != ws.actor for past in changes):
        ws.require("settings")


def _check_not_erased(changes: Sequence[PastChange]) -> None:
    """Refuse to take an erasure back: what it took is nowhere any more."""
    for past in changes:
        if _is_erasure(past):
            raise Refused(
                tr("{} erased personal data: that cannot be undone", past.id),
                "crm undo --event ID undoes another change, see crm timeline REF --json",
            )


def _is_erasure(past: PastChange) -> bool:
    return next(past.each(kinds=(PRIVACY_ERASED,)), None) is not None


def _parts(changes: Sequence[PastChange]) -> list[list[PastChange]]:
    """What goes into one transaction: a part of an import alone, all between them together."""
    marks = [past.id if past.batch else "" for past in changes]
    pairs = groupby(zip(marks, changes, strict=True), key=lambda pair: pair[0])
    return [[past for _, past in pair] for _, pair in pairs]


def undone_spans(ws: Workspace) -> set[Span]:
    """The changes that were undone in any clone, by their first and last events."""
    return {
        (str(first), str(last))
        for event in ws.house.events(kinds=("change.undone",))
        for first, last in event.data.get("undone", ())
    }


def _latest(ws: Workspace, count: int, whose: str, *, redo: bool = False) -> list[PastChange]:
    """The last changes that can be taken back, the latest first; all of an import's count as one."""
    spans = undone_spans(ws)
    found: list[PastChange] = []
    units: set[str] = set()
    for past in changes_of(ws.house):
        if past.span in spans or past.is_undo is not redo or not (redo or past.is_undoable):
            continue
        if not _is_of(ws, past.actor, whose) or _is_of_canary(ws, past):
            continue
        if _is_erasure(past):
            ws.notes.append(tr("{} erased personal data: that stays", past.id))
            continue
        unit = past.batch or past.id
        if unit not in units and len(units) == count:
            break
        units.add(unit)
        found.append(past)
    if not found:
        nothing = {WHOSE[0]: "you have nothing to undo", WHOSE[2]: "robots have nothing to undo"}
        said = nothing.get(whose, "there is nothing to undo")
        if redo:
            said = "there is nothing to redo"
        hint = "only changes made in this clone are undone, see crm timeline"
        if whose == WHOSE[0]:
            hint = tr("crm undo --any{} undoes what others and robots did here", " --redo" * redo)
        raise NothingToUndo(said, hint)
    return found


def _is_of_canary(ws: Workspace, past: PastChange) -> bool:
    kinds = (canaries.CREATED, canaries.REMOVED)
    return not past.batch and canaries.is_by_audit(ws, partial(past.each, kinds=kinds))


def _is_of(ws: Workspace, actor: str, whose: str) -> bool:
    if whose == WHOSE[0]:
        return actor == ws.actor
    return whose == WHOSE[1] or ":" in actor


def take_back(ws: Workspace, change: Change, changes: Sequence[PastChange]) -> Undone:
    """Undo changes within an open change, the latest first, and note which they were."""
    reversal = Reversal(ws, change)
    for past in changes:
        reversal.take_back(past)
    records = reversal.write()
    files = reversal.write_files()
    facts: dict[str, Any] = {"undone": [list(past.span) for past in changes]}
    if changes[0].batch:
        facts["batch"] = changes[0].batch
    if changes[0].is_undo:
        facts["redo"] = True
    change.note("change.undone", "", facts)
    said, marks = _told(ws, changes)
    return Undone(records, reversal.kept, said + _messages_sent(ws, records, changes), files, marks)


_FATES = {False: "{1}: “{0}” stays on the timeline", True: "{1}: “{0}” is taken back"}


def _told(
    ws: Workspace, changes: Sequence[PastChange]
) -> tuple[list[str], list[tuple[str, str, bool]]]:
    """What changes say beside their records: what has happened, and which pairs are marked now."""
    said: list[str] = []
    marks: list[tuple[str, str, bool]] = []

    def tell_marks(event: Event, *, is_back: bool) -> None:
        other = str(event.data.get("other"))
        if event.kind in MARKS and event.record < other:  # the first of its two events
            marks.append((event.record, other, (event.kind == MARKS[0]) is is_back))
        for first, last in event.data.get("undone", ()):
            for again in ws.events(kinds=(*MARKS, "change.undone")):
                if first <= again.id <= last:
                    tell_marks(again, is_back=not is_back)

    kinds = (*SAID, *AMENDMENTS, *MARKS, "change.undone")
    for event in (e for past in changes for e in past.each(kinds=kinds)):
        if event.kind in (*SAID, *AMENDMENTS):
            is_back = is_of_people(event) or event.kind in SEQUENCES
            said.append(tr(_FATES[is_back], in_words(event.kind), event.record))
        tell_marks(event, is_back=False)
    return said, marks


def _messages_sent(
    ws: Workspace,
    records: Iterable[tuple[Record | None, Record | None]],
    changes: Sequence[PastChange],
) -> list[str]:
    """The messages that robots have sent since about what is undone."""
    first = min(past.id for past in changes)
    sent = [e for e in ws.events(kinds=OUTGOING, after=first) if ":" in e.actor]
    if not sent:
        return []
    ids = {record.id for pair in records for record in pair if record is not None}
    return [
        tr(
            "the message to {} about {} was sent and cannot be undone",
            e.data.get("to", ""),
            e.record,
        )
        for e in sent
        if e.record in ids
    ]
