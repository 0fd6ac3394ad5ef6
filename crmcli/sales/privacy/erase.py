"""Erasing a person: one transaction, after all that lies outside of it; what is killed is done again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.model.access import SETTINGS
from crmcli.model.event import DROPPED, PRIVACY_ERASED, Event
from crmcli.model.sent import ended_line
from crmcli.model.values import entity_of
from crmcli.sales.privacy import law
from crmcli.sales.privacy.plan import Plan, planned
from crmcli.sales.privacy.whose import person
from crmcli.workspace import Change, Workspace, erasing, storage

AT_ONCE = 5000
"""So many lines are listed in one event."""


def erase(ws: Workspace, ref: str, way: str) -> Plan:
    """Remove a person from the folder; a dry run only tells. What is in git's history stays there."""
    ws.require(SETTINGS)
    who = person(ws, ref)
    ws.call = f"crm privacy erase {who.id}"
    with ws.change("privacy erase") as change:
        ws.look_again()
        plan = planned(ws, person(ws, who.id), way)
        if not ws.dry_run:
            _clear(ws, plan)
            _write(change, plan)
    return plan


def _clear(ws: Workspace, plan: Plan) -> None:
    """What is in no transaction goes first: as long as the records are there, the same can be done again."""
    storage.discard_index(ws)
    mark, out = plan.mark, plan.spelled.taken_out
    for path, full in [*erasing.leftovers(ws)]:
        if path in plan.leftovers:
            erasing.clean(path, full, lambda text: out(text, mark))
    for path in plan.copies:
        erasing.remove_copy(ws, path)


def _write(change: Change, plan: Plan) -> None:
    for content in plan.new_files:
        change.attach(content)
    for path, data in plan.writes.items():
        change.fix(path, data)
    for record, key in plan.jobs:
        change.note_sent(ended_line(key))
        change.note("job.cancelled", record, {"key": key})
    for intake in plan.drops:
        change.note(DROPPED, "", {"intake": intake})
    for record_id in plan.gone:
        if entity_of(record_id):
            change.note(f"{entity_of(record_id)}.removed", record_id, {"by": "privacy"})
    told: dict[str, Any] = {
        "of": sorted(plan.gone),
        "files": sorted(plan.files_gone),
        "counts": plan.counts,
        "paths": sorted(plan.writes.keys() - {one.path for one in plan.locked}),
        "kept": {one.record: one.until for one in plan.locked},
    }
    for lines in _parts(plan.lines) or [{}]:
        change.note(PRIVACY_ERASED, "", {**told, "lines": lines})
        told = {"of": told["of"]}


def _parts(lines: dict[str, list[str]]) -> list[dict[str, list[str]]]:
    """The lines in pieces that fit into one event each."""
    found = []
    for path, names in lines.items():
        rest = iter(names)
        while piece := list(islice(rest, AT_ONCE)):
            found.append({path: piece})
    joined: list[dict[str, list[str]]] = []
    for part in found:
        room = (
            joined and sum(map(len, joined[-1].values())) + sum(map(len, part.values())) <= AT_ONCE
        )
        if room and not joined[-1].keys() & part.keys():
            joined[-1] |= part
        else:
            joined.append(part)
    return joined


def erasures(ws: Workspace) -> list[Event]:
    """What was erased here, an event each; of long ones the first."""
    return [event for event in ws.events(kinds=(PRIVACY_ERASED,)) if "counts" in event.data]


def erased_ids(ws: Workspace) -> Iterator[str]:
    """The records that were erased, ever."""
    for event in ws.events(kinds=(PRIVACY_ERASED,)):
        yield from map(str, event.data.get("of", ()))


def erasures_of(ws: Workspace, first: Event) -> list[Event]:
    """All events of an erasure, which has several where it took many lines."""
    of = first.data.get("of")
    found = [e for e in ws.events(kinds=(PRIVACY_ERASED,)) if e.data.get("of") == of]
    return [event for event in found if event.at == first.at]


def proof(ws: Workspace, ref: str) -> Event:
    """The event of an erasure by its id, or by that of a record that it took; NotFound."""
    for event in reversed(erasures(ws)):
        if event.id.startswith(ref) or ref in event.data.get("of", ()):
            return event
    raise NotFound(tr("nothing was erased under {!r}", ref), "see crm privacy list")


def tracked_by_git(ws: Workspace) -> bool:
    """Whether git has the folder, and so its past."""
    return storage.is_tracked(ws)


def place_in_git(ws: Workspace, path: str) -> str:
    """A path from the top of the repository."""
    return storage.place_in_git(ws, path)


def drop(ws: Workspace) -> list[str]:
    """Remove the papers that were kept long enough; their paths."""
    ws.require(SETTINGS)
    with ws.change("privacy kept") as change:
        gone = law.over(ws)
        for path in gone:
            change.fix(path, None)
    return gone
