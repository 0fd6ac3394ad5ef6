"""Columns that say when a record came to a stage: `stage_at`, `stage_at.STAGE`, `Date entered "…"`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crmcli.model.event import DATED, STOOD
from crmcli.model.values import entity_of, fold
from crmcli.words import joined
from crmcli.workspace import Change, Workspace
from crmcli.workspace.undone import without_undone

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


def tell_stages(
    change: Change,
    ws: Workspace,
    record_id: str,
    stood: Mapping[str, str],
    facts: Mapping[str, Any],
) -> bool:
    """Write down what is not yet known of when a record came to its stages; whether there is any."""
    kinds = (f"{entity_of(record_id)}.created", DATED)
    events = ws.events(record=record_id, kinds=kinds) if stood else ()
    known: dict[str, str] = {}
    for event in without_undone(ws, events, DATED):
        known.update(event.data.get(STOOD, {}))
    new = {stage: at for stage, at in stood.items() if known.get(stage) != at}
    if new:
        change.note(DATED, record_id, {**facts, STOOD: new})
    return bool(new)
