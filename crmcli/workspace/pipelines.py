"""Pipelines as people name them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import BadUsage, CrmError
from crmcli.language import tr
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.pipeline import Pipeline


def pipeline_named(
    ws: Workspace, ref: str, refusal: type[CrmError] = BadUsage, *, ruled: bool = True
) -> Pipeline:
    """A pipeline by id or name, `leads` for the leads, "" for the first one of deals; without its rules, if
    they are not asked for."""
    pipelines = ws.pipelines if ruled else ws.outline
    pipeline = pipelines.find(ref) if ref else pipelines.deals[0]
    if pipeline is None:
        known = ", ".join(p.id for p in pipelines)
        raise refusal(tr("no pipeline {!r}", ref), tr("pipelines: {}", known))
    return pipeline
