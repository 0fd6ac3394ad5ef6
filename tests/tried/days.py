"""Days and times as people type them, on Monday 23 November 2026 at noon in Moscow."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from crmcli.model.dates import local_minute, read_when
from tests.kit import NOW
from tests.tried import Tried

MOSCOW = ZoneInfo("Europe/Moscow")


def comes_out(form: str, folder: Path) -> str:
    """The day, or the minute in Moscow."""
    when = read_when(form, NOW, MOSCOW)
    return local_minute(when, MOSCOW) if isinstance(when, datetime) else str(when)


TYPED = {
    "today": "2026-11-23",
    "завтра": "2026-11-24",
    "позавчера": "2026-11-21",
    "31.12.2026": "2026-12-31",
    "2026-12-31": "2026-12-31",
    "fri": "2026-11-27",
    "31.12.2026 15:30": "2026-12-31 15:30",
    "завтра в 10:00": "2026-11-24 10:00",
    "tomorrow at 3:00 pm": "2026-11-24 15:00",
    "today+1w": "2026-11-30",
    "now-2h": "2026-11-23 10:00",
    "2026-12-31T15:30:00Z": "2026-12-31 18:30",
}

CHAPTER = [
    Tried("Days and times as typed (on Monday 23 November 2026, in Moscow)", TYPED, comes_out)
]
