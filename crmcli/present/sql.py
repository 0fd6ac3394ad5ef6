"""How the answer to a query looks: numbers as numbers, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING

from crmcli.language import tr
from crmcli.present.cells import Column, Listing

if TYPE_CHECKING:
    from crmcli.model.sql_views import Answer, View

_DIGITS, _DECIMALS = 15, 4
VIEWS = [
    Column("view", "View", keep=True), Column("column", "Column", keep=True), Column("about", "What it is"),
]  # fmt: skip


def answered(found: Answer, *, for_people: bool) -> Listing:
    """The rows of an answer; a column in which only numbers stand is one of numbers. People get fewer of
    their digits."""
    cell = partial(_cell, decimals=_DECIMALS if for_people else None)
    rows = [dict(zip(found.columns, map(cell, row), strict=True)) for row in found.rows]
    columns = [Column(name, kind=_kind(name, rows)) for name in found.columns]
    return Listing(rows, columns, "no rows")


def _cell(value: object, decimals: int | None) -> object:
    """A cell: a number as exact as SQLite's is, bytes as their digits."""
    if isinstance(value, float):
        if not isfinite(value):
            return str(value)
        if decimals is not None and abs(value) >= 1:
            value = round(value, decimals)
        return Decimal(f"{value + 0.0:.{_DIGITS}g}")  # no -0
    if isinstance(value, int):
        return Decimal(value)
    return value.hex() if isinstance(value, bytes) else value


def _kind(name: str, rows: Iterable[Mapping[str, object]]) -> str:
    cells = [row[name] for row in rows if row[name] is not None]
    return "number" if cells and all(isinstance(cell, Decimal) for cell in cells) else "text"


def described(views: Iterable[View]) -> Listing:
    """The views, each with its columns and a line about them."""
    rows = []
    for view in views:
        rows.append({"view": view.name, "column": "", "about": tr(view.about).removesuffix(".")})
        rows += [
            {"view": view.name, "column": column.name, "about": tr(column.label) or column.name}
            for column in view.columns
        ]
    return Listing(rows, VIEWS)
