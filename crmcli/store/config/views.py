"""Reading views.yaml: saved views by entity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from crmcli.errors import CrmError
from crmcli.model import limits
from crmcli.model.entities import ENTITIES, plurals
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema
from crmcli.model.view import View
from crmcli.store.config.cursor import Cursor, marked, read_marked, unique

VIEWS = "views.yaml"
KEYS = ("id", "name", "where", "sort", "columns", "limit")
_MOST = 1_000_000_000

Check = Callable[[str, str], object]
"""Refuses a condition on an entity that means nothing there."""


def load_views(
    root: Path, schema: Schema, check: Check, data: bytes | None = None
) -> Mapping[str, tuple[View, ...]]:
    """The saved views of each entity, none without a file; as they would be if it held `data`.

    InvalidData names every fault.
    """
    top = read_marked(root, VIEWS) if data is None else marked(data, VIEWS)
    if top is None:
        return {}
    lists = {
        entity: list(top.at(row.plural).at_most(limits.VIEWS, "a list of views").items())
        for entity, row in ENTITIES.items()
    }
    views = {
        entity: tuple(_view(place, entity, schema, check) for place in places)
        for entity, places in lists.items()
    }
    top.known(plurals())
    for places in lists.values():
        unique(((place.at("id").text(), place) for place in places), "view")
    top.findings.settle()
    return views


def _view(place: Cursor, entity: str, schema: Schema, check: Check) -> View:
    place.known(KEYS, ("id",))
    where = place.at("where").text()
    if where:
        _checked(place.at("where"), lambda: check(where, entity))
    names = [field.name for field in schema.fields(entity)]
    return View(
        id=place.id(),
        entity=entity,
        name=place.at("name").text(),
        where=where,
        sort=tuple(_sort_key(text, key, entity, schema) for text, key in place.at("sort").texts()),
        columns=tuple(_column(text, key, names) for text, key in place.at("columns").texts()),
        limit=place.at("limit").whole(1, _MOST),
        line=place.line,
    )


def _sort_key(text: str, place: Cursor, entity: str, schema: Schema) -> str:
    from crmcli.model.conditions.paths import routes

    path = tuple(text.removeprefix("-").split("."))
    _checked(place, lambda: routes(path, schema, entity))
    return text


def _column(name: str, place: Cursor, names: list[str]) -> str:
    if name not in names:
        place.fault(f"there is no field {name!r}", allowed_hint(name, names))
    return name


def _checked(place: Cursor, check: Callable[[], object]) -> None:
    try:
        check()
    except CrmError as error:
        place.fault(f"{place.name!r}: {error.message}", error.hint)
