"""Figures with their sums in one currency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.model.figures import Figures, Number

if TYPE_CHECKING:
    from crmcli.workspace import Workspace


def in_one_currency(ws: Workspace, found: Figures, into: str) -> Figures:
    """Figures with each of their sums in one currency, by the rates of today; NoRate if one is not known."""
    from crmcli.sales.rates import Exchange

    rows = [*found.rows, *([found.total] if found.total else [])]
    codes = {
        code
        for row in rows
        for values in (row.values, row.before)
        for value in values.values()
        if isinstance(value, Mapping)
        for code in value
    }
    one = Exchange(ws, codes, into, ws.today).in_one

    def converted(values: Mapping[str, Number]) -> dict[str, Number]:
        return {name: one(v) if isinstance(v, Mapping) else v for name, v in values.items()}

    changed = [
        row._replace(values=converted(row.values), before=converted(row.before)) for row in rows
    ]
    number = len(found.rows)
    return replace(found, rows=tuple(changed[:number]), total=next(iter(changed[number:]), None))
