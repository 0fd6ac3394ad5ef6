"""What all questions of one report are asked with: the moment, the zone, the stages that are declared."""

from __future__ import annotations

from crmcli.model.entities import having
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.store.index.ready import Frame
from crmcli.store.index.rows_of_reports import Stages
from crmcli.workspace import Workspace


def frame_of(ws: Workspace) -> Frame:
    """The frame of what is asked now."""
    return Frame(ws.env, _stages(ws), {})


def _stages(ws: Workspace) -> Stages:
    declared = ws.outline
    if not all(any(stage.kind == "won" for stage in one.stages) for one in declared):
        declared = ws.pipelines  # which says what is wrong
    found = []
    for entity in having("staged"):
        for pipeline in declared.of(entity):
            for position, stage in enumerate(pipeline.stages):
                place = (entity, pipeline.id, stage.id, position, stage.kind)
                found.append((*place, _rank(pipeline, stage), _chance(stage), stage.max_days))
    return found


def _rank(pipeline: Pipeline, stage: Stage) -> int | None:
    """How far a stage is on the way to the won one; None for a lost one."""
    steps = [one.id for one in pipeline.stages if one.is_open] + [pipeline.won.id]
    return steps.index(stage.id) if stage.id in steps else None


def _chance(stage: Stage) -> float | None:
    return None if stage.chance is None else float(stage.chance)
