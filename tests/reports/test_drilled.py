"""The records behind every cell of every report: they add up to it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from crmcli.model.report import Measure
from crmcli.model.reports import REPORTS
from crmcli.present import figures as present
from crmcli.present.report_cells import behind, spot_at
from crmcli.reports import engine
from crmcli.workspace import Workspace
from tests.reports import histories

SEVERAL = ("stays", "activities", "jobs", "letters")
"""Of these rows a record may have several in one cell."""
GONE = ("activities", "letters")
"""Of these some are of records that were removed."""


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
                yield place, measure, value, [*behind(ws, spot_at(reading, figures, place)).rows]


@pytest.mark.parametrize("name", [report.name for report in REPORTS])
def test_they_add_up(past: Workspace, name: str) -> None:
    own = next(one for one in REPORTS if one.name == name).source
    gone = len({event.record for event in past.events(kinds=("deal.removed",))})
    count = 0
    for place, measure, value, rows in cells(past, name):
        count += 1
        ids = [row["id"] for row in rows]
        if measure.how == "sum":
            assert added(rows) == value, place
        elif measure.how == "count" and (measure.source or own) in SEVERAL:
            assert sum(row.get("value", 1) for row in rows) <= value, place
            if (measure.source or own) not in GONE:
                assert sum(row.get("value", 1) for row in rows) == value, place
        elif measure.how == "records":
            assert len(ids) <= value <= len(ids) + gone, place
        else:
            assert len(ids) == len(set(ids)) == value, place
    assert count > 4


def added(rows: list[dict[str, Any]]) -> Any:
    """What the rows have together: amounts by currency, or numbers."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        amount, code = row.get("value", row.get("amount")), row.get("value_currency", "currency")
        code = row["currency"] if code == "currency" else code
        if amount:
            sums[code] = sums.get(code, Decimal(0)) + Decimal(amount)
    numbers = [row["value"] for row in rows if "value" in row and "value_currency" not in row]
    return sum(numbers) if numbers else sums
