"""When somebody who works here is there: working days and hours of one's own, absences, and who stands in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass

if TYPE_CHECKING:
    from crmcli.model.settings import Calendar


@dataclass(frozen=True, slots=True)
class Presence:
    """What settings.yaml says of one user; what it leaves open is as the company's calendar has it.
    `absences` are first and last days."""

    absences: tuple[tuple[date, date], ...] = ()
    days: tuple[int, ...] = ()
    hours: tuple[time, time] | None = None
    deputy: str = ""

    def is_away(self, day: date) -> bool:
        """Whether the user does not work that day, though the company may."""
        if any(first <= day <= last for first, last in self.absences):
            return True
        return bool(self.days) and day.weekday() not in self.days


def is_at_work(presence: Presence, calendar: Calendar, local: datetime) -> bool:
    """Whether somebody works at a moment of local time."""
    day, clock = local.date(), local.time()
    opens, closes = presence.hours or (calendar.opens, calendar.closes)
    is_day = day.weekday() in presence.days if presence.days else calendar.is_open(day)
    is_off = presence.is_away(day) or day in calendar.holidays
    return is_day and not is_off and opens <= clock < closes


def stand_in(presences: Mapping[str, Presence], user: str, day: date) -> str:
    """Who acts for a user that day: that one, or the first deputy down the line who is there; "" if none."""
    seen: list[str] = []
    while user and user not in seen:
        own = presences.get(user, Presence())
        if not own.is_away(day):
            return user
        seen.append(user)
        user = own.deputy
    return ""
