"""What reports tell, for tests: rows as they are, with their keys."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from crmcli.model.periods import ALWAYS, Period
from crmcli.model.pipeline import Pipeline
from crmcli.model.reports import BY_NAME
from crmcli.present.figures import worded
from crmcli.reports import engine
from crmcli.workspace import Workspace


class Told(NamedTuple):
    """A report's rows, each with its keys and measures, and all of them together."""

    rows: list[Any]
    total: dict[str, Any]

    @property
    def cohort(self) -> int:
        return int(self.total["cohort"])

    @property
    def reopened(self) -> int:
        return int(self.total["reopened"])


def told(ws: Workspace, name: str, by: Sequence[str] = (), **asked: Any) -> Told:
    """One report of those that come with crm."""
    reading = engine.Reading(ws, BY_NAME[name], engine.Request(by=tuple(by), **asked))
    figures = worded(ws, reading.entity_of(reading.report.source), engine.figures(reading))
    names = [one.name or one.step for one in figures.dimensions]
    rows = [
        SimpleNamespace(**dict(zip(names, row.keys, strict=True)), **row.values)
        for row in figures.rows
    ]
    return Told(rows, dict(reading.total))


def read_funnel(
    ws: Workspace, pipeline: Pipeline, period: Period = ALWAYS, where: str = ""
) -> Told:
    """The funnel of a pipeline."""
    return told(
        ws, "funnel", pipeline=pipeline.id, entity=pipeline.entity, period=period, where=where
    )
