"""The lines of a deal: added, changed, removed; its amount follows them unless it was set by hand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from decimal import Decimal
from typing import cast

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage, NotFound
from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.model.line_text import check_line, read_discount, read_rate
from crmcli.model.values import Line
from crmcli.model.vat import check_rates
from crmcli.sales import products
from crmcli.sales.rates import converted
from crmcli.sales.records.edit import still_whole
from crmcli.workspace import Change, Workspace


@dataclass(frozen=True, slots=True)
class LineTerms:
    """What people say of a line; "" and None where they say nothing, `-` of a discount that there is none."""

    name: str = ""
    quantity: str = ""
    unit: str = ""
    price: str = ""
    vat: str = ""
    discount: str = ""
    vat_included: bool | None = None


def add(ws: Workspace, deal_id: str, wanted: LineTerms) -> tuple[Deal, Line]:
    """Add a line: a product by its number or words, or with a price whatever it is called."""
    with ws.change("deal line add") as change:
        return add_in(change, ws, deal_id, wanted)


def add_in(change: Change, ws: Workspace, deal_id: str, wanted: LineTerms) -> tuple[Deal, Line]:
    """Add a line within an open change."""
    deal = _opened(change, ws, deal_id)
    line = _said(ws, deal, _begun(ws, deal, wanted), wanted)
    after = _with_lines(ws, deal, (*deal.lines, line))
    change.save(after)
    return after, line


def edit(ws: Workspace, deal_id: str, number: int, wanted: LineTerms) -> tuple[Deal, Line]:
    """Change the line of that number; what is not said stays, its price too."""
    with ws.change("deal line edit") as change:
        deal = _opened(change, ws, deal_id)
        line = _said(ws, deal, _line(deal, number), wanted)
        lines = (*deal.lines[: number - 1], line, *deal.lines[number:])
        after = _with_lines(ws, deal, lines)
        change.save(after)
    return after, line


def remove(ws: Workspace, deal_id: str, numbers: Collection[int]) -> tuple[Deal, list[Line]]:
    """Remove the lines of these numbers."""
    with ws.change("deal line rm") as change:
        return remove_in(change, ws, deal_id, numbers)


def remove_in(
    change: Change, ws: Workspace, deal_id: str, numbers: Collection[int]
) -> tuple[Deal, list[Line]]:
    """Remove lines within an open change."""
    deal = _opened(change, ws, deal_id)
    gone = [_line(deal, number) for number in sorted(set(numbers))]
    left = [line for n, line in enumerate(deal.lines, start=1) if n not in numbers]
    after = _with_lines(ws, deal, tuple(left))
    change.save(after)
    return after, gone


def _opened(change: Change, ws: Workspace, deal_id: str) -> Deal:
    ws.check_shown("deal", "lines")
    return cast("Deal", change.get(deal_id))


def _with_lines(ws: Workspace, deal: Deal, lines: tuple[Line, ...]) -> Deal:
    currency = deal.currency or ws.settings.currency
    after = replace(deal, lines=lines, currency=currency if lines else deal.currency)
    return cast("Deal", still_whole(ws, deal, after))


def _line(deal: Deal, number: int) -> Line:
    if not 1 <= number <= len(deal.lines):
        raise NotFound(
            tr("{} {} has no line {}", deal.id, deal.name, number),
            tr("see crm deal line list {}", deal.id),
        )
    return deal.lines[number - 1]


def _begun(ws: Workspace, deal: Deal, wanted: LineTerms) -> Line:
    """A new line as its product has it; with a price of its own it need be no product."""
    known = products.products(ws).get(wanted.name) if wanted.price else None
    if not wanted.name:
        raise BadUsage("what is sold?", "crm deal line add 7k3 RF-1 --quantity 2")
    if wanted.price and known is None:
        return Line(wanted.name, vat=ws.settings.vat_rate)
    product = known or products.find(ws, wanted.name)
    price = product.price
    if not wanted.price:
        currency = deal.currency or ws.settings.currency
        price = converted(ws, price, product.currency, currency, _today(ws))
    return Line(product.name, unit=product.unit, price=price, vat=product.vat, product=product.sku)


def _said(ws: Workspace, deal: Deal, line: Line, wanted: LineTerms) -> Line:
    """The line with what people said of it; its rate must be one of today if it is new."""
    from crmcli.model.amounts import read_number

    vat, discount, quantity = line.vat, line.discount, line.quantity
    try:
        if wanted.quantity:
            quantity = read_number(wanted.quantity)
        if wanted.vat:
            vat = read_rate(wanted.vat)
        if wanted.discount:
            discount = None if wanted.discount == "-" else read_discount(wanted.discount)
    except ValueError as error:
        raise BadUsage(tr("line {!r}: {}", line.name, error)) from None
    included = line.vat_included if wanted.vat_included is None else wanted.vat_included
    after = replace(
        line,
        quantity=quantity,
        unit=wanted.unit or line.unit,
        price=_price(ws, deal, wanted.price) if wanted.price else line.price,
        vat=vat,
        discount=discount,
        vat_included=included,
    )
    check_line(after)
    if line not in deal.lines or vat != line.vat:
        check_rates(ws.settings.vat_rates, [vat], _today(ws))
    return after


def _price(ws: Workspace, deal: Deal, text: str) -> Decimal:
    """A price as people write it, in the deal's currency."""
    from crmcli.model.amounts import read_money

    try:
        price, said = read_money(text)
    except ValueError as error:
        raise BadUsage(str(error), "--price 1500") from None
    currency = deal.currency or ws.settings.currency
    return converted(ws, price, said or currency, currency, _today(ws))


def _today(ws: Workspace) -> date:
    return ws.now.astimezone(ws.zone).date()
