"""What events mean after the clock was set: when they really were, and which verdicts hold no more.

A clock that was wrong is noticed afterwards, and written down as one event, `clock.stepped`: which
events the other clock had dated, its last instant, and what time it really was. Who reads events
for what is due reads them `in_right_time`; no line of the timeline is ever rewritten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from crmcli.dataclass import dataclass, replace
from crmcli.model.event import Event
from crmcli.model.values import format_instant, parse_instant

TOLERANCE = timedelta(minutes=10)
"""So far may an instant lie ahead before the clock is held to have been wrong."""
STEPPED = "clock.stepped"

VERDICTS = ("job.missed", "job.skipped", "job.dead", "automation.stopped")
"""What is void if a wrong clock led to it; all else has happened, whatever the clock said."""
_LEAP = timedelta(minutes=1)
LONG = timedelta(days=7)
"""From here on a leap is hardly an absence."""
_YEARS = range(1800, 2400)
_AIMS = ("retry_at", "lease_until")


@dataclass(frozen=True, slots=True)
class ClockStep:
    """One time that the clock was set.

    The events with ids from `first` to `last` that are dated from `since` to `until` were dated by
    the clock before, whose last instant known, `until`, was really `to`. What would so come to lie
    before `floor`, when the right clock still went, is of `to`. `undoes` are the steps of before
    that this one takes back: the clock shows again what it would have shown without them.
    """

    id: str
    clone: str
    first: str
    last: str
    since: datetime
    until: datetime
    to: datetime
    floor: datetime
    undoes: tuple[str, ...] = ()

    @property
    def is_back(self) -> bool:
        """Whether the clock was set back: it had been ahead, or is behind now."""
        return self.to < self.until

    def covers(self, event_id: str, at: datetime) -> bool:
        """Whether an event was dated by the clock before."""
        return self.first <= event_id <= self.last and self.since <= at <= self.until

    def places(self, at: datetime) -> bool:
        """Whether it can be told when that really was: no earlier than the right clock still went."""
        return self.to - (self.until - at) >= self.floor

    def right(self, at: datetime) -> datetime:
        """When it really was: what passed by the clock before has passed."""
        return self.to - (self.until - at) if self.places(at) else self.to

    @property
    def slack(self) -> timedelta:
        """How much sooner than it should a clock that was behind may come back: nobody is away for
        half of a long jump, and the clock may have been ahead before it."""
        jump = abs(self.until - self.to)
        return jump / 2 if jump >= LONG else _LEAP

    @property
    def data(self) -> dict[str, Any]:
        """What its event says."""
        instants = {"since": self.since, "from": self.until, "to": self.to, "floor": self.floor}
        facts: dict[str, Any] = {"clone": self.clone, "first": self.first, "last": self.last}
        facts |= {name: format_instant(moment) for name, moment in instants.items()}
        return {**facts, "undoes": list(self.undoes)} if self.undoes else facts


def read_step(event: Event) -> ClockStep | None:
    """The step that an event tells of; None if a hand has made nonsense of it."""
    data = event.data
    try:
        since, until, to, floor = (
            parse_instant(str(data[name])) for name in ("since", "from", "to", "floor")
        )
        texts = [str(data[name]) for name in ("clone", "first", "last")]
        undoes = tuple(map(str, data.get("undoes", ())))
    except (KeyError, TypeError, ValueError):
        return None
    if any(moment.year not in _YEARS for moment in (since, until, to, floor)) or since > until:
        return None
    clone, first, last = texts
    return ClockStep(event.id, clone, first, last, since, until, to, floor, undoes)


def believed(events: Iterable[Event], clone: str, now: datetime) -> tuple[ClockStep, ...]:
    """The steps that hold, oldest first: those of this clone that no later one took back.

    Another clone's clock says nothing of this one's, save of what cannot have been yet.
    """
    found: list[ClockStep] = []
    undone: set[str] = set()
    steps = [step for step in map(read_step, events) if step is not None]
    for step in sorted(steps, key=lambda step: step.id, reverse=True):
        is_own = step.clone == clone or (step.is_back and step.until > now + TOLERANCE)
        if is_own and step.id not in undone:
            found.append(step)
            undone.update(step.undoes)
    return tuple(found[::-1])


def returned_to(steps: Sequence[ClockStep], last: datetime, now: datetime) -> tuple[ClockStep, ...]:
    """The steps that a clock which jumped from `last` to `now` takes back; none if it shows no time
    that it would have shown without them.

    So much at least has passed since as the clocks in between have counted, and hardly more than
    the jump is long: who was merely away comes back at any time.
    """
    passed = timedelta()
    end = last
    fits: list[tuple[timedelta, int]] = []
    for n in range(len(steps) - 1, -1, -1):
        step = steps[n]
        if not step.is_back:
            break  # what was before a leap back to the right time is settled
        passed += max(end - step.to, timedelta())
        end = step.until
        over = now - step.until - passed
        if -step.slack <= over <= max(abs(step.until - step.to), TOLERANCE):
            fits.append((abs(over), n))
    return tuple(steps[min(fits)[1] :]) if fits else ()


def in_right_time(events: Sequence[Event], steps: Sequence[ClockStep]) -> Sequence[Event]:
    """The events, oldest first, at the times at which they really were, without void verdicts.

    A verdict is void if the clock was ahead and it hangs on a date, or on something that was before:
    then more time seemed to have passed than had.
    """
    if not steps:
        return events
    found: list[Event] = []
    begun: dict[str, str] = {}
    dated = {event.id: event.at for event in events}
    for event in events:
        key = str(event.data.get("key", ""))
        since = begun.get(key, event.cause)
        at = event.at
        is_void = False
        for step in steps:
            if step.covers(event.id, at):
                at = step.right(at)
                is_void = is_void or _is_void(event, step, since, dated.get(since))
        if not is_void:
            if key:
                begun.setdefault(key, event.id)  # what is void has begun nothing
            found.append(event if at == event.at else _moved(event, at))
    return found


def _is_void(event: Event, step: ClockStep, base: str, begun: datetime | None) -> bool:
    if event.kind not in VERDICTS or not step.is_back:
        return False
    if event.data.get("timed") or not step.first <= base <= step.last:
        return True
    # The wrong clock may have leapt on in between: then it was not so late.
    return event.kind == "job.missed" and begun is not None and not step.places(begun)


def _moved(event: Event, at: datetime) -> Event:
    """The event at another time, with what it aims at as far away as before."""
    aims = {name: event.data[name] for name in _AIMS if event.data.get(name)}
    data: Mapping[str, Any] = event.data
    if aims:
        by = at - event.at
        data = {**data, **{name: _later(str(text), by) for name, text in aims.items()}}
    return replace(event, at=at, data=data)


def _later(text: str, by: timedelta) -> str:
    try:
        return format_instant(parse_instant(text) + by)
    except (ValueError, OverflowError):
        return text  # no instant that crm has written; who reads it says so


def in_order(events: Sequence[Event], steps: Sequence[ClockStep], now: datetime) -> Sequence[Event]:
    """The events, oldest first, at the times at which they really were: of each record none before the
    one before it, and none after now, even where no tick has noticed that the clock was wrong.

    For who shows or measures the past; nothing is void.
    """
    limit = now + TOLERANCE
    instants = [_right(event, steps) for event in events]
    sooner: dict[str, datetime] = {}
    for n in range(len(events) - 1, -1, -1):
        if instants[n] > limit:  # it cannot have been after what came next
            instants[n] = sooner.get(events[n].record, now)
        else:
            sooner[events[n].record] = min(instants[n], sooner.get(events[n].record, now))
    latest: dict[str, datetime] = {}
    for n, event in enumerate(events):
        instants[n] = latest[event.record] = max(instants[n], latest.get(event.record, instants[n]))
    return [
        event if event.at == at else replace(event, at=at)
        for event, at in zip(events, instants, strict=True)
    ]


def _right(event: Event, steps: Sequence[ClockStep]) -> datetime:
    at = event.at
    for step in steps:
        at = step.right(at) if step.covers(event.id, at) else at
    return at


def has_come(moment: datetime, now: datetime, farthest: timedelta) -> bool:
    """Whether a moment has come that was set at most `farthest` ahead: one that lies beyond that was
    set by a wrong clock, and nobody need wait for it."""
    return moment <= now or moment > now + farthest + TOLERANCE
