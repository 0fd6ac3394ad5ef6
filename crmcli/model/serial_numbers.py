"""Days and instants that a spreadsheet or a program wrote as a number."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from crmcli.model.local_times import to_utc

_FIRST = datetime(1899, 12, 30)  # noqa: DTZ001 - days are counted from it in any zone


def read_serial(text: str, zone: tzinfo) -> date | datetime | None:
    """A day that a spreadsheet or a program wrote as a number: 45992, 45992.75, seconds since 1970."""
    plain = text.strip()
    if match := re.fullmatch(r"([1-9]\d{4})(?:[.,](\d+))?", plain):
        moment = _FIRST + timedelta(int(match[1]), round(float(f"0.{match[2] or 0}") * 86_400))
        if moment.time() == time():
            return moment.date()
        return to_utc(moment.date(), moment.time(), zone)
    if re.fullmatch(r"[01]\d{9}(\d{3})?", plain):
        return datetime.fromtimestamp(int(plain[:10]), UTC)
    return None
