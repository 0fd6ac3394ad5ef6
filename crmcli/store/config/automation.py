"""Reading robots, triggers and schedules out of pipelines.yaml."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from crmcli.model.actions import ACTIONS
from crmcli.model.automation import TRIGGER_EVENTS, Robot, Schedule, Timing, Trigger
from crmcli.model.conditions.paths import SHORT
from crmcli.model.conditions.where import Aliases, Condition
from crmcli.model.cron import check_cron
from crmcli.model.fields import Field
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema
from crmcli.model.values import Duration, fold, parse_duration
from crmcli.store.config.cursor import ID_HINT, Cursor
from crmcli.store.disk import files

ROBOT_KEYS = ("id", "do", "with", "when", "after", "at", "before", "wait", "workdays", "if_past",
              "max_late", "on_error", "enabled")  # fmt: skip
TRIGGER_KEYS = ("on", "when", "fields", "back", "on_closed")
SCHEDULE_KEYS = ("id", "cron", "do", "with", "where", "once", "catch_up", "max_late")

CENTURY = 36525  # days
CODE_RULE = r"[a-z][a-z0-9_-]{0,63}"
TIME_RULE = r"([01]\d|2[0-3]):[0-5]\d"
URL_RULE = r"(https?://|\{\{)\S.*"
SECRET_RULE = r"(env:[A-Za-z_]\w*|cmd:.+|file:.+)"


@dataclass(frozen=True)
class Frame:
    """What the rules of one pipeline are checked against."""

    schema: Schema
    entity: str
    stages: tuple[str, ...]
    templates: Path
    aliases: Aliases

    def field(self, name: str) -> Field | None:
        """The entity's field of exactly that name."""
        return next((f for f in self.schema.fields(self.entity) if f.name == name), None)

    def field_name(self, word: str) -> str:
        """The field that a word means, "" if none: `phone` is `phones` where nothing is `phone`."""
        names = (word, SHORT.get(word, ""))
        return next((name for name in names if self.field(name) is not None), "")

    def field_hint(self, word: str) -> str:
        """The nearest field's name, or all of them."""
        return allowed_hint(word, [field.name for field in self.schema.fields(self.entity)])


def read_robot(place: Cursor, frame: Frame) -> Robot:
    """A robot of a stage."""
    place.known(ROBOT_KEYS, ("id", "do"))
    action = place.at("do").one_of(tuple(ACTIONS))
    return Robot(
        id=place.id(),
        do=action,
        params=_params(place, action, frame),
        when=_condition(place.at("when"), frame),
        timing=_timing(place, frame),
        on_error=place.at("on_error").one_of(("stop", "continue"), "stop"),
        enabled=place.at("enabled").yes_no(True),
        line=place.line,
    )


def read_trigger(place: Cursor, frame: Frame) -> Trigger:
    """A trigger of a stage."""
    place.known(TRIGGER_KEYS, ("on",))
    event = _event(place.at("on"))
    fields = place.at("fields")
    if fields.is_present and event != "field.changed":
        fields.fault("'fields' goes with on: field.changed only", "strike it out")
    return Trigger(
        on=event,
        when=_condition(place.at("when"), frame),
        fields=tuple(_field(text, entry, frame) for text, entry in fields.texts()),
        back=place.at("back").yes_no(False),
        on_closed=place.at("on_closed").yes_no(False),
        line=place.line,
    )


def read_schedule(place: Cursor, frame: Frame) -> Schedule:
    """A schedule of a pipeline."""
    place.known(SCHEDULE_KEYS, ("id", "cron", "do"))
    action = place.at("do").one_of(tuple(ACTIONS))
    once = place.at("once").yes_no(False)
    if once and action:
        _check_once(place, action)
    hint = "minute hour day month weekday, in quotes: '0 9 * * mon-fri'"
    return Schedule(
        id=place.id(),
        cron=place.at("cron").parsed(check_cron, "", hint),
        do=action,
        params=_params(place, action, frame),
        where=_condition(place.at("where"), frame),
        once=once,
        catch_up=place.at("catch_up").one_of(("one", "all", "none"), "one"),
        max_late=place.at("max_late").parsed(_length, None),
        line=place.line,
    )


