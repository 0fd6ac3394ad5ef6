"""Triggers in pipelines.yaml, and the events, with their filters, for which triggers and robots wait."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.automation import Trigger
from crmcli.model.listed import nearest
from crmcli.model.trigger_events import CALLED, EVENTS, FILTERS, LASTING, OF_CODES
from crmcli.store.config import shapes
from crmcli.store.config.conditions import condition
from crmcli.store.config.cursor import ID_HINT, Cursor
from crmcli.store.config.frame import Frame
from crmcli.store.config.lengths import lasting

CODE_RULE = r"[a-z][a-z0-9_-]{0,63}"


def read_trigger(place: Cursor, frame: Frame) -> Trigger:
    """A trigger of a stage."""
    got = TRIGGER.read(place, frame)
    return Trigger(filters=filters_of(place, got), **got, line=place.line)


def filters_of(place: Cursor, got: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The filters of an event, taken out of what was read; a fault for one that it does not have."""
    on = got["on"]
    allowed = EVENTS[on].filters if on in EVENTS else OF_CODES if on else ()
    found = {key: values for key in FILTERS if (values := got.pop(key))}
    for key in found:
        if key not in allowed:
            hint = tr("its filters: {}", ", ".join(allowed)) if allowed else "remove it"
            told = tr("{!r} does not go with on: {}", key, on) if on else tr("{!r} needs on:", key)
            place.at(key).fault(told, hint)
    if on in LASTING and "for" not in found:
        place.fault("'for' is missing: for how long", tr("write for: {}", LASTING[on]))
    return found


def filter_rules() -> list[dict[str, Any]]:
    """Which filters go with which events, for the JSON Schema."""
    return [
        {
            "if": {"required": [key], "properties": {key: {"not": {"type": "null"}}}},
            "then": {"properties": {"on": _events_schema(key)}, "required": ["on"]},
        }
        for key in FILTERS
    ]


def _events_schema(filtered: str = "") -> dict[str, Any]:
    """The events, or those that have one filter; with or without the codes of one's own."""
    names = [name for name, row in EVENTS.items() if not filtered or filtered in row.filters]
    code = [] if filtered and filtered not in OF_CODES else [{"pattern": f"^{CODE_RULE}$"}]
    return {"type": "string", "anyOf": [{"enum": names}, *code]}


def _event(place: Cursor, frame: Frame) -> str:
    word = place.text()
    if word and word not in EVENTS:
        if "." in word:
            place.fault(tr("no event {!r}", word), _nearest_event(word))
        elif not re.fullmatch(CODE_RULE, word):
            place.fault(tr("{!r} cannot be a code of crm trigger fire", word), ID_HINT)
    return word


def _nearest_event(word: str) -> str:
    """The event that a word may mean, or those of its kind, or all."""
    near = CALLED.get(word) or nearest(word, EVENTS)
    like = [name for name in EVENTS if name.partition(".")[0] == word.partition(".")[0]]
    hint = tr("did you mean {!r}?", near) + " " if near else ""
    return f"{hint}{tr('allowed')}: {', '.join(like or EVENTS)}"


def _each(place: Cursor) -> Iterable[Cursor]:
    """One value, or a list of several."""
    return place.items() if isinstance(place.value, list) else [place]


def _values(place: Cursor, frame: Frame) -> tuple[str, ...]:
    return tuple(text for at in _each(place) if (text := at.text().strip()))


def _fields(place: Cursor, frame: Frame) -> tuple[str, ...]:
    return tuple(name for at in _each(place) if at.is_present and (name := _field(at, frame)))


def _field(place: Cursor, frame: Frame) -> str:
    name = frame.field_name(place.text())
    if not name:
        frame.refuse_field(place, place.text())
    return name


def _idle(place: Cursor, frame: Frame) -> tuple[str, ...]:
    found = IDLE.read(place, frame)
    return (str(found),) if found else ()


IDLE = lasting(FILTERS["for"])
_WORDS = {"type": [*shapes.SCALAR, "array"], "items": {"type": shapes.SCALAR}}
FILTER = {key: shapes.Shape(doc, _values, lambda: _WORDS, ()) for key, doc in FILTERS.items()}
FILTER["fields"] = replace(FILTER["fields"], read=_fields)
FILTER["for"] = replace(IDLE, read=_idle, nothing=())
ON = shapes.Shape(
    "An event, or the code of `crm trigger fire CODE` (a word without a dot).",
    _event,
    _events_schema,
)
TRIGGER = shapes.keys(
    "An event that moves a record to this stage.",
    {
        "on": shapes.needed(ON),
        "when": condition("Only if this holds for the record."),
        **FILTER,
        "back": shapes.yes_no("Also move a record back from a later stage."),
        "on_closed": shapes.yes_no("Also move a record that is won or lost."),
        "choose": shapes.word(
            "Which of several open deals of one client: that with the latest activity, all of them, or none,"
            " and its owner is asked; latest if absent.",
            ("latest", "all", "ask"), "latest",
        ),
    },
    also=filter_rules,
)  # fmt: skip
