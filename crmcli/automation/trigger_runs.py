"""Reading what happened since the last tick, and moving the records that triggers wait for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
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
from crmcli.automation.triggers import ALREADY_THERE, Decision, Passed, called, choose
from crmcli.dataclass import dataclass, field
from crmcli.errors import Forbidden, InvalidData, NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.event import ENTRIES, ROBOT_CALLED, Event
from crmcli.model.fields import Record
from crmcli.model.schema import own_fields
from crmcli.model.trigger_events import names_of
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
    awaited = awaited_names(ws)
    count = idle = 0
    for unheard in notes.events:
        if not goes_on():
            break
        event = unheard.event
        has_left = not is_dead(event) and leaves_robots(ws, event)
        if has_left:
            before(event.record, event)
        notes.hear(unheard)
        is_awaited = not awaited.isdisjoint(names_of(event))
        if is_dead(event) or (event.kind in ENTRIES and not (has_left or is_awaited)):
            idle += 1
            continue
        count += 1
        told = _hear(ws, event, notes, before) if is_awaited else None
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


def awaited_names(ws: Workspace) -> frozenset[str]:
    """The events for which there are triggers and robots."""
    return frozenset(name for pipeline in ws.pipelines for name in pipeline.awaited)


def _hear(
    ws: Workspace, event: Event, notes: HeardEvents | None, before: Before = lambda *_: None
) -> TriggerRun | None:
    """Let the triggers see one event, and write down what came of it; None if nothing did."""
    heard = TriggerRun()
    try:
        among = [] if _is_repeated(ws, event) else subjects(ws, event)
        decided = [(record, decide(ws, record, event, among)) for record in among]
        decided = [(r, d) for r, d in decided if d.trigger or d.passed or _called(ws, r, event)]
        for number, (record, decision) in enumerate(decided, 1):
            if decision.stage is not None and not _overtaken(ws, record, event):
                before(record.id, event)
            # What stops in between is heard again: who was moved already is not moved again.
            is_last = number == len(decided)
            _move(ws, record, event, among, heard, notes if is_last else None)
        return heard if decided else None
    except Exception as error:
        raise_general(error)
        with _change(ws, notes, heard, cause=event.id) as change:
            failed = fail_in(ws, change, Attempt(event.record, OwnStep.HEAR, event.id), error)
        heard.failed += [failed] if failed else []
        return heard


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


def subjects(ws: Workspace, event: Event) -> list[Record]:
    """The leads or deals that an event is about: its own record, what a task or an offer is for, or of a
    contact or company the open deals, that with the latest activity first, else the open leads."""
    try:
        record = ws.get(event.record) if entity_of(event.record) else None
        if record is not None and (parent := ENTITIES[record.entity].parent):
            target = str(record.get(parent))
            record = ws.get(target) if target else None
    except (NotFound, InvalidData, Forbidden):
        return []  # it is gone or unreadable: there is nothing that could be moved
    if record is None or record.entity in STAGED:
        return [record] if record else []
    return _of_client(ws, record)


def _of_client(ws: Workspace, client: Record) -> list[Record]:
    for entity in reversed(STAGED):
        links = [f.name for f in own_fields(entity) if client.entity in f.entities and not f.system]
        asked = " or ".join(f"{name} = {client.id}" for name in links)
        found = ws.select(entity, ws.condition(asked, entity)) if asked else ()
        working = [record for record in found if _is_open(ws, record)]
        if working:
            return sorted(working, key=lambda record: _latest(ws, record), reverse=True)
    return []


def _is_open(ws: Workspace, record: Record) -> bool:
    try:
        return ws.stage_of(record).is_open
    except UnknownStage:
        return False


def _latest(ws: Workspace, record: Record) -> tuple[str, str]:
    events = ws.events(record=record.id, newest_first=True, limit=1)
    return (events[0].id if events else "", record.id)


def decide(
    ws: Workspace, record: Record, event: Event, subjects: Sequence[Record] = ()
) -> Decision:
    """What the triggers of the record's pipeline make of an event; `subjects` are all that it is about."""
    try:
        names, among = names_here(ws, event), [one.id for one in subjects]
        return choose(ws.pipeline_of(record), record, event, ws.env, names, among)
    except UnknownStage:
        return Decision()


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


def _called(ws: Workspace, record: Record, event: Event) -> list[str]:
    """The robots of the record's stage that an event starts."""
    try:
        stage, names = ws.stage_of(record), names_here(ws, event)
        return [robot.id for robot in called(stage, event, names)]
    except UnknownStage:
        return []


