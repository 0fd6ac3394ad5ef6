"""Deals: win and lose; moving is in stages.py, what all records have in records/."""

from __future__ import annotations

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.sales.activities import note_in
from crmcli.sales.records.stage_lookup import find_stage
from crmcli.sales.stages import Move, move_in
from crmcli.workspace import Change, Workspace


def win(ws: Workspace, deal_id: str, note: str = "") -> Move:
    """Close a deal as won."""
    with ws.change("deal win") as change:
        return win_in(change, ws, deal_id, note=note)


def win_in(change: Change, ws: Workspace, deal_id: str, *, note: str = "") -> Move:
    """Close a deal as won within an open change."""
    deal = change.get(deal_id)
    done = move_in(change, ws, deal, ws.pipeline_of(deal).won.id)
    note_in(change, deal_id, note)
    return done


def lose(ws: Workspace, deal_id: str, reason: str, stage: str = "", note: str = "") -> Move:
    """Close a deal as lost; `stage` picks one of several lost stages, the first otherwise."""
    with ws.change("deal lose") as change:
        return lose_in(change, ws, deal_id, reason=reason, stage=stage, note=note)


def lose_in(
    change: Change, ws: Workspace, deal_id: str, *, reason: str, stage: str = "", note: str = ""
) -> Move:
    """Close a deal as lost within an open change."""
    deal = change.get(deal_id)
    pipeline = ws.pipeline_of(deal)
    target = find_stage(pipeline, stage) if stage else pipeline.lost
    if target.kind != "lost":
        lost = ", ".join(s.id for s in pipeline.stages if s.kind == "lost")
        raise BadUsage(tr("{!r} is not a lost stage", target.name), tr("one of {}", lost))
    done = move_in(change, ws, deal, target.id, reason=reason)
    note_in(change, deal_id, note)
    return done
