"""Calendars as RFC 5545 has them, written: times in UTC, texts escaped, lines folded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from urllib.parse import quote

from crmcli.formats.vcard_lines import escape, folded

HEAD = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//crmcli//crmcli//EN", "CALSCALE:GREGORIAN")
END = "END:VCALENDAR"


def lines(content: Iterable[str]) -> str:
    """Content lines as they stand in a file."""
    return "".join(map(folded, content))


def component(name: str, properties: Sequence[str]) -> list[str]:
    """The lines of a VEVENT or VTODO."""
    return [f"BEGIN:{name}", *properties, f"END:{name}"]


def text(name: str, *values: str) -> str:
    """A property of texts, several with commas between them."""
    return f"{name}:{','.join(map(escape, values))}"


def moment(name: str, at: datetime) -> str:
    """A property that is an instant."""
    return f"{name}:{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def day(name: str, of: date) -> str:
    """A property that is a day."""
    return f"{name};VALUE=DATE:{of:%Y%m%d}"


def person(name: str, called: str, email: str) -> str:
    """An ORGANIZER or ATTENDEE."""
    plain = " ".join(called.replace('"', "'").split())
    return f'{name};CN="{plain}":mailto:{quote(email, safe="@+.-_")}'
