"""Reading what happened since the last tick, and letting the triggers that wait for it see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from crmcli.automation.event_subjects import subjects
from crmcli.automation.hand_edits import BY_HAND
from crmcli.automation.heard_events import HeardEvents, UnheardEvent
from crmcli.automation.job_failures import Attempt, fail_in, note_fixed, raise_general
from crmcli.automation.ledger import CRM, Job, OwnStep
from crmcli.automation.sequence_runs import was_started
from crmcli.automation.trigger_decisions import awaited_names, called_here, decide
from crmcli.automation.trigger_moves import (
    EventMoves,
    TriggerRun,
    call_robots,
    heard_change,
    overtaken,
)
from crmcli.model.event import ENTRIES, Event
from crmcli.model.fields import Record
from crmcli.model.trigger_events import names_of
from crmcli.model.values import entity_of
from crmcli.sales.activities import calls
from crmcli.store import layout
from crmcli.workspace import Workspace
from crmcli.workspace.undone import dead

Before: TypeAlias = "Callable[[str, Event], None]"
"""Lets the robots of a record act that were due before an event."""
BATCH = 500
"""Events that are read over at most before it is written down that they were heard."""


def hearing(ws: Workspace) -> HeardEvents:
    """What of the timeline was heard, and what was not, in any clone."""
    file = layout.timeline_file(ws.now, ws.clone)
    return ws.timeline.tree(lambda tree: HeardEvents(tree, file))


def run_triggers(
    ws: Workspace, before: Before = lambda *_: None, goes_on: Callable[[], bool] = lambda: True
) -> list[TriggerRun]:
    """Let the triggers see every event once; each move, and that its event was heard, are one change. What
    was taken back before anybody heard of it is passed over. `before` lets those robots act that were
    due before an event moved a record, or moves it; it stops where `goes_on` says no."""
    reading = _Reading(ws, before)
    for unheard in reading.notes.events:
        if not goes_on():
            break
        reading.read(unheard)
    reading.end()
    return reading.heard


class _Reading:
    """Reads events in their order: what came of them, and how many were read that no line tells of yet."""

    def __init__(self, ws: Workspace, before: Before) -> None:
        self._ws = ws
        self._before = before
        self.notes = hearing(ws)
        self._is_dead = dead(ws)
        self.heard: list[TriggerRun] = []
        self._awaited = awaited_names(ws)
        self._count = self._idle = 0

    def read(self, unheard: UnheardEvent) -> None:
        """Let the triggers see one event, if any wait for it."""
        ws, event = self._ws, unheard.event
        is_dead = self._is_dead(event)
        has_left = not is_dead and leaves_robots(ws, event)
        if has_left:
            self._before(event.record, event)
        self.notes.hear(unheard)
        is_awaited = not self._awaited.isdisjoint(names_of(event))
        passes = event.kind in ENTRIES and not (has_left or is_awaited)
        if is_dead or passes or event.is_of_machine:
            self._idle += 1
            return
        self._count += 1
        told = _hear(ws, event, self.notes, self._before) if is_awaited else None
        if told is not None:
            self.heard.append(told)
            self._count = 0
        elif self._count >= BATCH:
            self._write_down()

    def end(self) -> None:
        """Write down how far it came; to look again at a few costs less than a line for each tick."""
        if self._count or self._idle >= BATCH:
            self._write_down()

    def _write_down(self) -> None:
        with heard_change(self._ws, self.notes, TriggerRun()):
            self._count = 0


def leaves_robots(ws: Workspace, event: Event) -> bool:
    """Whether a person moved a record out of a stage that has robots, or one with a sequence. What robots and
    triggers move they move in the order of time."""
    by = event.data.get("by") or BY_HAND
    if event.kind != "stage.entered" or by != BY_HAND or ":" in event.actor:
        return False
    origin = str(event.data.get("from"))
    pipelines = ws.pipelines.of(entity_of(event.record))
    stages = (pipeline.stage(origin) for pipeline in pipelines)
    has_robots = any(stage is not None and stage.robots for stage in stages)
    return has_robots or was_started(ws, event.record)


def _hear(
    ws: Workspace, event: Event, notes: HeardEvents | None, before: Before = lambda *_: None
) -> TriggerRun | None:
    """Let the triggers see one event, and write down what came of it; None if nothing did."""
    heard = TriggerRun()
    try:
        among = [] if _is_repeated(ws, event) else subjects(ws, event)
        decided = [(record, decide(ws, record, event, among)) for record in among]
        decided = [(r, d) for r, d in decided if d.trigger or d.passed or called_here(ws, r, event)]
        moves = EventMoves(ws, event, among, heard)
        for number, (record, decision) in enumerate(decided, 1):
            if decision.stage is not None and not overtaken(ws, record, event):
                _call(ws, record, event)
                before(record.id, event)
            # What stops in between is heard again: who was moved already is not moved again.
            is_last = number == len(decided)
            moves.move(record, notes if is_last else None)
        return heard if decided else None
    except Exception as error:
        raise_general(error)
        with heard_change(ws, notes, heard, cause=event.id) as change:
            failed = fail_in(ws, change, Attempt(event.record, OwnStep.HEAR, event.id), error)
        heard.failed += [failed] if failed else []
        return heard


def _call(ws: Workspace, record: Record, event: Event) -> None:
    """Start the robots that wait for an event which is about to move their record: it happened where they
    stand, so they act before that."""
    if called_here(ws, record, event):
        with ws.change("tick", actor=CRM, cause=event.id, depth=event.depth + 1) as change:
            call_robots(change, ws, record, event)


def retry_event(ws: Workspace, job: Job) -> TriggerRun:
    """Let the triggers see an event at last over which something had failed."""
    event = ws.timeline.event(job.cause)
    told = _hear(ws, event, None) if event is not None and not dead(ws)(event) else None
    if told is None or not told.failed:
        with ws.change("tick", actor="crm", cause=job.cause) as change:
            note_fixed(change, Attempt(job.record, OwnStep.HEAR, job.cause))
    return told or TriggerRun()


def _is_repeated(ws: Workspace, event: Event) -> bool:
    """Whether another clone told of this very call of `trigger fire` first."""
    call = str(event.data.get("id") or "") if event.kind == "signal" else ""
    told = calls(ws, event.record, str(event.data.get("code")), call) if call else []
    return bool(told) and told[0] != event.id
