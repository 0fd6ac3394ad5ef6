"""The kinds of parameters that actions have: what may stand there, and what a JSON Schema says of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from crmcli.language import tr
from crmcli.model.action import Param
from crmcli.model.action_texts import is_template, listed_words, plain_words
from crmcli.model.amounts import read_money, read_number
from crmcli.model.block_list import read_what
from crmcli.model.durations import read_length
from crmcli.model.line_text import read_discount, read_rate
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema
from crmcli.store import layout
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor
from crmcli.store.config.fields_to_set import (
    check_append,
    check_date_field,
    check_values,
    fields_schema,
)
from crmcli.store.config.frame import Frame
from crmcli.store.config.lengths import length
from crmcli.store.disk import files

URL_RULE = r"(https?://(?![^/?#\\{]*@)|\{\{)\S.*"
TEXTS = {"type": ["string", "array"], "items": {"type": "string"}}


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


def _checked(check: shapes.Reader, schema: dict[str, Any]) -> Callable[[str], shapes.Shape]:
    return lambda doc: shapes.Shape(doc, check, lambda: schema)


def _written(parse: Callable[[str], object]) -> Callable[[str], shapes.Shape]:
    """What people may write for a value, or a template that will say it."""

    def read(place: Cursor, frame: Frame) -> None:
        if not is_template(place.text()):
            place.parsed(parse, None)

    return _checked(read, {"type": shapes.SCALAR})


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


def _addresses(check: Callable[[str], object], hint: str) -> Callable[[str], shapes.Shape]:
    """Addresses as a list or with commas, each as it is meant; what templates will say is not known."""

    def read(place: Cursor, frame: Frame) -> None:
        for word in plain_words(place.value) if place.is_present else ():
            try:
                check(word)
            except ValueError as error:
                place.fault(f"{place.name!r}: {error}", hint)

    return _checked(read, TEXTS)


def _check_period(place: Cursor, frame: Frame) -> None:
    def read(text: str) -> None:
        read_period(text, datetime(2026, 1, 1, tzinfo=UTC), UTC)

    from crmcli.model.periods import FORMS, read_period

    place.parsed(read, None, FORMS)


def _check_mailbox(word: str) -> None:
    if "@" not in word:
        raise ValueError(tr("{!r} is not an e-mail address", word))


def _check_blocked(word: str) -> None:
    if not re.fullmatch(r"[\d\s()+-]{5,}", word):  # a phone, by the country in settings.yaml
        read_what(word, "")


PARAMS: Mapping[str, Callable[[str], shapes.Shape]] = {
    "text": shapes.text,
    "due": _checked(_check_due, {"type": "string"}),
    "user": shapes.text,
    "users": _checked(anything, TEXTS),
    "addresses": _addresses(_check_mailbox, "like anna@example.com"),
    "blocked": _addresses(_check_blocked, "like anna@example.com, example.com or +7 912 345-67-89"),
    "phone": _checked(_check_phone, {"type": shapes.SCALAR}),
    "lines": _checked(anything, TEXTS),
    "plain": _checked(anything, TEXTS),
    "recipients": _checked(anything, TEXTS),
    "rows": lambda doc: shapes.whole(doc, 1, 10**6),
    "period": _checked(_check_period, {"type": shapes.SCALAR}),
    "resources": _checked(anything, TEXTS),
    "length": _written(read_length),
    "date_field": _checked(check_date_field, {"type": "string"}),
    "template": _checked(
        _check_template, {"type": "string", "not": {"pattern": r"(^/|(^|/)\.\.(/|$)|\\)"}}
    ),
    "stage": _checked(_check_stage, {"type": shapes.SCALAR}),
    "pipeline": _checked(_check_pipeline, {"type": shapes.SCALAR}),
    "sequence": _checked(_check_sequence, {"type": shapes.SCALAR}),
    "number": _written(read_number),
    "money": _written(read_money),
    "discount": _written(read_discount),
    "rate": _written(read_rate),
    "url": lambda doc: shapes.guarded(doc, URL_RULE, _why_not_url),
    "secret": shapes.secret,
    "yes_no": shapes.yes_no,
    "program": _checked(_check_program, {"type": "string", "pattern": f"^{layout.PROGRAM}$"}),
    "audience": lambda doc: shapes.matching(
        doc, layout.PROGRAM, "the name of an audience", "like buyers"
    ),
    "map": _checked(lambda place, _: list(place.entries()), {"type": "object"}),
    "append": lambda doc: shapes.Shape(doc, check_append, fields_schema),
    "unset": _checked(anything, TEXTS),
    "values": _checked(check_values, {"type": "object"}),
    "any": _checked(anything, {}),
}
"""The kinds of parameters of an action: what may stand there."""
