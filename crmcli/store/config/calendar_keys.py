"""What may stand in settings.yaml of days and hours: of the company, of users, and when robots keep quiet."""

from __future__ import annotations

import re
from datetime import date, time

from crmcli.language import tr
from crmcli.model.settings import WEEKDAYS, Calendar
from crmcli.model.values import parse_date
from crmcli.store.config import shapes

LONGEST_ABSENCE = 1500  # days
HOURS_RULE = r"([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d"


def day(doc: str) -> shapes.Shape:
    """A date."""
    return shapes.parsed(doc, parse_date, pattern=r"^\d{4}-\d\d-\d\d$")


def hours(doc: str, default: tuple[time, time] | None = None) -> shapes.Shape:
    """When a working day begins and ends."""
    return shapes.parsed(doc, _hours, default, pattern=f"^{HOURS_RULE}$")


def weekdays(doc: str, *others: str) -> shapes.Shape:
    """Days of the week, and words that may stand beside them."""
    return shapes.listed(doc, shapes.word("", (*WEEKDAYS, *others)))


def _hours(text: str) -> tuple[time, time]:
    opens, closes = _span(text, tr("{!r} is not of the form 09:00-18:00", text))
    if opens >= closes:
        raise ValueError(tr("{!r} closes before it opens", text))
    return opens, closes


def _quiet_hours(text: str) -> tuple[time, time]:
    begin, end = _span(text, tr("{!r} is not of the form 21:00-09:00", text))
    if begin == end:
        raise ValueError(tr("{!r} is the whole day", text))
    return begin, end


def _span(text: str, complaint: str) -> tuple[time, time]:
    if not re.fullmatch(HOURS_RULE, text):
        raise ValueError(complaint)
    begin, end = map(time.fromisoformat, text.split("-"))
    return begin, end


def _absence(text: str) -> tuple[date, date]:
    first, _, last = text.partition("..")
    span = parse_date(first.strip()), parse_date((last or first).strip())
    if not 0 <= (span[1] - span[0]).days <= LONGEST_ABSENCE:
        raise ValueError(tr("{!r} ends before it begins, or years later", text))
    return span


CALENDAR = {
    "days": weekdays("Working days of the week."),
    "hours": hours("Working hours, e.g. 09:00-18:00.", (Calendar().opens, Calendar().closes)),
    "holidays": shapes.listed("Days off, e.g. 2026-01-01.", day("")),
    "workdays": shapes.listed("Days worked in spite of the weekday.", day("")),
}
PRESENCE = {
    "absences": shapes.listed(
        "Days off, e.g. 2026-12-01..2026-12-14; robots with absent: look at them.",
        shapes.parsed(
            "", _absence, None, "like 2026-12-01..2026-12-14",
            pattern=r"^\d{4}-\d\d-\d\d(\.\.\d{4}-\d\d-\d\d)?$",
        ),
    ),
    "days": weekdays("Own working days; the company's if absent."),
    "hours": hours("Own working hours; the company's if absent."),
    "deputy": shapes.text("The user who stands in during absences."),
}  # fmt: skip
"""When a user is there."""
QUIET = {
    "quiet_hours": shapes.parsed(
        "When no robot or schedule writes to a client, e.g. 21:00-09:00, by the client's clock:"
        " that of zone_field, else of the phone, else the company's. Messages leave afterwards.",
        _quiet_hours, None, "begin and end, in quotes: '21:00-09:00'", pattern=f"^{HOURS_RULE}$",
    ),
    "quiet_days": weekdays(
        "Days of the week on which none does, and holidays for those of the calendar.", "holidays"
    ),
    "zone_field": shapes.text(
        "The own field of contacts, leads or companies that has their time zone, e.g. Asia/Omsk."
    ),
}  # fmt: skip
"""When clients are not written to."""
