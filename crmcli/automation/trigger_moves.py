"""Moving a record because of an event, in one change with the line that says the event was heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from crmcli.automation.heard_events import HeardEvents
from crmcli.automation.job_failures import REFUSALS
from crmcli.automation.ledger import Done
from crmcli.automation.robots import DEEPEST
from crmcli.automation.trigger_decisions import called_here, decide
from crmcli.automation.triggers import ALREADY_THERE, Decision, Passed
from crmcli.dataclass import dataclass, field
from crmcli.language import tr
from crmcli.model.conditions.reasons import explained
from crmcli.model.event import ENTRIES, PASSED, ROBOT_CALLED, Event
from crmcli.model.fields import Record
from crmcli.sales import stages
from crmcli.workspace import Change, Workspace


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


@contextmanager
def heard_change(
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


class EventMoves:
    """Moves the records that an event is about, or says why not; `run` takes in what came of it."""

    def __init__(
        self, ws: Workspace, event: Event, among: Sequence[Record], run: TriggerRun
    ) -> None:
        self._ws = ws
        self._event = event
        self._among = among
        self._run = run

    def move(self, found: Record, notes: HeardEvents | None) -> None:
        """Decide again under the lock and move the record, with that its event was heard, in one change."""
        ws, event = self._ws, self._event
        trigger = decide(ws, found, event, self._among).trigger
        actor = f"trigger:{trigger.on}" if trigger else "crm"
        cause, depth = event.id, event.depth + 1
        try:
            with heard_change(ws, notes, self._run, actor, cause, depth) as change:
                self._move_in(change, change.get(found.id))
        except REFUSALS as refusal:
            self._run.refused.append(_line(found, event, refusal.message))
            with heard_change(ws, notes, self._run, cause=cause, depth=depth) as change:
                # The event is read and will not come back.
                self._tell_owner(change, found, self._not_moved(refusal.message))

    def _move_in(self, change: Change, record: Record) -> None:
        ws, event = self._ws, self._event
        decision = decide(ws, record, event, self._among)
        why = overtaken(ws, record, event)
        if decision.stage is not None and not why:
            to = move(change, ws, record, decision).stage.id
            line = _line(record, event, *map(str, decision.passed))
            self._run.moved.append({**line, "to": to})
            return
        if is_loop(event) and (decision.stage or called_here(ws, record, event)):
            self._stop(change, record)
        else:
            tried = [Passed(decision.stage.id, why)] if decision.stage and why else []
            self._pass(change, record, [*tried, *decision.passed], asks=decision.asks)
        if decision.asks:
            called = "; ".join(f"{one.id} {one.get('name')}" for one in self._among)
            text = tr("{}: which deal is meant? {}. crm trigger answer DEAL", _word(event), called)
            self._tell_owner(change, record, text)
        if not is_loop(event):
            call_robots(change, ws, record, event)

    def _stop(self, change: Change, record: Record) -> None:
        loop = _loop(self._event)
        self._run.refused.append(_line(record, self._event, loop))
        change.note("automation.stopped", record.id, {"event": self._event.id, "reason": loop})
        self._tell_owner(change, record, self._not_moved(loop))

    def _pass(
        self, change: Change, record: Record, passed: Sequence[Passed], *, asks: bool
    ) -> None:
        if not passed:
            return
        event = self._event
        self._run.passed.append(_line(record, event, *map(str, passed)))
        if any(one.why != ALREADY_THERE for one in passed):  # else there was nothing to decide
            facts = {"event": event.id, "on": _word(event), "passed": _told(passed)}
            facts |= {"asks": [one.id for one in self._among]} if asks else {}
            change.note(PASSED, record.id, facts)

    def _not_moved(self, why: str) -> str:
        return tr("{} did not move it: {}", _word(self._event), why)

    def _tell_owner(self, change: Change, record: Record, text: str) -> None:
        owner = str(record.get("owner"))
        if owner and self._ws.exists(record.id):
            change.note("notice", record.id, {"to": owner, "text": text})


def _word(event: Event) -> str:
    return str(event.data.get("code", event.kind))


def call_robots(change: Change, ws: Workspace, record: Record, event: Event) -> None:
    """Start the robots that wait for an event where the record stands; once, however often it is heard."""
    told = ws.events(record=record.id, kinds=(ROBOT_CALLED,), after=event.id)
    if any(one.data.get("event") == event.id for one in told):
        return
    if robots := called_here(ws, record, event):
        facts = {"event": event.id, "on": _word(event), "robots": robots}
        change.note(ROBOT_CALLED, record.id, facts)


def _told(passed: Sequence[Passed]) -> list[list[str]]:
    return [[one.stage, one.why] for one in passed]


def move(change: Change, ws: Workspace, record: Record, decision: Decision) -> stages.Move:
    """Move a record as a person would, also one that is closed."""
    assert decision.stage is not None  # who moves has decided where
    data: dict[str, Any] = {"by": "trigger"}
    if decision.passed:
        data["passed"] = _told(decision.passed)
    if decision.trigger and decision.trigger.when:
        data["met"] = str(explained(decision.trigger.when, record, ws.env))
    return stages.move_in(change, ws, record, decision.stage.id, reopen=True, data=data)


def is_loop(event: Event) -> bool:
    """Whether so many steps of automation led to an event that no more may follow."""
    return event.depth >= DEEPEST


def _loop(event: Event) -> str:
    return tr("a loop: {} automation steps led here", event.depth)


def overtaken(ws: Workspace, record: Record, event: Event) -> str:
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