def _move(
    ws: Workspace,
    found: Record,
    event: Event,
    among: Sequence[Record],
    heard: TriggerRun,
    notes: HeardEvents | None,
) -> None:
    """Decide again under the lock and move the record, with that its event was heard, in one change."""
    trigger = decide(ws, found, event, among).trigger
    actor = f"trigger:{trigger.on}" if trigger else "crm"
    cause, depth = event.id, event.depth + 1
    try:
        with _change(ws, notes, heard, actor, cause, depth) as change:
            _move_in(change, ws, found.id, event, among, heard)
    except REFUSALS as refusal:
        heard.refused.append(_line(found, event, refusal.message))
        with _change(ws, notes, heard, cause=cause, depth=depth) as change:
            # The event is read and will not come back.
            text = tr("{} did not move it: {}", _word(event), refusal.message)
            _tell_owner(change, ws, found, text)


def _word(event: Event) -> str:
    return str(event.data.get("code", event.kind))


def _tell_owner(change: Change, ws: Workspace, record: Record, text: str) -> None:
    owner = str(record.get("owner"))
    if owner and ws.exists(record.id):
        change.note("notice", record.id, {"to": owner, "text": text})


def _move_in(
    change: Change,
    ws: Workspace,
    record_id: str,
    event: Event,
    among: Sequence[Record],
    heard: TriggerRun,
) -> None:
    record = change.get(record_id)
    decision = decide(ws, record, event, among)
    why = _overtaken(ws, record, event)
    if decision.stage is not None and not why:
        move(change, ws, record, decision)
        line = _line(record, event, *map(str, decision.passed))
        heard.moved.append({**line, "to": decision.stage.id})
        return
    tried = [Passed(decision.stage.id, why)] if decision.stage and why else []
    passed = [*tried, *decision.passed]
    if is_loop(event) and (decision.stage or _called(ws, record, event)):
        loop = _loop(event)
        heard.refused.append(_line(record, event, loop))
        change.note("automation.stopped", record.id, {"event": event.id, "reason": loop})
        _tell_owner(change, ws, record, tr("{} did not move it: {}", _word(event), loop))
    elif passed:
        heard.passed.append(_line(record, event, *map(str, passed)))
        if any(one.why != ALREADY_THERE for one in passed):  # else there was nothing to decide
            facts = {"event": event.id, "on": _word(event), "passed": _told(passed)}
            change.note("trigger.passed", record.id, facts)
    if decision.asks:
        text = tr("{}: which deal is meant? {}", _word(event), ", ".join(one.id for one in among))
        _tell_owner(change, ws, record, text)
    if not is_loop(event):
        call_robots(change, ws, record, event)


def call_robots(change: Change, ws: Workspace, record: Record, event: Event) -> None:
    """Start the robots that wait for an event where the record stands; once, however often it is heard."""
    told = ws.events(record=record.id, kinds=(ROBOT_CALLED,), after=event.id)
    if any(one.data.get("event") == event.id for one in told):
        return
    if robots := _called(ws, record, event):
        facts = {"event": event.id, "on": _word(event), "robots": robots}
        change.note(ROBOT_CALLED, record.id, facts)


def _told(passed: Sequence[Passed]) -> list[list[str]]:
    return [[one.stage, one.why] for one in passed]


def move(change: Change, ws: Workspace, record: Record, decision: Decision) -> None:
    """Move a record as a person would, also one that is closed."""
    assert decision.stage is not None  # who moves has decided where
    data: dict[str, Any] = {"by": "trigger"}
    if decision.passed:
        data["passed"] = _told(decision.passed)
    stages.move_in(change, ws, record, decision.stage.id, reopen=True, data=data)


def is_loop(event: Event) -> bool:
    """Whether so many steps of automation led to an event that no more may follow."""
    return event.depth >= DEEPEST


def _loop(event: Event) -> str:
    return tr("a loop: {} automation steps led here", event.depth)


def _overtaken(ws: Workspace, record: Record, event: Event) -> str:
    """Why the event no longer counts: a person has moved the record since, or it runs in circles."""
    if is_loop(event):
        return _loop(event)
    for entry in ws.events(record=record.id, kinds=ENTRIES, newest_first=True):
        if entry.id <= event.id:
            break
        if entry.cause == event.id:
            return "the event has moved it already"
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
