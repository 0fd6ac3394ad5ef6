"""Noticing that the clock was set: what a wrong one dated is written down once, so that it counts right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeAlias

from crmcli.dataclass import replace
from crmcli.errors import Problem
from crmcli.language import counted, tr
from crmcli.model.clocks import LONG, STEPPED, TOLERANCE, ClockStep, read_step, returned_to
from crmcli.model.event import Event
from crmcli.model.local_times import local_minute
from crmcli.model.values import parse_instant
from crmcli.store import layout
from crmcli.workspace import Workspace
from crmcli.workspace.tick_times import ends

if TYPE_CHECKING:
    from crmcli.store.index.instants import Beyond

TOLD = timedelta(days=7)
"""So long crm check speaks of a clock that was set."""
_EVER = "9999"
"""After every instant, as the index has them."""
_COUNTS = ("records", "retries", "schedules")


_Noticed: TypeAlias = tuple[ClockStep, tuple[int, int, int]]
"""A step that is not written down yet, and of how much it says that it is planned again."""


def notice(ws: Workspace) -> list[str]:
    """Write down that the clock was set since the last look, and say so; nothing where it was not. That an
    event is dated ahead shows that the clock was ahead or is behind now. That the clock then leaps back to
    where it would be by now without that shows that it was behind."""
    noticed = _gone_back(ws) or _come_back(ws)
    if noticed is None:
        return []
    step, counts = noticed
    facts = step.data | dict(zip(_COUNTS, counts, strict=True))
    with ws.change("tick", actor="crm") as change:
        change.note(STEPPED, "", facts)
    ws.look_again()
    if step.undoes:  # what that accounted for is to be looked at again
        ws.timeline.account(_EVER)
    return [_words(ws, facts)]


def mark(ws: Workspace) -> str:
    """A text that is another one after each step; of these the agenda of robots must be made anew."""
    return " ".join(step.id for step in ws.clock_steps)


def told(ws: Workspace) -> Iterator[Problem]:
    """What crm check says of the clock: events dated ahead that no tick has seen, and the last step."""
    seen = _ahead(ws, ws.clock_steps)
    if seen is not None and seen.span.last:
        until = local_minute(parse_instant(seen.span.until), ws.zone)
        words = tr("the timeline has events dated up to {}, ahead of the clock", until)
        hint = "if the clock is wrong, set it; the next crm tick reschedules what depends on it"
        yield Problem(layout.TIMELINE, 0, words, hint)
    for event in ws.clock_events[-1:]:
        if abs(ws.now - event.at) <= TOLD and read_step(event) is not None:
            yield Problem(layout.TIMELINE, 0, _words(ws, dict(event.data)))


def _ahead(ws: Workspace, steps: Sequence[ClockStep]) -> Beyond | None:
    """The events ahead of the clock that no step accounts for, if there can be any."""
    from crmcli.store.index.instants import Span

    limit = _text(ws.now + TOLERANCE)
    if ws.timeline.latest_instant() <= limit:
        return None
    known = [Span(step.first, step.last, _text(step.since), _text(step.until)) for step in steps]
    return ws.timeline.beyond(limit, known)


def _gone_back(ws: Workspace) -> _Noticed | None:
    """What events that are dated ahead tell, or a tick that ended later than it is now."""
    seen_upto = ws.timeline.seen_upto()
    latest = ws.timeline.latest_instant()
    steps = ws.clock_steps
    seen = _ahead(ws, steps)
    ws.timeline.account(seen.before if seen else latest)
    ended = _ended_ahead(ws, steps)
    counts = (0, 0, 0)
    if seen is not None and seen.span.last:
        first, last = seen.span.first, seen.span.last
        since, until = parse_instant(seen.span.since), parse_instant(seen.span.until)
        counts = (seen.records, seen.retries, seen.schedules)
    elif ended:
        first = last = seen_upto
        since = until = ended[0]
    else:
        return None
    step = ClockStep("", ws.clone, first, last, since, max([until, *ended]), ws.now, ws.now)
    step = _widened(step, steps, ws.now + TOLERANCE)
    before = ws.timeline.between("", _text(ws.now + TOLERANCE), step.first).until
    floor = min(parse_instant(before), ws.now) if before else ws.now
    return replace(step, floor=floor), counts


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
            first, last = min(step.first, earlier.first), max(step.last, earlier.last)
            since, until = min(step.since, limit), max(step.until, at)
            step = replace(step, first=first, last=last, since=since, until=until)
    return step


def _come_back(ws: Workspace) -> _Noticed | None:
    """What a leap ahead tells, after a step back."""
    steps, ended = ws.clock_steps, ends(ws)
    if not steps or not steps[-1].is_back or not ended:
        return None
    latest = steps[-1]
    last = _before_leap(ws, latest, ended[-1], latest.until - max(TOLERANCE, latest.slack))
    undone = returned_to(steps, last, ws.now) if last else ()
    if not undone and ws.now - ended[-1] >= LONG:
        # So far nobody is away: was it ahead before it was behind, and is now where it was before both?
        right = ws.timeline.between("", _text(ws.now + TOLERANCE), latest.last).until
        last = _before_leap(ws, latest, ended[-1], parse_instant(right) - LONG) if right else None
        undone = (latest,) if last else ()
    span = ws.timeline.between(undone[0].last, _text(last)) if undone and last else None
    if last is None or span is None or not span.last:
        return None
    since = parse_instant(span.since)
    gone = tuple(step.id for step in undone)
    floor = ws.now - (last - since)
    step = ClockStep("", ws.clone, span.first, span.last, since, last, ws.now, floor, gone)
    return step, (0, 0, 0)


def _before_leap(
    ws: Workspace, latest: ClockStep, ended: datetime, border: datetime
) -> datetime | None:
    """The last instant before the clock passed a border in one leap; None if it did not."""
    if ws.now < border or latest.to > border:
        return None
    if ended >= border and ended != latest.until:  # that is the end that told of the step
        return None  # it went there tick by tick, as a right clock does
    seen = ws.timeline.between(latest.last, _text(border)).until
    known = [latest.to, *([parse_instant(seen)] if seen else [])]
    return max([*known, *([ended] if ended < border else [])])


def _words(ws: Workspace, facts: dict[str, object]) -> str:
    step = read_step(Event("", ws.now, "", STEPPED, "", data=facts))
    assert step is not None
    here, there = local_minute(step.to, ws.zone), local_minute(step.until, ws.zone)
    if not step.is_back:
        return tr("the clock jumped forward from {} to {}; robots count from there", there, here)
    found = (facts.get(name) for name in _COUNTS)
    records, retries, schedules = (one if isinstance(one, int) else 0 for one in found)
    again = [
        tr("the robots of {}", counted(records, "record")) if records else "",
        counted(retries, "try", "tries") if retries else "",
        counted(schedules, "schedule") if schedules else "",
    ]
    planned = ", ".join(part for part in again if part)
    more = tr("; rescheduled: {}", planned) if planned else ""
    return tr("the clock went back from {} to {}; set it if it is wrong now", there, here) + more


def _text(moment: datetime) -> str:
    """An instant as the index has it."""
    return moment.astimezone(UTC).isoformat()
