"""Days and times as people type them, on Monday 23 November 2026 at noon in Moscow."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from crmcli.model.calendar_phrases import Days
from crmcli.model.dates import read_when
from crmcli.model.local_times import local_minute
from tests.kit import NOW
from tests.tried import Tried

MOSCOW = ZoneInfo("Europe/Moscow")


def comes_out(form: str, folder: Path) -> str:
    """The day, the first and the last of several, or the minute in Moscow; or the refusal."""
    return _read(form, past=False)


def of_the_past(form: str, folder: Path) -> str:
    """The same where what has been is asked for."""
    return _read(form, past=True)


def _read(form: str, *, past: bool) -> str:
    try:
        when = read_when(form, NOW, MOSCOW, past=past)
    except ValueError as error:
        return f"refused: {error}"
    if isinstance(when, Days):
        return f"{when.first} to {when.last}"
    return local_minute(when, MOSCOW) if isinstance(when, datetime) else str(when)


TYPED = {
    "today": "2026-11-23",
    "завтра": "2026-11-24",
    "позавчера": "2026-11-21",
    "31.12.2026": "2026-12-31",
    "31.12.26": "2026-12-31",
    "1.2.85": "1985-02-01",
    "2026-12-31": "2026-12-31",
    "20261231": "2026-12-31",
    "2026/12/31": "2026-12-31",
    "31.12.2026 г.": "2026-12-31",
    "12 Mar 2025": "2025-03-12",
    "12-Mar-25": "2025-03-12",
    "March 12, 2025": "2025-03-12",
    "Mar 12th 2025": "2025-03-12",
    "3 января 2026": "2026-01-03",
    "3 января 2026 года": "2026-01-03",
    "15 мая 26": "2026-05-15",
    "1 сент. 2026": "2026-09-01",
    "в пятницу": "2026-11-27",
    "fri": "2026-11-27",
    "next friday": "2026-11-27",
    "last friday": "2026-11-20",
    "this friday": "2026-11-27",
    "в прошлый вторник": "2026-11-17",
    "следующий понедельник": "2026-11-30",
    "31.12.2026 15:30": "2026-12-31 15:30",
    "завтра в 10:00": "2026-11-24 10:00",
    "12 March 2026, 3:00 pm": "2026-03-12 15:00",
    "tomorrow at 3:00 p.m.": "2026-11-24 15:00",
    "today+1w": "2026-11-30",
    "today+1mo": "2026-12-23",
    "today-1q": "2026-08-23",
    "сегодня-1г": "2025-11-23",
    "+2y": "2028-11-23",
    "+3 дня": "2026-11-26",
    "now-2h": "2026-11-23 10:00",
    "now-30m": "2026-11-23 11:30",
    "today-1m": "refused: '1m' may be minutes or months, write 1min or 1mo",
    "3 days ago": "2026-11-20",
    "2 недели назад": "2026-11-09",
    "неделю назад": "2026-11-16",
    "a month ago": "2026-10-23",
    "две недели назад": "2026-11-09",
    "a couple of days ago": "2026-11-21",
    "полгода назад": "2026-05-23",
    "через три месяца": "2027-02-23",
    "last 7 days": "2026-11-17 to 2026-11-23",
    "за последние 3 месяца": "2026-08-24 to 2026-11-23",
    "next 2 weeks": "2026-11-23 to 2026-12-06",
    "ближайшие 10 дней": "2026-11-23 to 2026-12-02",
    "last 24 hours": "refused: write now-24h or now+24h",
    "позапрошлый месяц": "2026-09-01 to 2026-09-30",
    "в 2025 году": "2025-01-01 to 2025-12-31",
    "eom": "2026-11-30",
    "soy": "2026-01-01",
    "к концу недели": "2026-11-29",
    "by end of next month": "2026-12-31",
    "завтра в полдень": "2026-11-24 12:00",
    "сегодня в 9 утра": "2026-11-23 09:00",
    "в пятницу в 6 вечера": "2026-11-27 18:00",
    "20261231T153000": "2026-12-31 15:30",
    "20261231T1530Z": "2026-12-31 18:30",
    "3. März 2026": "2026-03-03",
    "15 maja 2026": "2026-05-15",
    "10 de março de 2026": "2026-03-10",
    "1 juillet 2026": "2026-07-01",
    "7 paź 2026": "2026-10-07",
    "in 2 weeks": "2026-12-07",
    "через месяц": "2026-12-23",
    "через 2 часа": "2026-11-23 14:00",
    "this week": "2026-11-23 to 2026-11-29",
    "на этой неделе": "2026-11-23 to 2026-11-29",
    "last month": "2026-10-01 to 2026-10-31",
    "прошлый месяц": "2026-10-01 to 2026-10-31",
    "в прошлом месяце": "2026-10-01 to 2026-10-31",
    "next quarter": "2027-01-01 to 2027-03-31",
    "этот год": "2026-01-01 to 2026-12-31",
    "прошлый год": "2025-01-01 to 2025-12-31",
    "2025": "2025-01-01 to 2025-12-31",
    "ноябрь 2026": "2026-11-01 to 2026-11-30",
    "Nov 2025": "2025-11-01 to 2025-11-30",
    "2026-02": "2026-02-01 to 2026-02-28",
    "02.2026": "2026-02-01 to 2026-02-28",
    "Q1 2026": "2026-01-01 to 2026-03-31",
    "2026-Q4": "2026-10-01 to 2026-12-31",
    "1 кв. 2026": "2026-01-01 to 2026-03-31",
    "2 квартал 2026": "2026-04-01 to 2026-06-30",
    "end of month": "2026-11-30",
    "конец прошлого квартала": "2026-09-30",
    "начало года": "2026-01-01",
    "start of next year": "2027-01-01",
    "15 дек": "2026-12-15",
    "2 января": "2027-01-02",
    "Nov 23": "2026-11-23",
    "Feb 29": "2028-02-29",
    "в марте": "2027-03-01 to 2027-03-31",
    "след. неделя": "2026-11-30 to 2026-12-06",
    "завтра в 10": "2026-11-24 10:00",
    "в пятницу в 9 часов": "2026-11-27 09:00",
    "tomorrow at 3pm": "2026-11-24 15:00",
    "2026-12-31T15:30:00Z": "2026-12-31 18:30",
    "2026-12-31 15:30:00 UTC": "2026-12-31 18:30",
    "2026-12-31 15:30:00 +0300": "2026-12-31 15:30",
    "31.12.2026 15:30 GMT+05:00": "2026-12-31 13:30",
    "Thu, 31 Dec 2026 15:30:00 +0100": "2026-12-31 17:30",
    "Thu Dec 31 2026 15:30:00 GMT+0300 (Moscow Standard Time)": "2026-12-31 15:30",
    "Thursday, December 31, 2026": "2026-12-31",
    "чт, 31.12.2026 15:30": "2026-12-31 15:30",
    "31.02.2026": "refused: '31.02.2026' is not a calendar day",
    "вчерась": "refused: 'вчерась' is not a date, write 2026-11-23, 23.11.2026, today, +3d or fri, and a time like 15:00",
    "31/12/2026": "2026-12-31",
    "12/31/2026 9:30": "2026-12-31 09:30",
    "25-3-26": "2026-03-25",
    "13/13/2026": "refused: '13/13/2026' is not a calendar day",
    "03/04/2026": "refused: '03/04/2026' may be day/month or month/day, write 2026-11-23, 23.11.2026, today, +3d or fri, and a time like 15:00",
}
PAST = {
    "monday": "2026-11-23",
    "пн": "2026-11-23",
    "friday": "2026-11-20",
    "в среду": "2026-11-18",
    "воскресенье": "2026-11-22",
    "с понедельника": "2026-11-23",
    "since friday": "2026-11-20",
    "15 дек": "2025-12-15",
    "october": "2026-10-01 to 2026-10-31",
    "12 окт": "2026-10-12",
}

CHAPTER = [
    Tried("Days and times as typed (on Monday 23 November 2026, in Moscow)", TYPED, comes_out),
    Tried(
        "Weekdays, months and days without a year where the past is asked for (created_at >= monday, --since)",
        PAST,
        of_the_past,
    ),
]
