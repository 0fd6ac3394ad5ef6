"""The options by which lists choose records, and the condition that they make together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.fieldwork import option_name
from crmcli.cli.params import option
from crmcli.model.schema import own_fields

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition
    from crmcli.model.fields import Field
    from crmcli.model.view import View
    from crmcli.workspace import Workspace


def filter_options(entity: str) -> list[click.Parameter]:
    """A filter option for each field that holds one of few values; one given twice means either."""
    names = [option_name(field) for field in own_fields(entity) if _is_filter(field)]
    return [
        option(f"--{name}", f"Filter by {name.replace('-', ' ')}.", "VALUE", multiple=True)
        for name in names
    ]


def _is_filter(field: Field) -> bool:
    return not field.system and (field.kind.is_filter or bool(field.directory or field.entities))


def filtered(
    ws: Workspace,
    entity: str,
    where: str,
    filters: Mapping[str, Sequence[str]],
    view: View | None = None,
) -> Condition | None:
    """The condition that a view, the filter options and --where make together; None without any."""
    given = [text for text in (view.where if view else "", where) if text.strip()]
    parts = [f"({text})" for text in given]
    for name, values in filters.items():
        if values:
            quoted = ", ".join(_quoted(_reference(ws, entity, name, value)) for value in values)
            parts.append(f"{name} in ({quoted})")
    if not parts:
        return None
    if len(parts) == len(given) == 1:
        return ws.condition(given[0], entity)
    return ws.condition(" and ".join(parts), entity)


def _reference(ws: Workspace, entity: str, name: str, value: str) -> str:
    """The id of what an option names in any way; the value itself where it is no link."""
    for field in own_fields(entity):
        if value and option_name(field).replace("-", "_") == name and field.entities:
            return ws.resolve(value, *field.entities)
    return value


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
