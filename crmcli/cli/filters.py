"""The options by which lists choose records, and the condition that they make together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from crmcli.model.conditions.where import Condition
    from crmcli.model.view import View
    from crmcli.workspace import Workspace

FILTERS: Mapping[str, tuple[str, ...]] = {
    "lead": ("stage", "owner", "source", "tag"),
    "contact": ("company", "type", "owner", "source", "tag"),
    "company": ("type", "industry", "owner", "source", "tag"),
    "deal": ("pipeline", "stage", "company", "contact", "owner", "source", "tag"),
    "offer": ("status", "deal", "company", "owner"),
    "task": ("about", "owner", "tag"),
}
"""The filters that have an option of their own; `--where` says everything else."""


def filter_options(entity: str) -> list[click.Parameter]:
    """The filter options of an entity; one given twice means either."""
    return [
        click.Option((f"--{name}",), multiple=True, metavar="VALUE", help=f"Only with this {name}.")
        for name in FILTERS[entity]
    ]


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
            quoted = ", ".join(_quoted(_reference(ws, name, value)) for value in values)
            parts.append(f"{name} in ({quoted})")
    if not parts:
        return None
    if len(parts) == len(given) == 1:
        return ws.condition(given[0], entity)
    return ws.condition(" and ".join(parts), entity)


def _reference(ws: Workspace, name: str, value: str) -> str:
    links = {"company": ("company",), "contact": ("contact",), "deal": ("deal",), "about": ()}
    return ws.resolve(value, *links[name]) if name in links and value else value


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""') + '"'
