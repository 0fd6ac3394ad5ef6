"""The records behind every cell of every report: they add up to it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from crmcli.model.report import Measure
from crmcli.model.reports import REPORTS
from crmcli.present import figures as present
from crmcli.reports import engine
from crmcli.workspace import Workspace
from tests.reports import histories

SEVERAL = ("stays", "activities", "jobs")
"""Of these rows a record may have several in one cell."""


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    root = histories.made(tmp_path_factory.mktemp("past") / "ws", 150, seed=7, by_hand=0.02)
    return histories.opened(root)


def cells(ws: Workspace, name: str) -> Iterator[tuple[str, Measure, Any, list[dict[str, Any]]]]:
    """Each counted or summed cell of a report: where it is, its measure, its value, the records behind it."""
    report = next(one for one in REPORTS if one.name == name)
    pipeline = "sales" if report.always else ""
    reading = engine.Reading(ws, report, engine.Request(pipeline=pipeline))
    figures = present.worded(ws, reading.entity_of(report.source), engine.figures(reading))
    for number, row in enumerate([*figures.rows, figures.total]):
        if row is None:
            continue
        for measure in report.measures:
            value = row.values.get(measure.name)
            if measure.shown and value and (measure.how in ("count", "records", "sum")):
                place = f"{number + 1 if row is not figures.total else 'total'},{measure.name}"
                yield place, measure, value, [*present.behind(ws, reading, figures, place).rows]


@pytest.mark.parametrize("name", [report.name for report in REPORTS])
def test_they_add_up(past: Workspace, name: str) -> None:
    own = next(one for one in REPORTS if one.name == name).source
    gone = len({event.record for event in past.events(kinds=("deal.removed",))})
    count = 0
    for place, measure, value, rows in cells(past, name):
        count += 1
        ids = [row["id"] for row in rows]
        assert len(ids) == len(set(ids)), place
        if measure.how == "sum" and measure.of != "amount":
            assert any(row.get("amount") for row in rows), place
        elif measure.how == "sum":
            sums: dict[str, Decimal] = {}
            for row in rows:
                if row.get("amount"):
                    sums[row["currency"]] = sums.get(row["currency"], Decimal(0)) + Decimal(
                        row["amount"]
                    )
            assert sums == value, place
        elif measure.how == "count" and (measure.source or own) in SEVERAL:
            assert 0 < len(ids) <= value, place
        elif measure.how == "records":
            assert len(ids) <= value <= len(ids) + gone, place
        else:
            assert len(ids) == value, place
    assert count > 4
