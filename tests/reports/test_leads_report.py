"""What became of the leads, by source, stage or owner."""

from __future__ import annotations

from decimal import Decimal

from crmcli.model.pipeline import Pipeline, Stage
from crmcli.reports.leads import Count, LeadsRow, leads, total

PIPELINE = Pipeline(
    "leads",
    "Лиды",
    "lead",
    (
        Stage("new", "Новый"),
        Stage("working", "В работе"),
        Stage("converted", "Качественный", "won"),
        Stage("junk", "Мусор", "lost"),
        Stage("double", "Повтор", "lost"),
    ),
)


def count(key: str, stage: str, number: int, amount: str = "0", currency: str = "RUB") -> Count:
    return key, stage, number, currency if amount != "0" else "", Decimal(amount)


def test_by_source() -> None:
    rows = leads(
        [
            count("web", "new", 3, "100.10"),
            count("web", "working", 1),
            count("web", "converted", 2, "1000.20"),
            count("web", "converted", 1, "50", "USD"),
            count("web", "junk", 1),
            count("web", "double", 2),
            count("call", "converted", 1, "7"),
            count("", "gone", 12),
        ],
        PIPELINE,
    )
    assert rows == [
        LeadsRow("", 12, 0, 0, 12, 0.0),
        LeadsRow(
            "web", 10, 3, 3, 4, 30.0,
            {"RUB": Decimal("1100.30"), "USD": Decimal(50)},
            {"RUB": Decimal("1000.20"), "USD": Decimal(50)},
        ),
        LeadsRow("call", 1, 1, 0, 0, 100.0, {"RUB": Decimal(7)}, {"RUB": Decimal(7)}),
    ]  # fmt: skip


def test_sums_stay_exact_and_apart() -> None:
    many = [count(f"s{n}", "new", 1, "0.10") for n in range(30)]
    row = total(leads([*many, count("x", "new", 1, "0.30", "EUR")], PIPELINE))
    assert row.amounts == {"EUR": Decimal("0.30"), "RUB": Decimal("3.00")}
    assert (row.leads, row.open, row.conversion) == (31, 31, 0.0)


def test_no_leads() -> None:
    assert leads([], PIPELINE) == []
    assert total([]) == LeadsRow("", 0, 0, 0, 0, None)
