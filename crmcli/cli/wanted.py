"""What the options of several commands name: a pipeline, a day, the records that match."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from crmcli.cli.params import option
from crmcli.errors import BadUsage, CrmError
from crmcli.language import tr

if TYPE_CHECKING:
    from crmcli.model.pipeline import Pipeline
    from crmcli.workspace import Workspace

WHERE = option("--where -w", "Only records that match a condition.", "EXPR")
PIPELINE = option(
    "--pipeline", "Pipeline; `leads` for leads. [default: the first one of deals]", "ID"
)


def pipeline_named(ws: Workspace, ref: str, refusal: type[CrmError] = BadUsage) -> Pipeline:
    """A pipeline by id or name, `leads` for the leads, "" for the first one of deals."""
    pipeline = ws.pipelines.find(ref) if ref else ws.pipelines.deals[0]
    if pipeline is None:
        known = ", ".join(p.id for p in ws.pipelines)
        raise refusal(tr("no pipeline {!r}", ref), tr("pipelines: {}", known))
    return pipeline


def day_given(ws: Workspace, text: str) -> date | None:
    """A date as people write it (`2026-11-23`, `23.11.2026`, `today`, `+3d`); None for ""."""
    from crmcli.model.kinds import DATE, Field

    if not text:
        return None
    try:
        return date.fromisoformat(str(Field("date", DATE).read(text, ws.inputs)))
    except ValueError as error:
        raise BadUsage(str(error), "write a date as 2026-11-23") from None


def listed(text: str) -> list[str]:
    """The words of an option that takes several between commas."""
    return [word.strip() for word in text.split(",") if word.strip()]
