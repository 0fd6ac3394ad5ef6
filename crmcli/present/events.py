"""How events look in a table: when, who, what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from crmcli.language import spoken, tr
from crmcli.model.event import (
    ANSWERED,
    BOUNCED,
    CLICKED,
    COMMAND,
    DATED,
    PASSED,
    ROBOT_CALLED,
    SMS_DELIVERED,
    SMS_FAILED,
    STOOD,
    SUM,
    Event,
    told_actor,
)
from crmcli.model.local_times import local_minute
from crmcli.model.merged import JOINS, PARTINGS
from crmcli.model.money import told_price
from crmcli.model.values import entity_of, format_instant, parse_instant
from crmcli.model.words import in_words
from crmcli.present.cells import Column, Listing, attributes, in_short
from crmcli.present.columns import change_text, name_of

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

FOLLOWING = ("stage", "pipeline", "probability", "closed_at", "first_closed_at", "reopened",
             "converted", "converted_at")  # fmt: skip
"""Fields that change by themselves when a record is moved."""


MOST_LINES = 5
"""Lines of the details of an event in a table: the text of a call, not a whole e-mail."""
COLUMNS = [
    Column("at", "When", "datetime", keep=True), Column("actor", "Who", "actor"),
    Column("kind", "What", "word", keep=True), Column("text", "Details", whole=True, most=MOST_LINES),
]  # fmt: skip


def event_table(ws: Workspace, events: Sequence[Event]) -> Listing:
    """Events: when, who, what kind, what about it; `text` is for people, `data` has everything."""
    rows = [
        attributes(event, "id", "kind", "record", "cause")
        | {"at": format_instant(event.happened_at), "actor": ws.owner_name(event.actor)}
        | {"text": describe(ws, event), "data": facts_of(event)}
        for event in events
    ]
    if any("at" in event.data for event in events):  # written down later than it was
        rows.sort(key=lambda row: str(row["at"]))
    return Listing(rows, COLUMNS)


ACTIVITIES = [
    Column("at", "When", "datetime", keep=True), Column("kind", "What", "word", keep=True),
    Column("name", "With"), Column("text", "Details", whole=True, most=MOST_LINES),
    Column("actor", "Who", "actor"),
    Column("id", "Id", keep=True),
]  # fmt: skip


def activity_table(ws: Workspace, events: Sequence[Event]) -> Listing:
    """Activities: when, who, what, with whom; `record` and `with` are the ids of whom it was with."""
    rows = []
    for event in events:
        others = [str(other) for other in event.data.get("with", ())]
        names = [name_of(ws, one) or one for one in (event.record, *others)]
        rows.append(
            attributes(event, "id", "kind", "record")
            | {"at": format_instant(event.happened_at), "logged_at": format_instant(event.at)}
            | {"actor": ws.owner_name(event.actor), "with": others, "name": ", ".join(names)}
            | {"text": describe(ws, event), "data": facts_of(event)}
        )
    return Listing(
        rows, ACTIVITIES, "no activities yet: crm log call, note, meeting, … writes one down"
    )


def facts_of(event: Event) -> dict[str, Any]:
    """All that an event says, but for what tells crm alone something: a sum over values that a mask hides."""
    return {name: value for name, value in event.data.items() if name != SUM}


ROBOT = re.compile(r"(robot|trigger|schedule|user):[\w/-]+$")
_SAID = ("subject", "name", "text", "code", "sequence", "audience", "robot", "reason", "to")
"""What is told of an event of which nothing else is known."""
_SAID_OF = {
    CLICKED: ("link",), BOUNCED: ("address", "bounce", "status", "why"), SMS_DELIVERED: ("price",),
    SMS_FAILED: ("why",), "file.changed": ("file",),
}  # fmt: skip


def describe(ws: Workspace, event: Event) -> str:
    """One line about an event."""
    data = event.data
    if event.kind == "stage.entered":
        way = f"{_stage(ws, event, 'from')} → {_stage(ws, event, 'stage')}"
        told = "; ".join([way, *_changes(ws, event, FOLLOWING)]) + _by(data)
        return "; ".join([told, *_passed(ws, event)])
    if event.kind == DATED:
        stood = sorted(data[STOOD].items(), key=itemgetter(1))
        times = ((stage, local_minute(parse_instant(at), ws.zone)) for stage, at in stood)
        return ", ".join(f"{_stage_name(ws, event, stage)} {at}" for stage, at in times)
    if event.kind in (PASSED, ANSWERED):
        return f"{data.get('on')}: {data.get('deal') or '; '.join(_passed(ws, event))}"
    if event.kind == ROBOT_CALLED:
        return f"{data.get('on')}: {', '.join(data.get('robots', ()))}"
    if event.kind.endswith(".created"):
        made = _stage(ws, event, "stage") if data.get("stage") else ""
        source = data.get("lead") or data.get("from")
        return " ".join(p for p in (made, tr("from {}", source) if source else "") if p)
    if event.kind in (*JOINS, *PARTINGS):
        return _merge(ws, event) + _by(data)
    if "changes" in data:
        return "; ".join(_changes(ws, event)) + _by(data)
    if event.kind == "lead.converted":
        return ", ".join(str(data[e]) for e in ("contact", "company", "deal") if data.get(e))
    mine = f"user:{event.actor}"  # which stands beside it
    said = (_said(data, key) for key in _SAID_OF.get(event.kind, _SAID))
    words = (word for word in said if word != mine)
    talk = _of_call(data) if event.kind.startswith("call.") else ()
    queued = _queued_text(ws, event) if event.kind == "job.queued" else ()
    told = " · ".join([*queued, *(_in_words(word) for word in words if word), *talk])
    if not event.kind.startswith("job."):
        return told
    from crmcli.model.redaction import redacted

    return redacted(told)


def _queued_text(ws: Workspace, event: Event) -> list[str]:
    """What a message to a phone says, which stands in its file alone."""
    from crmcli.sales.intake.letters import queued_text

    text = queued_text(ws, event)
    return [text] if text else []


def _of_call(data: Mapping[str, Any]) -> list[str]:
    """How long a call took, what became of it, and where its recording is."""
    seconds = data.get("duration")
    length = f"{seconds // 60}:{seconds % 60:02}" if isinstance(seconds, int) and seconds else ""
    return [text for text in (length, str(data.get("recording") or "")) if text]


def _said(data: Mapping[str, Any], key: str) -> object:
    """What an event says; of a letter without what it quotes."""
    if key == "bounce":
        return in_words(str(data.get(key) or ""))
    if key == "price":
        return told_price(str(data.get(key) or ""), spoken())
    quoted = data.get("quoted")
    if key != "text" or not isinstance(quoted, list):
        return data.get(key)
    from crmcli.present.letters import folded

    return folded(str(data.get("text", "")), quoted)


def _in_words(value: object) -> str:
    """What an event says of itself; a robot or schedule as people call it."""
    told = in_short(value)
    return told_actor(told) if ROBOT.match(told) else told


def _passed(ws: Workspace, event: Event) -> list[str]:
    """The triggers that were tried for it and moved nothing, with the reason."""
    return [
        tr("not to {}: {}", _stage_name(ws, event, stage), tr(why)) if stage else tr(why)
        for stage, why in event.data.get("passed", ())
    ]


def _merge(ws: Workspace, event: Event) -> str:
    """Who went into whom, or out again, and what that changed where the event stands."""
    data = event.data
    merged, into = str(data.get("merged", "")), str(data.get("into", ""))
    other = f"{data.get('name', '')} {merged}".strip()
    joins = event.kind in JOINS
    there = f"{name_of(ws, into)} {into}".strip()
    if event.record == merged:
        return tr("into {}", there) if joins else tr("out of {}", there)
    if event.record == into:
        way = tr("with {}", other) if joins else tr("without {}", other)
        return "; ".join([way, *_changes(ws, event)])
    known = {field.name: field.word for field in ws.schema.fields(entity_of(event.record))}
    fields = ", ".join(known.get(name, name) for name in data.get("changes", {}))
    return f"{fields}: {other} → {there}" if joins else f"{fields}: {there} → {other}"


def _changes(ws: Workspace, event: Event, without: Sequence[str] = ()) -> list[str]:
    """Which field went from what to what."""
    entity = entity_of(event.record)
    changes = event.data.get("changes", {}).items()
    return [
        change_text(ws, entity, name, old, new)
        for name, (old, new) in changes
        if name not in without
    ]


def _stage(ws: Workspace, event: Event, key: str) -> str:
    stage_id = str(event.data.get(key, ""))
    wanted = str(event.data.get("pipeline", ""))
    if key == "from":  # it may have come from another pipeline
        wanted = str(event.data.get("changes", {}).get("pipeline", [wanted])[0])
    return _stage_name(ws, event, stage_id, wanted)


def _stage_name(ws: Workspace, event: Event, stage_id: str, wanted: str = "") -> str:
    entity = entity_of(event.record)
    for pipeline in ws.pipelines:
        if pipeline.entity == entity and wanted in ("", pipeline.id):
            stage = pipeline.stage(stage_id)
            if stage is not None:
                return stage.name
    return stage_id or "—"


def _by(data: Mapping[str, Any]) -> str:
    by = str(data.get("by") or data.get(COMMAND) or "")
    known = {
        "undo": tr(" (by undo)"),
        "trigger": tr(" (by trigger)"),
        "robot": tr(" (by robot)"),
        "hand": tr(" (by hand)"),
    }
    return known.get(by) or (tr(" (by {})", by) if by else "")
