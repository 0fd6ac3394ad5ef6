"""Which trigger moves a record when something has happened: pure rules."""

from __future__ import annotations

from crmcli.dataclass import dataclass
from crmcli.errors import InvalidData
from crmcli.language import tr
from crmcli.model.automation import Trigger
from crmcli.model.conditions.holds import Env, holds
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.pipeline import Pipeline, Stage


@dataclass(frozen=True, slots=True)
class Decision:
    """Where an event moves a record and by which trigger; `passed` says why the others did not."""

    stage: Stage | None = None
    trigger: Trigger | None = None
    passed: tuple[str, ...] = ()


def choose(pipeline: Pipeline, record: Record, event: Event, env: Env) -> Decision:
    """The first trigger, by the order of stages from the first one, that may move the record. Forward only,
    unless the trigger goes back; never to where the record stands."""
    passed: list[str] = []
    awaited = event.data.get("code") if event.kind == "signal" else event.kind
    for n, stage in enumerate(pipeline.stages):
        for trigger in stage.triggers:
            if trigger.on != awaited:
                continue
            if trigger.fault:
                raise InvalidData(trigger.fault, "see crm pipeline check")
            why = _against(trigger, pipeline, n, record, event, env)
            if not why:
                return Decision(stage, trigger, tuple(passed))
            passed.append(f"{stage.id}: {why}")
    return Decision(None, None, tuple(passed))


def _against(
    trigger: Trigger, pipeline: Pipeline, there: int, record: Record, event: Event, env: Env
) -> str:
    """What speaks against the move, "" if nothing does."""
    here = pipeline.position(str(record.get("stage")))
    if here < 0:
        return "the record is in a stage that is not declared"
    if here == there:
        return "the record is already there"
    if not pipeline.stages[here].is_open and not trigger.on_closed:
        return "the record is closed"
    if there < here and not trigger.back:
        return "that would move it back"
    if trigger.fields and not set(trigger.fields) & set(event.data.get("changes", ())):
        return tr("none of {} changed", ", ".join(trigger.fields))
    if trigger.when is not None and not holds(trigger.when, record, env):
        return tr("condition not met: {}", trigger.when)
    return ""
