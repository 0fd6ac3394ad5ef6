"""How events look in a table: when, who, what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.cli.cells import Column, Locale, in_short, shown
from crmcli.model.values import format_instant

if TYPE_CHECKING:
    from crmcli.model.event import Event
    from crmcli.workspace import Workspace


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
        return f"{_stage(ws, event, 'from')} → {_stage(ws, event, 'stage')}" + _by(data)
    if event.kind.endswith(".created"):
        made = _stage(ws, event, "stage") if data.get("stage") else ""
        return " ".join(p for p in (made, f"from {data['lead']}" if "lead" in data else "") if p)
    if "changes" in data:
        return "; ".join(
            f"{name} {_value(ws, event, name, old)} → {_value(ws, event, name, new)}"
            for name, (old, new) in data["changes"].items()
        )
    if event.kind == "lead.converted":
        return ", ".join(str(data[e]) for e in ("contact", "company", "deal") if data.get(e))
    words = (data.get(key) for key in ("subject", "name", "text", "code", "robot", "reason", "to"))
    return " · ".join(in_short(word) for word in words if word)


def _value(ws: Workspace, event: Event, name: str, raw: object) -> str:
    """A value in one line; an instant by the clock of the workspace, as in every other column."""
    declared = ws.schema.fields(event.record.split("-", 1)[0])
    kind = next((field.kind for field in declared if field.name == name), "")
    if kind == "datetime" and raw:
        return shown(Column(name, kind=kind), {name: raw}, Locale(zone=ws.zone))
    return in_short(raw)


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
