"""views.yaml, saved views by entity: what may stand in it, and reading it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from crmcli.dataclass import dataclass, replace
from crmcli.errors import CrmError
from crmcli.language import tr
from crmcli.model import limits
from crmcli.model.entities import ENTITIES
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema
from crmcli.model.view import View
from crmcli.store.config import shapes
from crmcli.store.config.cursor import Cursor, read_marked, unique
from crmcli.store.layout import VIEWS

_MOST = 1_000_000_000

Check = Callable[[str, str], object]
"""Refuses a condition on an entity that means nothing there."""


@dataclass(frozen=True)
class _Ground:
    """What every view of the file is checked against."""

    schema: Schema
    check: Check
    entity: str = ""


def load_views(
    root: Path, schema: Schema, check: Check, data: bytes | None = None
) -> Mapping[str, tuple[View, ...]]:
    """The saved views of each entity, or what they would be if the file held `data`; InvalidData names
    every fault."""
    top = read_marked(root, VIEWS, data)
    if top is None:
        return {}
    got = SHAPE.read(top, _Ground(schema, check))
    top.findings.settle()
    return {entity: got[row.plural] for entity, row in ENTITIES.items()}


def _views(place: Cursor, ground: _Ground, entity: str) -> tuple[View, ...]:
    places = list(place.at_most(limits.VIEWS, "a list of views").items())
    mine = replace(ground, entity=entity)
    views = tuple(View(**VIEW.read(at, mine), entity=entity, line=at.line) for at in places)
    unique(((view.id, at) for view, at in zip(views, places, strict=True)), "view")
    return views


def _where(place: Cursor, ground: _Ground) -> str:
    where = place.text()
    if where:
        _checked(place, lambda: ground.check(where, ground.entity))
    return where


def _sort_key(place: Cursor, ground: _Ground) -> str:
    from crmcli.model.conditions.paths import routes

    path = tuple(place.text().removeprefix("-").split("."))
    _checked(place, lambda: routes(path, ground.schema, ground.entity))
    return place.text()


def _column(place: Cursor, ground: _Ground) -> str:
    name = place.text()
    if not ground.schema.named(ground.entity, name):
        names = [field.name for field in ground.schema.askable(ground.entity)]
        place.fault(tr("no field {!r}", name), allowed_hint(name, names))
    return name


def _text() -> dict[str, Any]:
    return {"type": "string"}


def _checked(place: Cursor, check: Callable[[], object]) -> None:
    try:
        check()
    except CrmError as error:
        place.fault(f"{place.name!r}: {error.message}", error.hint)


VIEW = shapes.keys(
    "A saved list of records.",
    {
        "id": shapes.identifier("How commands name the view."),
        "name": shapes.text("Label for people."),
        "where": shapes.Shape(
            "Which records, e.g. owner = me and stage != won.", _where, lambda: {"type": "string"}
        ),
        "sort": shapes.listed(
            "Fields to sort by; -amount is the greatest first.", shapes.Shape("", _sort_key, _text)
        ),
        "columns": shapes.listed("Fields to show.", shapes.Shape("", _column, _text)),
        "limit": shapes.whole("At most so many records.", 1, _MOST),
    },
)
SHAPE = shapes.keys(
    "Saved views, by kind of record.",
    {
        row.plural: shapes.Shape(
            tr("Views of {}.", row.plural),
            partial(_views, entity=entity),
            lambda: {"type": "array", "items": VIEW.schema(required=True)},
            (),
        )
        for entity, row in ENTITIES.items()
    },
)
