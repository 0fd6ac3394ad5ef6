"""A funnel of deals that were imported with their past, beside a count of the file itself."""

from __future__ import annotations

import random
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest

from crmcli.model.periods import Period
from crmcli.workspace import Workspace
from tests import kit
from tests.reports.told import read_funnel

STAGES = {"Won": 424, "Lost": 247, "Engaging": 159, "Prospecting": 50}
HEADER = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
PIPELINE = """stages:
  - {id: first, name: Prospecting}
  - {id: talks, name: Engaging}
  - {id: won, name: Won, kind: won}
  - {id: lost, name: Lost, kind: lost}
"""
QUARTERS = [
    ("2016-10-01", "2017-01-01"),
    ("2017-01-01", "2017-04-01"),
    ("2017-07-01", "2017-10-01"),
]


def _file() -> str:
    """Deals as a sales department keeps them: some not begun, some without a client, losses worth 0."""
    chance = random.Random(88)
    stages = [stage for stage, count in STAGES.items() for _ in range(count)]
    chance.shuffle(stages)
    lines = [HEADER]
    for number, stage in enumerate(stages):
        begun = date(2016, 10, 20) + timedelta(chance.randrange(430))
        closed = begun + timedelta(chance.randrange(1, 139))
        has_ended = stage in ("Won", "Lost")
        account = "Ron-tech" if has_ended else chance.choice(("Isdom", "Gekko & Co", ""))
        value = {"Won": str(chance.randrange(40, 30_000)), "Lost": "0"}.get(stage, "")
        dates = "" if stage == "Prospecting" else str(begun), str(closed) if has_ended else ""
        lines.append(",".join([f"X{number:07}", "Vera Lis", "MG", account, stage, *dates, value]))
    return "\n".join(lines)


@pytest.fixture
def deals(tmp_path: Path) -> Workspace:
    settings = (
        "language: en\ntime_zone: America/New_York\ncurrency: USD\nusers: {anna: {name: Anna}}\n"
    )
    folder = kit.workspace(tmp_path / "ws", kit.pipelines(deals=PIPELINE), settings)
    return kit.opened(folder)


def test_quarters_agree_with_a_count_of_the_file(deals: Workspace) -> None:
    text = _file()
    columns = {"product": "name", "engage_date": "created_at"}
    found = kit.bring(deals, "deal", text, columns=columns)
    deals.look_again()
    assert (found.created, found.rejected) == (sum(STAGES.values()), 0)
    file = pd.read_csv(StringIO(text), parse_dates=["engage_date", "close_date"])
    assert sum(found.totals.amounts.values()) == file["close_value"].sum()
    for since, until in QUARTERS:
        days = date.fromisoformat(since), date.fromisoformat(until) - timedelta(1)
        told = read_funnel(deals, deals.pipelines.deals[0], Period(*days))
        rows = {row.stage: row for row in told.rows}
        here = file[(file["engage_date"] >= since) & (file["engage_date"] < until)]
        counts = here["deal_stage"].value_counts()
        assert told.cohort == len(here) > 0
        assert (rows["won"].reached, rows["lost"].reached) == (counts["Won"], counts["Lost"])
        assert rows["talks"].waiting == counts["Engaging"]
        where = f"created_at >= {since} and created_at < {until}"
        assert deals.count("deal", deals.condition(where, "deal")) == told.cohort
