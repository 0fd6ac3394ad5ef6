"""What happened with a client: calls, messages, meetings, notes, and codes that triggers wait for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, NotFound, Refused
from crmcli.language import tr
from crmcli.model.conditions.tree import BadCondition
from crmcli.model.entities import ENTITIES
from crmcli.model.event import ACTIVITIES, DELETED, TOGETHER, Event, as_amended
from crmcli.model.fields import Record
from crmcli.model.listed import allowed_hint, nearest
from crmcli.model.schema import has_activities
from crmcli.model.trigger_events import EVENTS, OF_CODES
from crmcli.model.values import format_instant
from crmcli.sales.consent.block_list import check_welcome
from crmcli.sales.history.amendments import amend_in, is_of_people
from crmcli.sales.history.story import beginning_with
from crmcli.sales.records.edit import given_back
from crmcli.store.layout import PIPELINES
from crmcli.workspace import Change, Workspace

if TYPE_CHECKING:
    from crmcli.model.pipeline import Pipeline

KINDS = tuple(dict.fromkeys(kind.partition(".")[0] for kind in ACTIVITIES))
"""What an activity is, whichever way it went."""


class NobodyWaits(NotFound):
    """A code that no trigger waits for."""


def log(
    ws: Workspace,
    record_id: str,
    kind: str,
    text: str,
    *,
    others: Sequence[str] = (),
    at: datetime | None = None,
    anyway: bool = False,
    **data: Any,
) -> str:
    """Log an activity (one of ACTIVITIES) of a record, and of others who took part; the event's id.

    It was now, or `at` a moment before. Blocked if it came from somebody on the block list, unless
    `anyway`.
    """
    if kind not in ACTIVITIES:
        raise BadUsage(tr("{!r} is not an activity", kind), tr("one of {}", ", ".join(ACTIVITIES)))
    everybody = list(dict.fromkeys((record_id, *others)))
    first = ""
    with ws.change("log") as change:
        for one in everybody:
            record = change.get(one)
            if kind.endswith(".in") and not anyway:
                check_welcome(ws, record)
            there = [other for other in everybody if other != one]
            facts = {**data, **_moment(ws, at, one, text), TOGETHER: first, "with": there or ""}
            event_id = log_in(change, one, kind, text, facts)
            first = first or event_id
    return first


def _moment(ws: Workspace, at: datetime | None, record_id: str, text: str) -> dict[str, str]:
    if at is None:
        return {}
    if at > ws.now:
        when = at.astimezone(ws.zone).strftime("%Y-%m-%d %H:%M")
        hint = tr(
            "plan it: {}", f"crm task add {shlex.quote(text)} --for {record_id} --due '{when}'"
        )
        raise BadUsage(
            tr("{} is still to come", when), hint if text else "plan it with crm task add"
        )
    return {"at": format_instant(at)}


def log_in(
    change: Change, record_id: str, kind: str, text: str, data: Mapping[str, Any] | None = None
) -> str:
    """Write down an activity within an open change."""
    facts = {name: value for name, value in (data or {}).items() if value not in ("", None)}
    return change.note(kind, record_id, {"text": text, **facts})


def note_in(change: Change, record_id: str, text: str) -> None:
    """Write down a note on what is done within an open change; none without a text."""
    if text.strip():
        log_in(change, record_id, "note", text.strip())


# -- those that are there -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which activities are looked for; what is not given narrows nothing."""

    kinds: Collection[str] = ()
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None
    record: str = ""
    where: str = ""


def find(ws: Workspace, wanted: Wanted) -> list[Event]:
    """The activities that are wanted as they are now, oldest first; one of several people once."""
    records = _fitting(ws, wanted.where) if wanted.where else None
    kinds = {k for k in ACTIVITIES if {k, k.partition(".")[0]} & set(wanted.kinds)}
    found: dict[str, Event] = {}
    for event in ws.activities(wanted.record, wanted.since, wanted.until):
        if wanted.kinds and event.kind not in kinds:
            continue
        if (wanted.actor and event.actor != wanted.actor) or (
            records is not None and event.record not in records
        ):
            continue
        found.setdefault(str(event.data.get(TOGETHER) or event.id), event)
    return list(found.values())


def _fitting(ws: Workspace, where: str) -> set[str]:
    """The records of any noun that fit a condition; BadCondition where it means nothing for all."""
    found: set[str] = set()
    refusals: list[BadCondition] = []
    for entity in filter(has_activities, ENTITIES):
        try:
            condition = ws.condition(where, entity)
        except BadCondition as error:
            refusals.append(error)
            continue
        found.update(fact.id for fact in ws.facts(entity, ("name",), condition))
    if len(refusals) == len([*filter(has_activities, ENTITIES)]):
        raise refusals[0]
    return found


