"""Reports beside a reckoning of their own, on bases whose past is as twisted as pasts are."""

from __future__ import annotations

import pytest
from crmcli.reports.leads import read_leads

from crmcli.workspace import Workspace
from tests.reports import histories, reckoning
from tests.reports.reckoning_files import Base

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module", params=SEEDS)
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workspace, Base]:
    root = tmp_path_factory.mktemp("past") / "ws"
    histories.made(root, 600, seed=request.param, by_hand=0.02)
    return histories.opened(root), Base(root, histories.NOW)


@pytest.mark.parametrize("by", ["source", "stage", "owner"])
def test_leads(pair: tuple[Workspace, Base], by: str) -> None:
    ws, base = pair
    due = reckoning.conversion(base, by)
    told = {row.key: row for row in read_leads(ws, by)}
    assert set(told) == set(due)
    for key, row in told.items():
        assert {measure: getattr(row, measure) for measure in due[key]} == due[key]
