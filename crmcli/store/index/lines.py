"""The lines of deals and offers: what of each is kept for reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from crmcli.model.kinds import kind_of
from crmcli.model.sums import line_sum
from crmcli.model.values import Line, Raw
from crmcli.store.index.columns import Columns
from crmcli.store.index.rows_of_reports import Cell, Source
from crmcli.store.index.sources import records

FIELD = "lines"


def rows(num: int, raw: Mapping[str, Raw]) -> Iterator[tuple[int, str, str, float, int]]:
    """The lines of a record as the table has them: amounts in cents, after discounts, VAT as in the price."""
    currency = str(raw.get("currency", ""))
    for line in cast("tuple[Line, ...]", kind_of(FIELD).parse(raw[FIELD])):
        cents = int(line_sum(line, currency) * 100)
        yield num, line.product, line.name, float(line.quantity), cents


def source(entity: str, columns: Columns) -> Source:
    """Each line of a record; what has no article number goes by its name."""
    made = records(entity, columns)
    cells = {
        "product": Cell("ifnull(nullif(line.product, ''), line.name)"),
        "quantity": Cell("line.quantity", "number"),
        "line_amount": Cell("line.amount", "money"),
    }
    link = made.tables.removeprefix(entity)
    return Source(
        entity,
        f"line JOIN {entity} ON {entity}.num = line.num{link}",
        made.record,
        made.at,
        {**made.cells, **cells},
        pipeline=made.pipeline,
        currency=made.currency,
        ready=made.ready,
        parts=made.parts,
        joins=made.joins,
    )
