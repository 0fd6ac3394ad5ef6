"""Lines of a deal, an offer or an invoice as a table, and what they come to in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.kinds.lines import LINES
from crmcli.model.sums import Totals
from crmcli.model.values import Line, json_number
from crmcli.present.cells import Column, Locale

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

COLUMNS = [
    Column("number", "No.", "count", keep=True), Column("product", "Product"), Column("name", "Name"),
    Column("quantity", "Quantity", "number"), Column("unit", "Unit"), Column("price", "Price", "money"),
    Column("discount", "Discount", "money"), Column("vat", "VAT, %", "number"), Column("sum", "Sum", "money"),
    Column("gross", "With VAT", "money", keep=True),
]  # fmt: skip


def totals_of(record: Record) -> Totals | None:
    """What the lines of a record come to; None of one that has none."""
    found = getattr(record, "totals", None)
    return found if isinstance(found, Totals) and found.lines else None


def line_rows(record: Record) -> list[Mapping[str, Any]]:
    """A row for each line, with its sums."""
    found = totals_of(record)
    rows: list[Mapping[str, Any]] = []
    for number, one in enumerate(found.lines if found else (), start=1):
        line = one.line
        numbers = {"quantity": line.quantity, "price": line.price, "vat": line.vat}
        numbers |= {"sum": one.sum, "net": one.net, "vat_sum": one.vat, "gross": one.gross}
        plain = {key: json_number(value) for key, value in numbers.items() if value is not None}
        texts = {"product": line.product, "name": line.name, "unit": line.unit}
        texts |= {"discount": str(line.discount or ""), "currency": str(record.get("currency"))}
        rows.append({"number": number, **texts, **plain})
    return rows


def lines_text(ws: Workspace, *lines: Line) -> str:
    """Lines by their names and quantities."""
    return LINES.show([LINES.dump_item(line) for line in lines], Locale.of(ws))


def told_totals(ws: Workspace, record: Record) -> str:
    """`total 122 ₽, including VAT 22 ₽`; of a deal, whether its amount is that sum or was set by hand."""
    found = totals_of(record)
    if found is None:
        return ""
    locale, currency = Locale.of(ws), str(record.get("currency"))
    gross, vat = (locale.money(amount, currency) for amount in (found.gross, found.vat))
    said = tr("total {}, including VAT {}", gross, vat) if found.vat else tr("total {}", gross)
    if not isinstance(record, Deal):
        return said
    if record.is_of_lines:
        return tr("{}: the amount of the deal", said)
    amount = tr("none") if record.amount is None else locale.money(record.amount, currency)
    return tr("{}; the amount of the deal, {}, was set by hand", said, amount)
