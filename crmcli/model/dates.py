"""Days and times as people write them, in English and Russian, in the workspace's time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

from crmcli.language import tr
from crmcli.model.values import Duration, parse_date, parse_duration

When: TypeAlias = date | datetime
"""A whole day, or an instant: an aware datetime in UTC."""

_DAYS = {"today": 0, "сегодня": 0, "tomorrow": 1, "завтра": 1, "yesterday": -1, "вчера": -1,
         "послезавтра": 2, "позавчера": -2}  # fmt: skip
_WEEKDAYS = {
    word: number
    for number, words in enumerate(
        ("mon monday пн понедельник", "tue tuesday вт вторник", "wed wednesday ср среда среду",
         "thu thursday чт четверг", "fri friday пт пятница пятницу",
         "sat saturday сб суббота субботу", "sun sunday вс воскресенье")
    )
    for word in words.split()
}  # fmt: skip
_OFFSET = re.compile(
    r"(?P<base>today|now|сегодня|сейчас)?\s*(?:(?P<sign>[+-])\s*(?P<by>\d{1,5}[mhdw]))?"
)
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d)[t ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(z|[+-]\d\d:?\d\d)")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([ap])m)?")
_DAY_AND_CLOCK = re.compile(r"(.+?)(?:,? |(?<=\d)t)(?:at |в )?(\d{1,2}:\d\d.*)")
HINT = "write 2026-11-23, 23.11.2026, today, +3d or fri, and a time like 15:00"


def read_when(text: str, now: datetime, zone: tzinfo, order: str = "") -> When:
    """Read a day or an instant; ValueError with a sentence if it is neither.

    `+3d`, `today-1w` and the name of a weekday (the next one after today) are days; a time of day,
    `now` and offsets in hours and minutes make an instant.
    """
    words = " ".join(text.casefold().split())
    today = now.astimezone(zone).date()
    if (moved := _moved(words, now, zone)) is not None:
        return moved
    if match := _INSTANT.fullmatch(words):
        moment = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3].upper()}")
        return moment.astimezone(UTC).replace(microsecond=0)
    if _CLOCK.fullmatch(words):
        return to_utc(today, _clock(words), zone)
    if match := _DAY_AND_CLOCK.fullmatch(words):
        day = _moved(match[1], now, zone)
        day = _day(match[1], today, order) if day is None or isinstance(day, datetime) else day
        return to_utc(day, _clock(match[2]), zone)
    return _day(words, today, order)


def _moved(words: str, now: datetime, zone: tzinfo) -> When | None:
    """What `today`, `now-2h`, `+3d` mean; None for other words."""
    match = _OFFSET.fullmatch(words)
    if not match or not words:
        return None
    offset = parse_duration(match["by"]) if match["by"] else None
    of_day = not offset or offset.unit in "dw"
    base = {"сегодня": "today", "сейчас": "now"}.get(match["base"] or "", match["base"])
    return shift(base or ("today" if of_day else "now"), match["sign"] or "", offset, now, zone)


def shift(base: str, sign: str, offset: Duration | None, now: datetime, zone: tzinfo) -> When:
    """`today` or `now` moved by an offset: hours and minutes as they pass, days by the calendar.

    What lies before year 1 or after year 9999 becomes the first or the last day there is.
    """
    local = now.astimezone(zone)
    start = to_utc(local.date(), time(), zone) if base == "today" else now.astimezone(UTC)
    if offset is None:
        return local.date() if base == "today" else start.replace(microsecond=0)
    length = {"m": 60, "h": 3600, "d": 86400, "w": 604800}[offset.unit] * offset.count
    by = timedelta(seconds=-length if sign == "-" else length)
    try:
        if offset.unit in "mh":
            return (start + by).replace(microsecond=0)
        day = local.date() + by
    except OverflowError:
        day = date.min if sign == "-" else date.max
    return day if base == "today" else to_utc(day, local.time().replace(microsecond=0), zone)


def to_utc(day: date, clock: time, zone: tzinfo) -> datetime:
    """The instant of a local time; a time that a clock change skips moves on by the change."""
    try:
        return datetime.combine(day, clock.replace(microsecond=0), zone).astimezone(UTC)
    except OverflowError:  # in the first or the last hours of the calendar
        return datetime.combine(day, clock.replace(microsecond=0), UTC)


def local_day(moment: datetime, zone: tzinfo) -> date:
    """The day of an instant in a time zone."""
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return moment.date()


def local_minute(moment: datetime, zone: tzinfo) -> str:
    """An instant as people of the zone read it, to the minute; its day alone where time begins."""
    if moment.year < 2:
        return str(local_day(moment, zone))
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def _clock(text: str) -> time:
    match = _CLOCK.fullmatch(text)
    if not match:
        raise ValueError(tr("{!r} is not a time like 15:00", text))
    hour = int(match[1])
    if match[4] and not 1 <= hour <= 12:
        raise ValueError(tr("{!r} is not a time of day", text))
    if match[4]:
        hour = hour % 12 + (12 if match[4] == "p" else 0)
    try:
        return time(hour, int(match[2]), int(match[3] or 0))
    except ValueError:
        raise ValueError(tr("{!r} is not a time of day", text)) from None


def _day(words: str, today: date, order: str) -> date:
    name = re.sub(r"^(on|в|во) ", "", words)
    if name in _DAYS:
        return today + timedelta(days=_DAYS[name])
    if name in _WEEKDAYS:
        return today + timedelta(days=(_WEEKDAYS[name] - today.weekday() - 1) % 7 + 1)
    if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", words):
        return _calendar_day(words, match[3], match[2], match[1])
    if match := re.fullmatch(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})", words):
        if order not in ("dmy", "mdy"):
            raise ValueError(tr("{!r} may be day/month or month/day, {}", words, tr(HINT)))
        day, month = (match[1], match[3]) if order == "dmy" else (match[3], match[1])
        return _calendar_day(words, match[4], month, day)
    if match := re.fullmatch(r"(\d{4})([-./])(\d{1,2})\2(\d{1,2})", words):
        return _calendar_day(words, match[1], match[3], match[4])
    raise ValueError(tr("{!r} is not a date, {}", words, tr(HINT)))


def _calendar_day(words: str, year: str, month: str, day: str) -> date:
    try:
        return parse_date(f"{year}-{month:0>2}-{day:0>2}")
    except ValueError:
        raise ValueError(tr("{!r} is not a calendar day", words)) from None
