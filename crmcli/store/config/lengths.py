"""Lengths of time in configuration files: 10m, 2h, 3d or 1mo, a century at most; and how many in one."""

from __future__ import annotations

import re

from crmcli.language import tr
from crmcli.model.durations import DAYS, UNIT, UNITS, Cap, Duration, parse_duration
from crmcli.store.config import shapes

CENTURY = 36525  # days
CAP_RULE = rf"([0-9]{{1,4}}) ?(?:per|a|an|/|в|на|за) ?(?:([1-9][0-9]{{0,3}}) ?)?({UNIT})\.?"
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


def _cap(text: str) -> Cap:
    words = re.fullmatch(CAP_RULE, text.strip())
    if not words or not int(words[1]):
        raise ValueError(tr("{!r} is not of the form 2 per week", text))
    return Cap(int(words[1]), Duration(int(words[2] or 1), UNITS[words[3].casefold()]))


def at_most(doc: str) -> shapes.Shape:
    """How many of something there may be in a length of time."""
    return shapes.parsed(doc, _cap, None, "like 2 per week", pattern=f"^{CAP_RULE}$")
