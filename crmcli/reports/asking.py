"""What is asked of a report in words: of which time, of which pipeline."""

from __future__ import annotations

from datetime import datetime

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.listed import did_you_mean
from crmcli.model.periods import FORMS, STEPS, Period, read_period
from crmcli.model.report import Report
from crmcli.reports.engine import Request
from crmcli.workspace import Workspace
from crmcli.workspace.pipelines import pipeline_named

USUAL = ("today", "yesterday", *STEPS[1:])


def period_named(ws: Workspace, text: str, at: datetime | None = None) -> Period:
    """A period as people write it, seen from now or from another moment; BadUsage for what is none."""
    try:
        return read_period(text, at or ws.now, ws.zone, ws.inputs.date_order)
    except ValueError as error:
        raise BadUsage(str(error), did_you_mean(text, USUAL, FORMS)) from None


def in_pipeline(ws: Workspace, report: Report, request: Request, ref: str) -> Request:
    """What is asked, of the pipeline that is named or of which the report tells; BadUsage for none."""
    ref = ref or report.pipeline
    if not (ref or report.always):
        return request
    found = pipeline_named(ws, ref, ruled=False)
    own = {row.plural: noun for noun, row in ENTITIES.items()}.get(report.source, found.entity)
    if own != found.entity:
        noun = tr(ENTITIES[own].plural)
        known = ", ".join(one.id for one in ws.outline.of(own))
        raise BadUsage(
            tr(
                "{} is about {}, not about {}", report.name, noun, tr(ENTITIES[found.entity].plural)
            ),
            tr("pipelines: {}", known) if known else tr("leave out --pipeline"),
        )
    return replace(request, pipeline=found.id, entity=found.entity)
