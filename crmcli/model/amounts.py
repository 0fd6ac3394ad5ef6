"""Numbers and sums of money as people and spreadsheets write them."""

from __future__ import annotations

import re
from decimal import Decimal

from crmcli.language import tr
from crmcli.model.values import format_decimal, parse_decimal, parse_money

_CURRENCIES = {
    "RUB": "₽, руб, руб., р, р., рубль, рубли, рублей, российский рубль",
    "USD": "$, доллар, доллар сша, us dollar",
    "EUR": "€, евро, euro",
    "KZT": "₸, тенге, казахстанский тенге",
    "BYN": "белорусский рубль",
    "UAH": "гривна",
    "CNY": "юань, китайский юань",
}
CURRENCY_SIGNS = {sign: code for code, signs in _CURRENCIES.items() for sign in signs.split(", ")}
"""Signs, and the names by which other systems write a currency into a column of its own."""
_SIGN = r"(?:₽|руб\.?|р\.?|rub|\$|usd|€|eur)"
_SIGNED = re.compile(
    rf"({_SIGN})?\s*(-?)\s*({_SIGN})?\s*([0-9][0-9 .,']*?|[.,][0-9]+)\s*({_SIGN})?", re.I
)
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u202f]")
_PLAIN = re.compile(r"\d+([.,]\d*)?|[.,]\d+")
_GROUPED = re.compile(r"\d{1,3}(?:([ .,'])\d{3})(?:\1\d{3})*(?:(?!\1)[.,]\d+)?")


def read_number(text: str) -> Decimal:
    """Read `1 234,5`, `1,234.5`, `1.234.567,89`, `12%`; ValueError with a sentence otherwise.

    A comma or dot with three digits behind it, `1,234`, is refused where nothing tells whether it
    groups thousands: a dot is read as the decimal point, a comma cannot be read.
    """
    digits, _ = _split(text.removesuffix("%"))
    if re.fullmatch(r"-?[1-9]\d{0,2},\d{3}", digits):
        plain = digits.replace(",", "")
        raise ValueError(
            tr("{!r} may be {} or {}: write one of them", text, plain, digits.replace(",", "."))
        )
    return _trimmed(_decimal(digits, text))


def read_money(text: str) -> tuple[Decimal, str]:
    """Read an amount, and the currency if a sign or code of one stands beside it, else "".

    `1,234` is a thousand and more, since nobody writes three decimals of money; `1.234` is refused.
    """
    digits, currency = _split(text)
    if re.fullmatch(r"-?[1-9]\d{0,2},\d{3}", digits):
        digits = digits.replace(",", "")
    try:
        amount = parse_money(format_decimal(_decimal(digits, text)))
    except ValueError:
        raise _refusal(text, "an amount like 1234.50") from None
    whole = amount == amount.to_integral_value()
    return amount.quantize(Decimal(1) if whole else Decimal("0.01")), currency


def _split(text: str) -> tuple[str, str]:
    """A sign and the digits with their separators, and the code of the currency beside them."""
    plain = _SPACES.sub(" ", text).strip().replace("\u2212", "-")
    match = _SIGNED.fullmatch(plain)
    signs = [sign.lower() for sign in match.group(1, 3, 5) if sign] if match else []
    if match is None or len(signs) > 1:
        raise _refusal(text, "a number like 1200.50")
    currency = CURRENCY_SIGNS.get(signs[0], signs[0].upper()) if signs else ""
    return match[2] + match[4], currency


def _decimal(digits: str, text: str) -> Decimal:
    minus = digits.startswith("-")
    body = digits.lstrip("-")
    if not _PLAIN.fullmatch(body):
        groups = _GROUPED.fullmatch(body)
        if groups is None:
            raise _refusal(text, "a number like 1200.50")
        body = body.replace(groups[1], "")
    whole, _, fraction = body.replace(",", ".").partition(".")
    plain = (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
    try:
        return parse_decimal(("-" if minus and plain.strip("0.") else "") + plain)
    except ValueError:
        raise ValueError(tr("{!r} has more than 15 digits or 10 decimals", text)) from None


def _trimmed(number: Decimal) -> Decimal:
    """Without zeros at the end of the fraction, so that equal numbers are written alike."""
    whole = number == number.to_integral_value()
    return number.quantize(Decimal(1)) if whole else number.normalize()


def _refusal(text: str, wanted: str) -> ValueError:
    return ValueError(tr("{!r} is not {}", text, tr(wanted)))
