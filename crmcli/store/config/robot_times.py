"""When robots of pipelines.yaml act: after, at or before a moment, and again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Any

from crmcli.language import together, tr
from crmcli.model.actions import ACTIONS
from crmcli.model.automation import Timing
from crmcli.model.conditions import paths
from crmcli.model.durations import MONTHS, UNITS, Duration
from crmcli.model.listed import allowed_hint
from crmcli.store.config import shapes
from crmcli.store.config.conditions import understood
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.frame import Frame
from crmcli.store.config.lengths import LENGTH_RULE, lasting, length

TIME_RULE = r"([01]\d|2[0-3]):[0-5]\d"
CLOCK_RULE = r"(?:[01]?\d|2[0-3]):[0-5]\d"
TOMORROW = ("tomorrow", "завтра")


def timing_of(place: Cursor, got: Mapping[str, Any]) -> Timing:
    """The time of a robot, of which there is one, out of what was read."""
    _check_times(place, got)
    at, before, after = got["at"], got["before"], got["after"]
    is_message = got["do"] in ACTIONS and ACTIONS[got["do"]].is_message
    return Timing(
        after=after["by"],
        at=at["field"] or after["field"],
        before=before["field"],
        by=before["by"],
        time=at["time"] or before["time"] or after["time"],
        every=at["every"] or before["every"] or after["every"],
        workdays=got["workdays"],
        wait_previous=got["wait"] == "previous",
        if_past=got["if_past"] or ("skip" if is_message else "run"),
        max_late=got["max_late"],
    )


def _check_times(place: Cursor, got: Mapping[str, Any]) -> None:
    given = [key for key in TIMES if place.at(key).is_present]
    if len(given) > 1:
        place.at(given[1]).fault(
            tr("a robot has one time: {} cannot be combined", together(given)), "remove one"
        )
    if got["on"] and any(got[key]["field"] for key in TIMES):
        place.at("on").fault(
            "'on' and a date cannot be combined", "count from the event: after: 2h"
        )


def one_time_rules() -> list[dict[str, Any]]:
    """That a robot has one time, for the JSON Schema."""
    return [{"not": {"required": [*pair]}} for pair in combinations(TIMES, 2)]


def again_of(place: Cursor, got: Mapping[str, Any]) -> str | Duration:
    """Whether and when a robot acts again, out of what was read."""
    again: str | Duration = got["again"]
    if again == "on_event" and not got["on"]:
        place.at("again").fault(
            "'on_event' needs on:", "add on: and the event, or write again: after 30d"
        )
    return again


def _read_again(text: str) -> str | Duration:
    words = text.strip()
    if words in ("never", "on_event"):
        return words
    try:
        return length(words.removeprefix("after").removeprefix("через").strip())
    except ValueError:
        told = tr("{!r} is not never, on_event or a time", text)
        raise ValueError(told) from None


def _moment_field(place: Cursor, frame: Frame) -> str:
    word = place.text()
    if "." in word:
        _check_path(place, frame)
        return word
    field = frame.field(word)
    if word and (field is None or not field.kind.is_time):
        _refuse_date(place, frame, frame.entity, word)
    return word


def _check_path(place: Cursor, frame: Frame) -> None:
    """A date of a linked record, as contacts.birthday."""
    steps = tuple(place.text().split("."))
    found = understood(place, lambda: paths.routes(steps, frame.schema, frame.entity))
    if found and not any(route[-1].field.kind.is_time for route in found):
        last = found[0][-1]
        _refuse_date(place, frame, last.entity, last.field.name)


def _refuse_date(place: Cursor, frame: Frame, entity: str, word: str) -> None:
    """The fault of a place that names no date of an entity, with the nearest or all of them."""
    dates = [field.name for field in frame.schema.fields(entity) if field.kind.is_time]
    told = tr("a {} has no date field {!r}", tr(entity), word)
    place.fault(told, allowed_hint(word, dates))


def _after(place: Cursor, frame: Frame) -> dict[str, Any]:
    """A length of time, with a time of day if one follows; or that in keys, and the date that it follows."""
    if isinstance(place.value, dict):
        return _after_keys(place, frame)
    found = dict(AFTER_KEYS.nothing)

    def read(text: str) -> None:
        words = re.fullmatch(rf"(.*?)(?:\s+(?:at\s+|в\s+)?({CLOCK_RULE}))?", text.strip())
        assert words is not None
        found["time"] = (words[2] or "").zfill(5) if words[2] else ""
        found["by"] = Duration(1, "d") if words[1].casefold() in TOMORROW else length(words[1])

    place.parsed(read, None)
    return found


def _after_keys(place: Cursor, frame: Frame) -> dict[str, Any]:
    found: dict[str, Any] = AFTER_KEYS.read(place, frame)
    if found["field"] and not found["by"]:
        place.fault("'by' is missing: how long after it", "write by: 3d, or at: {field: …}")
    elif found["every"] and not found["field"]:
        place.at("every").fault("'every' goes with a field", "write field: birthday, or remove it")
    elif not found["by"] and not found["time"]:
        place.fault("'by' is missing: how long after it", "write by: 3d")
    return found


def _after_schema() -> dict[str, Any]:
    words = {"type": "string", "pattern": rf"^({LENGTH_RULE}|{'|'.join(TOMORROW)})(\s.*)?$"}
    return {"anyOf": [words, AFTER_KEYS.schema(required=True)]}


def _every(text: str) -> str:
    unit = UNITS.get(text.strip().casefold(), "")
    if unit not in MONTHS:
        raise ValueError(tr("{!r} is not a year, a quarter or a month", text))
    return unit


FIELD = shapes.Shape(
    "A date or date-and-time field.", _moment_field, lambda: {"type": shapes.SCALAR}
)
OF_DAY = {
    "time": shapes.matching(
        "The time of day.", TIME_RULE, "a time of day", "like '10:00', in quotes"
    ),
    "every": shapes.parsed(
        "The date comes back each year (quarter, month), as a birthday does; 29 February is the 28th in"
        " other years.",
        _every, "", "year, quarter or month",
    ),
}  # fmt: skip
MOMENT = {"field": shapes.needed(FIELD), **OF_DAY}
AFTER_KEYS = shapes.keys(
    "", {"field": FIELD, "by": lasting("How long after it, or after entering the stage."), **OF_DAY}
)
TIMES = {
    "after": shapes.Shape(
        "So long after the record entered the stage (with wait: previous: after the end of the robot"
        " above), as 1d, or '1d 10:00' with a time of day; with keys also after the date in a field.",
        _after, _after_schema, AFTER_KEYS.nothing, keys=AFTER_KEYS.keys,
    ),
    "at": shapes.keys("At the moment that a date field of the record names.", MOMENT),
    "before": shapes.keys(
        "So long before the moment that a date field names.",
        {**MOMENT, "by": shapes.needed(lasting("How long before it."))},
    ),
}  # fmt: skip
"""The times of which a robot has one."""
AGAIN = shapes.parsed(
    "Whether it acts again within that: never; on_event, each time its event comes; after 30d, once"
    " so much time has passed (with once: visit again and again, while the record stays).",
    _read_again, "", "never, on_event or after 30d",
    pattern=rf"^(never|on_event|(after |через )?{LENGTH_RULE})$",
)  # fmt: skip
