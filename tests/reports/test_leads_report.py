"""What became of the leads, by source, stage or owner."""

from __future__ import annotations

from decimal import Decimal

from crmcli.sales import stages
from crmcli.workspace import Workspace
from tests import kit
from tests.reports.told import told


def test_by_source(ws: Workspace) -> None:
    def came(source: str, stage: str, number: int, amount: str = "", currency: str = "RUB") -> None:
        for n in range(number):
            made = kit.lead(
                ws, name=f"{source} {stage} {n}", source=source, amount=amount, currency=currency
            )
            if stage != "new":
                stages.move(ws, made.id, stage, reason="spam")

    came("web", "new", 3, "0.10")
    came("web", "new", 1)
    came("web", "junk", 2)
    came("call", "new", 1, "50", "USD")
    ws.look_again()
    found = told(ws, "leads")
    rows = {row.source: row for row in found.rows}
    assert [row.source for row in found.rows] == ["web", "call"]
    assert (rows["web"].leads, rows["web"].junk, rows["web"].open) == (6, 2, 4)
    assert rows["web"].conversion == 0.0
    assert rows["web"].amounts == {"RUB": Decimal("0.30")}
    assert rows["call"].amounts == {"USD": Decimal(50)}
    assert (found.total["leads"], found.total["amounts"]) == (
        7,
        {"RUB": Decimal("0.30"), "USD": Decimal(50)},
    )


def test_no_leads(ws: Workspace) -> None:
    found = told(ws, "leads")
    assert found.rows == []
    assert (found.total["leads"], found.total["conversion"]) == (0, None)
