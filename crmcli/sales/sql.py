"""Questions in SQL, with the rates that stand in a table of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmcli.sales.rates import rates
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.sql_views import Answer, Cell


def ask(
    ws: Workspace, text: str, parameters: Mapping[str, Cell] | None = None, seconds: float = 60
) -> Answer:
    """What a query finds, as `Workspace.sql` says."""

    def worth() -> list[tuple[str, str, float]]:
        return [(one.date.isoformat(), one.currency, float(one.rate)) for one in rates(ws)]

    return ws.sql(text, parameters, {"rates": worth}, seconds)
