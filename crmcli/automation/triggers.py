"""Which trigger moves a record when something has happened: pure rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.automation import Robot, Trigger
from crmcli.model.conditions.holds import Env, holds
from crmcli.model.conditions.reasons import explained
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.trigger_events import names_of, unmet

ALREADY_THERE = "the record is already there"


@dataclass(frozen=True, slots=True)
class Passed:
    """A trigger that was tried and did not move the record: in which stage it stands, and why."""

    stage: str
    why: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.why}" if self.stage else self.why


@dataclass(frozen=True, slots=True)
class Decision:
    """Where an event moves a record and by which trigger; `passed` says why the others did not. `asks`:
    somebody is to say which of several deals is meant."""

    stage: Stage | None = None
    trigger: Trigger | None = None
    passed: tuple[Passed, ...] = ()
    asks: bool = False


def choose(
    pipeline: Pipeline,
    record: Record,
    event: Event,
    env: Env,
    names: Collection[str] | None = None,
    among: Sequence[str] = (),
) -> Decision:
    """The first trigger, by the order of stages from the first one, that may move the record. Forward only,
    unless the trigger goes back; never to where the record stands. `names` are those of the event, `among`
    the open deals of the client to whom it happened, the latest first."""
    passed: list[Passed] = []
    awaited = names_of(event) if names is None else names
    asks = False
    for n, stage in enumerate(pipeline.stages):
        for trigger in stage.triggers:
            is_other = record.id in among[1:]
            if trigger.on not in awaited or (is_other and trigger.choose != "all"):
                continue
            if trigger.fault:
                raise InvalidData(trigger.fault, "see crm pipeline check")
            why = _against(trigger, pipeline, n, record, event, env)
            if not why and trigger.choose == "ask" and len(among) > 1:
                why, asks = tr("several open deals: {}", ", ".join(among)), True
            if not why:
                return Decision(stage, trigger, tuple(passed))
            passed.append(Passed(stage.id, why))
    return Decision(None, None, tuple(passed), asks)


def called(stage: Stage, event: Event, names: Collection[str]) -> list[Robot]:
    """The robots of a record's stage that an event starts without a move."""
    able = [one for one in stage.robots if one.on in names and one.enabled and not one.fault]
    return [robot for robot in able if not unmet(robot.filters, robot.on, event)]


def _against(
    trigger: Trigger, pipeline: Pipeline, there: int, record: Record, event: Event, env: Env
) -> str:
    """What speaks against the move, "" if nothing does."""
    if why := out_of_place(trigger, pipeline, there, record):
        return why
    if why := unmet(trigger.filters, trigger.on, event):
        return why
    if trigger.when is not None and not holds(trigger.when, record, env):
        return tr("condition not met: {}", explained(trigger.when, record, env))
    return ""


def out_of_place(trigger: Trigger, pipeline: Pipeline, there: int, record: Record) -> str:
    """Why a trigger of the stage at this place moves no record that stands where this one does."""
    here = pipeline.position(str(record.get("stage")))
    if here < 0:
        return "the record is in a stage that is not declared"
    if here == there:
        return ALREADY_THERE
    if not pipeline.stages[here].is_open and not trigger.on_closed:
        return "the record is closed"
    if there < here and not trigger.back:
        return "that would move it back"
    return ""
