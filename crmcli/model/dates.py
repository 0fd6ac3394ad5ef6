"""Days and times as people write them, in English and Russian, in the workspace's time zone."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta, timezone, tzinfo

from crmcli.language import tr
from crmcli.model.calendar_phrases import When, meant, phrase_in
from crmcli.model.calendar_words import NUMBERS, WEEKDAY
from crmcli.model.local_times import local_day, to_utc
from crmcli.model.offsets import moved
from crmcli.model.written_days import is_dated, read_day

_ZONED = re.compile(
    r"(?P<moment>.*\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[ap]\.?m\.?)?)"
    r" ?(?P<zone>z|(?:utc|gmt)(?= |$)|(?:utc|gmt)?(?P<offset>[+-](?:0\d|1[0-4]):?[0-5]\d))(?: \([^()]*\))?"
)
_LED_BY_WEEKDAY = re.compile(rf"{WEEKDAY}\.?,? (?=.*(?:[0-9]{{4}}|[0-9]\.[0-9]))")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([ap])\.?m\.?)?")
_DAY_AND_CLOCK = re.compile(r"(.+?)(?:,? |(?<=\d)t)(?:at |в )?(\d{1,2}:\d\d.*)")
_FULL_HOUR = (
    (re.compile(r"(?<![\d:.])(\d{1,2}) ?([ap])\.?m\.?$"), r"\1:00 \2m"),
    (re.compile(r"\b(at|в) (\d{1,2})(?: ?(?:o'?clock|ч\.?|час(?:а|ов)?))?$"), r"\1 \2:00"),
    (re.compile(r"^(?:at|в) (?=\d{1,2}:)"), ""),
    (re.compile(r"(?<![\d:.])(\d{1,2})(?: ?час(?:а|ов)?)? утра$"), r"\1:00"),
    (re.compile(r"(?<![\d:.])(\d{1,2})(?: ?час(?:а|ов)?)? вечера$"), r"\1:00 pm"),
    (re.compile(r"(?:\b(?:at|в) )?\b(?:noon|midday|полдень)$"), "12:00"),
    (re.compile(r"^(\d{8})t(\d\d)(\d\d)(?=\d|z|$)"), r"\1 \2:\3:"),
    (re.compile(r"(?<=:\d\d):(?=z?$)"), ""),
    (re.compile(r"\b(?:полгода|half a year)\b"), "6 мес"),
)
"""`3pm`, `завтра в 10` and `20260304T1015`, as they are said with minutes; words for a number of months."""
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(rf"\b(?:a )?({'|'.join(NUMBERS)})\b(?: of)?(?= )")


def read_when(
    text: str,
    now: datetime,
    zone: tzinfo,
    order: str = "",
    *,
    past: bool = False,
    day: bool = False,
) -> When:
    """Read a day, an instant or several days; ValueError with a sentence if it is none of them.

    `+3d`, `today-1w` and the name of a weekday are days: the next one after today, or with `past` the
    last one before tomorrow. A time of day, `now` and offsets in hours and minutes make an instant.
    `order` (dmy, mdy) reads 03/04/2026; with `day` a whole day is wanted, where +1m is doubtful.
    """
    words = _plainly(text)
    today = now.astimezone(zone).date()
    if (when := moved(words, now, zone, day=day)) is not None:
        return when
    words = _LED_BY_WEEKDAY.sub("", words, count=1)
    if match := _ZONED.fullmatch(words):
        return _zoned(match, now, order, day=day)
    if _CLOCK.fullmatch(words):
        return to_utc(today, _clock(words), zone)
    if match := _DAY_AND_CLOCK.fullmatch(words):
        when = moved(match[1], now, zone, day=True)
        named = read_day(match[1], today, order, past) if when is None else when
        on = local_day(named, zone) if isinstance(named, datetime) else named
        return to_utc(on, _clock(match[2]), zone)
    if phrase := phrase_in(words):
        return meant(phrase, now, zone, past=past)
    return read_day(words, today, order, past)


def is_phrase(text: str) -> bool:
    """Whether words name a time by the calendar: `last month`, `3 дня назад`, `1 October 2026`."""
    words = _plainly(text)
    return phrase_in(words) is not None or is_dated(words)


def _plainly(text: str) -> str:
    """Words in small letters, hours with their minutes, numbers in digits."""
    words = " ".join(text.casefold().split())
    if not _LETTER.search(words):
        return words
    for hour, with_minutes in _FULL_HOUR:
        words = hour.sub(with_minutes, words)
    return _NUMBER.sub(lambda match: str(NUMBERS[match[1]]), words)


def _zoned(match: re.Match[str], now: datetime, order: str, *, day: bool) -> When:
    """The moment of a clock whose zone is said; midnight means the day itself where one is wanted."""
    sign, hours, minutes = re.findall(r"[+-]|\d\d", match["offset"] or "+00:00")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    zone = timezone(-ahead if sign == "-" else ahead)
    when = read_when(match["moment"], now, zone, order)
    if day and isinstance(when, datetime) and when.astimezone(zone).time() == time():
        return when.astimezone(zone).date()
    return when


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
