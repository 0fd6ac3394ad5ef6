"""What lines come to: the one place where sums are worked out, and the one rule by which they are rounded.

A line is rounded, half up, to what its currency has of decimals; VAT is worked out of the rounded lines of a
rate together, and rounded once; the total adds up what is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal

from crmcli.dataclass import dataclass
from crmcli.model.currencies import WITHOUT_CENTS
from crmcli.model.values import Line

_EXACT = Context(prec=80, rounding=ROUND_HALF_UP)
"""Wide enough for any price times any quantity."""
_NOTHING, _HUNDRED = Decimal("0.00"), Decimal(100)


@dataclass(frozen=True, slots=True)
class LineSum:
    """What one line comes to: `full` before its `discount`; then without VAT, the VAT, and to be paid.

    The VAT of a line is its share of the VAT of its rate, so that the shares add up to it.
    """

    line: Line
    full: Decimal
    discount: Decimal
    net: Decimal
    vat: Decimal
    gross: Decimal
    vat_included: bool

    @property
    def sum(self) -> Decimal:
        """Price times quantity less the discount, with or without VAT as the price is."""
        return self.full - self.discount


@dataclass(frozen=True, slots=True)
class RateSum:
    """What the lines of one VAT rate come to; the rate is None for those that are free of it."""

    rate: Decimal | None
    net: Decimal
    vat: Decimal
    gross: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """What a document comes to: `net` without VAT, `vat`, `gross` to be paid; `discount` was let off."""

    net: Decimal
    vat: Decimal
    gross: Decimal
    discount: Decimal
    by_rate: tuple[RateSum, ...]
    lines: tuple[LineSum, ...]


def rounded(amount: Decimal, currency: str = "") -> Decimal:
    """An amount to whole cents, half up; to whole units in a currency that has no cents."""
    cent = Decimal("1") if currency in WITHOUT_CENTS else Decimal("0.01")
    return amount.quantize(cent, context=_EXACT)


def line_sum(line: Line, currency: str = "") -> Decimal:
    """What a line comes to after its discount, with or without VAT as its price is."""
    full = _full(line, currency)
    return full - _discount(line, full, currency)


def totals(lines: Iterable[Line], *, vat_included: bool, currency: str = "") -> Totals:
    """What lines come to; `vat_included` says what the prices are whose line says nothing of it."""
    running: dict[tuple[Decimal | None, bool], Decimal] = {}
    found: list[LineSum] = []
    for line in lines:
        included = vat_included if line.vat_included is None else line.vat_included
        full = _full(line, currency)
        discount = _discount(line, full, currency)
        before = running.get((line.vat, included), _NOTHING)
        after = running[line.vat, included] = before + full - discount
        rate = line.vat or Decimal(0)
        vat = _vat(after, rate, currency, included=included) - _vat(
            before, rate, currency, included=included
        )
        net = full - discount - vat if included else full - discount
        found.append(LineSum(line, full, discount, net, vat, net + vat, included))
    net, vat = _added(one.net for one in found), _added(one.vat for one in found)
    let_off = _added(one.discount for one in found)
    return Totals(net, vat, net + vat, let_off, _by_rate(found), tuple(found))


def _full(line: Line, currency: str) -> Decimal:
    return rounded(_EXACT.multiply(line.price, line.quantity), currency)


def _discount(line: Line, full: Decimal, currency: str) -> Decimal:
    if line.discount is None:
        return _NOTHING
    if not line.discount.is_percent:
        return rounded(line.discount.amount, currency)
    part = _EXACT.multiply(full, line.discount.amount)
    return rounded(_EXACT.divide(part, _HUNDRED), currency)


def _vat(amount: Decimal, rate: Decimal, currency: str, *, included: bool) -> Decimal:
    """The VAT that is in an amount, or comes on top of it."""
    base = _HUNDRED + rate if included else _HUNDRED
    return rounded(_EXACT.divide(_EXACT.multiply(amount, rate), base), currency)


def _by_rate(lines: Iterable[LineSum]) -> tuple[RateSum, ...]:
    groups: dict[Decimal | None, list[LineSum]] = {}
    for one in lines:
        groups.setdefault(one.line.vat, []).append(one)
    found = []
    for rate in sorted(groups, key=lambda rate: Decimal(-1) if rate is None else rate):
        net, vat = _added(one.net for one in groups[rate]), _added(one.vat for one in groups[rate])
        found.append(RateSum(rate, net, vat, net + vat))
    return tuple(found)


def _added(amounts: Iterable[Decimal]) -> Decimal:
    total = _NOTHING
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total
