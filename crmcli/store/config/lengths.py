"""Lengths of time in configuration files: 10m, 2h, 3d or 1mo, a century at most."""

from __future__ import annotations

from crmcli.language import tr
from crmcli.model.durations import DAYS, UNIT, Duration, parse_duration
from crmcli.store.config import shapes

CENTURY = 36525  # days
LENGTH_RULE = rf"[0-9]{{1,5}} ?({UNIT}|[MHDWQY]|MO)\.?"


def length(text: str) -> Duration:
    """A length of time within a century, so that whatever is counted from a date stays a date."""
    length = parse_duration(text)
    days = {**DAYS, "mo": 31, "q": 92, "y": 366}.get(length.unit, 0)
    if length.count * days > CENTURY:
        raise ValueError(tr("{!r} is more than a hundred years", text))
    return length


def lasting(doc: str) -> shapes.Shape:
    """A length of time."""
    told = {"patternErrorMessage": "a time like 10m, 2h, 3d or 1mo"}
    return shapes.parsed(doc, length, pattern=f"^{LENGTH_RULE}$", **told)
