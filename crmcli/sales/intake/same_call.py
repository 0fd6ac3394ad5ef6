"""A call that was told before another way: by a web hook, then by a list that does not have its id.

Two calls of one client do not overlap, and a list tells each of its calls once: by that two that come close
are told from one that is told twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from crmcli.channels.incoming import Incoming
from crmcli.dataclass import dataclass, replace
from crmcli.errors import InvalidData, NotFound
from crmcli.model.event import TAKEN, Event, as_amended
from crmcli.model.fields import Record
from crmcli.model.phones import parse_phones
from crmcli.model.providers import PROVIDERS
from crmcli.model.values import parse_instant
from crmcli.sales.history.amendments import amend_in
from crmcli.sales.intake.kept import Kept
from crmcli.sales.intake.whose import CLIENTS, worked_on
from crmcli.workspace import Change, Workspace

CALLS = ("call.in", "call.missed", "call.out")
LIST, LISTS = "list", "lists"
"""Of what came in by a list, that list; of an event, the lists that tell of it."""
CLOCKS = 10
"""Seconds by which two clocks may differ, and what rings first."""
LATE = 120
"""Seconds after its end within which a call is told that does not say when it was."""
MINUTE, HOUR = 60, 3600
FARTHEST_ZONE = 14 * HOUR
_LINE = 7
"""Digits at the end of a line of ours by which it is known."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What a call is known by: which way, when it began, how long they spoke (None: not told), whether
    anybody answered, our line; whether a list tells its beginning, or its length, in whole minutes."""

    is_out: bool
    at: datetime | None
    seconds: int | None
    is_answered: bool | None
    line: str
    in_minutes: bool
    is_rounded: bool


def merged(change: Change, ws: Workspace, kept: Kept, incoming: Incoming) -> Record | None:
    """Say more of a call that is on the timeline already, in an open change; None if it is another one."""
    found = _same(ws, kept, incoming) if incoming.kind in CALLS else None
    if found is None:
        return None
    told = {name: value for name, value in incoming.told.items() if value not in ("", None)}
    lists = [*found.data.get(LISTS, ()), *told.pop(LISTS, ())]
    known = {**told, **found.data} if kept.facts.get(LIST) else {**found.data, **told}
    amend_in(change, found.id, replace(found, data=known | ({LISTS: lists} if lists else {})))
    record = ws.get(ws.heir(found.record))
    change.note(TAKEN, record.id, {"intake": kept.id, "activity": found.id})
    return record


def _same(ws: Workspace, kept: Kept, incoming: Incoming) -> Event | None:
    """The event of the call; of several that may be it the one whose length, then whose time is nearest."""
    mine = _read(incoming.kind, incoming.told)
    mine = replace(mine, in_minutes="minutes" in kept.facts, is_rounded="rounded" in kept.facts)
    if mine.at is None:
        return None
    near, shifted = [], []
    for event in _of_client(ws, incoming):
        other = _read(event.kind, event.data)
        listed, heard = (mine, other) if kept.facts.get(LIST) else (other, mine)
        if _is_known_apart(kept, event) or not _fits(listed, heard):
            continue
        lasts = abs((mine.seconds or 0) - (other.seconds or 0))
        after = ((heard.at or event.at) - (listed.at or event.at)).total_seconds()
        apart = (
            after if after >= 0 else MINUTE - after
        )  # minutes are cut off more often than rounded
        if other.at is None or mine.at is None:
            is_near = _was_just_over(event, mine)
        else:
            is_near = _is_near(listed, heard)
        if is_near:
            near.append((lasts, apart, event.id, event))
        elif _is_of_another_zone(mine, other, kept):
            shifted.append(event)
    if near:
        return min(near)[-1]
    return shifted[0] if len(shifted) == 1 else None


def _of_client(ws: Workspace, incoming: Incoming) -> Iterator[Event]:
    """The calls with somebody of that number, as they are now."""
    ids = {
        i for phone in incoming.phones for one in CLIENTS for i in ws.lookup("phone", phone, [one])
    }
    numbers = {value for phone in incoming.phones for value in _numbers(ws, phone)}
    seen: set[str] = set()
    for record_id in sorted(ids):
        try:
            client = ws.get(record_id)
        except (NotFound, InvalidData):
            continue
        for record in (client, *worked_on(ws, client)):
            if record.id not in seen:
                seen.add(record.id)
                for event in as_amended(ws.events(record=record.id)):
                    is_told = event.kind in CALLS and bool(event.data.get("message_id"))
                    if is_told and numbers & _numbers(ws, str(event.data.get("number", ""))):
                        yield event


def _numbers(ws: Workspace, text: str) -> set[str]:
    try:
        return {phone.value for phone in parse_phones(text, ws.settings.phone_country)}
    except ValueError:
        return {text} if text else set()


def _read(kind: str, told: Mapping[str, Any]) -> _Told:
    seconds = told.get("duration")
    seconds = seconds if isinstance(seconds, int) else None
    is_answered = True if seconds else None
    if kind == "call.missed" or (not seconds and told.get("status")):
        is_answered = False
    try:
        at = parse_instant(str(told.get("at", "")))
    except (ValueError, OverflowError):
        at = None
    line = "".join(filter(str.isdecimal, str(told.get("line", ""))))
    in_minutes = bool(told.get(LISTS)) and at is not None and at.second == 0
    return _Told(kind == "call.out", at, seconds, is_answered, line, in_minutes, is_rounded=False)


def _is_known_apart(kept: Kept, event: Event) -> bool:
    """Whether it has an id of the same kind, which is another one, or its own list told of it."""
    if kept.facts.get(LIST) in event.data.get(LISTS, ()):
        return True
    one, other = (_giver(key) for key in (kept.key, str(event.data["message_id"])))
    if one == other:
        return bool(one) or not (kept.facts.get(LIST) and event.data.get(LISTS))
    return one in PROVIDERS and other in PROVIDERS


def _giver(key: str) -> str:
    """Who gave a call its id: a provider, or whatever else tells ids; "" where it has none."""
    kind, *rest = key.split(":")
    if kind != "call":
        return ""
    return rest[0] if len(rest) > 1 and rest[0] in PROVIDERS else "another"


def _fits(listed: _Told, heard: _Told) -> bool:
    """Whether way, outcome, length and line may be those of one call."""
    lines = {call.line[-_LINE:] for call in (listed, heard) if len(call.line) >= _LINE}
    if listed.is_out != heard.is_out or len(lines) > 1:
        return False
    if (
        None not in (listed.is_answered, heard.is_answered)
        and listed.is_answered != heard.is_answered
    ):
        return False
    if not (listed.seconds and heard.seconds):
        return True
    more = listed.seconds - heard.seconds
    return abs(more) <= 2 or (listed.is_rounded and -MINUTE / 2 <= more < MINUTE)


def _was_just_over(event: Event, call: _Told) -> bool:
    """Whether a call may be one that was told when it was over, which does not say when that was."""
    ago = (event.at - call.at).total_seconds() if call.at else -MINUTE
    return -CLOCKS <= ago <= (call.seconds or 0) + LATE


def _is_near(listed: _Told, heard: _Told) -> bool:
    """Whether they begin at the same time, as far as it is told; those that would overlap are one."""
    assert listed.at is not None
    assert heard.at is not None
    after = (heard.at - listed.at).total_seconds()
    if listed.in_minutes and -MINUTE / 2 <= after < MINUTE:  # cut off, or rounded
        return True
    lasts = min(listed.seconds or 0, heard.seconds or 0)
    return abs(after) <= max(CLOCKS, lasts - 1)


def _is_of_another_zone(one: _Told, other: _Told, kept: Kept) -> bool:
    """Whether a list that says no zone has the call whole hours away, and to the second as long."""
    if not (kept.facts.get("zoneless") and one.at and other.at and one.seconds and other.seconds):
        return False
    apart = abs((one.at - other.at).total_seconds())
    hours = round(apart / HOUR) * HOUR
    within = MINUTE if kept.facts.get("minutes") else CLOCKS
    is_whole = 0 < hours <= FARTHEST_ZONE and abs(apart - hours) < within
    return is_whole and one.seconds == other.seconds >= CLOCKS
