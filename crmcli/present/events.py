"""How events look in a table: when, who, what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.errors import InvalidData, NotFound
from crmcli.language import tr
from crmcli.model.kinds import Maps
from crmcli.model.merged import JOINS, PARTINGS
from crmcli.model.redaction import redacted
from crmcli.model.values import format_instant
from crmcli.present.cells import Column, Locale, in_short

if TYPE_CHECKING:
    from crmcli.model.event import Event
    from crmcli.workspace import Workspace

FOLLOWING = ("stage", "pipeline", "probability", "closed_at", "converted", "converted_at")
"""Fields that change by themselves when a record is moved."""


def event_columns() -> list[Column]:
    """When, who, what kind, what about it."""
    return [
        Column("at", "When", "datetime", keep=True),
        Column("actor", "Who"),
        Column("kind", "What", keep=True),
        Column("text", "Details"),
    ]


def event_rows(ws: Workspace, events: Sequence[Event]) -> list[dict[str, Any]]:
    """Events as rows: `text` is for people, `data` has everything."""
    return [
        {
            "id": event.id,
            "at": format_instant(event.at),
            "actor": ws.owner_name(event.actor),
            "kind": event.kind,
            "record": event.record,
            "text": describe(ws, event),
            "cause": event.cause,
            "data": dict(event.data),
        }
        for event in events
    ]


def describe(ws: Workspace, event: Event) -> str:
    """One line about an event."""
    data = event.data
    if event.kind == "stage.entered":
        way = f"{_stage(ws, event, 'from')} → {_stage(ws, event, 'stage')}"
        return "; ".join([way, *_changes(ws, event, FOLLOWING)]) + _by(data)
    if event.kind.endswith(".created"):
        made = _stage(ws, event, "stage") if data.get("stage") else ""
        return " ".join(
            p for p in (made, tr("from {}", data["lead"]) if "lead" in data else "") if p
        )
    if event.kind in (*JOINS, *PARTINGS):
        return _merge(ws, event) + _by(data)
    if "changes" in data:
        return "; ".join(_changes(ws, event)) + _by(data)
    if event.kind == "lead.converted":
        return ", ".join(str(data[e]) for e in ("contact", "company", "deal") if data.get(e))
    words = (data.get(key) for key in ("subject", "name", "text", "code", "robot", "reason", "to"))
    told = " · ".join(in_short(word) for word in words if word)
    return redacted(told) if event.kind.startswith("job.") else told


def _merge(ws: Workspace, event: Event) -> str:
    """Who went into whom, or out again, and what that changed where the event stands."""
    data = event.data
    merged, into = str(data.get("merged", "")), str(data.get("into", ""))
    other = f"{data.get('name', '')} {merged}".strip()
    joins = event.kind in JOINS
    if event.record == merged:
        return f"{'into' if joins else 'out of'} {_name(ws, into)} {into}"
    if event.record == into:
        return "; ".join([f"{'with' if joins else 'without'} {other}", *_changes(ws, event)])
    fields = ", ".join(data.get("changes", {}))
    there = f"{_name(ws, into)} {into}"
    return f"{fields}: {other} → {there}" if joins else f"{fields}: {there} → {other}"


def _changes(ws: Workspace, event: Event, without: Sequence[str] = ()) -> list[str]:
    """Which field went from what to what."""
    return [
        f"{name} {_value(ws, event, name, old)} → {_value(ws, event, name, new)}"
        for name, (old, new) in event.data.get("changes", {}).items()
        if name not in without
    ]


def _value(ws: Workspace, event: Event, name: str, raw: Any) -> str:
    """A value in one line, in the words that people have for it; an instant by the workspace's clock."""
    declared = ws.schema.fields(event.record.split("-", 1)[0])
    field = next((field for field in declared if field.name == name), None)
    if field is None or not raw:
        return in_short(raw)
    kind = field.kind
    if kind.is_time:
        return kind.show(raw, Locale(zone=ws.zone)) or raw
    if kind.listed_in == "users":
        return ws.owner_name(raw)
    if kind.is_link and isinstance(kind, Maps):
        return in_short([{**link, kind.main: _name(ws, link[kind.main])} for link in raw])
    if kind.is_link:
        return ", ".join(_name(ws, record_id) for record_id in kind.linked(kind.parse(raw)))
    if field.directory and isinstance(raw, str):
        return ws.settings.directories.get(field.directory, {}).get(raw, raw)
    return in_short(raw)


def _name(ws: Workspace, record_id: str) -> str:
    """How a record is called; its id where it is there no more."""
    try:
        return str(ws.get(record_id).get("name")) or record_id
    except (NotFound, InvalidData):
        return record_id


def _stage(ws: Workspace, event: Event, key: str) -> str:
    stage_id = str(event.data.get(key, ""))
    wanted = str(event.data.get("pipeline", ""))
    if key == "from":  # it may have come from another pipeline
        wanted = str(event.data.get("changes", {}).get("pipeline", [wanted])[0])
    entity = event.record.split("-", 1)[0]
    for pipeline in ws.pipelines:
        if pipeline.entity == entity and wanted in ("", pipeline.id):
            stage = pipeline.stage(stage_id)
            if stage is not None:
                return stage.name
    return stage_id or "—"


def _by(data: Mapping[str, Any]) -> str:
    return f" (by {data['by']})" if data.get("by") else ""
