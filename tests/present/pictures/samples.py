"""Figures as reports answer with them, of all shapes: few and many rows, long names, two currencies, before."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from crmcli.dataclass import replace
from crmcli.model.figures import Dimension, FigureRow, Figures, Shown
from crmcli.model.periods import Period

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
OCTOBER = Period(date(2026, 10, 1), date(2026, 10, 31))
COUNT, SHARE = Shown("deals", "Deals"), Shown("share", "Conversion", "percent")
MONEY, STAY = Shown("amounts", "Amount", "sums"), Shown("days", "Median", "days")
ANSWER = Shown("answer", "First answer", "hours")
LONG = "Согласование договора с юридическим отделом заказчика и его головной компанией в Москве"
STAGES = ("Новый", "В работе", "Встреча назначена", LONG, "Договор", "Оплачен")
SOURCES = (
    "Сайт",
    "Звонок",
    "",
    "Почта",
    "Партнёры <b>&amp;</b>",
    "Выставка",
    "電話 📞",
    "Telegram",
    "VK",
)


def rub(amount: object, **more: object) -> dict[str, Decimal]:
    return {code: Decimal(str(v)) for code, v in {"RUB": amount, **more}.items()}


def row(word: str, values: dict[str, Any], before: dict[str, Any] | None = None) -> FigureRow:
    return FigureRow((word,), (word,), values, before or {})


def figures(
    name: str, rows: list[FigureRow], *measures: Shown, by: str = "stage", **more: Any
) -> Figures:
    dimensions = more.pop("dimensions", (Dimension(by, by.capitalize()),))
    return Figures(
        name,
        more.pop("title", f"«{name}»"),
        NOVEMBER,
        dimensions,
        measures,
        tuple(rows),
        **more,
    )


def funnel() -> Figures:
    reached, lost = (120, 71, 34, 33, 9, 1), (30, 12, 1, 20, 0, 0)
    measures = (
        Shown("reached", "Reached"),
        Shown("to_next", "To next", "percent"),
        Shown("lost", "Lost"),
        STAY,
    )
    rows = [
        row(word, {"reached": n, "to_next": nxt and 100 * nxt / n, "lost": gone, "days": n / 7},
            {"reached": n + 9 - gone, "to_next": 50.0, "lost": 3, "days": 3.0})
        for word, n, nxt, gone in zip(STAGES, reached, (*reached[1:], None), lost, strict=True)
    ]  # fmt: skip
    gone = {"reached": 12, "to_next": None, "lost": None, "days": None}
    rows += [
        row("Отказ", gone, {"reached": 3}),
        row("Не звонить", {**gone, "reached": 0}, {"reached": 0}),
    ]
    return figures(
        "funnel", rows, *measures, picture="funnel", compared=OCTOBER, aside=("Отказ", "Не звонить")
    )


def sources(*, before: bool = True) -> Figures:
    rows = [
        row(word, {"deals": 4 + n * 37 % 50, "share": None if n == 2 else n * 12.345, "amounts": rub(n * 123456.5)},
            {"deals": n * 11, "share": 20, "amounts": rub(300000)} if before and n else {})
        for n, word in enumerate(SOURCES)
    ]  # fmt: skip
    total = FigureRow(
        (),
        (),
        {"deals": 199, "share": 31.2, "amounts": rub("4444434")},
        {"deals": 396, "share": 18.0},
    )
    return figures("sources", rows, COUNT, SHARE, MONEY, by="source", total=total,
                   compared=OCTOBER if before else None, notes=("3 records without a stage are left out",))  # fmt: skip


def amounts() -> Figures:
    """Two currencies, a loss, and somebody who has only one of them."""
    rows = [
        row("Анна Ковалёва", {"amounts": rub("1234567.89", USD=5000), "deals": 12}),
        row("Борис", {"amounts": rub("-250000", EUR="12.5"), "deals": 3}),
        row("Вера", {"amounts": {}, "deals": 0}),
        row("Глеб " * 12, {"amounts": {"USD": Decimal("-3000")}, "deals": 1}),
    ]
    return figures("owners", rows, MONEY, COUNT, by="owner", title="Люди")


def over_time(days: int, *, minus: bool = False, before: bool = False) -> Figures:
    dice, first = random.Random(days), date(2026, 1, 1)
    rows = []
    for n in range(days):
        day = (first + timedelta(n)).isoformat()
        value = None if n == 3 else Decimal(dice.randrange(-40 if minus else 0, 100))
        rows.append(row(day, {"deals": value}, {"deals": dice.randrange(90)} if before else {}))
    return figures("days", rows, COUNT, dimensions=(Dimension("created_at", "Day", "day"),), picture="line",
                   compared=OCTOBER if before else None)  # fmt: skip


def crossed(picture: str, one: int = 5, two: int = 9, unit: Any = "count") -> Figures:
    dice = random.Random(one * two)
    rows = [
        FigureRow((f"2026-{n + 1:02}", word), (f"2026-{n + 1:02}", word),
                  {"v": rub(dice.randrange(10**6), USD=10) if unit == "sums" else dice.randrange(50)})
        for n in range(one) for word in SOURCES[:two] if dice.random() < 0.8
    ]  # fmt: skip
    dimensions = (Dimension("created_at", "Month", "month"), Dimension("source", "Source"))
    return figures(
        "crossed", rows, Shown("v", "Deals", unit), dimensions=dimensions, picture=picture
    )


def many(rows: int) -> Figures:
    made = [
        row(f"Клиент № {n} с длинным названием", {"deals": 10**6 // (n + 1), "days": n / 3})
        for n in range(rows)
    ]
    return figures("clients", made, COUNT, STAY, by="company")


def numbers() -> Figures:
    """A report without a dimension: what stands at the head of a dashboard."""
    values = {"deals": 14, "amounts": rub(3400000, USD=1200), "share": 33.333333, "answer": 2.5}
    before = {"deals": 19, "amounts": rub(3000000), "share": 30, "answer": 2.5}
    return figures("today", [FigureRow((), (), values, before)], COUNT, MONEY, SHARE, ANSWER, dimensions=(),
                   compared=OCTOBER, picture="none")  # fmt: skip


EVERY: dict[str, Figures] = {
    "funnel": funnel(), "sources": sources(), "not compared": sources(before=False), "amounts": amounts(),
    "month": over_time(30), "month compared": over_time(30, before=True), "year": over_time(365),
    "falls": over_time(12, minus=True), "a day": over_time(1),
    "stacked": crossed("stacked"), "stacked sums": crossed("stacked", unit="sums"),
    "stacked few": crossed("stacked", 3, 2), "stacked shares": crossed("stacked", unit="percent"),
    "lines": crossed("line", 12, 9), "two as bars": crossed("bars", 3, 3),
    "one": many(1), "many": many(40), "too many": many(300), "none": many(0), "numbers": numbers(),
    "only noughts": figures("noughts", [row("a", {"deals": 0}), row("b", {"deals": 0})], COUNT),
    "only losses": figures("losses", [row("a", {"deals": -5}), row("b", {"deals": -1})], COUNT),
    "no number": figures("absent", [row("a", {"deals": None}), row("b", {"deals": float("nan")})], COUNT),
    "hours": figures("answers", [row("Анна", {"answer": 0.25}), row("Борис", {"answer": 30})], ANSWER, by="owner"),
    "table alone": replace(many(3), picture="none"),
}  # fmt: skip
