"""What other currencies are worth, by day (data/rates.csv); sums are mixed by such a rate or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from crmcli.dataclass import replace
from crmcli.errors import BadUsage, NotFound, Refused
from crmcli.language import tr
from crmcli.model.deal import Deal
from crmcli.model.fields import Record
from crmcli.model.offer import Offer
from crmcli.model.sums import rounded
from crmcli.model.values import format_decimal, parse_date
from crmcli.sales.products import check_currency
from crmcli.sales.tables import read_table, table_text
from crmcli.store.layout import RATES

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

Row = TypeVar("Row", bound=Any)
COLUMNS = ("date", "currency", "rate")
LABELS = {"date": "дата", "currency": "валюта", "rate": "курс"}


class NoRate(Refused):
    """Sums of two currencies would be mixed, and nobody said what one is worth in the other."""


class Rate(NamedTuple):
    """From a day on, until the next: what a unit of a currency costs in that of the workspace."""

    date: date
    currency: str
    rate: Decimal


def rates(ws: Workspace) -> list[Rate]:
    """All rates, by day; TableWrong lists bad lines."""
    return sorted(read_table(ws.file(RATES) or b"", RATES, COLUMNS, _rate, LABELS))


def add(ws: Workspace, day: date, currency: str, text: str) -> Rate:
    """Say what a unit of a currency is worth from a day on; one said before of that day is replaced."""
    cells = {"date": day.isoformat(), "currency": currency, "rate": text}
    try:
        new = _rate(cells)
    except ValueError as error:
        raise BadUsage(str(error), "crm rate add USD 92.50") from None
    if new.currency == ws.settings.currency:
        raise BadUsage(tr("{} is the currency of this workspace", currency), "name another one")
    with ws.change("rate add") as change:
        left = [one for one in rates(ws) if one[:2] != new[:2]]
        change.rewrite(RATES, _text([*left, new]))
    return new


def remove(ws: Workspace, day: date, currency: str) -> Rate:
    """Take back what a currency was worth from a day on."""
    with ws.change("rate rm") as change:
        known = rates(ws)
        gone = next((one for one in known if one[:2] == (day, currency.upper())), None)
        if gone is None:
            raise NotFound(tr("no rate of {} on {}", currency, day), "see crm rate list")
        change.rewrite(RATES, _text([one for one in known if one != gone]))
    return gone


class Exchange:
    """Turns sums into one currency by the rates of a day; NoRate names each of `currencies` of which none is
    known then."""

    def __init__(self, ws: Workspace, currencies: Iterable[str], into: str, day: date) -> None:
        self.into = into
        own = ws.settings.currency
        self._rates = {one.currency: one.rate for one in rates(ws) if one.date <= day}
        self._rates |= {own: Decimal(1), "": Decimal(1)}
        others = {code for code in currencies if (code or own) != into}
        missing = sorted({into, *others} - self._rates.keys()) if others else []
        if missing:
            names = ", ".join(sorted(code or own for code in others))
            raise NoRate(
                tr(
                    "{} and {} are not mixed without a rate of {} on {}",
                    names,
                    into,
                    ", ".join(missing),
                    day,
                ),
                tr("crm rate add {} RATE --date {}", missing[0], day),
            )

    def amount(self, amount: Decimal, currency: str) -> Decimal:
        """An amount in another currency."""
        if currency == self.into:
            return amount
        return rounded(amount * self._rates[currency] / self._rates[self.into], self.into)

    def in_one(self, sums: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Sums by currency as one sum; none as none."""
        amounts = [self.amount(amount, code) for code, amount in sums.items()]
        return {self.into: sum(amounts, Decimal(0))} if amounts else {}


def rates_into(ws: Workspace, into: str) -> dict[str, Decimal]:
    """What a unit of each currency of which a rate is known today is in another."""
    found = {one.currency: one.rate for one in rates(ws) if one.date <= ws.today}
    found |= {ws.settings.currency: Decimal(1), "": Decimal(1)}
    return {code: rate / found[into] for code, rate in found.items()} if into in found else {}


def in_one_currency(ws: Workspace, rows: Sequence[Row], into: str, *names: str) -> tuple[Row, ...]:
    """Rows with their sums of those names, which are by currency, in one, by the rates of today."""
    found = {code for row in rows for name in names for code in getattr(row, name)}
    one = Exchange(ws, found, into, ws.today).in_one
    return tuple(replace(row, **{name: one(getattr(row, name)) for name in names}) for row in rows)


def converted(ws: Workspace, amount: Decimal, currency: str, into: str, day: date) -> Decimal:
    """An amount in another currency, by the rates of a day; NoRate if one of them is not known."""
    return Exchange(ws, [currency], into, day).amount(amount, currency)


def in_new_currency(ws: Workspace, before: Record, after: Record) -> Record:
    """A deal or an offer whose currency was changed, with its lines in the new one; NoRate if nobody said
    how."""
    if not isinstance(before, Deal | Offer) or not isinstance(after, Deal | Offer):
        return after
    if not before.lines or after.lines != before.lines or after.currency == before.currency:
        return after
    old, new, today = before.currency, after.currency, ws.now.astimezone(ws.zone).date()
    lines = []
    for line in before.lines:
        discount = line.discount
        if discount is not None and not discount.is_percent:
            discount = replace(discount, amount=converted(ws, discount.amount, old, new, today))
        price = converted(ws, line.price, old, new, today)
        lines.append(replace(line, price=price, discount=discount))
    amount = after.amount
    by_hand = isinstance(before, Deal) and not before.is_of_lines
    if amount is not None and amount == before.amount and by_hand:
        amount = converted(ws, amount, old, new, today)
    return replace(after, lines=tuple(lines), amount=amount)


def _rate(cells: Mapping[str, str]) -> Rate:
    from crmcli.model.amounts import read_number

    currency, rate = cells["currency"].upper(), read_number(cells["rate"], ".")
    check_currency(currency)
    if rate <= 0:
        raise ValueError(tr("the rate {} is not more than 0", cells["rate"]))
    return Rate(parse_date(cells["date"]), currency, rate)


def _text(known: list[Rate]) -> bytes:
    rows = [(one.date.isoformat(), one.currency, format_decimal(one.rate)) for one in known]
    return table_text(COLUMNS, rows)
