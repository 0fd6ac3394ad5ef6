"""Nothing that a role is not shown makes a difference to any figure: the same base with other values there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from crmcli.dataclass import replace
from crmcli.errors import CrmError
from crmcli.model.report import Measure, Report
from crmcli.model.reports import REPORTS
from crmcli.model.values import Line
from crmcli.reports import engine
from crmcli.sales import stages
from crmcli.sales.records import edit as editing
from crmcli.workspace import Workspace
from tests import kit
from tests.rights.conftest import ACCESS, SETTINGS, USERS, fill
from torture.copies import copied

HIDDEN = {
    "amount": ("4321.5", "77"), "tags": ("vip", "долго"), "stage": ("", ""), "comment": ("раз", "два"),
    "probability": ("15", "90"), "external": ("bitrix:1", "amo:2"), "lines": ("", ""),
    "source_detail": ("Яндекс", "Авито"), "close_by": ("2026-12-24", "2027-02-01"),
    "company": ("", ""), "source": ("web", "call"),
}  # fmt: skip
"""What is hidden, and the values of the two bases; "" for what is changed by another way."""
TOLD = ("funnel", "velocity", "owners", "forecast", "won", "clients", "products", "lost", "stale")
OWN = Report("own", "", "deals", (
    Measure("count"), Measure("s", how="sum", of="amount", unit="sums"), Measure("m", how="median", of="weighted"),
    Measure("f", how="median", of="stood"), Measure("w", when="won"), Measure("o", when="overdue"),
), by=("owner",), order="-s")  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    root = kit.workspace(tmp_path_factory.mktemp("apart") / "team", kit.pipelines(), SETTINGS)
    records = fill(root)
    kit.write(root, "access.yaml", ACCESS)
    return root, [records[f"deal {owner}"].id for owner in USERS]


def world(filled: tuple[Path, list[str]], root: Path, field: str, number: int) -> Workspace:
    """The base with one of two values in that field of two deals, as whoever is not shown it opens it."""
    made, deals = filled
    copied(made, root)
    ws = kit.opened(root, user="root")
    for deal in deals[number : number + 2]:
        if field == "stage":
            won = next(s.id for s in ws.pipelines.deals[0].stages if s.kind == "won")
            stages.move(ws, deal, won)
        elif field == "lines":
            lines = (Line("Чай" if number else "Кофе", Decimal(3 + number), price=Decimal(9)),)
            with ws.change("edit") as change:
                change.save(replace(change.get(deal), lines=lines))
        else:
            value = HIDDEN[field][number] or ws.rows("company")[number]["id"]
            editing.edit(ws, deal, editing.Edit({field: [str(value)]}, {}, {}))
    names = {
        "stage": "[stage, closed_at, first_closed_at, probability]",
        "lines": "[lines, amount]",
    }
    roles = f"roles:\n  blind: {{like: head, deal: {{read: all, hidden: {names.get(field, f'[{field}]')}}}}}\n"
    kit.write(root, "access.yaml", ACCESS.replace("boris: [head]", "boris: [blind]") + roles)
    return kit.opened(root, user="boris")


def figures(ws: Workspace, report: Report, by: Sequence[str], where: str) -> Any:
    """All that a question answers, with what stands behind the cells of its first row; or the refusal."""
    pipeline = ws.pipelines.deals[0].id if report.always else ""
    try:
        request = engine.Request(by=by, where=where, pipeline=pipeline, entity="deal")
        reading = engine.Reading(ws, report, request)
        found = engine.figures(reading)
        plain = [one for one in report.measures if not one.is_reckoned]
        behind = [reading.behind(row.place, one) for row in found.rows[:1] for one in plain]
        return found.rows, found.total, behind
    except CrmError as refused:
        return refused.message


@pytest.mark.parametrize("field", kit.some([*HIDDEN], 2))
def test_what_is_hidden_makes_no_difference(
    filled: tuple[Path, list[str]], tmp_path: Path, field: str
) -> None:
    one, other = (world(filled, tmp_path / f"world{n}", field, n) for n in (0, 1))
    differs = []
    for report in (*(one for one in REPORTS if one.name in TOLD), OWN):
        for asked in (((), ""), ((field,), ""), (("owner", "month"), f"{field} is not empty")):
            mine, others = (figures(ws, report, *asked) for ws in (one, other))
            if mine != others:
                differs.append((report.name, *asked, mine, others))
    assert differs == []
    if field == "stage":
        told = [event for event in one.events() if event.record.startswith("deal-")]
        assert told
        assert not any(event.kind.startswith("stage.") or "stage" in event.data for event in told)
