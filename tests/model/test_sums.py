"""Sums of documents, against a computation of its own: fractions, rounded by hand."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest

from crmcli.errors import BadUsage
from crmcli.model.line_text import check_line, read_line
from crmcli.model.sums import line_sum, rounded, totals
from crmcli.model.values import Discount, Line

D = Decimal
RATES = (None, D(0), D(5), D(7), D(10), D(20), D(22))
CURRENCIES = ("RUB", "EUR", "JPY")


def _halves_up(exact: Fraction, currency: str) -> Fraction:
    """To cents, or whole yen, by whole numbers alone; halves away from zero."""
    cents = 1 if currency == "JPY" else 100
    scaled = abs(exact) * cents
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Fraction(whole if exact >= 0 else -whole, cents)


def _line(chance: random.Random) -> Line:
    quantity = D(chance.randint(1, 10**6)).scaleb(-chance.randint(0, 3))
    price = D(chance.randint(0, 10 ** chance.randint(1, 9))).scaleb(-2)
    line = Line("x", quantity, "", price, chance.choice(RATES))
    full = line_sum(line, "JPY")
    discount = chance.choice(
        [
            None,
            Discount(D(chance.randint(0, 10000)).scaleb(-2)),
            Discount(D(chance.randint(0, int(full))), is_percent=False),
        ]
    )
    included = chance.choice([None, None, None, True, False])
    return Line("x", quantity, "", price, line.vat, discount, "", included)


def _by_hand(lines: list[Line], currency: str, *, included: bool) -> tuple[Fraction, ...]:
    """Net, VAT and gross: each line is rounded, then the VAT of each rate, then all is added up."""
    groups: dict[tuple[D, bool], Fraction] = {}
    for line in lines:
        full = _halves_up(Fraction(line.price) * Fraction(line.quantity), currency)
        if line.discount is not None and line.discount.is_percent:
            full -= _halves_up(full * Fraction(line.discount.amount) / 100, currency)
        elif line.discount is not None:
            full -= _halves_up(Fraction(line.discount.amount), currency)
        inside = included if line.vat_included is None else line.vat_included
        key = (line.vat or D(0), inside)
        groups[key] = groups.get(key, Fraction(0)) + full
    net = vat = Fraction(0)
    for (rate, inside), amount in groups.items():
        whole = 100 + Fraction(rate) if inside else Fraction(100)
        tax = _halves_up(amount * Fraction(rate) / whole, currency)
        vat += tax
        net += amount - tax if inside else amount
    return net, vat, net + vat


def test_random_documents_equal_a_computation_of_their_own(
    pytestconfig: pytest.Config,
) -> None:
    chance = random.Random(11)
    for _ in range(pytestconfig.getoption("--documents")):
        lines = [_line(chance) for _ in range(chance.randint(0, 12))]
        included, currency = chance.random() < 0.5, chance.choice(CURRENCIES)
        got = totals(lines, vat_included=included, currency=currency)
        wanted = _by_hand(lines, currency, included=included)
        assert tuple(map(Fraction, (got.net, got.vat, got.gross))) == wanted, (lines, currency)
        for name in ("net", "vat", "gross"):
            assert sum((getattr(one, name) for one in got.lines), D(0)) == getattr(got, name)
            assert sum((getattr(one, name) for one in got.by_rate), D(0)) == getattr(got, name)
        assert all(one.net + one.vat == one.gross for one in (*got.lines, *got.by_rate))


def test_vat_is_rounded_once_for_all_lines_of_a_rate() -> None:
    lines = [Line("a", price=D("0.10"), vat=D(22))] * 3
    got = totals(lines, vat_included=False)
    assert (got.vat, got.gross) == (D("0.07"), D("0.37"))  # by line it would be 0.06
    assert [one.vat for one in got.lines] == [D("0.02"), D("0.02"), D("0.03")]


def test_a_discount_comes_off_before_vat() -> None:
    lines = [
        Line("a", D(2), price=D(1000), vat=D(22), discount=Discount(D(10))),
        Line("b", price=D(500), vat=D(10), discount=Discount(D(50), is_percent=False)),
    ]
    got = totals(lines, vat_included=False)
    assert (got.net, got.vat, got.gross, got.discount) == (D(2250), D(441), D(2691), D(250))


def test_the_yen_has_no_cents() -> None:
    assert (rounded(D("10.5"), "JPY"), rounded(D("10.505"), "RUB")) == (D(11), D("10.51"))


def test_the_largest_lines_are_exact() -> None:
    line = Line("x", D("9999999999.12345678"), price=D("999999.99"))
    assert line_sum(line) == D("9999999899123456.79")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (Line("x", D(0)), "the quantity 0 is not more than 0"),
        (Line("x", D(-2)), "the quantity -2 is not more than 0"),
        (Line("x", vat=D(101)), "VAT of 101 % is not from 0 to 100"),
        (Line("x", price=D(1), discount=Discount(D("100.01"))), "a discount of 100.01% is more"),
        (Line("x", price=D(1), discount=Discount(D(2), is_percent=False)), "a discount of 2 is more"),
        (Line("x", price=D(1), discount=Discount(D(-1))), "a discount of -1% is negative"),
        (Line("x", D(10**9), price=D(10**9)), "more than 16 digits before the point"),
    ],
)  # fmt: skip
def test_lines_that_there_cannot_be(line: Line, why: str) -> None:
    with pytest.raises(BadUsage, match=why):
        check_line(line)


def test_a_line_is_written_with_its_discount() -> None:
    line = read_line("Кровля;2;1500;м²;;10%", D(22), "RUB")
    assert line.discount == Discount(D(10))
    assert read_line("Кровля;2;1500;;нет;500,50", D(22), "RUB").discount == Discount(
        D("500.50"), is_percent=False
    )
