"""When somebody who works here is there: working days and hours of one's own, absences, and who stands in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time

from crmcli.dataclass import dataclass


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