def _check_once(place: Cursor, action: str) -> None:
    """What a schedule can do once for a whole selection; the others act on one record."""
    if not ACTIONS[action].once:
        able = ", ".join(name for name, known in ACTIONS.items() if known.once)
        place.at("do").fault(
            f"{action!r} acts on one record, so it cannot be done once for all",
            f"strike out once:, or do one of {able}",
        )
    for param in ACTIONS[action].params:
        if param.required_once and not place.at("with").at(param.name).is_present:
            place.at("with").fault(
                f"{action} once for the whole selection needs {param.name!r}",
                f"write {param.name}: …",
            )


def _length(text: str) -> Duration:
    """A length of time within a century, so that whatever is counted from a date stays a date."""
    length = parse_duration(text)
    if length.count * {"d": 1, "w": 7}.get(length.unit, 0) > CENTURY:
        raise ValueError(f"{text!r} is longer than a hundred years")
    return length


def _event(place: Cursor) -> str:
    word = place.text()
    if word and word not in TRIGGER_EVENTS:
        if "." in word:
            place.fault(f"there is no event {word!r}", allowed_hint(word, TRIGGER_EVENTS))
        elif not re.fullmatch(CODE_RULE, word):
            place.fault(f"{word!r} cannot be a code of crm trigger fire", ID_HINT)
    return word


def _field(word: str, place: Cursor, frame: Frame) -> str:
    name = frame.field_name(word)
    if not name:
        place.fault(f"a {frame.entity} has no field {word!r}", frame.field_hint(word))
    return name


def _timing(place: Cursor, frame: Frame) -> Timing:
    given = [key for key in ("after", "at", "before") if place.at(key).is_present]
    if len(given) > 1:
        place.at(given[1]).fault(
            f"a robot has one time: {' and '.join(given)} cannot stand together", "strike out one"
        )
    at = place.at("at").known(("field", "time"), ("field",))
    before = place.at("before").known(("field", "by", "time"), ("field", "by"))
    time = (at if at.is_present else before).at("time")
    return Timing(
        after=place.at("after").parsed(_length, None),
        at=_moment_field(at.at("field"), frame),
        before=_moment_field(before.at("field"), frame),
        by=before.at("by").parsed(_length, None),
        time=time.matching(TIME_RULE, "a time of day", "like '10:00', in quotes"),
        workdays=place.at("workdays").yes_no(False),
        wait_previous=place.at("wait").one_of(("previous",)) == "previous",
        if_past=place.at("if_past").one_of(("run", "skip"), "run"),
        max_late=place.at("max_late").parsed(_length, None),
    )


def _moment_field(place: Cursor, frame: Frame) -> str:
    word = place.text()
    field = frame.field(word)
    if word and (field is None or field.kind not in ("date", "datetime")):
        dates = [f.name for f in frame.schema.fields(frame.entity)
                 if f.kind in ("date", "datetime")]  # fmt: skip
        place.fault(f"a {frame.entity} has no date field {word!r}", allowed_hint(word, dates))
    return word


def _condition(place: Cursor, frame: Frame) -> Condition | None:
    from crmcli.model.conditions import where

    text = place.text()
    if not text:
        return None
    try:
        condition = where.parse(text)
        where.check(condition, frame.schema, frame.entity)
        return where.resolve(condition, frame.schema, frame.entity, frame.aliases)
    except where.BadCondition as error:
        place.fault(f"{place.name!r}: {error.message}", error.hint)
        return None


def _params(place: Cursor, action: str, frame: Frame) -> Mapping[str, Any]:
    """What stands under `with`, checked for the action."""
    params = place.at("with")
    if not action:
        return {}
    known = ACTIONS[action]
    if not isinstance(params.value, dict):
        needed = ", ".join(param.name for param in known.params if param.required)
        if params.is_present:
            params.fault("'with' must hold keys with values", "write with: {key: value}")
        elif known.sets_fields:
            place.fault(f"'with' is missing: {action} needs a field", "write with: {field: value}")
        elif needed:
            place.fault(f"'with' is missing: {action} needs {needed}", "write with: {key: value}")
        return {}
    if known.sets_fields:
        _check_set(params, frame)
        return params.value
    required = [param.name for param in known.params if param.required]
    params.known([param.name for param in known.params], required)
    for param in known.params:
        PARAMS[param.kind](params.at(param.name), frame)
    return params.value


