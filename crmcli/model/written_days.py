"""Days as they are written out, in digits or with the month in letters, with their year or without."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache

from crmcli.language import tr
from crmcli.model.calendar_words import DAYS, LED_IN, MONTH, WEEKDAYS, month_of
from crmcli.model.values import TwoReadings, parse_date

_TH = r"(?:st|nd|rd|th|-?го)?"
_DATED = (
    re.compile(
        rf"(?P<day>\d{{1,2}}){_TH}[ .-]+(?:of )?{MONTH}(?:[ ,.-]*(?P<year>\d{{4}}|'?\d\d))?"
    ),
    re.compile(rf"{MONTH}[ -]*(?P<day>\d{{1,2}}){_TH}(?:(?:,|[ -])+(?P<year>\d{{4}}|'?\d\d))?"),
)
"""A day with its month in letters; without a year it is the next one, or of what has been the last."""
_SLASHED = re.compile(r"([0-9]{1,2})([/-])([0-9]{1,2})(?:\2([0-9]{4}|[0-9]{2})\b|$)")
HINT = "write 2026-11-23, 23.11.2026, today, +3d or fri, and a time like 15:00"
_MONTHS = 12
_LEAP = 2000
_AHEAD = 10
"""A year of two digits lies at most so many years ahead."""


def read_day(words: str, today: date, order: str, past: bool) -> date:
    """A day by its name or its date; ValueError with a sentence for anything else."""
    name = LED_IN.sub("", words)
    if name in DAYS:
        return today + timedelta(days=DAYS[name])
    if name in WEEKDAYS:
        ahead = (WEEKDAYS[name] - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead - 7 if past else ahead)
    bare = re.sub(r"(?<=\d) ?(г\.?|года)$", "", words)
    if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d\d)", bare):
        return calendar_day(words, _year(match[3], today), match[2], match[1])
    if match := re.fullmatch(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d\d)", bare):
        order = order or order_of(bare) or ("dmy" if int(match[1]) > _MONTHS else "")
        if order not in ("dmy", "mdy"):
            raise TwoReadings(tr("{!r} may be day/month or month/day, {}", words, tr(HINT)))
        day, month = (match[1], match[3]) if order == "dmy" else (match[3], match[1])
        return calendar_day(words, _year(match[4], today), month, day)
    if match := re.fullmatch(r"(\d{4})([-./]?)(\d\d?)\2(\d\d?)", bare):
        return calendar_day(words, match[1], match[3], match[4])
    return _written_out(words, bare, today, past)


def order_of(text: str) -> str:
    """The order of a date with slashes where only one can be: 15 is no month."""
    match = _SLASHED.match(text.strip())
    if match is None:
        return ""
    first, second = int(match[1]), int(match[3])
    if first > _MONTHS >= second:
        return "dmy"
    return "mdy" if second > _MONTHS >= first else ""


def calendar_day(words: str, year: str, month: str, day: str) -> date:
    """The day of these numbers; ValueError for the words if the calendar has none."""
    try:
        return parse_date(f"{year}-{month:0>2}-{day:0>2}")
    except ValueError:
        raise ValueError(tr("{!r} is not a calendar day", words)) from None


def _year(digits: str, today: date) -> str:
    """A year of two digits is the last one that ends so, of those up to _AHEAD years from now."""
    if len(digits) == 4:
        return digits
    last = today.year + _AHEAD
    return str(last - (last - int(digits)) % 100)


def _written_out(words: str, bare: str, today: date, past: bool) -> date:
    """12 Mar 2025, March 12th, 2025, 3 января 2026, 12-мар-25, 15 дек; ValueError for anything else."""
    match = _with_month(bare)
    if match is None:
        raise ValueError(tr("{!r} is not a date, {}", words, tr(HINT)))
    month = month_of(match["month"])
    if not match["year"]:
        return _nearest(words, month, match["day"], today, past)
    found = _year(match["year"].removeprefix("'"), today)
    return calendar_day(words, found, str(month), match["day"])


def is_dated(words: str) -> bool:
    """Whether words are a day with its month in letters, in one of our languages."""
    return any(form.fullmatch(words) for form in _DATED)


def _with_month(words: str) -> re.Match[str] | None:
    """The parts of a day whose month is a word, in our languages or one of those in files of others."""
    if found := next((match for form in _DATED if (match := form.fullmatch(words))), None):
        return found
    ours = re.sub(r"[^\W\d_]+", lambda match: _foreign_months().get(match[0], match[0]), words)
    ours = re.sub(r" (?:de|del) ", " ", ours)
    return None if ours == words else _with_month(ours)


@cache
def _foreign_months() -> dict[str, str]:
    from crmcli.words import joined

    return {word: ours for ours, words in joined("months", " ").items() for word in words.split()}


def _nearest(words: str, month: int, day: str, today: date, past: bool) -> date:
    """A day without its year: the next one from today on, or with `past` the last one up to today."""
    for years in range(9):  # between two 29th of February
        try:
            found = date(today.year + (-years if past else years), month, int(day))
        except ValueError:
            continue
        if found <= today if past else found >= today:
            return found
    raise ValueError(tr("{!r} is not a date, {}", words, tr(HINT)))


def yearless(text: str, order: str = "") -> str:
    """A birthday without its year, as it is kept: --04-12; "" for any other text.

    Address books write --0412, and 1604 or 0000 where the year is not known. `order` (dmy, mdy) reads 3/4.
    """
    plain = text.strip().casefold()
    if match := re.fullmatch(r"(?:--|1604-?|0000-?)(\d\d)-?(\d\d)(?:[t ].*)?", plain):
        return _day_of_year(int(match[2]), int(match[1]))
    if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.?", plain):
        return _day_of_year(int(match[1]), int(match[2]))
    dated = _with_month(plain)
    if dated and not dated["year"]:
        return _day_of_year(int(dated["day"]), month_of(dated["month"]))
    return _slashed_of_year(plain, order)


def _slashed_of_year(text: str, order: str) -> str:
    """3/4 as --04-03; TwoReadings where nothing tells which of both is the month."""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text)
    if match is None:
        return ""
    order = order or order_of(text)
    if not order and match[1] != match[2]:
        raise TwoReadings(tr("{!r} may be day/month or month/day", text))
    month, day = (1, 2) if order == "mdy" else (2, 1)
    return _day_of_year(int(match[day]), int(match[month]))


def _day_of_year(day: int, month: int) -> str:
    """A day without a year as vCards have it; "" if no year has it."""
    try:
        return f"--{date(_LEAP, month, day):%m-%d}"
    except ValueError:
        return ""
