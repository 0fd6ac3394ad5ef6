"""In which order the rows of a report stand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crmcli.model.figures import Dimension, FigureRow, rank, size


def in_order(
    rows: Iterable[FigureRow], by: Sequence[Dimension], order: str, positions: Mapping[str, int]
) -> list[FigureRow]:
    """Rows by time where that is asked for, stages in order, else as the report says; absent last."""
    sign = -1 if order.startswith("-") else 1
    is_free = bool(order) and not (by and (by[0].step or by[0].name == "stage"))

    def place(row: FigureRow) -> tuple[object, ...]:
        pairs = zip(by, row.place, strict=True)
        keys = tuple(
            (key is None, positions.get(str(key), 0) if one.name == "stage" else 0, rank(key))
            for one, key in pairs
        )
        return (sign * size(row.values.get(order.lstrip("-"))), keys) if is_free else keys

    return sorted(rows, key=place)
