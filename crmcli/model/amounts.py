"""Numbers and sums of money as people and spreadsheets write them, in any country.

`250.000` is 250 to one and 250,000 to another. `point` says which sign is the decimal point where a
whole column tells (`point_of`); without it such a number is refused with both readings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from crmcli.language import tr
from crmcli.model.currencies import CURRENCY_SIGNS, HUNDREDTHS
from crmcli.model.values import MOST_DIGITS, TwoReadings, format_decimal, parse_decimal, parse_money

_CENT = Decimal("0.01")
_MINUS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212\ufe63\uff0d", "-"))
_APOSTROPHE = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\u2032\u00b4`", "'"))
_SIGN = "|".join(map(re.escape, sorted(CURRENCY_SIGNS, key=len, reverse=True)))
_BEFORE = re.compile(rf"({_SIGN})(?![^\W\d_]) ?")
_AFTER = re.compile(rf" ?(?<![^\W\d_])({_SIGN})$")
_CENTS = re.compile(rf"(.*?)(?<![\d.,])(\d{{1,2}}) ?({'|'.join(HUNDREDTHS)})\.?")
_FACTOR = re.compile(
    r"(?<=\d) ?(?:(?P<thousand>k|к|тыс(?:яч[аи]?)?\.?|thousand|т\.?(?= ?р\b))|(?P<million>mln|mio|m|млн\.?"
    r"|кк|kk|million|миллион(?:а|ов)?)|(?P<billion>bn|млрд\.?|billion|миллиард(?:а|ов)?))(?:(?<=\.)|(?<=т)|(?![^\W\d_]))"
)
"""`300 тыс.`, `1,5 млн`, `8k`, `2 т.р.`"""
_NO_CENTS = re.compile(r"(?<=\d)([.,]) ?-{1,2}$")  # 500,- and 500.--
_NOTHING_BEHIND = re.compile(r"(?<=\d) ?[:/]-{1,2}$")  # 1 000:- and 5,000/-
_PLUS = re.compile(r"^\+ ?(?=[\d.,])")
_MINUS_BEHIND = re.compile(r"(.*\d[.,]\d\d)-")
_DOUBTFUL = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
_PLAIN = re.compile(r"(\d+)(?:([.,])(\d*))?|()([.,])(\d+)")
_GROUPED = re.compile(
    r"(\d{1,3}(?:([ .,'_])\d{3})(?:\2\d{3})*|\d{1,2}(?:([ ,])\d\d)(?:\3\d\d)*\3\d{3})(?:([.,])(\d+))?"
)
"""By thousands, or as in India: 12,34,567."""
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?[eе]([+-]\d{2,3})")


def read_number(text: str, point: str = "", *, in_sheet: bool = False) -> Decimal:
    """Read `1 234,5`, `1,234.5`, `12,34,567`, `(5)`, `12%`; ValueError with a sentence otherwise.

    What a spreadsheet worked out, `in_sheet`, may have more digits than are kept.
    """
    digits, _ = _split(text.removesuffix("%"), text)
    number = _decimal(digits, text, point)
    if in_sheet and len(number.as_tuple().digits) > MOST_DIGITS - 3:
        number = Decimal(format(number, ".15g"))
    if in_sheet:
        number = round(number, 10)
    return _trimmed(_checked(number, text))


def read_money(text: str, point: str = "", *, in_sheet: bool = False) -> tuple[Decimal, str]:
    """Read an amount, and the currency if a sign or code of one stands beside it, else "".

    More than two decimals are refused, unless a spreadsheet worked them out: they are rounded.
    """
    said, factor = _factored(text)
    digits, currency = _split(said, text)
    amount = _decimal(digits, text, point, is_money=True) * factor
    if in_sheet:
        amount = _rounded(amount)
    if amount != round(amount, 2):
        raise ValueError(tr("{!r} has more than two decimals", text))
    whole = amount == amount.to_integral_value()
    plain = amount.quantize(Decimal(1) if whole else _CENT) or Decimal(0)
    return parse_money(format_decimal(plain)), currency


def currency_in(text: str) -> str:
    """The currency that an amount names itself: USD of `$100`, "" of `100` and of what is no amount."""
    try:
        return _split(_factored(text)[0], text)[1]
    except ValueError:
        return ""


def has_factor(text: str) -> bool:
    """Whether a word like `тыс.` or `mln` multiplies the digits before it."""
    return _factored(text)[1] != 1


def point_of(texts: Iterable[str]) -> str:
    """The decimal point that the numbers of a column show; "" where none does, or two do."""
    shown = {point for text in texts if (point := _point(text))}
    return shown.pop() if len(shown) == 1 else ""


def _point(text: str) -> str:
    """The decimal point that one number shows: "," in 1.234,5 and in 1.234.567; "" in 1.234 and 1234."""
    try:
        digits, _ = _split(text.removesuffix("%"), text)
    except ValueError:
        return ""
    body = digits.lstrip("-")
    if _DOUBTFUL.fullmatch(body) or _CENTS.fullmatch(_plain(text)):
        return ""
    if match := _PLAIN.fullmatch(body):
        return match[2] or match[5] or ""
    groups = _GROUPED.fullmatch(body)
    if groups is None:
        return ""
    return groups[4] or {".": ",", ",": "."}.get(groups[2] or groups[3] or "", "")


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text.translate(_APOSTROPHE)).translate(_MINUS)
    return " ".join(plain.casefold().split())


def _factored(text: str) -> tuple[str, int]:
    """An amount without a word like `тыс.` or `mln` behind its digits, and what that multiplies it by."""
    plain = _plain(text)
    match = _FACTOR.search(plain)
    if match is None:
        return text, 1
    power = {"thousand": 3, "million": 6, "billion": 9}[match.lastgroup or ""]
    return f"{plain[: match.start()]} {plain[match.end() :]}", 10**power


def _split(said: str, text: str) -> tuple[str, str]:
    """The digits with their separators, a minus before them, and the currency beside them."""
    body = _plain(said)
    if match := _CENTS.fullmatch(body):
        return _with_hundredths(match[1], match[2], HUNDREDTHS[match[3]], text)
    minus = currency = ""
    while body:
        named = _BEFORE.match(body) or _AFTER.search(body)
        if not minus and (rest := _negated(body)):
            minus, body = "-", rest
        elif named and CURRENCY_SIGNS[named[1]] == (currency or CURRENCY_SIGNS[named[1]]):
            currency, body = CURRENCY_SIGNS[named[1]], body[: named.start()] + body[named.end() :]
        else:
            break
    body = _PLUS.sub("", _NOTHING_BEHIND.sub("", body))
    body = _NO_CENTS.sub(r"\g<1>00", body)
    if not body[:1].isascii() or not re.match(r"[.,]?[0-9]", body):
        raise _refusal(text)
    return minus + body, currency


def _negated(body: str) -> str:
    """What stands behind a minus, before one, or in parentheses; "" for anything else."""
    if body.startswith("(") and body.endswith(")"):
        return body[1:-1].strip()
    if body.startswith("-"):
        return body[1:].strip()
    match = _MINUS_BEHIND.fullmatch(body)
    return match[1] if match else ""


def _with_hundredths(head: str, cents: str, currency: str, text: str) -> tuple[str, str]:
    """`5 руб. 50 коп.` and `50 коп.`: whole units, if any, and hundredths."""
    whole, named = _split(head, text) if head.strip(" ,и") else ("0", currency)
    digits = re.sub(r"[ .,'_](?=\d{3}\b)", "", whole)
    if not re.fullmatch("-?[0-9]+", digits):
        raise _refusal(text)
    return f"{digits}.{cents:0>2}", named or currency


def _decimal(digits: str, text: str, point: str, *, is_money: bool = False) -> Decimal:
    """The number that digits stand for; TwoReadings, if `point` is needed and not there."""
    minus, body = digits[: digits.startswith("-")], digits.removeprefix("-")
    if _DOUBTFUL.fullmatch(body):
        return _doubtful(minus, body, text, point, is_money=is_money)
    if match := _SCIENTIFIC.fullmatch(body):
        return _scientific(minus, match, text)
    if match := _PLAIN.fullmatch(body):
        whole, fraction = match[1] or match[4] or "0", match[3] or match[6] or ""
    else:
        groups = _GROUPED.fullmatch(body)
        if groups is None or (groups[4] and groups[4] in (groups[2], groups[3])):
            raise _refusal(text)
        whole, fraction = re.sub(r"\D", "", groups[1]), groups[5] or ""
    return Decimal(f"{minus}{whole}.{fraction or 0}")


def _doubtful(minus: str, body: str, text: str, point: str, *, is_money: bool) -> Decimal:
    whole = Decimal(minus + re.sub("[.,]", "", body))
    parted = Decimal(minus + body.replace(",", "."))
    if point:
        return parted if point in body else whole
    other = _rounded(parted) if is_money else f"{parted}0"
    raise TwoReadings(tr("{!r} may be {} or {}: write one of them", text, whole, other))


def _scientific(minus: str, match: re.Match[str], text: str) -> Decimal:
    """`1.523456E+06`; ValueError where the spreadsheet may have rounded it."""
    if len(match[2] or "") < int(match[3]):
        raise ValueError(
            tr("{!r} has lost digits: show the column as numbers and save it again", text)
        )
    return Decimal(f"{minus}{match[1]}.{match[2] or 0}E{match[3]}")


def _checked(number: Decimal, text: str) -> Decimal:
    """The number, if it is not too long to be kept."""
    plain = _trimmed(number)
    try:
        parse_decimal(format_decimal(plain))
    except ValueError:
        raise ValueError(
            tr("{!r} has more than {} digits or 10 decimals", text, MOST_DIGITS)
        ) from None
    return number


def _rounded(amount: Decimal) -> Decimal:
    """To whole cents; what is far too long stays as it is, to be refused."""
    return amount if amount.adjusted() > MOST_DIGITS else amount.quantize(_CENT, ROUND_HALF_UP)


def _trimmed(number: Decimal) -> Decimal:
    """Without zeros at the end of the fraction, so that equal numbers are written alike."""
    whole = number == number.to_integral_value()
    plain = number.quantize(Decimal(1)) if whole else number.normalize()
    return plain if plain else Decimal(0)


def _refusal(text: str) -> ValueError:
    return ValueError(tr("{!r} is not {}", text, tr("a number like 1200.50")))
