"""Noticing that the clock was set: what a wrong one dated is written down once, so that it counts right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from crmcli.automation.lastticks import ends
from crmcli.errors import Problem
from crmcli.model.clocks import STEPPED, TOLERANCE, ClockStep, believed, read_step, returned_to
from crmcli.model.event import Event
from crmcli.model.plural import counted
from crmcli.model.values import format_instant, parse_instant
from crmcli.store import layout
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.store.index.instants import Beyond

TOLD = timedelta(days=7)
"""So long crm check speaks of a clock that was set."""
_COUNTS = ("records", "retries", "schedules")


class _Noticed(NamedTuple):
    """A step that is not written down yet, and of how much it says that it is planned again."""

    step: ClockStep
    counts: tuple[int, int, int] = (0, 0, 0)


def notice(ws: Workspace) -> list[str]:
    """Write down that the clock was set since the last look, and say so; nothing where it was not.

    That an event is dated ahead shows that the clock was ahead or is behind now. That the clock then
    leaps back to where it would be by now without that shows that it was behind.
    """
    noticed = _gone_back(ws) or _come_back(ws)
    if noticed is None:
        return []
    facts = noticed.step.data | dict(zip(_COUNTS, noticed.counts, strict=True))
    with ws.change("tick", actor="crm") as change:
        change.note(STEPPED, "", facts)
    ws.__dict__.pop("clock_events", None)
    return [_words(ws, facts)]


def mark(ws: Workspace) -> str:
    """A text that is another one after each step; of these the agenda of robots must be made anew."""
    return " ".join(step.id for step in ws.clock_steps)


def told(ws: Workspace) -> Iterator[Problem]:
    """What crm check says of the clock: events dated ahead that no tick has seen, and the last step."""
    seen = _ahead(ws, ws.clock_steps)
    if seen is not None and seen.span.last:
        until = _shown(ws, parse_instant(seen.span.until))
        hint = "set the clock right if it is not; the next crm tick plans again what hangs on it"
        yield Problem(
            layout.TIMELINE, 0, f"events are dated up to {until}, ahead of the clock", hint
        )
    for event in ws.clock_events[-1:]:
        if abs(ws.now - event.at) <= TOLD and read_step(event) is not None:
            yield Problem(layout.TIMELINE, 0, _words(ws, dict(event.data)))


def _ahead(ws: Workspace, steps: Sequence[ClockStep]) -> Beyond | None:
    """The events ahead of the clock that no step accounts for, if there can be any."""
    from crmcli.store.index.instants import Span

    limit = format_instant(ws.now + TOLERANCE)
    if ws.index.latest_instant() <= limit:
        return None
    known = [
        Span(step.first, step.last, format_instant(step.since), format_instant(step.until))
        for step in steps
    ]
    return ws.index.beyond(limit, known)


def _gone_back(ws: Workspace) -> _Noticed | None:
    """What events that are dated ahead tell, or a tick that ended later than it is now."""
    seen_upto = ws.index.seen_upto()
    latest = ws.index.latest_instant()
    steps, undone = _without_leap(ws, latest)
    seen = _ahead(ws, steps)
    ws.index.account(seen.before if seen else latest)
    ended = _ended_ahead(ws, steps)
    limit = ws.now + TOLERANCE
    if seen is not None and seen.span.last:
        span, until = seen.span, max([parse_instant(seen.span.until), *ended])
        before = ws.index.between("", format_instant(limit), span.first).until
        floor = min(parse_instant(before), ws.now) if before else ws.now
        step = ClockStep(
            "", ws.clone, span.first, span.last, parse_instant(span.since), until, ws.now, floor,
            tuple(step.id for step in undone),
        )  # fmt: skip
        counts = (seen.records, seen.retries, seen.schedules)
        return _Noticed(_widened(step, steps, limit), counts)
    if not ended:
        return None
    step = ClockStep("", ws.clone, seen_upto, seen_upto, ended[0], ended[0], ws.now, ws.now)
    return _Noticed(_widened(step, steps, limit))


def _without_leap(ws: Workspace, latest: str) -> tuple[Sequence[ClockStep], Sequence[ClockStep]]:
    """The steps that hold, and those that hold no more: leaps ahead that a clock gone back undoes."""
    steps = ws.clock_steps
    if not steps or steps[-1].is_back or latest <= format_instant(ws.now + TOLERANCE):
        return steps, ()
    undone = returned_to(steps, parse_instant(latest), ws.now)
    gone = [step.id for step in undone]
    return believed(ws.clock_events, ws.clone, ws.now, gone), undone


def _ended_ahead(ws: Workspace, steps: Sequence[ClockStep]) -> list[datetime]:
    """When the last tick ended, if that lies ahead and no step was noticed since."""
    last = ends(ws)[-1:]
    known = steps[-1].until if steps else None
    return [end for end in last if end > ws.now + TOLERANCE and end != known]


def _widened(step: ClockStep, steps: Sequence[ClockStep], limit: datetime) -> ClockStep:
    """The step with what earlier ones took for the truth of a clock that was ahead as well."""
    for n, earlier in enumerate(steps):
        at = earlier.to
        for later in steps[n + 1 :]:
            at = later.right(at) if later.covers(earlier.last, at) else at
        if at > limit:
            step = replace(
                step,
                first=min(step.first, earlier.first),
                last=max(step.last, earlier.last),
                since=min(step.since, limit),
                until=max(step.until, at),
                floor=min(step.floor, earlier.floor),
            )
    return step


def _come_back(ws: Workspace) -> _Noticed | None:
    steps = ws.clock_steps
    if not steps or not steps[-1].is_back:
        return None
    latest = steps[-1]
    border = latest.until - TOLERANCE
    ended = ends(ws)
    if ws.now < border or not ended or ended[-1] >= border:
        return None  # it is not there yet, or went there step by step as a right clock does
    seen = ws.index.between(latest.last, format_instant(border)).until
    last = max([latest.to, ended[-1], *([parse_instant(seen)] if seen else [])])
    undone = returned_to(steps, last, ws.now)
    if not undone:
        return None
    span = ws.index.between(undone[0].last, format_instant(last))
    if not span.last:
        return None
    step = ClockStep(
        "", ws.clone, span.first, span.last, parse_instant(span.since), last, ws.now,
        undone[0].until - TOLERANCE, tuple(step.id for step in undone),
    )  # fmt: skip
    return _Noticed(step)


def _words(ws: Workspace, facts: dict[str, object]) -> str:
    step = read_step(Event("", ws.now, "", STEPPED, "", data=facts))
    assert step is not None
    here, there = _shown(ws, step.to), _shown(ws, step.until)
    if not step.is_back:
        return f"the clock was behind, and leapt from {there} to {here}: robots count on from there"
    records, retries, schedules = (_number(facts.get(name)) for name in _COUNTS)
    again = [
        f"the robots of {counted(records, 'record')}" if records else "",
        counted(retries, "try", "tries") if retries else "",
        counted(schedules, "schedule") if schedules else "",
    ]
    planned = ", ".join(part for part in again if part) or "nothing"
    return (
        f"the clock went back from {there} to {here}: it was ahead (or is behind: then set it right);"
        f" planned again: {planned}"
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _shown(ws: Workspace, moment: datetime) -> str:
    from crmcli.model.dates import local_day

    if moment.year < 2:
        return str(local_day(moment, ws.zone))
    return f"{moment.astimezone(ws.zone):%Y-%m-%d %H:%M}"
