"""What became of records, in words: edited, moved, converted, taken back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import ACTIVITIES, COMMAND, USUAL, told_actor
from crmcli.model.fields import Record
from crmcli.model.local_times import local_minute
from crmcli.model.merged import survivor_of
from crmcli.model.money import write_money
from crmcli.model.values import entity_of
from crmcli.present.columns import change_text, name_of, value_text
from crmcli.present.records import raw_row
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.model.invoice import Invoice
    from crmcli.model.offer import Offer
    from crmcli.sales.add import Added
    from crmcli.sales.history.past import PastChange
    from crmcli.sales.history.undo import Undone
    from crmcli.sales.leads import Conversion
    from crmcli.sales.settings.fields import Reshaped
    from crmcli.sales.stages import Move
    from crmcli.workspace import Workspace

_COMMANDS = {
    **{word: f"{{}} {verb}" for word, verb in USUAL.items()}, "merged": "{} merge", "unmerged": "{} unmerge",
    "converted": "{} convert", "reopened": "{} reopen",
    "activity.edited": "activity edit", "activity.deleted": "activity rm",
    "sequence.started": "robots start", "sequence.stopped": "robots stop", "signal": "trigger fire",
    "change.undone": "undo --redo",
    "card.synced": "contact sync", "card.unlinked": "contact sync",
    "duplicate.denied": "dupes apart", "duplicate.reopened": "dupes apart --back",
    **{kind: f"log {kind.partition('.')[0]}" for kind in ACTIVITIES},
}  # fmt: skip
"""The command that writes an event which names none, by its kind or the last word of that; else it is
that word."""
_TELLING = ("converted", "done", "reopened", "merged", "unmerged")
"""Last words of events that say more of a command than those before them."""
_NEW = {"contact": "new contact {} {}", "company": "new company {} {}", "deal": "new deal {} {}"}
MOST_COMMANDS = 10
"""Commands that an undo names one by one."""
MOST_EVENTS = 50
"""Events of a change that are looked at to say what it was."""
MOST_NAMED = 3
"""Known records that one line names."""


def difference(ws: Workspace, before: Record, after: Record) -> list[str]:
    """What an edit changed: `amount 100 → 200`."""
    lines: list[str] = []
    hidden = ws.hidden_of(after.entity)
    for field in (one for one in ws.schema.fields(after.entity) if one.name not in hidden):
        old, new = before.get(field.name), after.get(field.name)
        if old != new:
            raw = (field.kind.dump(value) for value in (old, new))
            lines.append(change_text(ws, after.entity, field.name, *raw))
    names = sorted({*before.unknown, *after.unknown})
    lines += [tr("{} changed", n) for n in names if before.unknown.get(n) != after.unknown.get(n)]
    return lines


def changed(ws: Workspace, before: Record, after: Record) -> Told:
    """Which fields of a record went from what to what."""
    lines = difference(ws, before, after)
    name = f"{after.id} {after.get('name')}"
    text = f"{name}: {'; '.join(lines)}" if lines else tr("{}: nothing to change", after.id)
    return Told(text, raw_row(ws, after))


def known(done: Added) -> str:
    """Whom a new record may be, or that one was there and nothing was added; "" if nobody is known."""
    shown = "; ".join(map(str, done.known[:MOST_NAMED]))
    more = len(done.known) - MOST_NAMED
    shown += tr(" and {} more", more) if more > 0 else ""
    if not done.is_new:
        return tr("nothing added: {}", shown)
    return tr("may already be known: {}", shown) if done.known else ""


def moved(ws: Workspace, done: Move) -> Told:
    """Where a record went, and what waits for it there."""
    record, stage = done.record, done.stage
    row = raw_row(ws, record)
    if not done.moved:
        more = tr("; the reason is {} now", done.reason) if done.reason else ""
        return Told(tr("{} is already in {!r}{}.", record.id, stage.name, more), row)
    waiting = 0 if ws.dry_run else sum(robot.enabled for robot in stage.robots)
    robots = counted(waiting, "robot waits", "robots wait")
    details = [tr("{} there for crm tick", robots)] if waiting else []
    return Told(
        tr("Moved {} {} to {!r}.", record.id, record.get("name"), stage.name), row, details=details
    )


def closed(ws: Workspace, done: Move | Offer | Invoice) -> Told:
    """Where a record went, or how a document ended."""
    if isinstance(done, Record):
        told = {
            "accepted": tr("Accepted: {} {}."),
            "declined": tr("Declined: {} {}."),
            "cancelled": tr("Cancelled: {} {}."),
        }
        text = told.get(str(done.get("status")), tr("Sent: {} {}.")).format(
            done.id, done.get("name")
        )
        return Told(text, raw_row(ws, done))
    return moved(ws, done)


def paid(ws: Workspace, invoice: Invoice) -> Told:
    """What came for an invoice, and what is left of it."""
    came, language = abs(invoice.payments[-1].amount), ws.settings.language
    said = write_money(came, invoice.currency, language)
    paid, back = tr("Paid {} for {} {}"), tr("Paid {} back for {} {}")
    text = (back if invoice.credits else paid).format(said, invoice.id, invoice.name)
    left = write_money(abs(invoice.left), invoice.currency, language)
    after = tr("; {} left", left) if invoice.left else tr(", in full")
    return Told(f"{text}{after}.", raw_row(ws, invoice))


def converted(ws: Workspace, done: Conversion) -> Told:
    """What a lead became, and what of it was lost or stayed as it was."""
    parts = [tr(_NEW[e], r.id, r.get("name")) for e, r in done.made.items()]
    parts += [f"{tr(e)} {r.id} {r.get('name')}" for e, r in done.used.items()]
    row = {
        "lead": done.lead.id,
        **done.ids,
        "made": {e: raw_row(ws, r) for e, r in done.made.items()},
        "unmapped": list(done.unmapped),
        "conflicts": list(done.conflicts),
    }
    text = tr("Converted {} to {}.", done.lead.id, ", ".join(parts))
    return Told(text, row, list(_remarks(ws, done)))


def _remarks(ws: Workspace, done: Conversion) -> Iterator[str]:
    from crmcli.sales.consent.block_list import blocklist, stops

    lead = done.lead
    known = {field.name: field for field in ws.schema.fields(lead.entity)}
    for name, value in ((name, raw_row(ws, lead).get(name)) for name in done.unmapped):
        field = known.get(name)
        text = value_text(ws, lead.entity, field, value) if field else str(value)
        yield tr("not carried over: {} = {}", field.word if field else name, text)
    for conflict in done.conflicts:
        yield tr("unchanged: {}", conflict)
    block = stops(blocklist(ws), lead)
    if block is not None:
        yield tr("{} is on the block list", block)
    first = "" if ws.dry_run else tr("crm lead unconvert {}, then ", lead.id)
    for entity, one in done.known:
        if one.record.id in done.ids.values():
            yield tr("known already: {}", one)
            continue
        use = f"{first}crm lead convert {lead.id} --use-{entity} {one.record.id}"
        yield tr("may already be known: {}: {}", one, use)
    if done.tasks:
        yield tr("{} carried over", counted(len(done.tasks), "task"))


def reshaped(
    ws: Workspace, text: str, done: Reshaped, row: dict[str, Any], own: str = "settings.yaml"
) -> Told:
    """What became of a field or a value, in how many records, and which other files changed."""
    count = tr(", records changed: {}", done.records) if done.records else ""
    would = "{} would change too" if ws.dry_run else "{} was changed too"
    notes = [tr(would, path) for path in done.files if path != own]
    notes += [tr("{} still mentions it", place) for place in done.left]
    row = {**row, "records": done.records, "files": list(done.files)}
    return Told(f"{text}{count}.", row, notes)


def marked(one: str, other: str, *, apart: bool) -> Told:
    """What a mark on two records says of them now."""
    told = "{} and {} are not duplicates." if apart else "{} and {} may be duplicates again."
    text = tr(told, one, other)
    return Told(text, {"id": one, "other": other, "apart": apart})


def to_be_undone(ws: Workspace, changes: Sequence[PastChange]) -> Iterator[str]:
    """What is about to be taken back, a line for each command: `lead edit lead-7k3 Кровля, 12:00`."""
    units = {past.batch or past.id: past for past in changes}
    for past in list(units.values())[:MOST_COMMANDS]:
        first = next(past.each())
        who = "" if past.actor == ws.actor else tr(" by {}", told_actor(ws.owner_name(past.actor)))
        yield tr("undoing: {}, {}{}", _command(ws, past), local_minute(first.at, ws.zone), who)
    if len(units) > MOST_COMMANDS:
        yield tr("and {} more", len(units) - MOST_COMMANDS)


def _command(ws: Workspace, past: PastChange) -> str:
    """A change as the command that makes it; the timeline does not keep how that was typed."""
    undo = "undo" if past.is_undo else ""
    if past.batch:
        return f"import {undo} {past.batch}".replace("  ", " ")
    events = list(islice(past.each(), MOST_EVENTS))
    said = next((str(e.data[COMMAND]) for e in events if COMMAND in e.data), "")
    others = {e.record for e in past.each() if e.record and not e.kind.startswith("job.")}
    acts = [e for e in events if not e.kind.startswith("job.")] or events
    noun = said.partition(" ")[0]
    telling = (e for e in acts if e.kind.rpartition(".")[2] in _TELLING)
    event = next((e for e in acts if noun and entity_of(e.record) == noun), next(telling, acts[0]))
    noun, _, what = event.kind.rpartition(".")
    way = _COMMANDS.get(event.kind) or _COMMANDS.get(what, f"{{}} {what}")
    command = undo or said or way.format(entity_of(event.record) or noun)
    about = f"{event.record} {name_of(ws, event.record)}".strip()
    if event.kind == "file.changed":
        about = str(event.data.get("file", ""))
        command, about = (said, about) if said else ("", tr("change of {}", about))
    others.discard(event.record)
    more = tr(" and {}", counted(len(others), "more record")) if others else ""
    return f"{command} {about}".strip() + more


def undone(ws: Workspace, done: Undone) -> Iterator[Told]:
    """What was taken back, one after the other."""
    for before, after in done.records:
        record = after or before
        assert record is not None  # what is on neither side was not changed
        yield Told(_taken_back(ws, before, after), raw_row(ws, record))
    for path in done.files:
        said = "{} is as it was." if ws.has_file(path) or ws.dry_run else "Removed {}."
        yield Told(tr(said, path), {"file": path})
    for one, other, apart in done.marks:
        yield marked(one, other, apart=apart)


class ImportUndone:
    """What an undo of imports did, in counts: a line for thousands of records."""

    def __init__(self) -> None:
        self._records: Counter[tuple[str, str]] = Counter()
        self._kept: Counter[str] = Counter()
        self._examples: dict[str, str] = {}

    def add(self, done: Undone) -> None:
        """Count what one transaction took back, and what it kept."""
        for before, after in done.records.ids():
            way = "gone" if not after else "back" if before else "there"
            self._records[entity_of(after or before), way] += 1
        for kept in done.kept:
            self._kept[kept.why] += 1
            self._examples.setdefault(kept.why, f"{kept.record} {kept.field}".strip())

    def told(self) -> Told:
        """The counts of what was taken back."""
        parts = [
            tr("removed: {}", self._named("gone")) if self._named("gone") else "",
            tr("put back: {}", self._named("there")) if self._named("there") else "",
            tr("as before: {}", self._named("back")) if self._named("back") else "",
        ]
        found = "; ".join(filter(None, parts))
        text = tr("Undone: {}.", found) if found else "no record was changed"
        return Told(text, {"records": self._records.total(), "kept": self._kept.total()})

    def _named(self, way: str) -> str:
        """`2 leads, 1 contact`."""
        found = sorted((e, n) for (e, w), n in self._records.items() if w == way)
        return ", ".join(counted(n, e, ENTITIES[e].plural) for e, n in found)

    def kept(self) -> Iterator[str]:
        """What was kept and why, with an example."""
        for why, count in self._kept.most_common():
            shown = self._examples[why]
            yield tr("kept: {}: {}, e.g. {}", counted(count, "record"), tr(why), shown)


def left_alone(done: Undone) -> Iterator[str]:
    """What an undo did not take back."""
    for kept in done.kept:
        yield tr("kept: {}: {}", f"{kept.record} {kept.field}".strip(), tr(kept.why))
    yield from done.stays
    if not (done.records or done.files or done.marks):
        yield "no record was changed"


def _taken_back(ws: Workspace, before: Record | None, after: Record | None) -> str:
    """What became of one record."""
    if after is None:
        assert before is not None
        return tr("Removed {} {}.", before.id, before.get("name"))
    if before is None:
        return tr("Put back {} {}.", after.id, after.get("name"))
    stone, other = survivor_of(before), survivor_of(after)
    if stone != other:
        whom, way = (
            (after, tr("out of {} again", stone)) if stone else (before, tr("into {} again", other))
        )
        return tr("{} {} went {}.", whom.id, whom.get("name"), way)
    return f"{after.id} {after.get('name')}: {'; '.join(difference(ws, before, after))}"
