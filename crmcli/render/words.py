"""Amounts of money in words, as Russian and English documents have them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from crmcli.language import tr
from crmcli.words import joined

LIMIT = Decimal(10) ** 12
Forms = Sequence[str]
"""How a noun stands after 1, after 2 and after 5: рубль, рубля, рублей."""


_TABLE = joined("amounts", " ")
_WORDS = {name: words.split() for name, words in _TABLE.items()}
_FEMININE = ("UAH",)
"""Currencies that are counted одна, две."""


_AMERICAN = ("US", "CA")
"""Where English numbers are said without "and": one hundred five."""


def amount_in_words(amount: Decimal, currency: str, language: str, country: str = "") -> str:
    """The amount with its whole part in words: «двадцать один рубль 02 копейки»; in English as they say it in
    the country. ValueError from 10^12 on."""
    is_small = amount.is_finite() and abs(amount) < LIMIT
    cents = int((abs(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP)) if is_small else 0
    whole, part = divmod(cents, 100)
    if not is_small or whole >= LIMIT:
        raise ValueError(
            tr("{} is too large to write in words (the limit is a thousand billion)", amount)
        )
    minus = amount < 0 and bool(cents)
    coin = _TABLE.get(f"{language} {currency}", "").split("|")
    if language == "ru":
        spoken = "минус " * minus + _russian(whole, currency in _FEMININE)
        if len(coin) > 1:
            after = f"{part:02} {_russian_form(part, coin[3:])}"
            return f"{spoken} {_russian_form(whole, coin[:3])} {after}"
    else:
        spoken = "minus " * minus + _english(whole, "" if country in _AMERICAN else "and")
        if len(coin) > 1:
            one, many, cent, pennies = coin
            after = f"{part:02} {cent if part == 1 else pennies}"
            return f"{spoken} {one if whole == 1 else many} and {after}"
    return f"{spoken} {currency} {part:02}/100"


def _russian_form(number: int, forms: Forms) -> str:
    """The noun's form after a number: 1 рубль, 2 рубля, 5 рублей, 11 рублей, 21 рубль."""
    if number % 100 in range(11, 15):
        return forms[2]
    return forms[0] if number % 10 == 1 else forms[1] if number % 10 in (2, 3, 4) else forms[2]


def _groups(number: int) -> list[tuple[int, int]]:
    """The power of a thousand and the three digits of each group that is not zero, the highest first."""
    return [(power, group) for power in (3, 2, 1, 0) if (group := number // 1000**power % 1000)]


def _russian(number: int, feminine: bool) -> str:
    words: list[str] = []
    for power, group in _groups(number):
        words += _russian_group(group, power == 1 or (power == 0 and feminine))
        words += [_russian_form(group, _WORDS["ru_scales"][3 * power - 3 :])] if power else []
    return " ".join(words) or _WORDS["ru_units"][0]


def _russian_group(group: int, feminine: bool) -> list[str]:
    hundreds, rest = divmod(group, 100)
    words = [_WORDS["ru_hundreds"][hundreds - 1]] if hundreds else []
    if rest >= 20:
        words.append(_WORDS["ru_tens"][rest // 10 - 2])
        rest %= 10
    if rest in (1, 2) and feminine:
        words.append("одна" if rest == 1 else "две")
    elif rest:
        words.append(_WORDS["ru_units"][rest])
    return words


def _english(number: int, joint: str) -> str:
    words: list[str] = []
    for power, group in _groups(number):
        words += [joint] if joint and words and not power and group < 100 else []
        words += _english_group(group, joint) + ([_WORDS["en_scales"][power - 1]] if power else [])
    return " ".join(words) or _WORDS["en_units"][0]


def _english_group(group: int, joint: str) -> list[str]:
    hundreds, rest = divmod(group, 100)
    words = [_WORDS["en_units"][hundreds], "hundred"] if hundreds else []
    words += [joint] if joint and words and rest else []
    if rest >= 20:
        tens, rest = _WORDS["en_tens"][rest // 10 - 2], rest % 10
        words.append(f"{tens}-{_WORDS['en_units'][rest]}" if rest else tens)
    elif rest:
        words.append(_WORDS["en_units"][rest])
    return words
