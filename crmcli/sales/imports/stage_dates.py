"""Columns that say when a record came to a stage: `stage_at`, `stage_at.STAGE`, `Date entered "…"`."""

from __future__ import annotations

import re

from crmcli.model.values import fold
from crmcli.words import joined

AT = "at"
"""The part of `stage` of a date of the stage that a row names; `at.STAGE` of any other."""

_TABLE = joined("stage_headers")
_BEFORE = _TABLE["before"].format_map(_TABLE)
_NAME = r"\s*[:.–—-]?\s*[\"'“„«‘]?(?P<stage>[^\"”“»’]+?)[\"'”“»’]?"
_FORMS = [
    re.compile(f"(?:{_BEFORE}){_NAME}", re.IGNORECASE),
    re.compile(rf"(?P<stage>.+?)\s*[-–—:,]?\s*(?:{_TABLE['behind']})", re.IGNORECASE),
]
_CURRENT = re.compile(_TABLE["current"])


def stage_dated(header: str) -> str | None:
    """The stage whose date a column has, "" for the one in which the record stands; None of other columns."""
    text = " ".join(header.replace("_", " ").split())
    if _CURRENT.fullmatch(fold(text)):
        return ""
    for form in _FORMS:
        if match := form.fullmatch(text):
            return match["stage"].strip()
    return None
