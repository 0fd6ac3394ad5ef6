"""Days and instants by how far they lie from now or from a day: `+3d`, `today-1w`, `2026-11-23+7d`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from crmcli.language import tr
from crmcli.model.durations import UNIT, Duration, parse_duration
from crmcli.model.local_times import to_utc
from crmcli.model.written_days import calendar_day

_OFFSET = re.compile(
    rf"(?P<base>today|now|сегодня|сейчас|\d{{4}}-\d\d-\d\d)?\s*"
    rf"(?:(?P<sign>[+-])\s*(?P<by>\d{{1,5}} ?(?:{UNIT})))?"
)


def refuse_doubtful(offset: str) -> None:
    """ValueError for `1m` where months are as likely as minutes."""
    if re.fullmatch(r"[0-9]+ ?[mм]", offset.casefold()):
        count = offset[:-1].strip()
        raise ValueError(tr("{0!r} may be minutes or months, write {1}min or {1}mo", offset, count))


def moved(words: str, now: datetime, zone: tzinfo, *, day: bool = False) -> date | datetime | None:
    """What `today`, `now-2h`, `+3d` mean; None for other words. With `day` a whole day is wanted."""
    match = _OFFSET.fullmatch(words)
    if not match or not words:
        return None
    offset = parse_duration(match["by"]) if match["by"] else None
    if match["base"] and match["base"][0].isdecimal():
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
    back, day = match["sign"] == "-", calendar_day(match["base"], *match["base"].split("-"))
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
            passed = timedelta(seconds=offset.seconds)
            return (start - passed if back else start + passed).replace(microsecond=0)
        day = offset.after(local.date(), back=back)
    except OverflowError:
        day = date.min if back else date.max
    return day if base == "today" else to_utc(day, local.time(), zone)
