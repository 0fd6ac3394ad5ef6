"""Robots, triggers and schedules in pipelines.yaml: what may stand there, and reading it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any

from crmcli.dataclass import replace
from crmcli.language import together, tr
from crmcli.model.actions import ACTIONS
from crmcli.model.automation import Exit, Robot, Schedule, Timing, Trigger
from crmcli.model.conditions.tree import Condition
from crmcli.model.cron import check_cron
from crmcli.model.durations import MONTHS, UNIT, UNITS, Duration
from crmcli.model.listed import allowed_hint, nearest
from crmcli.model.split import SPLIT_RULE, read_split
from crmcli.model.trigger_events import CALLED, EVENTS, FILTERS, OF_CODES
from crmcli.store.config import shapes
from crmcli.store.config.action_params import anything, check_once, read_params
from crmcli.store.config.cursor import ID_HINT, Cursor
from crmcli.store.config.frame import Frame, length

CODE_RULE = r"[a-z][a-z0-9_-]{0,63}"
TIME_RULE = r"([01]\d|2[0-3]):[0-5]\d"
CLOCK_RULE = r"(?:[01]?\d|2[0-3]):[0-5]\d"
TOMORROW = ("tomorrow", "завтра")


def read_robot(place: Cursor, frame: Frame) -> Robot:
    """A robot of a stage."""
    got = ROBOT.read(place, frame)
    return Robot(
        id=got["id"],
        do=got["do"],
        params=read_params(place, got["do"], frame),
        when=got["when"],
        timing=_timing(place, got),
        exits=tuple(filter(None, (got["goal"], got["exit_when"]))),
        once=got["once"],
        again=_again(place.at("again"), got),
        split=got["split"],
        absent=got["absent"],
        on_error=got["on_error"],
        enabled=got["enabled"],
        on=got["on"],
        filters=_filters(place, got),
        line=place.line,
    )


def _again(place: Cursor, got: Mapping[str, Any]) -> str | Duration:
    again: str | Duration = got["again"]
    if again == "on_event" and not got["on"]:
        place.fault("'on_event' needs on:", "add on: and the event, or write again: after 30d")
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


def read_trigger(place: Cursor, frame: Frame) -> Trigger:
    """A trigger of a stage."""
    got = TRIGGER.read(place, frame)
    return Trigger(filters=_filters(place, got), **got, line=place.line)


def _filters(place: Cursor, got: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """The filters of an event, taken out of what was read; a fault for one that it does not have."""
    on = got["on"]
    allowed = EVENTS[on].filters if on in EVENTS else OF_CODES if on else ()
    found = {key: values for key in FILTERS if (values := got.pop(key))}
    for key in found:
        if key not in allowed:
            hint = tr("its filters: {}", ", ".join(allowed)) if allowed else "remove it"
            told = tr("{!r} does not go with on: {}", key, on) if on else tr("{!r} needs on:", key)
            place.at(key).fault(told, hint)
    if on == "record.idle" and "for" not in found:
        place.fault("'for' is missing: idle for how long", "write for: 14d")
    return found


def read_schedule(place: Cursor, frame: Frame) -> Schedule:
    """A schedule of a pipeline."""
    got = SCHEDULE.read(place, frame)
    del got["with"]
    if got["once"] and got["do"]:
        check_once(place, got["do"])
    return Schedule(**got, params=read_params(place, got["do"], frame), line=place.line)


def _event(place: Cursor) -> str:
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


def _values(place: Cursor, frame: Frame) -> tuple[str, ...]:
    """One value, or a list of several."""
    places = place.items() if isinstance(place.value, list) else [place]
    return tuple(text for at in places if (text := at.text().strip()))


def _fields(place: Cursor, frame: Frame) -> tuple[str, ...]:
    places = place.items() if isinstance(place.value, list) else [place]
    return tuple(name for at in places if at.is_present and (name := _field(at, frame)))


def _idle(place: Cursor, frame: Frame) -> tuple[str, ...]:
    found = IDLE.read(place, frame)
    return (str(found),) if found else ()


def _field(place: Cursor, frame: Frame) -> str:
    name = frame.field_name(place.text())
    if not name:
        frame.refuse_field(place, place.text())
    return name


def _timing(place: Cursor, got: Mapping[str, Any]) -> Timing:
    given = [key for key in ("after", "at", "before") if place.at(key).is_present]
    if len(given) > 1:
        place.at(given[1]).fault(
            tr("a robot has one time: {} cannot be combined", together(given)), "remove one"
        )
    at, before, after = got["at"], got["before"], got["after"]
    if got["on"] and (at["field"] or before["field"] or after["field"]):
        place.at("on").fault(
            "'on' and a date cannot be combined", "count from the event: after: 2h"
        )
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


def _moment_field(place: Cursor, frame: Frame) -> str:
    word = place.text()
    if "." in word:
        _check_path(place, frame)
        return word
    field = frame.field(word)
    if word and (field is None or not field.kind.is_time):
        dates = [f.name for f in frame.schema.fields(frame.entity) if f.kind.is_time]
        place.fault(
            tr("a {} has no date field {!r}", tr(frame.entity), word), allowed_hint(word, dates)
        )
    return word


def _check_path(place: Cursor, frame: Frame) -> None:
    """A date of a linked record, as contacts.birthday."""
    from crmcli.model.conditions import paths, tree

    try:
        found = paths.routes(tuple(place.text().split(".")), frame.schema, frame.entity)
    except tree.BadCondition as error:
        place.fault(f"{place.name!r}: {error.message}", error.hint)
        return
    if not any(route[-1].field.kind.is_time for route in found):
        last = found[0][-1]
        dates = [f.name for f in frame.schema.fields(last.entity) if f.kind.is_time]
        told = tr("a {} has no date field {!r}", tr(last.entity), last.field.name)
        place.fault(told, allowed_hint(last.field.name, dates))


def _condition(place: Cursor, frame: Frame) -> Condition | None:
    from crmcli.model.conditions import tree, where

    text = place.text()
    if not text:
        return None
    try:
        condition = where.read(text, frame.schema, frame.entity)
        return where.resolve(condition, frame.schema, frame.entity, frame.aliases)
    except tree.BadCondition as error:
        place.fault(f"{place.name!r}: {error.message}", error.hint)
        return None


def _goal(place: Cursor, frame: Frame) -> Exit | None:
    """A condition, or one with the robot at which the chain goes on."""
    if not isinstance(place.value, dict):
        when = _condition(place, frame)
        return Exit(when, is_goal=True) if when else None
    got = GOAL.read(place, frame)
    return Exit(got["when"], got["go_to"], is_goal=True) if got["when"] else None


def _exit(place: Cursor, frame: Frame) -> Exit | None:
    when = _condition(place, frame)
    return Exit(when) if when else None


def with_sound_goals(robots: Sequence[Robot], places: Iterable[Cursor]) -> tuple[Robot, ...]:
    """The robots of a stage; a fault at each goal that does not go on at a robot further down its chain."""
    found = []
    for number, (robot, place) in enumerate(zip(robots, places, strict=True)):
        below = takewhile(lambda one: one.timing.wait_previous, robots[number + 1 :])
        known = [one.id for one in below]
        for target in (one.go_to for one in robot.exits if one.go_to and one.go_to not in known):
            told = tr("no robot {!r} further down the chain", target)
            hint = allowed_hint(target, known) if known else "the robots below need wait: previous"
            place.at("goal").at("go_to").fault(told, hint)
            place.findings.of_rules.append(place.findings.problems[-1])
            robot = replace(robot, fault=str(place.findings.problems[-1]))
        found.append(robot)
    return tuple(found)


def _condition_shape(doc: str) -> shapes.Shape:
    return shapes.Shape(doc, _condition, lambda: {"type": "string"}, None)


def _after(place: Cursor, frame: Frame) -> dict[str, Any]:
    """A length of time, with a time of day if one follows; or that in keys, and the date that it follows."""
    if isinstance(place.value, dict):
        return _after_keys(place, frame)
    found = dict(NOT_AFTER)

    def read(text: str) -> None:
        words = re.fullmatch(rf"(.*?)(?:\s+(?:at\s+|в\s+)?({CLOCK_RULE}))?", text.strip())
        assert words is not None
        found["time"] = (words[2] or "").zfill(5) if words[2] else ""
        found["by"] = Duration(1, "d") if words[1].casefold() in TOMORROW else length(words[1])

    place.parsed(read, None)
    return found


def _after_keys(place: Cursor, frame: Frame) -> dict[str, Any]:
    found: dict[str, Any] = AFTER.read(place, frame)
    if found["field"] and not found["by"]:
        place.fault("'by' is missing: how long after it", "write by: 3d, or at: {field: …}")
    elif found["every"] and not found["field"]:
        place.at("every").fault("'every' goes with a field", "write field: birthday, or remove it")
    elif not found["by"] and not found["time"]:
        place.fault("'by' is missing: how long after it", "write by: 3d")
    return found


def _every(text: str) -> str:
    unit = UNITS.get(text.strip().casefold(), "")
    if unit not in MONTHS:
        raise ValueError(tr("{!r} is not a year, a quarter or a month", text))
    return unit


def _after_schema() -> dict[str, Any]:
    words = {
        "type": "string",
        "pattern": rf"^([0-9]{{1,5}} ?({UNIT}|[MHDWQY]|MO)\.?|{'|'.join(TOMORROW)})(\s.*)?$",
    }
    return {"anyOf": [words, AFTER.schema(required=True)]}


def _length_shape(doc: str) -> shapes.Shape:
    told = {
        "pattern": rf"^[0-9]{{1,5}} ?({UNIT}|[MHDWQY]|MO)\.?$",
        "patternErrorMessage": "a time like 10m, 2h, 3d or 1mo",
    }
    return shapes.parsed(doc, length, None, "", **told)


DO = shapes.needed(shapes.word("What it does.", ACTIONS))
WITH = shapes.Shape("What the action needs; its keys depend on do.", anything, dict)
MOMENT = {
    "field": shapes.needed(
        shapes.Shape(
            "A date or date-and-time field.", _moment_field, lambda: {"type": shapes.SCALAR}
        )
    ),
    "time": shapes.matching(
        "The time of day.", TIME_RULE, "a time of day", "like '10:00', in quotes"
    ),
    "every": shapes.parsed(
        "The date comes back each year (quarter, month), as a birthday does; 29 February is the 28th in"
        " other years.",
        _every,
        "",
        "year, quarter or month",
    ),
}
AFTER = shapes.keys(
    "",
    {
        "field": replace(MOMENT["field"], required=False),
        "by": _length_shape("How long after it, or after entering the stage."),
        "time": MOMENT["time"],
        "every": MOMENT["every"],
    },
)
NOT_AFTER: dict[str, Any] = {"field": "", "by": None, "time": "", "every": ""}
GOAL = shapes.keys(
    "",
    {
        "when": shapes.needed(_condition_shape("The condition.")),
        "go_to": shapes.text("The robot further down the chain at which it goes on."),
    },
)
IDLE = _length_shape(FILTERS["for"])
FILTER = {
    key: shapes.Shape(
        doc,
        {"fields": _fields, "for": _idle}.get(key, _values),
        (lambda: {"type": [*shapes.SCALAR, "array"], "items": {"type": shapes.SCALAR}})
        if key != "for"
        else IDLE.fragment,
        (),
    )
    for key, doc in FILTERS.items()
}


def _filter_rules() -> list[dict[str, Any]]:
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


ON = shapes.Shape(
    "An event, or the code of `crm trigger fire CODE` (a word without a dot).",
    lambda place, _: _event(place),
    _events_schema,
)
ROBOT = shapes.keys(
    "Acts for a record that stands in this stage.",
    {
        "id": shapes.identifier("Unique within its stage."),
        "do": DO,
        "with": WITH,
        "when": _condition_shape(
            "Only if this holds at the moment of acting, e.g. source = web and emails is not empty."
        ),
        "after": shapes.Shape(
            "So long after the record entered the stage (with wait: previous: after the end of the robot"
            " above), as 1d, or '1d 10:00' with a time of day; with keys also after the date in a field.",
            _after, _after_schema, NOT_AFTER,
        ),
        "at": shapes.keys("At the moment that a date field of the record names.", MOMENT),
        "before": shapes.keys(
            "So long before the moment that a date field names.",
            {**MOMENT, "by": shapes.needed(_length_shape("How long before it."))},
        ),
        "wait": shapes.word("Wait until the robot above has finished.", ("previous",)),
        "goal": shapes.Shape(
            "What this robot and those that wait for it are for: once it holds, the rest of the chain is let"
            " go, or the chain goes on at the robot go_to. Looked at before every step, and before a message"
            " leaves.",
            _goal, lambda: {"anyOf": [{"type": "string"}, GOAL.schema(required=True)]}, None,
        ),
        "exit_when": shapes.Shape(
            "Once it holds, this robot and those that wait for it are let go; looked at like goal.",
            _exit, lambda: {"type": "string"}, None,
        ),
        "once": shapes.word(
            "How far it is remembered that it acted: visit, this stay in the stage; record, every stay; ever,"
            " every record of the client, too. visit if absent.",
            ("visit", "record", "ever"), "visit",
        ),
        "again": shapes.parsed(
            "Whether it acts again within that: never; on_event, each time its event comes; after 30d, once"
            " so much time has passed (with once: visit again and again, while the record stays).",
            _read_again, "", "never, on_event or after 30d",
            pattern=rf"^(never|on_event|(after |через )?[0-9]{{1,5}} ?({UNIT}|[MHDWQY]|MO)\.?)$",
        ),
        "split": shapes.parsed(
            "Only for a part of the records, the same in every clone: 30% or 30-100% of them; a/b is group a"
            " of the groups a and b, of equal size. Other names of groups part them independently.",
            read_split, None, "a part like 30%, 30-100% or a/b", pattern=rf"^({SPLIT_RULE})$",
        ),
        "absent": shapes.word(
            "While the record's owner is not there (users: absences, days, hours in settings.yaml): wait for"
            " the owner's working time, reassign what it makes to the deputy, or drop it; acts as ever if"
            " absent.",
            ("wait", "reassign", "drop"),
        ),
        "workdays": shapes.yes_no("Count company working time only."),
        "if_past": shapes.word(
            "What to do when the moment had passed when the robot came; if absent, messages to clients skip"
            " it, all else runs.",
            ("run", "skip"),
        ),
        "max_late": _length_shape("Do not act later than this after its time."),
        "on_error": shapes.word(
            "Whether the robots that wait for this one go on when it fails; stop if absent.",
            ("stop", "continue"), "stop",
        ),
        "enabled": shapes.yes_no("no pauses the robot.", True),
        "on": replace(
            ON,
            doc="The event that starts it, each time, while the record stands here; entering the stage if"
            " absent.",
        ),
        **FILTER,
    },
    also=lambda: [
        *_filter_rules(),
        {"$ref": "#/definitions/actions"},
        {"not": {"required": ["after", "at"]}},
        {"not": {"required": ["after", "before"]}},
        {"not": {"required": ["at", "before"]}},
    ],
)  # fmt: skip
TRIGGER = shapes.keys(
    "An event that moves a record to this stage.",
    {
        "on": shapes.needed(ON),
        "when": _condition_shape("Only if this holds for the record."),
        **FILTER,
        "back": shapes.yes_no("Also move a record back from a later stage."),
        "on_closed": shapes.yes_no("Also move a record that is won or lost."),
        "choose": shapes.word(
            "Which of several open deals of one client: that with the latest activity, all of them, or none,"
            " and its owner is asked; latest if absent.",
            ("latest", "all", "ask"), "latest",
        ),
    },
    also=_filter_rules,
)  # fmt: skip
SCHEDULE = shapes.keys(
    "Something done by the clock.",
    {
        "id": shapes.identifier("Unique within its pipeline."),
        "cron": shapes.needed(
            shapes.parsed(
                "When: minute, hour, day, month, day of the week, in the company's time zone, e.g."
                " '0 9 * * mon-fri'.",
                check_cron, "", "minute hour day month weekday, in quotes: '0 9 * * mon-fri'",
                pattern=r"^\s*[0-9A-Za-z*,/-]+(\s+[0-9A-Za-z*,/-]+){4}\s*$",
                patternErrorMessage="five fields: minute hour day month weekday",
            )
        ),
        "do": DO,
        "with": WITH,
        "where": _condition_shape("For which records of this pipeline."),
        "once": shapes.yes_no(
            "Act once for the whole selection (templates see records) instead of per record; not where"
            " nothing fits where."
        ),
        "catch_up": shapes.word(
            "What to do with slots missed while the computer was off; one if absent.",
            ("one", "all", "none"), "one",
        ),
        "max_late": _length_shape("A slot later than this is missed."),
    },
    also=lambda: [{"$ref": "#/definitions/actions"}],
)  # fmt: skip
