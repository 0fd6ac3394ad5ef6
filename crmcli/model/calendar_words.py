"""The words of the calendar, in English and Russian: days, weekdays, months, numbers."""

from __future__ import annotations

import re


def _numbered(*lines: str, first: int) -> dict[str, int]:
    """Every word of a line with the line's number."""
    return {word: number for number, line in enumerate(lines, first) for word in line.split()}


DAYS = {"today": 0, "сегодня": 0, "tomorrow": 1, "завтра": 1, "yesterday": -1, "вчера": -1,
        "послезавтра": 2, "позавчера": -2}  # fmt: skip
WEEKDAYS = _numbered(
    "mon monday пн понедельник понедельника", "tue tuesday вт вторник вторника",
    "wed wednesday ср среда среду среды", "thu thursday чт четверг четверга",
    "fri friday пт пятница пятницу пятницы", "sat saturday сб суббота субботу субботы",
    "sun sunday вс воскресенье воскресенья", first=0,
)  # fmt: skip
WEEKDAY = f"(?P<weekday>{'|'.join(WEEKDAYS)})"
NUMBERS = _numbered(
    "two couple пару два две", "three три", "four четыре", "five пять", "six шесть", "seven семь",
    "eight восемь", "nine девять", "ten десять", first=2,
)  # fmt: skip
_MONTHS = _numbered("jan янв", "feb фев", "mar мар", "apr апр", "may май мая мае", "jun июн", "jul июл",
                    "aug авг", "sep сен", "oct окт", "nov ноя", "dec дек", first=1)  # fmt: skip
MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|янв(?:ар[ьяе])?|фев(?:р(?:ал[ьяе])?)?|март?[ае]?|апр(?:ел[ьяе])?"
    r"|ма[йяе]|июн[ьяе]?|июл[ьяе]?|авг(?:уст[ае]?)?|сент?(?:ябр[ьяе])?|окт(?:ябр[ьяе])?|ноя(?:б(?:р[ьяе])?)?"
    r"|дек(?:абр[ьяе])?)\.?"
)
LED_IN = re.compile(r"^(?:in|for|by|until|till|since|from|on|в|во|на|за|до|с|со|к|ко) (?=\D)")
"""What leads in a day: `on friday`, `до завтра`."""


def month_of(word: str) -> int:
    """The number of a month that MONTH found, or that is written in digits."""
    return int(word) if word.isdecimal() else _MONTHS[word[:3].rstrip(".")]
