"""Days and times as people write them, in English and Russian, in the workspace's time zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from typing import NamedTuple, TypeAlias

from crmcli.language import tr
from crmcli.model.durations import UNIT, UNITS, Duration, parse_duration
from crmcli.model.values import TwoReadings, parse_date


class Days(NamedTuple):
    """From one day to another, both included: `last month`, `2026`, `Q1 2026`."""

    first: date
    last: date


When: TypeAlias = date | datetime | Days
"""A whole day, an instant (an aware datetime in UTC), or several days."""

_DAYS = {"today": 0, "сегодня": 0, "tomorrow": 1, "завтра": 1, "yesterday": -1, "вчера": -1,
         "послезавтра": 2, "позавчера": -2}  # fmt: skip
_WEEKDAYS = {
    word: number
    for number, words in enumerate(
        ("mon monday пн понедельник понедельника", "tue tuesday вт вторник вторника",
         "wed wednesday ср среда среду среды", "thu thursday чт четверг четверга",
         "fri friday пт пятница пятницу пятницы", "sat saturday сб суббота субботу субботы",
         "sun sunday вс воскресенье воскресенья")
    )
    for word in words.split()
}  # fmt: skip
_MONTHS = ("jan янв", "feb фев", "mar мар", "apr апр", "may май мая мае", "jun июн", "jul июл", "aug авг",
           "sep сен", "oct окт", "nov ноя", "dec дек")  # fmt: skip
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|янв(?:ар[ьяе])?|фев(?:р(?:ал[ьяе])?)?|март?[ае]?|апр(?:ел[ьяе])?"
    r"|ма[йяе]|июн[ьяе]?|июл[ьяе]?|авг(?:уст[ае]?)?|сент?(?:ябр[ьяе])?|окт(?:ябр[ьяе])?|ноя(?:б(?:р[ьяе])?)?"
    r"|дек(?:абр[ьяе])?)\.?"
)
_WHICH = (
    r"(?P<which>this|current|last|previous|past|next|coming"
    r"|(?:эт|текущ|(?:поза)?прошл|предыдущ|следующ|будущ)\w{1,3}|след\.?|пред\.|прош\.)"
)
_SPAN = r"(?P<span>week|month|quarter|year|недел\w{1,2}|месяц\w{0,2}|квартал\w{0,2}|год\w{0,2})"
_WEEKDAY = f"(?P<weekday>{'|'.join(_WEEKDAYS)})"
_COUNT = rf"(?:(?P<count>[0-9]{{1,5}}) ?|an? )?(?P<unit>{UNIT})"
_COUNTED_DAYS = rf"(?P<count>[0-9]{{1,5}}) ?(?P<days>{UNIT})"
_PHRASES = (
    rf"(?:(?P<rolled>last|past|previous|прошл\w{{2,3}})|next|coming|следующ\w{{2,3}}) {_COUNTED_DAYS}",
    rf"(?:(?P<rolled>последн\w{{2,3}})|ближайш\w{{2,3}}) (?:(?P<count>[0-9]{{1,5}}) ?)?(?P<days>{UNIT})",
    r"(?P<edge>[es])o(?P<span>[wmqy])",
    rf"{_COUNT} (?P<back>ago|назад|тому назад)",
    rf"(?:in|через) {_COUNT}",
    rf"{_WHICH} {_SPAN}",
    rf"{_WHICH} {_WEEKDAY}",
    rf"(?P<edge>end|start|beginning) of (?:{_WHICH} )?{_SPAN}",
    rf"(?P<edge>конец|конца|концу|начал[оау]) (?:{_WHICH} )?{_SPAN}",
    r"(?:q|кв\.? ?)?(?P<quarter>[1-4])(?:(?:st|nd|rd|th)? quarter(?: of)?| ?кв\w*\.?)? ?(?P<year>[0-9]{4})",
    r"(?P<year>[0-9]{4})[ -]?q(?P<quarter>[1-4])",
    rf"{_MONTH},? (?P<year>[0-9]{{4}})",
    r"(?P<year>[0-9]{4})-(?P<month>0[1-9]|1[0-2])",
    r"(?P<month>0?[1-9]|1[0-2])\.(?P<year>[0-9]{4})",
    r"(?:(?:year|in|в|за) )?(?P<year>(?:1[89]|2[0-2])[0-9]{2})(?: ?год(?:у|а|ом)?)?",
    _MONTH,
)
"""What names a day or several by the calendar, in one word or more."""
_TH = r"(?:st|nd|rd|th|-?го)?"
_DATED = (
    re.compile(
        rf"(?P<day>\d{{1,2}}){_TH}[ .-]+(?:of )?{_MONTH}(?:[ ,.-]*(?P<year>\d{{4}}|'?\d\d))?"
    ),
    re.compile(rf"{_MONTH}[ -]*(?P<day>\d{{1,2}}){_TH}(?:(?:,|[ -])+(?P<year>\d{{4}}|'?\d\d))?"),
)
"""A day with its month in letters; without a year it is the next one, or of what has been the last."""
_OFFSET = re.compile(
    rf"(?P<base>today|now|сегодня|сейчас|\d{{4}}-\d\d-\d\d)?\s*"
    rf"(?:(?P<sign>[+-])\s*(?P<by>\d{{1,5}} ?(?:{UNIT})))?"
)
_ZONED = re.compile(
    r"(?P<moment>.*\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[ap]\.?m\.?)?)"
    r" ?(?P<zone>z|(?:utc|gmt)(?= |$)|(?:utc|gmt)?(?P<offset>[+-](?:0\d|1[0-4]):?[0-5]\d))(?: \([^()]*\))?"
)
_LED_BY_WEEKDAY = re.compile(rf"{_WEEKDAY}\.?,? (?=.*(?:[0-9]{{4}}|[0-9]\.[0-9]))")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:\.\d+)?)?(?: ?([ap])\.?m\.?)?")
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

_NUMBERS = {
    word: str(number)
    for number, words in enumerate(
        ("two couple пару два две", "three три", "four четыре", "five пять", "six шесть", "seven семь",
         "eight восемь", "nine девять", "ten десять"), 2
    )
    for word in words.split()
}  # fmt: skip
_LETTER = re.compile(r"[^\W\d_]")
_NUMBER = re.compile(rf"\b(?:a )?({'|'.join(_NUMBERS)})\b(?: of)?(?= )")
_LED_IN = re.compile(r"^(?:in|for|by|until|till|since|from|on|в|во|на|за|до|с|со|к|ко) (?=\D)")
_DAY_AND_CLOCK = re.compile(r"(.+?)(?:,? |(?<=\d)t)(?:at |в )?(\d{1,2}:\d\d.*)")
HINT = "write 2026-11-23, 23.11.2026, today, +3d or fri, and a time like 15:00"
_FIRST_SERIAL = datetime(1899, 12, 30)  # noqa: DTZ001 - days are counted from it in any zone
_SLASHED = re.compile(r"([0-9]{1,2})([/-])([0-9]{1,2})(?:\2([0-9]{4}|[0-9]{2})\b|$)")
MONTHS = 12
_LEAP = 2000
AHEAD = 10
"""A year of two digits lies at most so many years ahead."""


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
    if (moved := _moved(words, now, zone, day=day)) is not None:
        return moved
    words = _LED_BY_WEEKDAY.sub("", words, count=1)
    if match := _ZONED.fullmatch(words):
        return _zoned(match, now, order, day=day)
    if _CLOCK.fullmatch(words):
        return to_utc(today, _clock(words), zone)
    if match := _DAY_AND_CLOCK.fullmatch(words):
        moved = _moved(match[1], now, zone, day=True)
        named = _day(match[1], today, order, past) if moved is None else moved
        on = local_day(named, zone) if isinstance(named, datetime) else named
        return to_utc(on, _clock(match[2]), zone)
    if phrase := _phrase(words):
        return _named(phrase, now, zone, past=past)
    return _day(words, today, order, past)


def _plainly(text: str) -> str:
    """Words in small letters, hours with their minutes, numbers in digits."""
    words = " ".join(text.casefold().split())
    if not _LETTER.search(words):
        return words
    for hour, with_minutes in _FULL_HOUR:
        words = hour.sub(with_minutes, words)
    return _NUMBER.sub(lambda match: _NUMBERS[match[1]], words)


def _zoned(match: re.Match[str], now: datetime, order: str, *, day: bool) -> When:
    """The moment of a clock whose zone is said; midnight means the day itself where one is wanted."""
    sign, hours, minutes = re.findall(r"[+-]|\d\d", match["offset"] or "+00:00")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    zone = timezone(-ahead if sign == "-" else ahead)
    when = read_when(match["moment"], now, zone, order)
    if day and isinstance(when, datetime) and when.astimezone(zone).time() == time():
        return when.astimezone(zone).date()
    return when


def refuse_doubtful(offset: str) -> None:
    """ValueError for `1m` where months are as likely as minutes."""
    if re.fullmatch(r"[0-9]+ ?[mм]", offset.casefold()):
        count = offset[:-1].strip()
        raise ValueError(tr("{0!r} may be minutes or months, write {1}min or {1}mo", offset, count))


def is_phrase(text: str) -> bool:
    """Whether words name a time by the calendar: `last month`, `3 дня назад`, `1 October 2026`."""
    words = _plainly(text)
    return _phrase(words) is not None or any(form.fullmatch(words) for form in _DATED)


def _moved(words: str, now: datetime, zone: tzinfo, *, day: bool = False) -> date | datetime | None:
    """What `today`, `now-2h`, `+3d` mean; None for other words. With `day` a whole day is wanted."""
    match = _OFFSET.fullmatch(words)
    if not match or not words:
        return None
    offset = parse_duration(match["by"]) if match["by"] else None
    if match["base"] and match["base"][0].isdigit():
        return _after_day(match, offset)
    base = {"сегодня": "today", "сейчас": "now"}.get(match["base"] or "", match["base"])
    if match["by"] and (base == "today" or day):
        refuse_doubtful(match["by"])
    of_day = not offset or not offset.is_elapsed
    return shift(base or ("today" if of_day else "now"), match["sign"] or "", offset, now, zone)


def _after_day(match: re.Match[str], offset: Duration | None) -> date | None:
    """What `2026-11-23+7d` means; None for what is no day that is moved by whole days."""
    if offset is None or offset.is_elapsed:
        return None
    back, day = match["sign"] == "-", _calendar_day(match["base"], *match["base"].split("-"))
    try:
        return offset.after(day, back=back)
    except OverflowError:
        return date.min if back else date.max


def shift(
    base: str, sign: str, offset: Duration | None, now: datetime, zone: tzinfo
) -> date | datetime:
    """`today` or `now` moved by an offset: hours and minutes as they pass, days by the calendar.

    What lies before year 1 or after year 9999 becomes the first or the last day there is.
    """
    local = now.astimezone(zone)
    start = to_utc(local.date(), time(), zone) if base == "today" else now.astimezone(UTC)
    if offset is None:
        return local.date() if base == "today" else start.replace(microsecond=0)
    back = sign == "-"
    try:
        if offset.is_elapsed:
            return (start + timedelta(seconds=-offset.seconds if back else offset.seconds)).replace(
                microsecond=0
            )
        day = offset.after(local.date(), back=back)
    except OverflowError:
        day = date.min if back else date.max
    return day if base == "today" else to_utc(day, local.time().replace(microsecond=0), zone)


def _phrase(words: str) -> re.Match[str] | None:
    bare = _LED_IN.sub("", words)
    found = (re.fullmatch(pattern, bare) or re.fullmatch(pattern, words) for pattern in _PHRASES)
    return next((match for match in found if match), None)


def _named(phrase: re.Match[str], now: datetime, zone: tzinfo, *, past: bool) -> When:
    """The days that a phrase means."""
    said = {name: word for name, word in phrase.groupdict().items() if word}
    today = now.astimezone(zone).date()
    if "unit" in said:
        offset = Duration(int(said.get("count", 1)), UNITS[said["unit"]])
        sign = "-" if "back" in said else "+"
        return shift("now" if offset.is_elapsed else "today", sign, offset, now, zone)
    if "days" in said:
        return _rolling(
            Duration(int(said.get("count", 1)), UNITS[said["days"]]), today, back="rolled" in said
        )
    if "weekday" in said:
        return _weekday(said["which"], _WEEKDAYS[said["weekday"]], today)
    if "quarter" in said:
        return _span(date(int(said["year"]), int(said["quarter"]) * 3 - 2, 1), "q")
    if "month" in said:
        month = _month(said["month"])
        away = (today.month - month) % 12 if past else -((month - today.month) % 12)
        year = (
            int(said["year"])
            if "year" in said
            else (today.year * 12 + today.month - 1 - away) // 12
        )
        return _span(date(year, month, 1), "mo")
    if "year" in said:
        return _span(date(int(said["year"]), 1, 1), "y")
    unit = {"w": "w", "н": "w", "m": "mo", "м": "mo", "q": "q", "к": "q"}.get(said["span"][0], "y")
    days = _span(today, unit, _step(said.get("which", "this")))
    if "edge" not in said:
        return days
    return days.last if said["edge"].startswith(("e", "к")) else days.first


def _rolling(length: Duration, today: date, *, back: bool) -> Days:
    """So many days (weeks, months) up to today or from it on, today among them."""
    if length.is_elapsed:
        raise ValueError(tr("write now-{0} or now+{0}", length))
    try:
        edge = length.after(today, back=back)
    except OverflowError:
        return Days(date.min, today) if back else Days(today, date.max)
    day = timedelta(days=1)
    return Days(edge + day, today) if back else Days(today, edge - day)


def _step(which: str) -> int:
    if which.startswith("поза"):
        return -2
    if which.startswith(("last", "prev", "past", "прош", "пред")):
        return -1
    return 0 if which.startswith(("this", "curr", "эт", "текущ")) else 1


def _span(day: date, unit: str, step: int = 0) -> Days:
    """The week, month, quarter or year in which a day lies, or one before or after it."""
    length = Duration(1, unit)
    first = {
        "w": day - timedelta(days=day.weekday()),
        "mo": day.replace(day=1),
        "q": day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
        "y": day.replace(month=1, day=1),
    }[unit]
    first = Duration(abs(step), unit).after(first, back=step < 0)
    return Days(first, length.after(first) - timedelta(days=1))


def _weekday(which: str, number: int, today: date) -> date:
    step = _step(which)
    if not step:
        return today + timedelta(days=number - today.weekday())
    ahead = (number - today.weekday() - 1) % 7 + 1
    return today + timedelta(days=ahead if step > 0 else (ahead - 7 or -7))


def to_utc(day: date, clock: time, zone: tzinfo) -> datetime:
    """The instant of a local time; a time that a clock change skips moves on by the change."""
    try:
        return datetime.combine(day, clock.replace(microsecond=0), zone).astimezone(UTC)
    except OverflowError:  # in the first or the last hours of the calendar
        return datetime.combine(day, clock.replace(microsecond=0), UTC)


def read_serial(text: str, zone: tzinfo) -> date | datetime | None:
    """A day that a spreadsheet or a program wrote as a number: 45992, 45992.75, seconds since 1970."""
    if match := re.fullmatch(r"([1-9]\d{4})(?:[.,](\d+))?", text.strip()):
        moment = _FIRST_SERIAL + timedelta(
            int(match[1]), round(float(f"0.{match[2] or 0}") * 86_400)
        )
        if moment.time() == time():
            return moment.date()
        return to_utc(moment.date(), moment.time(), zone)
    if re.fullmatch(r"[01]\d{9}(\d{3})?", text.strip()):
        return datetime.fromtimestamp(int(text.strip()[:10]), UTC)
    return None


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
        return _day_of_year(int(dated["day"]), _month(dated["month"]))
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


def order_of(text: str) -> str:
    """The order of a date with slashes where only one can be: 15 is no month."""
    match = _SLASHED.match(text.strip())
    if match is None:
        return ""
    first, second = int(match[1]), int(match[3])
    if first > MONTHS >= second:
        return "dmy"
    return "mdy" if second > MONTHS >= first else ""


def _day(words: str, today: date, order: str, past: bool) -> date:
    name = _LED_IN.sub("", words)
    if name in _DAYS:
        return today + timedelta(days=_DAYS[name])
    if name in _WEEKDAYS:
        ahead = (_WEEKDAYS[name] - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead - 7 if past else ahead)
    bare = re.sub(r"(?<=\d) ?(г\.?|года)$", "", words)
    if match := re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d\d)", bare):
        return _calendar_day(words, _year(match[3], today), match[2], match[1])
    if match := re.fullmatch(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d\d)", bare):
        order = order or order_of(bare) or ("dmy" if int(match[1]) > MONTHS else "")
        if order not in ("dmy", "mdy"):
            raise TwoReadings(tr("{!r} may be day/month or month/day, {}", words, tr(HINT)))
        day, month = (match[1], match[3]) if order == "dmy" else (match[3], match[1])
        return _calendar_day(words, _year(match[4], today), month, day)
    if match := re.fullmatch(r"(\d{4})([-./]?)(\d\d?)\2(\d\d?)", bare):
        return _calendar_day(words, match[1], match[3], match[4])
    return _written_out(words, bare, today, past)


def _written_out(words: str, bare: str, today: date, past: bool) -> date:
    """12 Mar 2025, March 12th, 2025, 3 января 2026, 12-мар-25, 15 дек; ValueError for anything else."""
    match = _with_month(bare)
    if match is None:
        raise ValueError(tr("{!r} is not a date, {}", words, tr(HINT)))
    month = _month(match["month"])
    if not match["year"]:
        return _nearest(words, month, match["day"], today, past)
    found = _year(match["year"].removeprefix("'"), today)
    return _calendar_day(words, found, str(month), match["day"])


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


def _month(word: str) -> int:
    if word.isdigit():
        return int(word)
    begun = word[:3].rstrip(".")
    return next(n for n, names in enumerate(_MONTHS, 1) if begun in names.split())


def _year(digits: str, today: date) -> str:
    """A year of two digits is the last one that ends so, of those up to AHEAD years from now."""
    if len(digits) == 4:
        return digits
    last = today.year + AHEAD
    return str(last - (last - int(digits)) % 100)


def _calendar_day(words: str, year: str, month: str, day: str) -> date:
    try:
        return parse_date(f"{year}-{month:0>2}-{day:0>2}")
    except ValueError:
        raise ValueError(tr("{!r} is not a calendar day", words)) from None
