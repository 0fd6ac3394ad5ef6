"""A line of a deal or an offer as people write it."""

from __future__ import annotations

from decimal import Decimal

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.sums import line_sum
from crmcli.model.values import MOST_DIGITS, MOST_MONEY, Discount, Line

_NO_VAT = ("-", "no", "none", "нет", "без ндс")


def read_line(text: str, rate: Decimal | None, currency: str) -> Line:
    """Read `name;quantity;price[;unit[;vat[;discount]]]`; BadUsage names the part that cannot be read.

    `vat` is a rate in per cent or `no` for a line free of VAT; without it the company's `rate`. A
    price of another currency is refused, since a deal and an offer have one sum; where `currency`
    is not known, a price names none.
    """
    from crmcli.model.amounts import read_money, read_number

    parts = [part.strip() for part in text.split(";")]
    if not 3 <= len(parts) <= 6 or not parts[0]:
        raise BadUsage(
            tr("{!r} is not a line of a deal or an offer", text),
            "write 'name;quantity;price;unit;vat;discount'; unit, VAT and discount are optional",
        )
    name, quantity, price, unit, vat, let_off = [*parts, "", "", ""][:6]
    try:
        count = read_number(quantity)
        each, said = read_money(price)
        if vat:
            rate = read_rate(vat)
        discount = read_discount(let_off)
    except ValueError as error:
        raise BadUsage(
            tr("line {!r}: {}", name, error), "write 'name;quantity;price;unit;vat;discount'"
        ) from None
    if said not in ("", currency):
        raise BadUsage(
            tr("line {!r}: {!r} is not in {}", name, price, currency or "plain digits"),
            "a deal and its offers have one currency",
        )
    line = Line(name, count, unit, each, rate, discount)
    check_line(line)
    return line


def read_rate(text: str) -> Decimal | None:
    """A VAT rate in per cent, None for `no`; ValueError for anything else."""
    from crmcli.model.amounts import read_number

    return None if text.lower() in _NO_VAT else read_number(text)


def read_discount(text: str) -> Discount | None:
    """A discount as people write it: `10%`, or a sum; ValueError for anything else."""
    from crmcli.model.amounts import read_money, read_number

    if not text:
        return None
    if text.endswith("%"):
        return Discount(read_number(text))
    return Discount(read_money(text)[0], is_percent=False)


def check_line(line: Line) -> None:
    """Refuse a line with a quantity, a rate or a discount that there cannot be."""
    wrong = ""
    if line.quantity <= 0:
        wrong = tr("the quantity {} is not more than 0", f"{line.quantity:f}")
    elif line.vat is not None and not 0 <= line.vat <= 100:
        wrong = tr("VAT of {} % is not from 0 to 100", f"{line.vat:f}")
    elif line.discount is not None and line.discount.amount < 0:
        wrong = tr("a discount of {} is negative", line.discount)
    elif line.discount is not None and _is_over(line.discount, line):
        wrong = tr("a discount of {} is more than the line comes to", line.discount)
    elif abs(line_sum(line)) >= MOST_MONEY:
        wrong = tr("it comes to more than {} digits before the point", MOST_DIGITS - 2)
    if wrong:
        raise BadUsage(tr("line {!r}: {}", line.name, wrong))


def _is_over(discount: Discount, line: Line) -> bool:
    if discount.is_percent:
        return discount.amount > 100
    return discount.amount > max(line_sum(replace(line, discount=None)), Decimal(0))
