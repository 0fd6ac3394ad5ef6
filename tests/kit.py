"""What tests build a workspace of."""

from __future__ import annotations

from crmcli.model.fields import Record
from crmcli.sales import add as adding
from crmcli.sales.records.given_values import Given
from crmcli.workspace import Workspace


def add(ws: Workspace, entity: str, given: Given, *, anyway: bool = False) -> Record:
    """Add a record as a door does; the record alone."""
    return adding.add(ws, entity, given, anyway=anyway).record