def _check_set(place: Cursor, frame: Frame) -> None:
    for entry in place.entries():
        name = str(entry.path[-1])
        field = frame.field(name)
        if name == "stage":
            entry.fault("set cannot move a record", "write do: move, with: {stage: …}")
        elif field is None:
            entry.fault(f"a {frame.entity} has no field {name!r}", frame.field_hint(name))
        elif field.system or name == "pipeline":
            entry.fault(f"the field {name!r} cannot be set", "crm itself writes it")
        elif isinstance(entry.value, str) and field.choices and "{{" not in entry.value:
            _check_choice(entry, field)


def _check_choice(place: Cursor, field: Field) -> None:
    word = place.text().lstrip("+- " if field.is_many else "")
    if fold(word) not in map(fold, field.choices):
        place.fault(f"{word!r} is no {place.name}", allowed_hint(word, field.choices))


def _check_url(place: Cursor, frame: Frame) -> None:
    """The address of a web hook; what is wrong with it may be what nobody may see."""
    if place.text() and not re.fullmatch(URL_RULE, place.text()):
        place.fault(f"{place.name!r} is not an address", "like https://example.com/hook")
    elif re.match(r"https?://[^/?#\\{]*@", place.text()):
        place.fault(
            f"{place.name!r} is not an address: a name or password does not belong there",
            "send it under headers:",
        )


def _check_secret(place: Cursor, frame: Frame) -> None:
    if place.text() and not re.fullmatch(SECRET_RULE, place.text()):
        hint = "write where it stands: env:NAME, file:/path or cmd:command"
        place.fault(f"{place.name!r} is not a place of a secret", hint)


def _check_due(place: Cursor, frame: Frame) -> None:
    """A length of time, or whatever people may say for the due date of a task."""

    def read(text: str) -> None:
        try:
            _length(text.removeprefix("+"))
        except ValueError:
            from crmcli.model.inputs import InputContext, read_input

            context = InputContext(datetime(2026, 1, 1, tzinfo=UTC), UTC)
            read_input(Schema().field("task", "due"), text, context)

    if "{{" not in place.text():
        place.parsed(read, None, "like 1h, 2d or tomorrow")


def _check_template(place: Cursor, frame: Frame) -> None:
    name = place.text()
    if not name:
        return
    if name.startswith("/") or ".." in name.split("/") or "\\" in name:
        place.fault(f"the template {name!r} lies outside templates/", "like mail/hello.j2")
    elif not files.is_file(frame.templates / name):
        there = sorted(p.relative_to(frame.templates).as_posix()
                       for p in frame.templates.glob("mail/*.j2")
                       if not p.name.endswith(".html.j2"))  # fmt: skip
        hint = allowed_hint(name, there, "there are")
        place.fault(f"there is no template templates/{name}", hint)


def _check_stage(place: Cursor, frame: Frame) -> None:
    word = place.text()
    if word and word not in frame.stages:
        place.fault(f"there is no stage {word!r} here", allowed_hint(word, frame.stages))


def _check_text(place: Cursor, frame: Frame) -> None:
    place.text()


def _check_map(place: Cursor, frame: Frame) -> None:
    list(place.entries())


def _check_nothing(place: Cursor, frame: Frame) -> None:
    pass


PARAMS: Mapping[str, Callable[[Cursor, Frame], None]] = {
    "text": _check_text,
    "due": _check_due,
    "user": _check_text,
    "users": _check_nothing,
    "addresses": _check_nothing,
    "template": _check_template,
    "stage": _check_stage,
    "url": _check_url,
    "secret": _check_secret,
    "map": _check_map,
    "any": _check_nothing,
}
"""The kinds of parameters of an action, and what has to be right with each."""
