"""A line of a deal or an offer as people write it."""

from __future__ import annotations

from decimal import Decimal

from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.values import Line

_NO_VAT = ("-", "no", "none", "нет", "без ндс")


def read_line(text: str, rate: Decimal | None, currency: str) -> Line:
    """Read `name;quantity;price[;unit[;vat]]`; BadUsage names the part that cannot be read.

    `vat` is a rate in per cent or `no` for a line free of VAT; without it the company's `rate`. A
    price of another currency is refused, since a deal and an offer have one sum; where `currency`
    is not known, a price names none.
    """
    from crmcli.model.amounts import read_money, read_number

    parts = [part.strip() for part in text.split(";")]
    if len(parts) not in (3, 4, 5) or not parts[0]:
        raise BadUsage(
            tr("{!r} is not a line of a deal or an offer", text),
            "write 'name;quantity;price;unit;vat'; unit and VAT are optional",
        )
    name, quantity, price, unit, vat = [*parts, "", ""][:5]
    try:
        count = read_number(quantity)
        each, said = read_money(price)
        if vat:
            rate = None if vat.lower() in _NO_VAT else read_number(vat)
    except ValueError as error:
        raise BadUsage(
            tr("line {!r}: {}", name, error), "write 'name;quantity;price;unit;vat'"
        ) from None
    if said not in ("", currency):
        raise BadUsage(
            tr("line {!r}: {!r} is not in {}", name, price, currency or "plain digits"),
            "a deal and its offers have one currency",
        )
    line = Line(name, count, unit, each, rate)
    check_line(line)
    return line


def check_line(line: Line) -> None:
    """Refuse a line with a quantity or a rate that there cannot be."""
    if line.quantity <= 0 or (line.vat is not None and not 0 <= line.vat <= 100):
        told = tr("line {!r}: the quantity or the VAT is not valid", line.name)
        raise BadUsage(told, "e.g. 'Roofing;2;1500'")
