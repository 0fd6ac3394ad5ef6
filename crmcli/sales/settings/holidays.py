"""The holidays of a country in the calendar of settings.yaml, with the days that it moves."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from crmcli.dataclass import dataclass
from crmcli.errors import BadUsage, Refused
from crmcli.language import spoken, tr
from crmcli.model.listed import allowed_hint
from crmcli.model.values import Raw
from crmcli.sales.settings.reshape import SettingsEdit, Tree, reshape
from crmcli.workspace import Workspace

INSTALL = "pip install 'crmcli[dates]'"
YEARS = range(2000, 2101)


class NoHolidays(Refused):
    """What knows the holidays of countries is an extra that is not installed."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day that differs from its weekday: one off or, `is_worked`, one that is worked."""

    day: date
    name: str
    is_worked: bool
    is_new: bool


def take(ws: Workspace, place: str, years: Sequence[int]) -> list[Day]:
    """Write the days of a country, or of a part of it as in DE-BY, into the calendar; those that stand there
    stay. What is not known of them is noted. BadUsage for another place, NoHolidays without the extra."""
    for year in years:
        if year not in YEARS:
            raise BadUsage(tr("{} is not a year from {} to {}", year, YEARS[0], YEARS[-1]))
    known = _of(place, years)
    worked = sorted(day for day in known.weekend_workdays if day.year in years)
    calendar = ws.settings.calendar
    days = [Day(day, str(name), False, day not in calendar.holidays) for day, name in known.items()]
    days += [Day(day, "", True, day not in calendar.workdays) for day in worked]
    _note_unknown(ws, known, place, years)

    def edit(tree: Tree) -> None:
        of_calendar = cast("dict[str, Raw]", tree.get("calendar") or {})
        for key, is_worked in (("holidays", False), ("workdays", True)):
            new = sorted(str(one.day) for one in days if one.is_new and one.is_worked == is_worked)
            if new:
                of_calendar[key] = [*cast("list[Raw]", of_calendar.get(key) or []), *new]
        tree["calendar"] = of_calendar

    if any(one.is_new for one in days):
        reshape(ws, "calendar holidays", SettingsEdit(edit=edit))
    return sorted(days, key=lambda one: one.day)


def _of(place: str, years: Sequence[int]) -> Any:
    try:
        import holidays
    except ImportError:
        raise NoHolidays("holidays of countries need the package holidays", INSTALL) from None
    country, _, part = place.upper().partition("-")
    parts = holidays.list_supported_countries()
    if country not in parts:
        raise BadUsage(tr("no country {!r}", country), allowed_hint(country, parts))
    if part and part not in parts[country]:
        raise BadUsage(tr("{} has no part {!r}", country, part), allowed_hint(part, parts[country]))
    spelled = getattr(holidays.country_holidays(country), "supported_languages", ())
    language = next((one for one in spelled if one.split("_")[0] == spoken()), None)
    return holidays.country_holidays(country, part or None, years=list(years), language=language)


def _note_unknown(ws: Workspace, known: Any, place: str, years: Sequence[int]) -> None:
    """Say of which years it is not known which days are moved, and what else stands in the calendar."""
    if hasattr(known, "substituted_label"):  # a country that moves days, by a decree for each year
        last = max(known.special_public_holidays, default=0)
        late = ", ".join(str(year) for year in years if year > last)
        if late:
            told = tr("which days {} moves is known until {}, not of {}", place.upper(), last, late)
            ws.notes.append(tr("{}: run this again with a newer package holidays", told))
    calendar = ws.settings.calendar
    of_years = {day for day in calendar.holidays if day.year in years} - set(known)
    of_years |= {day for day in calendar.workdays if day.year in years} - known.weekend_workdays
    if of_years:
        listed = ", ".join(map(str, sorted(of_years)))
        ws.notes.append(
            tr("{} does not know {}, which stay in the calendar", place.upper(), listed)
        )
