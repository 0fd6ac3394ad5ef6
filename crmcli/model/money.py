"""How numbers and amounts are written for people: `1 234,50 ₽` in Russian, `$1,234.50` in English."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

NO_BREAK = "\u00a0"
CENT = Decimal("0.01")
SIGNS = {
    "RUB": "₽", "USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥", "JPY": "¥", "KZT": "₸", "BYN": "Br",
    "UAH": "₴", "TRY": "₺", "INR": "₹", "GEL": "₾", "AMD": "֏", "AZN": "₼",
}  # fmt: skip
SIGN_FIRST_IN_ENGLISH = ("USD", "EUR", "GBP", "CNY", "JPY", "INR")


def write_number(number: Decimal, language: str) -> str:
    """A number with its thousands set apart and as many decimals as it has."""
    text = format(number, ",f")
    if language != "ru":
        return text
    return text.replace(",", NO_BREAK).replace(".", ",")


def write_short(number: Decimal, language: str) -> str:
    """The same without needless noughts."""
    text = format(number, "f")
    return write_number(Decimal(text.rstrip("0").rstrip(".") if "." in text else text), language)


def write_money(amount: Decimal, currency: str, language: str, *, cents: bool = True) -> str:
    """An amount with its currency's sign, or its code where no sign is usual; rounded half up."""
    exact = amount.quantize(CENT if cents else Decimal(1), ROUND_HALF_UP)
    digits, code = write_number(exact, language), currency.upper()
    if not code:
        return digits
    if language == "ru":
        return f"{digits}{NO_BREAK}{SIGNS.get(code, code)}"
    if code in SIGN_FIRST_IN_ENGLISH:
        sign = SIGNS[code]
        return f"-{sign}{digits[1:]}" if digits.startswith("-") else f"{sign}{digits}"
    return f"{code}{NO_BREAK}{digits}"


def told_price(text: str, language: str) -> str:
    """A price as settings and providers write it, `3.20 RUB`, as people do; anything else as it is."""
    number, _, currency = text.partition(" ")
    try:
        return write_money(Decimal(number), currency, language)
    except InvalidOperation:
        return text
