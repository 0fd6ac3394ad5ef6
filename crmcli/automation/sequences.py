"""Starting and stopping the sequences of pipelines.yaml for a record, by robots and by hand."""

from __future__ import annotations

from crmcli.automation.record_plan import RecordPlan, plan_for
from crmcli.automation.visits import Visit
from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.durations import Duration
from crmcli.model.event import STARTED, STOPPED
from crmcli.model.fields import Record
from crmcli.model.listed import allowed_hint
from crmcli.model.local_times import local_day
from crmcli.model.pipeline import RobotSequence
from crmcli.model.work_time import shift
from crmcli.workspace import Change, Workspace

OVER = ("done", "skipped", "missed", "cancelled", "dead", "unknown", "paused", "never", "stopped")
"""The states of steps after which nothing more comes of them by itself."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What became of a sequence for a record: `moved` if it began or ended, else `why` not."""

    record: Record
    sequence: str
    moved: bool = True
    why: str = ""


def named(ws: Workspace, name: str) -> RobotSequence:
    """A sequence of pipelines.yaml; NotFound with the nearest."""
    found = ws.pipelines.sequences
    if name not in found:
        hint = "add it to sequences: in pipelines.yaml"
        if found:
            hint = tr("{}; the sequence is the last word", allowed_hint(name, [*found]))
        raise NotFound(tr("no sequence {!r}", name), hint)
    return found[name]


def start_in(change: Change, ws: Workspace, record_id: str, name: str) -> Turned:
    """Start a sequence for a record within an open change, unless it is under way or may not come again."""
    sequence, plan = named(ws, name), plan_for(ws, record_id, change)
    record = plan.record
    if record.entity != sequence.entity:
        told = tr("the sequence {!r} is for a {}, and this is for a {}")
        raise BadUsage(told.format(name, tr(sequence.entity), tr(record.entity)))
    before = [run for run in plan.runs if run.sequence == name and run.counts]
    why = _why_not(ws, plan, sequence, before[-1]) if before else ""
    if why:
        return Turned(record, name, moved=False, why=why)
    after = {"after": before[-1].entry.id} if before else {}
    robots = [robot.id for robot in sequence.robots]
    change.note(STARTED, record_id, {"sequence": name, "robots": robots, **after})
    return Turned(record, name)


def stop_in(change: Change, ws: Workspace, record_id: str, name: str = "") -> Turned:
    """End a sequence for a record within an open change, all that are under way if none is named."""
    if name:
        named(ws, name)
    plan = plan_for(ws, record_id, change)
    runs = [run for run in plan.runs if name in ("", run.sequence) and is_under_way(plan, run)]
    for run in runs:
        change.note(STOPPED, record_id, {"sequence": run.sequence})
    names = ", ".join(run.sequence for run in runs)
    return Turned(plan.record, names or name, bool(runs), "" if runs else "it is not under way")


def is_under_way(plan: RecordPlan, run: Visit) -> bool:
    """Whether anything is still to come from a run."""
    steps = [step for step in plan.steps if step.run and step.run.entry.id == run.entry.id]
    return any(step.state not in OVER for step in steps)


def _why_not(ws: Workspace, plan: RecordPlan, sequence: RobotSequence, last: Visit) -> str:
    """Why a sequence that was started before is not started again; "" if it is."""
    began, again = local_day(last.entry.at, ws.zone), sequence.again
    if is_under_way(plan, last):
        return tr("it is under way since {}", began)
    if again == "never":
        return tr("it ran already, since {}", began)
    if isinstance(again, Duration) and shift(last.entry.at, again, ws.zone) > ws.now:
        return tr("it ran already, since {}, again after {}", began, again)
    return ""
