"""Fixes what has one right answer; the rest is left to a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, cast

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.fields import Record
from crmcli.model.kinds import ContactPoints
from crmcli.model.values import entity_of
from crmcli.sales.checks.record_checks import RecordCheck, is_there
from crmcli.sales.privacy import again
from crmcli.sales.records.links import links_of, relinked
from crmcli.sales.records.tombstones import successor
from crmcli.store import layout
from crmcli.workspace import Workspace, git_lines, storage
from crmcli.workspace.storage import Fixed, IndexDamaged


class Case(NamedTuple):
    """What has more than one right answer: a record, and the question that a person is asked."""

    record: str
    question: str


May = Callable[[Case], bool]
"""Says whether something may be fixed that has more than one answer."""


def fix_all(ws: Workspace, may: May) -> Iterator[Fixed]:
    """Fix what can be fixed, and what `may` allows; a dry run only tells."""
    yield from storage.fix_state(ws)
    if ws.only_reads:
        return  # a dry run in a state that is not ours: the rest is looked at when it is
    yield from storage.fix_timeline(ws)
    for path in () if ws.dry_run else again.finish(ws):
        yield Fixed(path, "erased again")
    yield from storage.fix_places(ws)
    yield from git_lines.fix(ws)
    ws.look_again()
    yield from _index(ws)
    for entity in ENTITIES:
        for found in ws.select(entity):
            yield from _of_record(ws, found, may)
    yield from _lost(ws, may)
    yield from _found(ws, may)


def _index(ws: Workspace) -> Iterator[Fixed]:
    """An index that is sound in itself, and says something else than the files."""
    try:
        check = RecordCheck(ws, staged=False)
        for entity in ENTITIES:
            for raw in ws.rows(entity):
                check.compare(raw)
        said = [problem.message for problem in check.of_index()]
    except IndexDamaged as error:
        said = [error.message]
    ws.look_again()
    storage.discard_index(ws)  # also where nothing is found: not all that it says is compared
    for words in said:
        yield Fixed(layout.INDEX, tr("removed: {}; the next command rebuilds it", words))


def _lost(ws: Workspace, may: May) -> Iterator[Fixed]:
    """Notes the removal of records whose files somebody deleted."""
    recordless = () if _lacks_timeline(ws) else (i for i, _ in ws.births.recordless())
    for record_id in (*ws.births.vanished(), *recordless):
        path = layout.record_path(record_id)
        ask = tr("the file of {} is missing: deleted on purpose?", record_id)
        if ws.has_file(path) or not may(Case(record_id, ask)):
            continue
        with ws.change("check --fix") as change:
            change.note(f"{entity_of(record_id)}.removed", record_id, {"by": "hand"})
        yield Fixed(path, "noted on the timeline as deleted")


def _found(ws: Workspace, may: May) -> Iterator[Fixed]:
    """Note on the timeline that records exist which it has as removed, or not at all; no robot wakes."""
    unborn = () if _lacks_timeline(ws) else ws.births.unborn()
    made = [i for i in sorted(unborn) if ws.get(i).get("created_at")]
    stays = [i for i, survivor in ws.births.rejoined() if not ws.exists(survivor)]
    for record_id in (*made, *ws.births.returned(), *stays):
        ask = tr("{} exists but is not on the timeline: note that it exists?", record_id)
        if not may(Case(record_id, ask)):
            continue
        with ws.change("check --fix") as change:
            record = change.get(record_id, merged=True)
            facts: dict[str, Any] = {"by": "hand"}
            facts |= {n: record.get(n) for n in ("stage", "pipeline") if getattr(record, n, "")}
            if "stage" in facts:
                facts["robots"] = []
            change.note(f"{record.entity}.created", record_id, facts)
        yield Fixed(layout.record_path(record_id), "noted on the timeline")


def _lacks_timeline(ws: Workspace) -> bool:
    """Whether part of the timeline cannot be read: what is missing may stand there."""
    return any(problem.path.startswith(f"{layout.TIMELINE}/") for problem in ws.problems())


def _of_record(ws: Workspace, found: Record, may: May) -> Iterator[Fixed]:
    """The phones, e-mails and links of one record, looked at again under the lock."""
    path = layout.record_path(found.id)
    loose = [(field, to) for field, to, _ in links_of(ws, found) if not is_there(ws, to)]
    merged = {link: new for link in loose if (new := successor(ws, link[1]))}
    ask = tr("{} {{}} links to {{}}, which does not exist: unlink?", found.id)
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
            told.append(tr("{} now links to {}: {} was merged into it", field, survivor, gone))
        for field, gone in wanted:
            record = relinked(ws, record, gone)
            told.append(tr("{} no longer links to {}, which does not exist", field, gone))
        change.save(record)
    yield from (Fixed(path, what) for what in told)


def _spelling(ws: Workspace, record: Record) -> dict[str, Any]:
    """The fields whose phones or e-mails are written otherwise than crm writes them."""
    values: dict[str, Any] = {}
    for field in ws.schema.fields(record.entity):
        kind = field.kind
        if isinstance(kind, ContactPoints):
            old = cast("Any", record.get(field.name))
            country = ws.settings.phone_country
            new = tuple(replace(i, value=kind.canonical(i.value, country)) for i in old)
            if new != old:
                values[field.name] = new
    return values


def _words(value: Any) -> str:
    items = value if isinstance(value, tuple) else (value,)
    return ", ".join(str(getattr(item, "value", item)) for item in items)
