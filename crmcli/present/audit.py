"""The audit as people see it: who looked at how much, by which door, and what was changed beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crmcli.language import counted, together, tr
from crmcli.model.audit import BEGUN, DROPPED, KINDS, OWN, REFUSED, Head
from crmcli.model.entities import ENTITIES
from crmcli.model.event import Event
from crmcli.model.values import format_instant
from crmcli.model.words import in_words
from crmcli.present.cells import Column, Listing
from crmcli.present.columns import name_of
from crmcli.present.events import describe
from crmcli.sales.history.file_changes import value_changes
from crmcli.sales.history.past import REWRITTEN
from crmcli.workspace import Workspace
from crmcli.workspace.audit import shown_of

COLUMNS = [
    Column("at", "When", "datetime", keep=True), Column("user", "Who", "actor"),
    Column("door", "Door", keep=True), Column("kind", "What", "word", keep=True),
    Column("command", "Command", keep=True), Column("text", "Details", whole=True),
]  # fmt: skip
_TOLD = 3
"""Values of a file that are told of one change."""
HEADS = [
    Column("clone", "Clone", keep=True), Column("month", "Month"), Column("lines", "Lines", "count"),
    Column("head", "End of the chain", keep=True, whole=True),
]  # fmt: skip


def audit_table(ws: Workspace, events: Iterable[Event]) -> Listing:
    """Lines of the audit and events of the timeline: when, who, by which door, what."""
    return Listing([_row(ws, event) for event in events], COLUMNS, "nothing is kept of that")


def _row(ws: Workspace, event: Event) -> dict[str, Any]:
    is_kept = event.kind in (*KINDS, *OWN)
    text = _told(ws, event) if is_kept else _changed(ws, event)
    return {
        "id": event.id,
        "at": format_instant(event.at),
        "user": ws.owner_name(event.actor),
        "door": event.data.get("door", "") if is_kept else "",
        "kind": event.kind,
        "command": event.data.get("command", ""),
        "record": event.record,
        "shown": dict(shown_of(event)) if is_kept else {},
        "text": text,
        "data": dict(event.data),
    }


def _changed(ws: Workspace, event: Event) -> str:
    name = name_of(ws, event.record) or event.record
    return ": ".join(filter(None, (name, describe(ws, event), _values(ws, event))))


def _values(ws: Workspace, event: Event) -> str:
    """What was changed in a file of the configuration: who got which role, above all."""
    if event.kind != REWRITTEN:
        return ""
    found = value_changes(ws, event)
    told = [f"{key} {before or '–'} → {after or '–'}" for key, before, after in found[:_TOLD]]
    more = len(found) - _TOLD
    return "; ".join([*told, *([tr("{} more", more)] if more > 0 else [])])


def _told(ws: Workspace, event: Event) -> str:
    data = event.data
    if event.kind == REFUSED:
        return tr(str(data.get("why", "")))
    if event.kind == BEGUN:
        after = str(data.get("after", ""))
        return tr("goes on from {}", after) if after else tr("the audit begins")
    if event.kind == DROPPED:
        return together(list(data.get("files", {})))
    parts = [tr("--as, by {}", ws.owner_name(str(data["by"])))] if data.get("by") else []
    if event.record:
        parts.append(name_of(ws, event.record) or event.record)
    parts += _seen(ws, event)
    if "query" in data:
        parts.append(f"{counted(int(data['count']), 'row')}: {data['query']}")
    elif "count" in data:
        where = f" ({data['where']})" if data.get("where") else ""
        parts.append(_counts({str(data.get("noun")): int(data["count"])}) + where)
    if data.get("what"):
        parts.append(tr(in_words(str(data["what"]))))
    return "; ".join(parts)


def _seen(ws: Workspace, event: Event) -> list[str]:
    """How much was shown, what of it was masked, and of whom among many numbers that somebody wrote."""
    data, parts = event.data, []
    if shown := shown_of(event):
        parts.append(tr("shown: {}", _counts(shown)))
    if masked := data.get("masked"):
        parts.append(tr("masked: {}", masked))
    if numbers := data.get("numbers"):
        named = together([name_of(ws, str(i)) or str(i) for i in data.get("clients", ())])
        told = tr("{} numbers in texts beside", numbers)
        parts.append(": ".join(filter(None, (told, named))))
    return parts


def _counts(shown: Mapping[str, int]) -> str:
    return together(
        [counted(n, noun, ENTITIES[noun].plural) for noun, n in shown.items() if noun in ENTITIES]
    )


def head_table(heads: Iterable[Head]) -> Listing:
    """How far the audit of each clone went; `head` is what is to be kept elsewhere."""
    rows = [
        {"clone": one.clone, "month": one.month, "lines": one.lines, "head": str(one)}
        for one in heads
    ]
    return Listing(rows, HEADS, "nothing is kept yet")
