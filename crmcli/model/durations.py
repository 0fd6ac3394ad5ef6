"""Lengths of time, as people and files write them: 10m, 2h, 3d, 1w, 2mo, 1q, 1y, 3 дня."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from crmcli.dataclass import dataclass
from crmcli.language import tr

_WORDS = {
    "m": "m min mins minute minutes м мин минут минута минуту минуты",
    "h": "h hr hrs hour hours ч час часа часов",
    "d": "d day days д дн день дня дней",
    "w": "w wk week weeks н нед неделя неделю недели недель",
    "mo": "mo mos month months мес месяц месяца месяцев",
    "q": "q qtr quarter quarters кв квартал квартала кварталов",
    "y": "y yr yrs year years г год года лет",
}
UNITS = {word: unit for unit, words in _WORDS.items() for word in words.split()}
"""What people call a unit, and how it is kept."""
UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
COUNTED = rf"([0-9]{{1,5}}) ?({UNIT})\.?"
SECONDS = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
"""How long a unit is, a day without a change of clocks; the others have no fixed length."""
DAYS = {"d": 1, "w": 7}
MONTHS = {"mo": 1, "q": 3, "y": 12}


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in minutes, hours, days, weeks, months, quarters or years (UNITS)."""

    count: int
    unit: str

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def words(self) -> str:
        """The same for people: `2d`, in Russian `2 дн.`."""
        n = self.count
        return {
            "m": tr("{}m", n), "h": tr("{}h", n), "d": tr("{}d", n), "w": tr("{}w", n),
            "mo": tr("{}mo", n), "q": tr("{}q", n), "y": tr("{}y", n),
        }[self.unit]  # fmt: skip

    @property
    def is_elapsed(self) -> bool:
        """Whether it passes by the clock, rather than by the calendar."""
        return self.unit in "mh"

    @property
    def seconds(self) -> int:
        """How long it is; ValueError for months and years."""
        if self.unit not in SECONDS:
            raise ValueError(tr("{!r} has no fixed length, write it in days", str(self)))
        return self.count * SECONDS[self.unit]

    def after(self, day: date, *, back: bool = False) -> date:
        """The day that many days, weeks, months, quarters or years later.

        From the 31st of January a month leads to the last day of February. OverflowError where the
        calendar ends.
        """
        count = -self.count if back else self.count
        if self.unit in DAYS:
            return day + timedelta(days=DAYS[self.unit] * count)
        year, month = divmod(day.year * 12 + day.month - 1 + MONTHS[self.unit] * count, 12)
        if not date.min.year <= year <= date.max.year:
            raise OverflowError
        return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many of something in a length of time."""

    count: int
    per: Duration


LONGEST = 31 * 86_400
"""Seconds for which a time may be kept."""


def read_length(text: str) -> str:
    """How long something takes, `90m`, `2h`, `3d`, as it is kept; ValueError for none, or over a month."""
    length = parse_duration(text)
    if not 0 < length.seconds <= LONGEST:
        raise ValueError(tr("{!r} is not a length from 1m to 31d", text))
    return str(length)


def parse_duration(text: str) -> Duration:
    """Read `10m`, `2h`, `3d`, `1w`, `2mo`, `1q`, `1y` or `3 дня`, in any case; ValueError otherwise."""
    if not (match := re.fullmatch(COUNTED, text.strip().casefold())):
        raise ValueError(tr("{!r} is not a time like 10m, 2h, 3d, 1w, 2mo or 1y", text))
    return Duration(int(match[1]), UNITS[match[2]])
