"""Leads: junk and convert, which has a folder of its own; moving is in stages.py."""

from __future__ import annotations

from crmcli.sales.activities import note_in
from crmcli.sales.conversion.carried import TARGETS
from crmcli.sales.conversion.convert import convert, convert_in, preview
from crmcli.sales.conversion.plan import (
    Conversion,
    ConvertOptions,
    LeadAlreadyConverted,
    LeadIsJunk,
)
from crmcli.sales.conversion.unconvert import ChangedSince, IsNotConverted, unconvert
from crmcli.sales.duplicates.known import MadeEarlier
from crmcli.sales.stages import Move, move_in
from crmcli.workspace import Change, Workspace

__all__ = [
    "TARGETS", "ChangedSince", "Conversion", "ConvertOptions", "IsNotConverted", "LeadAlreadyConverted",
    "LeadIsJunk", "MadeEarlier", "convert", "convert_in", "junk", "junk_in", "preview", "unconvert",
]  # fmt: skip


def junk(ws: Workspace, lead_id: str, reason: str = "", note: str = "") -> Move:
    """End a lead as junk."""
    with ws.change("lead junk") as change:
        return junk_in(change, ws, lead_id, reason=reason, note=note)


def junk_in(
    change: Change, ws: Workspace, lead_id: str, *, reason: str = "", note: str = ""
) -> Move:
    """End a lead as junk within an open change."""
    lead = change.get(lead_id)
    done = move_in(change, ws, lead, ws.pipelines.leads.lost.id, reason=reason)
    note_in(change, lead_id, note)
    return done
