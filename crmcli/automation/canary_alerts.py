"""Administrators hear of whoever touches a canary: what commands left word of, what the timeline tells of
one, and letters that came in with its address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model.access import SETTINGS, Rights
from crmcli.model.alerts import NOTICE
from crmcli.model.event import KEPT, Event
from crmcli.model.masking import contacts_of, digits_of
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace, canaries

_NOT_TOLD = (NOTICE, canaries.CREATED)


class Touch(NamedTuple):
    """A canary, who touched it, and how."""

    record: str
    actor: str
    what: str


def run(ws: Workspace) -> int:
    """Tell the administrators of what is new; how many notices that are."""
    if ws.dry_run or not canaries.is_any(ws):
        return 0
    left = canaries.touched(ws)
    found = [Touch(str(o.get("record")), str(o.get("user")), str(o.get("what"))) for o in left]
    place = canaries.looked_at(ws)
    owners = {one.id: one.owner for one in canaries.all_of(ws) if one.id}
    newest = ws.newest_id()
    if newest != place:
        new = [*_on_timeline(ws, owners, place), *_in_letters(ws, owners, place)] if place else []
        for one in new:
            canaries.happened(ws, one.record, one.actor, one.what)
        found += new
    count = _tell(ws, found, owners) if found else 0
    if left:
        canaries.told(ws, len(left))
    if newest != place or found:
        canaries.note_looked_at(ws, newest)
    return count


def _tell(ws: Workspace, found: list[Touch], owners: dict[str, str]) -> int:
    rules = ws.rules
    chiefs = [u for u in rules.users if u not in rules.off and Rights(u, rules).has(SETTINGS)]
    with ws.change("tick", actor="crm") as change:
        for one in found:
            owner = ws.owner_name(owners.get(one.record, ""))
            who = ws.owner_name(one.actor) or tr("somebody outside")
            text = tr("canary {} of {}: {}, by {}", one.record, owner, tr(one.what), who)
            for chief in chiefs:
                change.note(NOTICE, "", {"to": chief, "text": text})
    return len(found) * len(chiefs)


def _on_timeline(ws: Workspace, owners: dict[str, str], place: str) -> Iterator[Touch]:
    """Whatever happens to one: a call, a letter, an edit, a merge; but that it goes to another owner."""
    for record in owners:
        for event in ws.events(record=record, after=place):
            if event.kind not in _NOT_TOLD and not _is_passed_on(event):
                yield Touch(record, event.actor, event.kind)


def _is_passed_on(event: Event) -> bool:
    changes = event.data.get("changes")
    return event.kind == "field.changed" and isinstance(changes, dict) and {*changes} == {"owner"}


def _in_letters(ws: Workspace, owners: dict[str, str], place: str) -> Iterator[Touch]:
    """What came in with the address or the number of one."""
    came = ws.events(kinds=[KEPT], after=place)
    known = {one: [*_keys(ws, one)] for one in owners} if came else {}
    for event in came:
        try:
            content = ws.attached(str(event.data.get("file", ""))).lower()
        except CrmError:
            continue
        for record, keys in known.items():
            if any(key in content for key in keys):
                yield Touch(record, "", "what came in names it")


def _keys(ws: Workspace, record: str) -> Iterator[bytes]:
    try:
        raw = ws.schema.write(ws.get(record))
    except CrmError:
        return
    for value in contacts_of(raw, ws.schema.contacts(entity_of(record))):
        yield (value.lower() if "@" in value else digits_of(value)).encode()