def named(ws: Workspace, ref: str) -> Event:
    """An activity by its id or the beginning of it, as it is now; NotFound or Ambiguous."""
    found = beginning_with(ws, ref, ACTIVITIES)
    now = as_amended(ws.events(record=found.record)) if found else []
    event = next((event for event in now if found and event.id == found.id), None)
    if event is None:
        raise NotFound(tr("no activity {!r}", ref), "see crm activity list")
    return event


def edit(
    ws: Workspace, event: Event, values: Mapping[str, Any], at: datetime | None = None
) -> Event:
    """Change what an activity says, or when it was, with all who took part; it as it is then."""
    given = {
        name: given_back(ws, event.record, tr(name), value, str(event.data.get(name, "")))
        for name, value in values.items()
        if value is not None
    }
    moment = _moment(ws, at, event.record, str(event.data.get("text", "")))
    with ws.change("activity edit") as change:
        for one in _shared(ws, event):
            amend_in(change, one.id, _with(one, {**given, **moment}))
    return _with(event, {**given, **moment})


def remove(ws: Workspace, event: Event) -> None:
    """Take an activity back, of all who took part; its text stays on the timeline."""
    with ws.change("activity rm") as change:
        for one in _shared(ws, event):
            change.note(DELETED, one.record, {"activity": one.id})


def _with(event: Event, values: Mapping[str, Any]) -> Event:
    data = {**event.data, **values}
    return replace(event, data={name: value for name, value in data.items() if value != ""})


def _shared(ws: Workspace, event: Event) -> list[Event]:
    """The activity on each record that took part; Refused if it is a message that crm sent or got."""
    if not is_of_people(event):
        said = tr("{} was not logged by hand", event.id)
        raise Refused(said, "what robots did and what was sent stays as it is")
    first = event.data.get(TOGETHER) or event.id
    found = [event]
    for record in event.data.get("with", ()):
        others = as_amended(ws.events(record=record, after=str(first)[:-1]))
        found += [one for one in others if first in (one.id, one.data.get(TOGETHER))]
    return found


def fire(
    ws: Workspace,
    record_id: str,
    code: str,
    call_id: str = "",
    told: Mapping[str, str] | None = None,
) -> str:
    """Tell the triggers that something happened outside; returns the event's id, "" for a call of which the
    record was told before under the same `call_id`. NobodyWaits if no trigger has that code. `told` is what
    filters may look at."""
    if code not in EVENTS and not re.fullmatch(r"[a-z][a-z0-9_-]{0,63}", code):
        hint = "a word of small Latin letters, digits, - and _, e.g. paid"
        near = nearest(code, EVENTS) if "." in code else ""
        raise BadUsage(
            tr("{!r} is not a valid code", code), tr("did you mean {!r}?", near) if near else hint
        )
    if wrong := [name for name in told or {} if name not in OF_CODES]:
        hint = allowed_hint(wrong[0], OF_CODES)
        raise BadUsage(tr("nothing can be told as {!r}", wrong[0]), hint)
    with ws.change("trigger fire") as change:
        _check_awaited(ws, change.get(record_id), code)
        if call_id and calls(ws, record_id, code, call_id):
            return ""
        named = {"id": call_id} if call_id else {}
        return change.note("signal", record_id, {"code": code, **named, **(told or {})})


def calls(ws: Workspace, record_id: str, code: str, call_id: str) -> list[str]:
    """The events by which a record was told of one call, the first first; not those that were undone."""
    from crmcli.workspace.undone import dead

    told = ws.events(record=record_id, kinds=("signal",))
    same = [e for e in told if (e.data.get("code"), e.data.get("id")) == (code, call_id)]
    is_dead = dead(ws) if same else None
    return [event.id for event in same if not (is_dead and is_dead(event))]


def _check_awaited(ws: Workspace, record: Record, code: str) -> None:
    """NobodyWaits where no trigger can hear of it: none of the record's pipeline, or, for a record that has
    no stages, of any."""
    own = [ws.pipeline_of(record)] if "staged" in ENTITIES[record.entity].traits else ws.pipelines
    if code in _codes(own):
        return
    where = own[0].id if isinstance(own, list) else PIPELINES
    there = [line.id for line in ws.pipelines if code in _codes([line])]
    codes = _codes(ws.pipelines)
    hint = (
        tr("{} waits for it", ", ".join(there)) if there else allowed_hint(code, codes, tr("codes"))
    )
    raise NobodyWaits(tr("no trigger of {} waits for {!r}", where, code), hint)


def _codes(pipelines: Iterable[Pipeline]) -> list[str]:
    """The codes and events for which triggers and robots wait there."""
    return sorted({code for line in pipelines for code in line.awaited})
