"""Numbers and sums of money as people and other programs write them."""

from __future__ import annotations

from pathlib import Path

from crmcli.model.amounts import point_of, read_money
from crmcli.model.values import TwoReadings
from tests.tried import Tried


def typed(form: str, folder: Path) -> str:
    """An amount as it is typed at the command line, with the currency that it names."""
    return _read(form, "", in_sheet=False)


def in_column(form: str, folder: Path) -> str:
    """The cells of one column, with lines between them."""
    cells = form.split(" | ")
    point = point_of(cells)
    return " | ".join(_read(cell, point, in_sheet=True) for cell in cells)


def _read(text: str, point: str, *, in_sheet: bool) -> str:
    try:
        amount, currency = read_money(text, point, in_sheet=in_sheet)
    except TwoReadings as error:
        return f"refused: {error}"
    except ValueError:
        return "refused"
    return f"{amount} {currency}".strip()


TYPED = {
    "250.000": "refused: '250.000' may be 250000 or 250.00: write one of them",
    "1,250": "refused: '1,250' may be 1250 or 1.25: write one of them",
    "€ 12.500": "refused: '€ 12.500' may be 12500 or 12.50: write one of them",
    "1.250.000": "1250000",
    "1,250,000": "1250000",
    "250.00": "250",
    "250,5": "250.50",
    "0.250": "0.25",
    "1 234 567,89": "1234567.89",
    "1.234.567,89": "1234567.89",
    "1,234,567.89": "1234567.89",
    "1'234'567.89": "1234567.89",
    "1’234.50": "1234.50",
    "CHF 1'234.–": "1234 CHF",
    "Fr. 20.--": "20 CHF",
    "500,-": "500",
    "€ 1.000,-": "1000 EUR",
    "12,34,567.50": "1234567.50",
    "₹1,00,000": "100000 INR",
    "Rs. 5,00,000": "500000 INR",
    "R$ 1.234,56": "1234.56 BRL",
    "1 234,56 zł": "1234.56 PLN",
    "12 zł 50 gr": "12.50 PLN",
    "1 234 руб. 50 коп.": "1234.50 RUB",
    "1.234 руб. 5 коп": "1234.05 RUB",
    "50 коп.": "0.50 RUB",
    "10 000 р.": "10000 RUB",
    "5 000 рублей": "5000 RUB",
    "1 200 грн": "1200 UAH",
    "150 000 тг": "150000 KZT",
    "12 345 Kč": "12345 CZK",
    "£99.90": "99.90 GBP",
    "¥12000": "12000 JPY",
    "US$ 1,234.50": "1234.50 USD",
    "A$5": "5 AUD",
    "EUR2000": "2000 EUR",
    "2 000 SEK": "2000 SEK",
    "(1 234,50)": "-1234.50",
    "($1,234.50)": "-1234.50 USD",
    "$(5)": "-5 USD",
    "-$5": "-5 USD",
    "\u22125,00 €": "-5 EUR",
    "1.234,50-": "-1234.50",
    "+75,20": "75.20",
    "USD $7.50": "7.50 USD",
    "€ 40 EUR": "40 EUR",
    "SEK 2 500:-": "2500 SEK",
    "Rs.2,35,000/-": "235000 INR",
    "JP¥ 900": "900 JPY",
    "£5 EUR": "refused",
    "7-": "refused",
    "1234567890123456.78": "1234567890123456.78",
    "12345678901234567": "refused",
    "1.523456E+06": "1523456",
    "1.5E+06": "refused",
    "99.999": "refused: '99.999' may be 99999 or 100.00: write one of them",
    "99.9999": "refused",
    "300 тыс.": "300000",
    "2,5 тысячи": "2500",
    "2 т.р.": "2000 RUB",
    "1,5 млн": "1500000",
    "10 млн рублей": "10000000 RUB",
    "8k": "8000",
    "$1.2M": "1200000 USD",
    "€1,5 Mio": "1500000 EUR",
    "1.5 mln zł": "1500000 PLN",
    "3 bn": "3000000000",
    "5 м": "refused",
    "5 т": "refused",
    "5 kg": "refused",
    "5%": "refused",
    "$5 €": "refused",
    "10-20": "refused",
    "по запросу": "refused",
}
COLUMNS = {
    "250.000 | 1.250.000": "250000 | 1250000",
    "250.000 | 12,50": "250000 | 12.50",
    "250,000 | 1,250,000": "250000 | 1250000",
    "250,000 | 12.5": "250000 | 12.50",
    "250,000 | 1234,5": "250 | 1234.50",
    "250.000 | 468.0": "250 | 468",
    "250.000 | 1,00,000": "250 | 100000",
    "250.000 | 500,- €": "250000 | 500 EUR",
    "250.000 | 1500": "refused: '250.000' may be 250000 or 250.00: write one of them | 1500",
    "250.000 | 12,5 | 12.5": "refused: '250.000' may be 250000 or 250.00: write one of them | 12.50 | 12.50",
    "33.333333333333336 | 0.30000000000000004 | 66.665": "33.33 | 0.30 | 66.67",
    "33,3333333333333 | 1 234,565 | 1,125": "33.33 | 1234.57 | 1.13",
    "5.684342E-14 | 1.523456E+06": "0 | 1523456",
    "(250.000) | 5 руб. 50 коп. | 1.000,00": "-250000 | 5.50 RUB | 1000",
}

CHAPTER = [
    Tried("Amounts as typed", TYPED, typed),
    Tried("Amounts in one column of a file, decided by the whole column", COLUMNS, in_column),
]
