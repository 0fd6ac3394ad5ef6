"""Reading what happened since the last tick, and moving the records that triggers wait for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

from crmcli.automation.hand_edits import BY_HAND
from crmcli.automation.heard_events import HeardEvents
from crmcli.automation.job_failures import (
    REFUSALS,
    Attempt,
    fail_in,
    note_fixed,
    raise_general,
)
from crmcli.automation.ledger import Done, Job, OwnStep
from crmcli.automation.record_plan import STAGED
from crmcli.automation.robots import DEEPEST
from crmcli.automation.triggers import Decision, choose
from crmcli.dataclass import dataclass, field
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import ENTRIES, Event
from crmcli.model.fields import Record
from crmcli.model.pipeline import Stage
from crmcli.model.schema import own_fields
from crmcli.model.values import entity_of
from crmcli.sales import stages
from crmcli.sales.activities import calls
from crmcli.store import layout
from crmcli.workspace import Change, UnknownStage, Workspace
from crmcli.workspace.undone import dead

Before: TypeAlias = "Callable[[str, Event], None]"
"""Lets the robots of a record act that were due before an event."""
BATCH = 500
"""Events that are read over at most before it is written down that they were heard."""


@dataclass
class TriggerRun:
    """What one reading of the events led to; this is also what its event on the timeline says. `failed` is
    what stands in the ledger of an event that could not be thought over."""

    moved: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    passed: list[dict[str, Any]] = field(default_factory=list)
    failed: list[Done] = field(default_factory=list)

    @property
    def facts(self) -> dict[str, Any]:
        """What there is to say."""
        return {n: v for n in ("moved", "refused", "passed") if (v := getattr(self, n))}


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
    notes = hearing(ws)
    is_dead = dead(ws)
    heard: list[TriggerRun] = []
    count = idle = 0
    for unheard in notes.events:
        if not goes_on():
            break
        event = unheard.event
        has_left = not is_dead(event) and leaves_robots(ws, event)
        if has_left:
            before(event.record, event)
        notes.hear(unheard)
        if is_dead(event) or (event.kind == "stage.entered" and not has_left):
            idle += 1
            continue
        count += 1
        told = None if has_left else _hear(ws, event, notes, before)
        if told is not None:
            heard.append(told)
            count = 0
        elif count >= BATCH:
            with _change(ws, notes, TriggerRun()):
                count = 0
    if count or idle >= BATCH:  # to look again at a few costs less than a line for each tick
        with _change(ws, notes, TriggerRun()):
            pass
    return heard


def leaves_robots(ws: Workspace, event: Event) -> bool:
    """Whether a person moved a record out of a stage that has robots. What robots and triggers move they
    move in the order of time."""
    by = event.data.get("by") or BY_HAND
    if event.kind != "stage.entered" or by != BY_HAND or ":" in event.actor:
        return False
    origin = str(event.data.get("from"))
    pipelines = ws.pipelines.of(entity_of(event.record))
    stages = (pipeline.stage(origin) for pipeline in pipelines)
    return any(stage is not None and stage.robots for stage in stages)


def _hear(
    ws: Workspace, event: Event, notes: HeardEvents | None, before: Before = lambda *_: None
) -> TriggerRun | None:
    """Let the triggers see one event, and write down what came of it; None if nothing did."""
    try:
        record = None if _is_repeated(ws, event) else subject(ws, event)
        decision = decide(ws, record, event) if record is not None else Decision()
        if record is None or not (decision.trigger or decision.passed):
            return None
        if decision.stage is not None and not _overtaken(ws, record, event):
            before(record.id, event)
        return _move(ws, record, event, decision, notes)
    except Exception as error:
        raise_general(error)
        with _change(ws, notes, TriggerRun(), cause=event.id) as change:
            failed = fail_in(ws, change, Attempt(event.record, OwnStep.HEAR, event.id), error)
        return TriggerRun(failed=[failed] if failed else [])


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


def subject(ws: Workspace, event: Event) -> Record | None:
    """The lead or deal that an event is about: its own record, what a task or an offer is for, or of
    a contact or company the open deal with the latest activity, else the open lead."""
    try:
        record = ws.get(event.record) if entity_of(event.record) else None
        if record is not None and (parent := ENTITIES[record.entity].parent):
            target = str(record.get(parent))
            record = ws.get(target) if target else None
    except (NotFound, InvalidData, Forbidden):
        return None  # it is gone or unreadable: there is nothing that could be moved
    if record is None or record.entity in STAGED:
        return record
    return _of_client(ws, record)


def _of_client(ws: Workspace, client: Record) -> Record | None:
    for entity in reversed(STAGED):
        links = [f.name for f in own_fields(entity) if client.entity in f.entities and not f.system]
        asked = " or ".join(f"{name} = {client.id}" for name in links)
        found = ws.select(entity, ws.condition(asked, entity)) if asked else ()
        working = [record for record in found if _is_open(ws, record)]
        if working:
            return max(working, key=lambda record: _latest(ws, record))
    return None


def _is_open(ws: Workspace, record: Record) -> bool:
    try:
        return ws.stage_of(record).is_open
    except UnknownStage:
        return False


def _latest(ws: Workspace, record: Record) -> tuple[str, str]:
    events = ws.events(record=record.id, newest_first=True, limit=1)
    return (events[0].id if events else "", record.id)


def decide(ws: Workspace, record: Record, event: Event) -> Decision:
    """What the triggers of the record's pipeline make of an event."""
    try:
        return choose(ws.pipeline_of(record), record, event, ws.env)
    except UnknownStage:
        return Decision()


