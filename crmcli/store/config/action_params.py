"""What robots and schedules may have under `with:`, by the declaration of their action."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from crmcli.dataclass import replace
from crmcli.language import tr
from crmcli.model.action import Action, Param
from crmcli.model.action_texts import is_template, listed_words, plain_words
from crmcli.model.actions import ACTIONS, APPEND, UNSET
from crmcli.model.amounts import read_money, read_number
from crmcli.model.block_list import read_what
from crmcli.model.durations import read_length
from crmcli.model.entities import ENTITIES, having
from crmcli.model.fields import Field
from crmcli.model.line_text import read_discount, read_rate
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema, own_fields
from crmcli.model.values import fold
from crmcli.store import layout
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.frame import Frame
from crmcli.store.config.lengths import length
from crmcli.store.disk import files

URL_RULE = r"(https?://(?![^/?#\\{]*@)|\{\{)\S.*"


def read_params(place: Cursor, action: str, frame: Frame) -> Mapping[str, Any]:
    """What stands under `with`, checked for the action."""
    params = place.at("with")
    if not action:
        return {}
    known = ACTIONS[action]
    if known.of and known.of != frame.entity:
        told = tr("{!r} acts on a {}, and this is for a {}", action, tr(known.of), tr(frame.entity))
        place.at("do").fault(told)
    if known.of_kind("stage"):
        frame = frame.within(params.at("pipeline").text())
    if known.of_kind("word") == ["entity"]:
        frame = replace(frame, entity=params.at("entity").text())
    if isinstance(params.value, dict):
        _check_either(params, known)
        (_check_set if known.sets_fields else params_of(known).read)(params, frame)
        return params.value
    must = [*(p.name for p in known.params if p.required), " | ".join(known.either)]
    needs = "a field" if known.sets_fields else ", ".join(filter(None, must))
    if params.is_present:
        params.fault("'with' must have keys with values", "write with: {key: value}")
    elif needs:
        place.fault(tr("'with' is missing: {} needs {}", action, needs), "write with: {key: value}")
    return {}


def _check_either(params: Cursor, action: Action) -> None:
    given = [name for name in action.either if params.at(name).is_present]
    if action.either and len(given) != 1:
        hint = tr("one of {}", ", ".join(action.either))
        params.fault("both say the same thing" if given else "it says nothing", hint)


def check_once(place: Cursor, action: str) -> None:
    """What a schedule can do once for a whole selection; the others act on one record."""
    if not ACTIONS[action].once:
        able = ", ".join(name for name, known in ACTIONS.items() if known.once)
        place.at("do").fault(
            tr("{!r} acts on one record and cannot run once for all", action),
            tr("remove once:, or do one of {}", able),
        )
    for param in ACTIONS[action].params:
        if param.required_once and not place.at("with").at(param.name).is_present:
            place.at("with").fault(
                tr("{} once for the whole selection needs {!r}", action, param.name),
                tr("write {}: …", param.name),
            )


def _check_set(place: Cursor, frame: Frame) -> None:
    for entry in place.entries():
        name = str(entry.path[-1])
        if name == APPEND:
            _check_append(entry, frame)
        elif name == UNSET:
            for word in listed_words(entry.value):
                _field_to_set(entry, frame, word)
        else:
            field = _field_to_set(entry, frame, name)
            if field and isinstance(entry.value, str) and not is_template(entry.value):
                _check_choice(entry, field)


def _check_append(place: Cursor, frame: Frame) -> None:
    for entry in place.entries():
        field = _field_to_set(entry, frame, str(entry.path[-1]))
        if field and not (field.is_many or field.kind.is_multiline):
            told = tr("{} holds one value, not a list", field.name)
            entry.fault(told, tr("write {}: …", field.name))


def _field_to_set(place: Cursor, frame: Frame, name: str) -> Field | None:
    """The field of that name, if a robot may change it; a fault of the place if not."""
    field = frame.field(name)
    if name == "stage":
        place.fault("set cannot move a record", "write do: move, with: {stage: …}")
    elif field is None:
        frame.refuse_field(place, name)
    elif field.system or name == "pipeline":
        place.fault(tr("the field {!r} cannot be set", name), "crm sets it")
    else:
        return field
    return None


def _check_choice(place: Cursor, field: Field) -> None:
    word = place.text().lstrip("+- " if field.is_many else "")
    if field.choices and fold(word) not in map(fold, field.choices):
        place.fault(tr("{!r} is not a {}", word, place.name), allowed_hint(word, field.choices))


def _check_due(place: Cursor, frame: Frame) -> None:
    """A length of time, or whatever people may say for the due date of a task."""

    def read(text: str) -> None:
        try:
            length(text.removeprefix("+"))
        except ValueError:
            from crmcli.model.kinds import InputContext

            context = InputContext(datetime(2026, 1, 1, tzinfo=UTC), UTC)
            Schema().field("task", "due").read(text, context)

    if not is_template(place.text()):
        place.parsed(read, None, "like 1h, 2d or tomorrow")


def _check_date_field(place: Cursor, frame: Frame) -> None:
    field = _field_to_set(place, frame, place.text())
    if field and not field.kind.is_time:
        place.fault(tr("{!r} is not a date field", field.name), "name one with a date and a time")


def _check_values(place: Cursor, frame: Frame) -> None:
    """Fields of a record that is to be made, by `entity.field` where several are."""
    for entry in place.entries():
        head, dot, name = str(entry.path[-1]).rpartition(".")
        entity = head if dot else frame.entity
        if not entity:
            continue  # which is told already
        if entity not in ENTITIES:
            entry.fault(tr("{!r} names no entity", entry.name), "like deal.close_by: today+7d")
        elif (field := frame.schema.named(entity, name)) is None:
            replace(frame, entity=entity).refuse_field(entry, name)
        elif field.system:
            entry.fault(tr("the field {!r} cannot be set", name), "crm sets it")
        elif isinstance(entry.value, str) and not is_template(entry.value):
            _check_choice(entry, field)


def _words(doc: str, choices: tuple[str, ...]) -> shapes.Shape:
    """Some of a few words, as a list or with commas."""

    def read(place: Cursor, frame: Frame) -> None:
        for word in listed_words(place.value):
            if word not in choices:
                told = tr("{!r} is not allowed for {!r}", word, place.name)
                place.fault(told, allowed_hint(word, choices))

    items = {"type": "array", "items": {"enum": [*choices]}}
    return shapes.Shape(doc, read, lambda: {"anyOf": [{"type": "string"}, items]})


def shape_of(param: Param) -> shapes.Shape:
    """What may stand there for a parameter."""
    if param.kind == "word":
        return shapes.word(param.doc, param.choices)
    if param.kind == "words":
        return _words(param.doc, param.choices)
    return PARAMS[param.kind](param.doc)


def _written(doc: str, parse: Callable[[str], object]) -> shapes.Shape:
    """What people may write for a value, or a template that will say it."""

    def read(place: Cursor, frame: Frame) -> None:
        if not is_template(place.text()):
            place.parsed(parse, None)

    return shapes.Shape(doc, read, lambda: {"type": shapes.SCALAR})


def _check_template(place: Cursor, frame: Frame) -> None:
    name = place.text()
    if not name:
        return
    if name.startswith("/") or ".." in name.split("/") or "\\" in name:
        place.fault(tr("the template {!r} is outside templates/", name), "like mail/hello.j2")
    elif f"templates/{name}" not in frame.new_files and not files.is_file(frame.templates / name):
        there = sorted(p.relative_to(frame.templates).as_posix()
                       for p in frame.templates.glob(f"{name.rpartition('/')[0] or 'mail'}/*.j2")
                       if not p.name.endswith(".html.j2"))  # fmt: skip
        hint = allowed_hint(name, there, tr("there are"))
        place.fault(tr("no template templates/{}", name), hint)


def _check_program(place: Cursor, frame: Frame) -> None:
    name = place.text()
    if not re.fullmatch(layout.PROGRAM, name):
        place.fault(tr("{!r} is not the name of a program", name), "a file under robots.d/")


def _check_phone(place: Cursor, frame: Frame) -> None:
    """A number as people write it, if it begins like one: else it names a user."""
    from crmcli.model.phones import parse_phones

    if place.text()[:1] in "+(0123456789":
        place.parsed(lambda text: parse_phones(text, "RU"), None, "like +79161234567")


def _check_stage(place: Cursor, frame: Frame) -> None:
    word = place.text()
    if word and word not in frame.stages:
        place.fault(tr("no stage {!r} here", word), allowed_hint(word, frame.stages))


def _check_pipeline(place: Cursor, frame: Frame) -> None:
    word = place.text()
    if word and word not in frame.pipelines:
        place.fault(tr("no pipeline {!r} here", word), allowed_hint(word, [*frame.pipelines]))


def _check_sequence(place: Cursor, frame: Frame) -> None:
    word = place.text()
    entity = frame.sequences.get(word)
    if word and entity is None:
        hint = allowed_hint(word, [*frame.sequences]) if frame.sequences else "add it to sequences:"
        place.fault(tr("no sequence {!r}", word), hint)
    elif word and entity != frame.entity:
        told = tr("the sequence {!r} is for a {}, and this is for a {}")
        place.fault(told.format(word, tr(str(entity)), tr(frame.entity)))


def _why_not_url(place: Cursor) -> tuple[str, str]:
    if re.match(r"https?://", place.text()) and "@" in place.text():
        return (tr("{!r} may not contain a user or password", place.name), "send it under headers:")
    return tr("{!r} is not an address", place.name), "like https://example.com/hook"


def anything(place: Cursor, frame: Frame) -> None:
    """Whatever it is, the action copes with it."""


def _texts(doc: str) -> shapes.Shape:
    either = {"type": ["string", "array"], "items": {"type": "string"}}
    return shapes.Shape(doc, anything, lambda: either)


def _addresses(check: Callable[[str], object], hint: str) -> Callable[[str], shapes.Shape]:
    """Addresses as a list or with commas, each as it is meant; what templates will say is not known."""

    def read(place: Cursor, frame: Frame) -> None:
        for word in plain_words(place.value) if place.is_present else ():
            try:
                check(word)
            except ValueError as error:
                place.fault(f"{place.name!r}: {error}", hint)

    return lambda doc: replace(_texts(doc), read=read)


def _check_mailbox(word: str) -> None:
    if "@" not in word:
        raise ValueError(tr("{!r} is not an e-mail address", word))


def _check_blocked(word: str) -> None:
    if not re.fullmatch(r"[\d\s()+-]{5,}", word):  # a phone, by the country in settings.yaml
        read_what(word, "")


PARAMS: Mapping[str, Callable[[str], shapes.Shape]] = {
    "text": shapes.text,
    "due": lambda doc: shapes.Shape(doc, _check_due, lambda: {"type": "string"}),
    "user": shapes.text,
    "users": _texts,
    "addresses": _addresses(_check_mailbox, "like anna@example.com"),
    "blocked": _addresses(_check_blocked, "like anna@example.com, example.com or +7 912 345-67-89"),
    "phone": lambda doc: shapes.Shape(doc, _check_phone, lambda: {"type": shapes.SCALAR}),
    "lines": _texts,
    "resources": _texts,
    "length": lambda doc: _written(doc, read_length),
    "date_field": lambda doc: shapes.Shape(doc, _check_date_field, lambda: {"type": "string"}),
    "template": lambda doc: shapes.Shape(
        doc,
        _check_template,
        lambda: {"type": "string", "not": {"pattern": r"(^/|(^|/)\.\.(/|$)|\\)"}},
    ),
    "stage": lambda doc: shapes.Shape(doc, _check_stage, lambda: {"type": shapes.SCALAR}),
    "pipeline": lambda doc: shapes.Shape(doc, _check_pipeline, lambda: {"type": shapes.SCALAR}),
    "sequence": lambda doc: shapes.Shape(doc, _check_sequence, lambda: {"type": shapes.SCALAR}),
    "number": lambda doc: _written(doc, read_number),
    "money": lambda doc: _written(doc, read_money),
    "discount": lambda doc: _written(doc, read_discount),
    "rate": lambda doc: _written(doc, read_rate),
    "url": lambda doc: shapes.guarded(doc, URL_RULE, _why_not_url),
    "secret": shapes.secret,
    "yes_no": shapes.yes_no,
    "program": lambda doc: shapes.Shape(
        doc, _check_program, lambda: {"type": "string", "pattern": f"^{layout.PROGRAM}$"}
    ),
    "audience": lambda doc: shapes.matching(
        doc, layout.PROGRAM, "the name of an audience", "like buyers"
    ),
    "map": lambda doc: shapes.Shape(
        doc, lambda place, _: list(place.entries()), lambda: {"type": "object"}
    ),
    "append": lambda doc: shapes.Shape(doc, _check_append, _fields_schema),
    "unset": _texts,
    "values": lambda doc: shapes.Shape(doc, _check_values, lambda: {"type": "object"}),
    "any": lambda doc: shapes.Shape(doc, anything, dict),
}
"""The kinds of parameters of an action: what may stand there."""


def params_of(action: Action) -> shapes.Shape:
    """What may stand under `with:` for an action."""
    of_param = {p.name: shape_of(p) for p in action.params}
    if action.sets_fields:
        more = {"properties": {name: shape.schema() for name, shape in of_param.items()}}
        return shapes.needed(
            shapes.Shape(action.doc, _check_set, lambda: {**_fields_schema(), **more})
        )
    must = {p.name: shapes.needed(of_param[p.name]) for p in action.params if p.required}
    one_of = {"oneOf": [{"required": [name]} for name in action.either]}
    also = (lambda: [one_of]) if action.either else None
    found = shapes.keys(action.doc, {**of_param, **must}, also)
    return shapes.needed(found) if must or action.either else found


def _fields_schema() -> dict[str, Any]:
    """A map of fields that a robot may change."""
    names = {f.name for entity in having("staged") for f in own_fields(entity) if f.system}
    kept = sorted({*names, "id", "stage", "pipeline"})
    return {"type": "object", "propertyNames": {"not": {"enum": kept}}}


def actions_schema() -> dict[str, Any]:
    """What each action needs under `with`, and with `once: yes`, as a JSON Schema."""
    rules = [
        {"if": {"required": ["do"], "properties": {"do": {"const": name}}}, "then": _needs(action)}
        for name, action in ACTIONS.items()
    ]
    return {"description": "What each action needs under with.", "allOf": rules}


def _needs(action: Action) -> dict[str, Any]:
    params = params_of(action)
    properties = {"with": params.schema()}
    if not action.once:
        properties["once"] = {"enum": [False, "no", None]}
    found: dict[str, Any] = {"required": ["with"]} if params.required else {}
    must = [param.name for param in action.params if param.required_once]
    if must:
        found["if"] = {"required": ["once"], "properties": {"once": {"enum": [True, "yes"]}}}
        found["then"] = {"properties": {"with": {"type": "object", "required": must}}}
    return {**found, "properties": properties}
