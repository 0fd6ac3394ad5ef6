"""Mending what has one right answer; everything else is left to a person."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from crmcli.model.entities import ENTITIES
from crmcli.model.values import Email, Phone, entity_of
from crmcli.sales.checks.record_checks import Inquest, is_there
from crmcli.sales.records.links import links_of, relinked
from crmcli.sales.records.tombstones import successor
from crmcli.store import layout
from crmcli.store.disk import files, targets
from crmcli.store.disk.recovery import recover, strays
from crmcli.store.disk.transaction import Transaction
from crmcli.store.index import base
from crmcli.store.index.documents import IndexDamaged
from crmcli.store.records import stray_files
from crmcli.store.safety import locks, state, state_aside, trust
from crmcli.store.timeline import chain, csv_lines

if TYPE_CHECKING:
    from crmcli.model.fields import Field, Record
    from crmcli.workspace import Workspace

KINDS = ("phone", "phones", "email", "emails")
RUBBISH = ("clone-id.", "index.db.new")
"""Beginnings of names in .crm/ that only a killed command leaves behind."""


class Mended(NamedTuple):
    """What was mended, or would be."""

    path: str
    what: str

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


class Case(NamedTuple):
    """What has more than one right answer: a record, and the question that a person is asked."""

    record: str
    question: str


May = Callable[[Case], bool]
"""Says whether something may be mended that has more than one answer."""


def mend(ws: Workspace, may: May) -> Iterator[Mended]:
    """Mend the workspace's own state, lines of the timeline that stand twice or end strangely, records
    in the wrong folder, the spelling of phones and e-mails, and, where `may` says so, links that lead
    nowhere and files that were deleted by hand. A dry run only tells."""
    yield from _own_state(ws)
    if ws.only_reads:
        return  # a dry run in a state that is not ours: the rest is looked at when it is
    yield from _timeline(ws)
    yield from _places(ws)
    ws.look_again()
    yield from _index(ws)
    for entity in ENTITIES:
        for found in ws.select(entity):
            yield from _of_record(ws, found, may)
    yield from _lost(ws, may)
    yield from _found(ws, may)


def _own_state(ws: Workspace) -> Iterator[Mended]:
    """What stands in .crm/ and belongs to no change, or all of it where it is not ours."""
    yield from _foreign_state(ws)
    if ws.only_reads:
        return
    left = strays(ws.root)
    if left and not ws.dry_run:
        with locks.exclusive(ws.root, "check", any_disk=ws.settings.any_disk):
            recover(ws.root)
    yield from (Mended(path, "removed what a killed command had left") for path in left)
    folder = ws.root / layout.STATE
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    for name in names:
        if name.startswith(RUBBISH):
            if not ws.dry_run:
                with files.os_errors(f"remove {layout.STATE}/{name}"):
                    (folder / name).unlink(missing_ok=True)
            yield Mended(f"{layout.STATE}/{name}", "removed what a killed command had left")
    if not base.is_sound(ws.root):
        if not ws.dry_run:
            base.discard(ws.root)
        yield Mended(base.PATH, "removed: it was damaged, and is built anew from the files")


def _foreign_state(ws: Workspace) -> Iterator[Mended]:
    trust.refuse_stranger(ws.root)
    why = state.why_foreign(ws.root)
    if not why:
        return
    was_tracked = state.is_tracked(ws.root)
    place = f"{layout.STATE}/aside" if ws.dry_run else state_aside.set_aside(ws.root)
    what = f"it {why}; set aside in {place}"
    if was_tracked:
        what += f", and taken out of git (git rm -r --cached {layout.STATE}): commit that"
    yield Mended(layout.STATE, what)
    ws.only_reads = ws.dry_run
    ws.look_again()


def _index(ws: Workspace) -> Iterator[Mended]:
    """An index that is sound in itself, and says something else than the files."""
    try:
        inquest = Inquest(ws, staged=False)
        for entity in ENTITIES:
            for raw in ws.rows(entity):
                inquest.compare(raw)
        said = [problem.message for problem in inquest.of_index()]
    except IndexDamaged as error:
        said = [error.message]
    ws.look_again()
    if (
        not ws.dry_run
    ):  # also where nothing is found: what it says beside the records is not compared
        base.discard(ws.root)
    for words in said:
        yield Mended(base.PATH, f"removed: {words}; it is built anew from the files")


def _timeline(ws: Workspace) -> Iterator[Mended]:
    """Timeline files with strange line ends, or with a line that stands there twice to the letter."""
    bad = chain.by_file(ws.problems())
    found = [*chain.problems(ws.root, bad), *chain.line_ends(ws.root, bad)]
    for path in dict.fromkeys(p.path for p in found if p.hint == chain.BY_FIX):
        if not targets.is_journal(path):
            continue  # under a strange name, which is told: nobody but crm's own files is mended
        with _alone(ws) as plan:
            content = files.read_bytes(ws.root / path)
            is_whole = csv_lines.read_file(ws.root / path).end == len(content)
            new, what = chain.mended(content, is_whole=is_whole)
            if new != content:
                plan.put(path, new, files.digest(content))
        if what:
            yield Mended(path, "; ".join(what))


def _places(ws: Workspace) -> Iterator[Mended]:
    """Files of records that stand elsewhere than where crm looks for them."""
    for found in stray_files.misplaced(ws.root):
        with _alone(ws) as plan:
            content = files.read_bytes(ws.root / found.path)
            plan.delete(found.path, files.digest(content))
            if not found.twin:
                plan.put(found.target, content, None)
        what = f"removed: the same stands in {found.target}"
        yield Mended(found.path, what if found.twin else f"moved to {found.target}")


@contextmanager
def _alone(ws: Workspace) -> Iterator[Transaction]:
    """A transaction for files that are no records; written at the end, but for a dry run."""
    with locks.exclusive(ws.root, "check", any_disk=ws.settings.any_disk):
        recover(ws.root)
        plan = Transaction(ws.root, "check --fix", ws.user)
        yield plan
        if not ws.dry_run:
            plan.commit()


def _lost(ws: Workspace, may: May) -> Iterator[Mended]:
    """Notes the removal of records whose files somebody deleted."""
    recordless = () if _lacks_timeline(ws) else (i for i, _ in ws.births.recordless())
    for record_id in (*ws.births.vanished(), *recordless):
        path = layout.record_path(record_id)
        ask = f"the file of {record_id} is missing: was it deleted on purpose?"
        if files.is_there(ws.root / path) or not may(Case(record_id, ask)):
            continue
        with ws.change("check --fix") as change:
            change.note(f"{entity_of(record_id)}.removed", record_id, {"by": "hand"})
        yield Mended(path, "noted on the timeline that it was deleted")


def _found(ws: Workspace, may: May) -> Iterator[Mended]:
    """Notes that records are there which the timeline knows as removed, or not at all.

    No robot wakes: what there was to do in the stage was done, or missed, when the record came there.
    """
    unborn = () if _lacks_timeline(ws) else ws.births.unborn()
    made = [i for i in sorted(unborn) if ws.get(i).get("created_at")]
    stays = [i for i, survivor in ws.births.rejoined() if not ws.exists(survivor)]
    for record_id in (*made, *ws.births.returned(), *stays):
        ask = f"{record_id} is there, and the timeline does not say so: note that it stays?"
        if not may(Case(record_id, ask)):
            continue
        with ws.change("check --fix") as change:
            record = change.get(record_id, merged=True)
            facts: dict[str, Any] = {"by": "hand"}
            facts |= {n: record.get(n) for n in ("stage", "pipeline") if getattr(record, n, "")}
            if "stage" in facts:
                facts["robots"] = []
            change.note(f"{record.entity}.created", record_id, facts)
        yield Mended(layout.record_path(record_id), "noted on the timeline that it is there")


def _lacks_timeline(ws: Workspace) -> bool:
    """Whether part of the timeline cannot be read: what is missing may stand there."""
    return any(problem.path.startswith(f"{layout.TIMELINE}/") for problem in ws.problems())


def _of_record(ws: Workspace, found: Record, may: May) -> Iterator[Mended]:
    """The phones, e-mails and links of one record, looked at again under the lock."""
    path = layout.record_path(found.id)
    loose = [(field, to) for field, to, _ in links_of(ws, found) if not is_there(ws, to)]
    merged = {link: new for link in loose if (new := successor(ws, link[1]))}
    ask = f"{found.id} {{}} links to {{}}, which is not there: unlink?"
    wanted = [
        link for link in loose if link not in merged and may(Case(found.id, ask.format(*link)))
    ]
    if not wanted and not merged and not _spelling(ws, found):  # asked before the lock is taken
        return
    told: list[str] = []
    with ws.change("check --fix") as change:
        record = change.get(found.id)
        values = _spelling(ws, record)
        for name, value in values.items():
            told.append(f"{name} {_words(record.get(name))} → {_words(value)}")
        record = record.with_values(values)
        for (field, gone), survivor in merged.items():
            record = relinked(ws, record, gone, survivor)
            told.append(f"{field} links to {survivor} now: {gone} was merged into it")
        for field, gone in wanted:
            record = relinked(ws, record, gone)
            told.append(f"{field} no longer links to {gone}, which is not there")
        change.save(record)
    yield from (Mended(path, what) for what in told)


def _spelling(ws: Workspace, record: Record) -> dict[str, Any]:
    """The fields whose phones or e-mails are written otherwise than crm writes them."""
    values: dict[str, Any] = {}
    for field in ws.schema.fields(record.entity):
        if field.kind not in KINDS:
            continue
        old = cast("Any", record.get(field.name))
        items = old if isinstance(old, tuple) else (old,) if old else ()
        new = tuple(_canonical(ws, field, item) for item in items)
        if new != items:
            values[field.name] = new if isinstance(old, tuple) else new[0]
    return values


def _canonical(ws: Workspace, field: Field, item: Any) -> Any:
    """One phone or e-mail as crm writes it; as it stands where it is several, or none at all."""
    from crmcli.model.inputs import read_input
    from crmcli.model.phones import parse_phones

    if isinstance(item, Phone):
        try:
            read = parse_phones(item.value, ws.settings.phone_country)
        except ValueError:
            return item
        return replace(item, value=read[0].value) if len(read) == 1 else item
    text = item.value if isinstance(item, Email) else item
    one = replace(field, kind=field.kind.removesuffix("s"))
    try:
        raw = read_input(one, str(text), ws.inputs)
    except ValueError:
        return item
    if not isinstance(raw, str):
        return item
    return replace(item, value=raw) if isinstance(item, Email) else raw


def _words(value: Any) -> str:
    items = value if isinstance(value, tuple) else (value,)
    return ", ".join(str(getattr(item, "value", item)) for item in items)
