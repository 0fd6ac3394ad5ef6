"""How the columns of a file write what could be read two ways: 1.234 and 03/04/2026."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from crmcli.dataclass import replace
from crmcli.formats.rows import Figure, FileRow
from crmcli.model.amounts import point_of
from crmcli.model.kinds import InputContext
from crmcli.model.values import Raw
from crmcli.model.written_days import order_of

if TYPE_CHECKING:
    from crmcli.sales.imports.sources import Source


class ColumnHabits:
    """Asked only for a cell that has two readings: the file is then read once more for its column.

    `decimal` is the sign of columns that do not decide.
    """

    def __init__(self, source: Source, decimal: str = "") -> None:
        self._source = source
        self._decimal = decimal
        self._places = {label: place for place, label in enumerate(source.labels)}
        self.point = cache(self._point)
        self._order = cache(self._order_of_column)
        self.is_uniform = cache(self._is_uniform)

    def context(self, ctx: InputContext, label: str, cell: str) -> InputContext:
        """The rules by which a cell of a column is read, as far as the whole column decides."""
        order = ctx.date_order or self._order(label)
        point = "." if isinstance(cell, Figure) else self.point(label)
        return replace(ctx, point=point, date_order=order)

    def _point(self, label: str) -> str:
        cells = self._cells(label)
        return point_of(cell for cell in cells if not isinstance(cell, Figure)) or self._decimal

    def _order_of_column(self, label: str) -> str:
        orders = {order for cell in self._cells(label) if (order := order_of(cell))}
        return orders.pop() if len(orders) == 1 else ""

    def _is_uniform(self, label: str) -> bool:
        """Whether all filled cells of a column say the same, so that it tells no row from another."""
        cells = self._cells(label)
        first = next(cells, "")
        return bool(first) and all(cell == first for cell in cells)

    def _cells(self, label: str) -> Iterator[str]:
        place = self._places.get(label, -1)
        for row in self._source.rows() if place >= 0 else ():
            cell = _cell(row, place)
            if isinstance(cell, str) and cell:
                yield cell


def _cell(row: FileRow, place: int) -> Raw:
    return "" if row.fault or place >= len(row.cells) else row.cells[place]
