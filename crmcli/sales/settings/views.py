"""Views saved under a name: written into views.yaml, which keeps its comments."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import cast

from crmcli.errors import BadUsage, InvalidData, NotFound
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.values import Raw
from crmcli.model.view import View
from crmcli.store.layout import VIEWS
from crmcli.store.yaml.codec import load_marked
from crmcli.store.yaml.text_edit import edited
from crmcli.workspace import Workspace

_BEGINNING = b"# yaml-language-server: $schema=schema/views.schema.json\n"
_TOLD = ("name", "where", "sort", "columns", "limit")


def save(ws: Workspace, view: View) -> bool:
    """Write a view into views.yaml, in the place of one that has its id; whether it is new there."""
    known = [one.id for one in ws.views.get(view.entity, ())]
    raw: dict[str, Raw] = {"id": view.id}
    for key in _TOLD:
        value = getattr(view, key)
        if value:
            raw[key] = [*value] if isinstance(value, tuple) else str(value)

    def put(views: list[Raw]) -> list[Raw]:
        if view.id not in known:
            return [*views, raw]
        return [raw if _id(old) == view.id else old for old in views]

    _write(ws, "view save", view.entity, put)
    return view.id not in known


def remove(ws: Workspace, entity: str, ref: str) -> View:
    """Take a view out of views.yaml; NotFound if there is none."""
    view = ws.view(entity, ref)
    _write(ws, "view rm", entity, lambda views: [v for v in views if _id(v) != view.id])
    return view


def entity_named(word: str) -> str:
    """The noun of a word in the singular or the plural; NotFound."""
    found = next((e for e, row in ENTITIES.items() if word in (e, row.plural)), "")
    if not found:
        plurals = ", ".join(row.plural for row in ENTITIES.values())
        raise NotFound(tr("no records are called {!r}", word), tr("one of {}", plurals))
    return found


def _id(view: Raw) -> object:
    return view.get("id") if isinstance(view, dict) else None


def _write(
    ws: Workspace, command: str, entity: str, change_of: Callable[[list[Raw]], list[Raw]]
) -> None:
    data = ws.file(VIEWS) or _BEGINNING
    tree = deepcopy(load_marked(data, VIEWS).value)
    plural = ENTITIES[entity].plural
    tree[plural] = change_of(cast("list[Raw]", tree.get(plural) or []))
    if not tree[plural]:
        del tree[plural]
    after = edited(data, VIEWS, tree).rstrip(b"\n") + b"\n"
    try:
        ws.read_views(after)
    except InvalidData as error:
        first = error.problems[0]
        raise BadUsage(tr(first.message), first.hint) from None
    with ws.change(command) as change:
        change.rewrite(VIEWS, after)
