"""Pipelines and stages as people name them, and where a new record begins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmcli.errors import BadUsage, Refused
from crmcli.language import tr
from crmcli.model.entities import ENTITIES
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import has_field, own_fields
from crmcli.model.values import Value
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.model.pipeline import Pipeline, Stage


REASON = "_reason"
"""How the fields end that say why something was lost."""


class NoSuchStage(BadUsage):
    """The pipeline declares no stage of that id or name."""


class ReasonMissing(Refused):
    """Losing needs a reason."""


class NotConverted(Refused):
    """A lead comes to the stage of success by converting it, in no other way."""


def find_stage(pipeline: Pipeline, ref: str) -> Stage:
    """A stage of a pipeline by id or name in any case; NoSuchStage lists them with the nearest."""
    stage = pipeline.named(ref)
    if stage is not None:
        return stage
    names = [s.id for s in pipeline.stages]
    shown = [s.id if s.id == s.name else f"{s.id} ({s.name})" for s in pipeline.stages]
    raise NoSuchStage(
        tr("pipeline {!r} has no stage {!r}", pipeline.id, ref),
        allowed_hint(ref, [*names, *(s.name for s in pipeline.stages)], tr("stages"), shown),
    )


def find_pipeline(ws: Workspace, ref: str) -> Pipeline:
    """A deal pipeline by id or name; BadUsage lists them."""
    pipeline = ws.pipelines.find(ref)
    if pipeline is None or not pipeline.key:
        known = ", ".join(p.id for p in ws.pipelines.deals)
        raise BadUsage(tr("no deal pipeline {!r}", ref), tr("pipelines: {}", known))
    return pipeline


def reason_field(entity: str) -> str:
    """The field that says why a record of that kind was lost."""
    return next(f.name for f in own_fields(entity) if f.name.endswith(REASON))


def require_reason(ws: Workspace, entity: str, what: str, option: str) -> None:
    """Refuse to lose something without a reason, where reasons are declared; ReasonMissing lists them."""
    name = reason_field(entity)
    known = ws.settings.directories.get(ws.schema.field(entity, name).directory, {})
    if known:
        raise ReasonMissing(
            tr("{} cannot be {} without a reason", what, tr(name.removesuffix(REASON))),
            tr(
                "add {}, one of {}", option, ", ".join(f"{i} ({said})" for i, said in known.items())
            ),
        )


def beginning(ws: Workspace, entity: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """The values of a new lead or deal with its pipeline and stage by id.

    One that begins at an end has its reason or closing time; a lead is not converted by being added.
    """
    placed = dict(values)
    if "staged" not in ENTITIES[entity].traits:
        return placed
    pipeline = ws.pipelines.of(entity)[0]
    if pipeline.key:
        named = str(values.get("pipeline") or "")
        pipeline = find_pipeline(ws, named) if named else pipeline
        placed["pipeline"] = pipeline.id
    named = str(values.get("stage") or "")
    stage = find_stage(pipeline, named) if named else pipeline.initial
    placed["stage"] = stage.id
    if stage.kind == "won" and has_field(entity, "converted"):
        raise NotConverted(
            tr("a lead gets to {!r} by converting it", stage.name), "add it, then crm lead convert"
        )
    if stage.kind == "lost" and not values.get(reason_field(entity)):
        option = f"--{reason_field(entity).replace('_', '-')}"
        require_reason(ws, entity, tr("a new {}", tr(entity)), option)
    if not stage.is_open and has_field(entity, "closed_at"):
        placed["closed_at"] = values.get("closed_at") or values.get("created_at") or ws.now
    return placed
