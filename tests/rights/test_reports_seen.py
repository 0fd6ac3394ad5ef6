"""Reports count what their reader may see, and nothing else: records, stays, activities, lines."""

from __future__ import annotations

from decimal import Decimal

import pytest

from crmcli.dataclass import replace
from crmcli.model.entities import ENTITIES
from crmcli.model.figures import Dimension
from crmcli.model.report import ANY_TIME, Asked, Measure
from crmcli.model.reports import REPORTS
from crmcli.model.values import Line, entity_of
from crmcli.reports import engine
from crmcli.workspace.measuring import Measuring
from tests import kit
from tests.rights.conftest import ACCESS, USERS, Base

ROWS = ("leads", "deals", "stays", "reached", "activities", "answers", "jobs", "lines", "letters")


@pytest.fixture
def busy(base: Base) -> Base:
    """The same with a line, a call and a move on each deal."""
    ws = base.open("root")
    for owner in USERS:
        deal = base.records[f"deal {owner}"].id
        line = Line(f"Чай {owner}", Decimal(2), price=Decimal(10))
        with ws.change("log") as change:
            change.save(replace(change.get(deal), lines=(line,)))
            change.note("call.out", deal, {"text": "Звонил"})
            change.note("mail.out", deal, {"message_id": f"<{deal}@us.example>"})
    return base


@pytest.mark.parametrize("user", USERS)
def test_rows_are_of_records_that_are_seen(busy: Base, user: str) -> None:
    ws, whole = busy.open(user), busy.open("root")
    seen = {str(raw["id"]) for entity in ENTITIES for raw in ws.rows(entity)}
    found: dict[str, int] = {}
    for rows in ROWS:
        for entity in ("lead", "deal"):
            asked = Asked(rows, entity, [Measure("n", at=ANY_TIME)])
            mine = [one.record for one in Measuring(ws).behind(asked, ())]
            every = [one.record for one in Measuring(whole).behind(asked, ())]
            assert set(mine) == {one for one in every if one in seen}, rows
            found[rows] = found.get(rows, 0) + len(mine)
    assert all(found[rows] for rows in ROWS if rows != "jobs")


@pytest.mark.parametrize("user", ["anna", "olga"])
def test_no_report_names_what_is_hidden(busy: Base, user: str) -> None:
    ws = busy.open(user)
    seen = {str(raw["id"]) for entity in ENTITIES for raw in ws.rows(entity)}
    assert len(seen) < sum(busy.open("root").count(entity) for entity in ENTITIES)
    for report in REPORTS:
        request = engine.Request(
            pipeline=ws.pipelines.deals[0].id if report.always else "", entity="deal"
        )
        reading = engine.Reading(ws, report, request)
        for row in engine.figures(reading).rows:
            assert row.example in seen or entity_of(row.example) == "", (report.name, row)


def test_amounts_that_a_role_hides_are_in_no_figure(busy: Base) -> None:
    rules = ACCESS.replace("olga: [manager]", "olga: [blind]")
    roles = "roles:\n  blind: {like: manager, deal: {hidden: [amount]}}\n"
    kit.write(busy.root, "access.yaml", rules + roles)
    ws = busy.open("olga")
    sums = Measure("sums", how="sum", of="line_amount", at=ANY_TIME, unit="sums")
    asked = Asked("lines", "deal", [sums], [Dimension("product")])
    assert Measuring(ws).groups(asked) == []
    assert len(Measuring(busy.open("root")).groups(asked)) == len(USERS)
