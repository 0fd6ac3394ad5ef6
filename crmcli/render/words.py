"""Amounts of money in words, as Russian and English documents have them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from crmcli.dataclass import dataclass
from crmcli.language import tr

LIMIT = Decimal(10) ** 12
Forms = tuple[str, str, str]
"""How a noun stands after 1, after 2 and after 5: рубль, рубля, рублей."""


@dataclass(frozen=True, slots=True)
class Coin:
    """The names of a currency and of its hundredth; `feminine` decides between один and одна."""

    whole: Forms
    part: Forms
    feminine: bool = False


_KOPECKS = ("копейка", "копейки", "копеек")
_CENTS = ("цент", "цента", "центов")
_RU_COINS = {
    "RUB": Coin(("рубль", "рубля", "рублей"), _KOPECKS),
    "BYN": Coin(("белорусский рубль", "белорусских рубля", "белорусских рублей"), _KOPECKS),
    "UAH": Coin(("гривна", "гривны", "гривен"), _KOPECKS, feminine=True),
    "USD": Coin(("доллар США", "доллара США", "долларов США"), _CENTS),
    "EUR": Coin(("евро", "евро", "евро"), _CENTS),
    "GBP": Coin(
        ("фунт стерлингов", "фунта стерлингов", "фунтов стерлингов"), ("пенс", "пенса", "пенсов")
    ),
    "CNY": Coin(("юань", "юаня", "юаней"), ("фэнь", "фэня", "фэней")),
    "KZT": Coin(("тенге", "тенге", "тенге"), ("тиын", "тиына", "тиынов")),
}
_EN_COINS = {
    "RUB": ("rouble", "roubles", "kopeck", "kopecks"),
    "BYN": ("Belarusian rouble", "Belarusian roubles", "kopeck", "kopecks"),
    "UAH": ("hryvnia", "hryvnias", "kopiyka", "kopiykas"),
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "EUR": ("euro", "euros", "cent", "cents"),
    "GBP": ("pound", "pounds", "penny", "pence"),
    "CNY": ("yuan", "yuan", "fen", "fen"),
    "KZT": ("tenge", "tenge", "tiyn", "tiyn"),
}

_RU_UNITS = (
    "ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять",
    "десять", "одиннадцать", "двенадцать", "тринадцать", "четырнадцать", "пятнадцать",
    "шестнадцать", "семнадцать", "восемнадцать", "девятнадцать",
)  # fmt: skip
_RU_TENS = (
    "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят",
    "девяносто",
)  # fmt: skip
_RU_HUNDREDS = (
    "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот",
    "девятьсот",
)  # fmt: skip
_RU_SCALES: tuple[Forms, ...] = (
    ("тысяча", "тысячи", "тысяч"),
    ("миллион", "миллиона", "миллионов"),
    ("миллиард", "миллиарда", "миллиардов"),
)
_EN_UNITS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)  # fmt: skip
_EN_TENS = (
    "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_EN_SCALES = ("thousand", "million", "billion")


def amount_in_words(amount: Decimal, currency: str, language: str) -> str:
    """The amount with its whole part in words: «двадцать один рубль 02 копейки»; ValueError from 10^12 on."""
    is_small = amount.is_finite() and abs(amount) < LIMIT
    cents = int((abs(amount) * 100).quantize(Decimal(1), ROUND_HALF_UP)) if is_small else 0
    whole, part = divmod(cents, 100)
    if not is_small or whole >= LIMIT:
        raise ValueError(
            tr("{} is too large to write in words (the limit is a thousand billion)", amount)
        )
    minus = amount < 0 and bool(cents)
    if language == "ru":
        coin = _RU_COINS.get(currency)
        spoken = "минус " * minus + _russian(whole, coin is not None and coin.feminine)
        if coin is not None:
            after = f"{part:02} {_russian_form(part, coin.part)}"
            return f"{spoken} {_russian_form(whole, coin.whole)} {after}"
    else:
        spoken = "minus " * minus + _english(whole)
        if currency in _EN_COINS:
            one, many, cent, pennies = _EN_COINS[currency]
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
        words += [_russian_form(group, _RU_SCALES[power - 1])] if power else []
    return " ".join(words) or _RU_UNITS[0]


def _russian_group(group: int, feminine: bool) -> list[str]:
    hundreds, rest = divmod(group, 100)
    words = [_RU_HUNDREDS[hundreds - 1]] if hundreds else []
    if rest >= 20:
        words.append(_RU_TENS[rest // 10 - 2])
        rest %= 10
    if rest in (1, 2) and feminine:
        words.append("одна" if rest == 1 else "две")
    elif rest:
        words.append(_RU_UNITS[rest])
    return words


def _english(number: int) -> str:
    words: list[str] = []
    for power, group in _groups(number):
        words += _english_group(group) + ([_EN_SCALES[power - 1]] if power else [])
    return " ".join(words) or _EN_UNITS[0]


def _english_group(group: int) -> list[str]:
    hundreds, rest = divmod(group, 100)
    words = [_EN_UNITS[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        tens, rest = _EN_TENS[rest // 10 - 2], rest % 10
        words.append(f"{tens}-{_EN_UNITS[rest]}" if rest else tens)
    elif rest:
        words.append(_EN_UNITS[rest])
    return words
