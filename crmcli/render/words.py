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
    part_feminine: bool = False


_RU_COINS = {
    "RUB": Coin(
        ("рубль", "рубля", "рублей"), ("копейка", "копейки", "копеек"), part_feminine=True
    ),
    "BYN": Coin(
        ("белорусский рубль", "белорусских рубля", "белорусских рублей"),
        ("копейка", "копейки", "копеек"),
        part_feminine=True,
    ),
    "UAH": Coin(
        ("гривна", "гривны", "гривен"), ("копейка", "копейки", "копеек"), True, part_feminine=True
    ),
    "USD": Coin(
        ("доллар США", "доллара США", "долларов США"), ("цент", "цента", "центов")
    ),
    "EUR": Coin(("евро", "евро", "евро"), ("цент", "цента", "центов")),
    "GBP": Coin(
        ("фунт стерлингов", "фунта стерлингов", "фунтов стерлингов"), ("пенс", "пенса", "пенсов")
    ),
    "CNY": Coin(("юань", "юаня", "юаней"), ("фэнь", "фэня", "фэней")),
    "KZT": Coin(("тенге", "тенге", "тенге"), ("тиын", "тиына", "тиынов")),
}  # fmt: skip
_EN_COINS = {
    "RUB": Coin(("rouble", "roubles", "roubles"), ("kopeck", "kopecks", "kopecks")),
    "BYN": Coin(
        ("Belarusian rouble", "Belarusian roubles", "Belarusian roubles"),
        ("kopeck", "kopecks", "kopecks"),
    ),
    "UAH": Coin(("hryvnia", "hryvnias", "hryvnias"), ("kopiyka", "kopiykas", "kopiykas")),
    "USD": Coin(("US dollar", "US dollars", "US dollars"), ("cent", "cents", "cents")),
    "EUR": Coin(("euro", "euros", "euros"), ("cent", "cents", "cents")),
    "GBP": Coin(("pound", "pounds", "pounds"), ("penny", "pence", "pence")),
    "CNY": Coin(("yuan", "yuan", "yuan"), ("fen", "fen", "fen")),
    "KZT": Coin(("tenge", "tenge", "tenge"), ("tiyn", "tiyn", "tiyn")),
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
    russian = language == "ru"
    coin = (_RU_COINS if russian else _EN_COINS).get(currency)
    spoken = _russian(whole, coin is not None and coin.feminine) if russian else _english(whole)
    if amount < 0 and cents:
        spoken = ("минус " if russian else "minus ") + spoken
    if coin is None:
        return f"{spoken} {currency} {part:02}/100"
    choose = _russian_form if russian else _english_form
    joint = "" if russian else "and "
    return f"{spoken} {choose(whole, coin.whole)} {joint}{part:02} {choose(part, coin.part)}"


def _russian_form(number: int, forms: Forms) -> str:
    """The noun's form after a number: 1 рубль, 2 рубля, 5 рублей, 11 рублей, 21 рубль."""
    if number % 100 in range(11, 15):
        return forms[2]
    return forms[0] if number % 10 == 1 else forms[1] if number % 10 in (2, 3, 4) else forms[2]


def _english_form(number: int, forms: Forms) -> str:
    return forms[0] if number == 1 else forms[1]


def _thousands(number: int) -> list[int]:
    """The number in groups of three digits, the lowest first."""
    groups = []
    while number:
        number, group = divmod(number, 1000)
        groups.append(group)
    return groups


def _russian(number: int, feminine: bool) -> str:
    words: list[str] = []
    for power, group in reversed(list(enumerate(_thousands(number)))):
        if not group:
            continue
        words += _russian_group(group, power == 1 or (power == 0 and feminine))
        if power:
            words.append(_russian_form(group, _RU_SCALES[power - 1]))
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
    for power, group in reversed(list(enumerate(_thousands(number)))):
        if group:
            words += _english_group(group)
            words += [_EN_SCALES[power - 1]] if power else []
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
