"""The runs of sequences of a record: each begins by an event, and is to robots what a stay in a stage is."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from crmcli.automation.visits import Visit, changes_in, visits
from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.event import SEQUENCES, STARTED, STOPPED, Event
from crmcli.model.pipeline import RobotSequence
from crmcli.model.values import entity_of
from crmcli.workspace import Workspace
from crmcli.workspace.undone import dead


def runs_of(ws: Workspace, events: Sequence[Event], stays: Sequence[Visit]) -> list[Visit]:
    """The runs of the sequences of a record that are declared, in order; `stays` are those in its stages."""
    declared = ws.pipelines.sequences
    told = [event for event in events if event.kind in SEQUENCES] if declared else []
    runs: dict[str, list[Visit]] = {}
    for event in told:
        name = str(event.data.get("sequence"))
        own = runs.setdefault(name, [])
        if event.kind != STARTED:
            end = event if event.kind == STOPPED else None
            own[-1:] = [replace(run, end=end) for run in own[-1:]]
        # Of two clones that started it, or started it anew, the first one did.
        elif event.data.get("after") == next(
            (run.entry.id for run in reversed(own) if run.counts), None
        ):
            jobs = stays[-1].jobs if stays else {}
            own.append(Visit(event, jobs, changes_in(events, event), sequence=name))
    found = [(declared[name], run) for name, own in runs.items() if name in declared for run in own]
    return [run if run.end else replace(run, end=_left(ws, run, one, stays)) for one, run in found]


def why_ended(end: Event) -> str:
    """Why nothing more was done in a stay or a run, by what ended it."""
    if end.kind == STOPPED:
        return tr("stopped by {}", end.actor)
    return tr("the record left for {}", end.data.get("stage"))


def running(ws: Workspace) -> Collection[str]:
    """The records for which sequences were ever started that may still be under way."""
    if not ws.pipelines.sequences:
        return ()
    return {event.record for event in ws.events(kinds=(STARTED,))}


def was_started(ws: Workspace, record_id: str) -> bool:
    """Whether any sequence was ever started for a record."""
    return bool(ws.pipelines.sequences and ws.events(record=record_id, kinds=(STARTED,), limit=1))


def run_begun(ws: Workspace, record_id: str, cause: str) -> Visit | None:
    """The run of a record that an event began, if one did."""
    if not was_started(ws, record_id):
        return None
    events = ws.events(record=record_id)
    runs = runs_of(ws, events, visits(events))
    return next((run for run in runs if run.entry.id == cause), None)


def _left(
    ws: Workspace, run: Visit, sequence: RobotSequence, stays: Sequence[Visit]
) -> Event | None:
    """The move of its record that ended a run; not one that was undone, nor an undo."""
    if sequence.ends == "never":
        return None
    later = [stay.entry for stay in stays if stay.entry.id > run.entry.id]
    ends = [one for one in later if sequence.ends == "stage" or _closes(ws, one)]
    is_dead = dead(ws) if ends else None
    left = (one for one in ends if is_dead and not is_dead(one) and one.data.get("by") != "undo")
    return next(left, None)


def _closes(ws: Workspace, entry: Event) -> bool:
    pipeline, stage = str(entry.data.get("pipeline") or ""), str(entry.data.get("stage"))
    found = ws.pipelines.place(entity_of(entry.record), pipeline, stage)[1]
    return found is not None and not found.is_open