def _move(
    ws: Workspace, found: Record, event: Event, decision: Decision, notes: HeardEvents | None
) -> TriggerRun:
    """Decide again under the lock and move the record, with that its event was heard, in one change."""
    actor = f"trigger:{decision.trigger.on if decision.trigger else event.kind}"
    cause, depth = event.id, event.depth + 1
    heard = TriggerRun()
    try:
        with _change(ws, notes, heard, actor, cause, depth) as change:
            _move_in(change, ws, found.id, event, heard)
    except REFUSALS as refusal:
        heard = TriggerRun(refused=[_line(found, event, refusal.message)])
        with _change(ws, notes, heard, cause=cause, depth=depth) as change:
            owner = str(found.get("owner"))
            if owner and ws.exists(found.id):  # the event is read and will not come back
                word = event.data.get("code", event.kind)
                text = tr("{} did not move it: {}", word, refusal.message)
                change.note("notice", found.id, {"to": owner, "text": text})
    return heard


def _move_in(
    change: Change, ws: Workspace, record_id: str, event: Event, heard: TriggerRun
) -> None:
    record = change.get(record_id)
    decision = decide(ws, record, event)
    why = _overtaken(ws, record, event)
    if decision.stage is None or why:
        heard.passed.append(_line(record, event, *([why] if why else []), *decision.passed))
    else:
        move(change, ws, record, decision.stage)
        heard.moved.append({**_line(record, event, *decision.passed), "to": decision.stage.id})


def move(change: Change, ws: Workspace, record: Record, stage: Stage) -> None:
    """Move a record as a person would, also one that is closed."""
    stages.move_in(change, ws, record, stage.id, reopen=True, data={"by": "trigger"})


def _overtaken(ws: Workspace, record: Record, event: Event) -> str:
    """Why the event no longer counts: a person has moved the record since, or it runs in circles."""
    if event.depth >= DEEPEST:
        return tr("a loop: {} automation steps led here", event.depth)
    for entry in ws.events(record=record.id, kinds=ENTRIES, newest_first=True):
        if entry.id <= event.id:
            break
        if ":" not in entry.actor:
            return tr("{} has moved the record since", entry.actor)
    return ""


def _line(record: Record, event: Event, *why: str) -> dict[str, Any]:
    """What the timeline says of one event and one record; `why` triggers did not move it."""
    line = {"event": event.id, "record": record.id, "from": record.get("stage")}
    return {**line, "why": list(why)} if why else line


@contextmanager
def _change(
    ws: Workspace,
    notes: HeardEvents | None,
    heard: TriggerRun,
    actor: str = "crm",
    cause: str = "",
    depth: int = 0,
) -> Iterator[Change]:
    """A change that also says what is heard by now; without notes where one event is heard again."""
    with ws.change("tick", actor=actor, cause=cause, depth=depth) as change:
        yield change
        if notes is not None:
            change.note("triggers.read", "", {**notes.facts(), **heard.facts})
    if notes is not None:
        notes.wrote([event.id for event in change.events if event.kind == "triggers.read"][-1])
