"""What the triggers and robots of a record's pipeline make of an event, as the workspace is now."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crmcli.automation.triggers import Decision, called, choose
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.trigger_events import names_of
from crmcli.model.values import entity_of
from crmcli.workspace import UnknownStage, Workspace

ARRIVALS = ("mail.in", "call.in", "message.in", "sms.in")
"""That a client wrote or rang, whatever it was."""


def awaited_names(ws: Workspace) -> frozenset[str]:
    """The events for which there are triggers and robots."""
    return frozenset(name for pipeline in ws.pipelines for name in pipeline.awaited)


def decide(
    ws: Workspace, record: Record, event: Event, subjects: Sequence[Record] = ()
) -> Decision:
    """What the triggers of the record's pipeline make of an event; `subjects` are all that it is about."""
    try:
        names, among = _moving(ws, record, event), [one.id for one in subjects]
        return choose(ws.pipeline_of(record), record, event, ws.env, names, among)
    except UnknownStage:
        return Decision()


def _moving(ws: Workspace, record: Record, event: Event) -> Collection[str]:
    """The names under which an event may move a record: that somebody wrote or rang moves none which it
    made itself, for nobody has taken it yet."""
    names = names_here(ws, event)
    if event.kind not in ARRIVALS or not event.cause:
        return names
    made = ws.events(record=record.id, kinds=(f"{record.entity}.created",), limit=1)
    is_maker = any(one.cause == event.cause for one in made)
    return [name for name in names if name not in ARRIVALS] if is_maker else names


def names_here(ws: Workspace, event: Event) -> Collection[str]:
    """The names under which an event may be awaited, as far as they are true of it."""
    names = names_of(event)
    if "message.first" in names:
        first = ws.events(record=event.record, kinds=("message.in",), limit=1)
        names = names if [one.id for one in first] in ([], [event.id]) else names[:1]
    if "record.returned" in names:
        entity, pipeline = entity_of(event.record), str(event.data.get("pipeline") or "")
        way = [str(event.data.get(key)) for key in ("from", "stage")]
        was, now = (ws.pipelines.place(entity, pipeline, stage)[1] for stage in way)
        if was is None or was.is_open or now is None or not now.is_open:
            names = tuple(name for name in names if name != "record.returned")
    return names


def called_here(ws: Workspace, record: Record, event: Event) -> list[str]:
    """The robots of the record's stage that an event starts."""
    try:
        stage, names = ws.stage_of(record), names_here(ws, event)
        return [robot.id for robot in called(stage, event, names)]
    except UnknownStage:
        return []
