"""What reports ask: measures of records, stays and events, as the acting user may see them."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.model.entities import having
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.report import Asked, Group
from crmcli.store.index.figures import Frame
from crmcli.store.index.sources import Stages
from crmcli.workspace import Workspace
from crmcli.workspace.stays import settle_stays


class Measuring:
    """The figures of one moment: what it takes is made ready once for all questions of a report."""

    def __init__(self, ws: Workspace) -> None:
        settle_stays(ws)
        self._ws = ws
        self._frame = Frame(ws.env, _stages(ws))

    def groups(self, asked: Asked) -> list[Group]:
        """The measures of each group of rows with the same keys; of all, without dimensions."""
        return self._ws.groups(asked, self._frame)

    def records(self, asked: Asked, keys: Sequence[str | float | None]) -> list[str]:
        """The records that the first measure counts in the group of those keys."""
        return self._ws.records_behind(asked, self._frame, keys)


def _stages(ws: Workspace) -> Stages:
    found = []
    for entity in having("staged"):
        for pipeline in ws.pipelines.of(entity):
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
