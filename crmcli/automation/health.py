"""Whether automation is left alone: the tick does not come, or jobs wait for a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from crmcli.automation import breaker
from crmcli.automation.clock_changes import told
from crmcli.errors import InvalidData, Problem
from crmcli.language import counted, tr
from crmcli.model.clocks import TOLERANCE
from crmcli.store import layout
from crmcli.workspace import Workspace
from crmcli.workspace.tick_times import ends

if TYPE_CHECKING:
    from crmcli.model.pipeline import Pipeline

PATIENCE = timedelta(hours=1)
LONGEST = timedelta(days=7)
"""The longest gap that may be usual; a longer one was an outage, or a clock that was set."""
USUAL = 3
"""So many times its longest gap of late may a tick be away, and never less than PATIENCE."""


def automation_problems(ws: Workspace) -> Iterator[Problem]:
    """What needs a person, though no file is wrong: a late tick, jobs in trouble."""
    is_ours = not ws.why_foreign  # else what .crm/ says is not of this machine
    yield from _late(ws) if is_ours else ()
    if paused := breaker.pause_of(ws):
        yield Problem(layout.TIMELINE, 0, breaker.told(str(paused.data.get("reason", ""))))
    yield from told(ws)
    yield from _troubled(ws)
    yield from _held(ws) if is_ours else ()


def _late(ws: Workspace) -> Iterator[Problem]:
    if ws.settings.runner and not ws.settings.runs_at(ws.clone):
        return
    try:
        declared = ws.pipelines
        if not (declared.sequences or any(_is_automated(pipeline) for pipeline in declared)):
            return
    except InvalidData:
        return  # that is reported with its lines, and no tick can run
    hint = "let cron run it: crm tick --install; crm tick --status tells more"
    written = ends(ws)
    # What lies ahead was written by a clock that was wrong.
    ended = sorted(end for end in written if end <= ws.now + TOLERANCE)
    if not ended:
        if not written and _has_waited(ws):
            message = "there are robots, but crm tick has never finished here"
            yield Problem(layout.PIPELINES, 0, message, hint)
        return
    gaps = [min(later - sooner, LONGEST) for sooner, later in pairwise(ended)]
    allowed = max([PATIENCE, *(gap * USUAL for gap in gaps)])
    if ws.now - ended[-1] > allowed:
        away = _words(ws.now - ended[-1])
        yield Problem(layout.PIPELINES, 0, tr("the last crm tick finished {} ago", away), hint)


def _is_automated(pipeline: Pipeline) -> bool:
    stages = pipeline.stages
    return bool(pipeline.schedules) or any(stage.robots or stage.triggers for stage in stages)


def _has_waited(ws: Workspace) -> bool:
    """Whether a lead or deal has stood here for a while, and no robot of any clone has ever acted."""
    if ws.timeline.job_events():
        return False
    created = ws.events(kinds=("lead.created", "deal.created"))
    return any(event.at < ws.now - PATIENCE for event in created)


def _troubled(ws: Workspace) -> Iterator[Problem]:
    from crmcli.automation.jobs import listed

    dead, unknown = (len(listed(ws, (state,))) for state in ("dead", "unknown"))
    if dead:
        words = counted(dead, "job was given up", "jobs were given up")
        hint = "crm jobs list --state dead, then crm jobs retry KEY, or crm jobs cancel KEY"
        yield Problem(layout.TIMELINE, 0, words, hint)
    if unknown:
        words = counted(
            unknown, "job may or may not have been sent", "jobs may or may not have been sent"
        )
        hint = "crm jobs list --state unknown, then crm jobs resolve KEY sent, failed or retry"
        yield Problem(layout.TIMELINE, 0, words, hint)


def _held(ws: Workspace) -> Iterator[Problem]:
    """What would leave the machine and must not yet."""
    from crmcli.automation.approval.gate import ASK, Gate, approval, in_words
    from crmcli.automation.jobs import listed

    gate = Gate(ws)
    if gate.pause:
        yield Problem(layout.TIMELINE, 0, gate.pause)
    for job in listed(ws, ("queued",)):
        gate.why_not_message(job)
    for missing in gate.missing:
        yield Problem(layout.SETTINGS, 0, tr("messages wait: {}", missing))
    unapproved = approval(ws).unapproved
    if unapproved:
        yield Problem(layout.PIPELINES, 0, in_words(unapproved), ASK)


def _words(away: timedelta) -> str:
    hours = int(away.total_seconds() // 3600)
    return counted(hours, "hour") if hours < 48 else tr("{} days", hours // 24)
