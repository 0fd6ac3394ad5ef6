"""What came in from outside the commands: records that an editor or git moved to another stage."""

from __future__ import annotations

from collections.abc import Iterable

from crmcli.automation.standing import STAGED
from crmcli.errors import InvalidData, NotFound
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace


def receive(ws: Workspace, candidates: Iterable[str]) -> list[str]:
    """Write down each stage that a record entered without a command; returns those records' ids.

    So robots, triggers and reports see a hand edit, a git merge and a file that was dropped in.
    """
    strayed = [i for i in candidates if entity_of(i) in STAGED and _has_strayed(ws, i)]
    if not strayed:
        return []
    found: list[str] = []
    with ws.change("tick", actor="edit") as change:
        ws.index.refresh_timeline()
        for record_id in strayed:
            try:
                record = change.get(record_id)
            except (NotFound, InvalidData):
                continue  # it went, or broke, since we looked; `crm check` tells of the latter
            entry = ws.index.last_entry(record_id)
            if differs(record, entry):
                change.note("stage.entered", record_id, facts_of(record, entry))
                found.append(record_id)
    return found


def differs(record: Record, entry: Event | None) -> bool:
    """Whether the record stands elsewhere than its last entry says."""
    if not record.get("stage"):
        return False
    if entry is None or entry.data.get("stage") != record.get("stage"):
        return True
    return record.entity == "deal" and entry.data.get("pipeline") not in (
        None,
        record.get("pipeline"),
    )


def _has_strayed(ws: Workspace, record_id: str) -> bool:
    try:
        return differs(ws.get(record_id), ws.index.last_entry(record_id))
    except (NotFound, InvalidData):
        return False


def facts_of(record: Record, entry: Event | None) -> dict[str, str]:
    """What the event of a hand edit says."""
    facts = {
        "stage": str(record.get("stage")),
        "from": str(entry.data.get("stage", "")) if entry else "",
        "by": "edit",
    }
    if record.entity == "deal":
        facts["pipeline"] = str(record.get("pipeline"))
    return facts
