"""What people see of a report in a table, where programs get all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crmcli.model.reports import REPORTS
from crmcli.workspace import Workspace
from tests import kit

Crm = Callable[..., Any]
TWO = """\
leads:
  name: Leads
  stages:
    - {id: new, name: New}
    - {id: converted, name: Taken, kind: won}
    - {id: junk, name: Junk, kind: lost}
deals:
  - id: sales
    name: Sales
    stages:
      - {id: new, name: New}
      - {id: won, name: Done, kind: won}
      - {id: lost, name: Refused, kind: lost}
  - id: service
    name: Service
    stages:
      - {id: asked, name: Asked}
      - {id: done, name: Done, kind: won}
      - {id: refused, name: Refused, kind: lost}
"""
EN = {"CRM_LANG": "en"}


def test_stages_that_are_called_alike_are_told_apart(crm: Crm, ws: Workspace, folder: Path) -> None:
    kit.write(folder, "pipelines.yaml", TWO)
    for pipeline, end in (("sales", "lost"), ("service", "refused"), ("service", "done")):
        why = [] if end == "done" else ["--lost-reason", "price"]
        made = crm("deal", "add", end, "--pipeline", pipeline, "--stage", end, *why, **EN)
        assert made.code == 0, made.err
    told = crm("report", "lost", "--by", "stage", **EN).out
    assert [f"Refused ({name})" in told for name in ("Sales", "Service")] == [True, True], told
    assert "Done (" not in crm("report", "won", "--by", "stage", **EN).out, "no other was won"


def test_what_there_is_nothing_of_is_left_out(crm: Crm, ws: Workspace) -> None:
    """Columns without a value, stages that none can stand in; in JSON they are."""
    kit.deal(ws, name="One")
    table = crm("report", "velocity", **EN)
    assert table.code == 0, table.err
    heads, *lines = table.out.splitlines()
    assert ("So far" in heads, "Median" in heads) == (True, False), heads
    assert len(lines) < len(json.loads(crm("report", "velocity", "--json").out))
    nothing = crm("report", "accuracy", **EN)
    assert (nothing.code, nothing.out.strip()) == (0, "")
    assert "nothing was won" in nothing.err


def test_a_plan_that_only_all_have(crm: Crm, ws: Workspace, folder: Path) -> None:
    kit.deal(ws, name="One", amount="10")
    kit.write(folder, "plans.yaml", "plans:\n  - {period: 2026-11, amount: 5000, count: 1200}\n")
    told = crm("report", "plan", "--period", "2026-11", "--by", "owner", **EN)
    assert told.code == 0, told.err
    assert "Planned" in told.out
    assert "1 200" in told.out.replace("\xa0", " ").replace(",", " ").replace("\u202f", " "), (
        told.out
    )


def test_a_page_says_what_the_terminal_says(crm: Crm, ws: Workspace) -> None:
    """How many deals a funnel is of, and what a forecast does not know; its title once."""
    kit.deal(ws, name="One")
    for report, said in (
        ("funnel", "1 deal"),
        ("forecast", "fewer than 20 closed"),
        ("plan", "no plan for"),
    ):
        table, page = crm("report", report, **EN), crm("report", report, "--html", **EN)
        told = " ".join(table.err.split())
        assert (said in told, said in page.out) == (True, True), (told, page.out[-600:])
        assert "<h2>" not in page.out


def test_a_picture_draws_that_by_which_rows_stand(crm: Crm, ws: Workspace, folder: Path) -> None:
    """Who won most by its sum stands first and has the longest bar, with fewer deals."""
    for owner, amounts in (("anna", ["100", "100", "100"]), ("boris", ["5000"])):
        for amount in amounts:
            made = kit.deal(ws, name="One", owner=owner, amount=amount)
            assert crm("deal", "move", made.id, "shipped", **EN).code == 0
    for report in ("won", "owners"):
        done = crm("report", report, "--html", "-o", "one.html", **EN)
        assert done.code == 0, done.err
        page = (folder / "one.html").read_text(encoding="utf-8")
        assert re.findall("<figcaption>(.*?)</figcaption>", page) == ["Won amount, RUB"], report
    for one in REPORTS:
        shown = [measure.name for measure in one.measures if measure.shown]
        assert one.drawn in ("", *shown), one.name
