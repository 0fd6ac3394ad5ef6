"""What stays of an event when its data are erased: when what kind of thing happened to what, and no words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from crmcli.model.event import CARD_SYNCED, ENTRIES, ERASED, KEPT, STAGE_RENAMED, Event

WHOLE = "whole"
"""The key in the data of an event of which no more than this is left."""
_IDS = re.compile(r"e[0-9a-z]{16}|[a-z]+-[0-9a-z]{8}|\d{4}-\d\d-\d\d(T[\d:.+Z-]+)?")
_KEYS = frozenset(
    (
        "stage", "pipeline", "robots", "by", "key", "channel", "robot", "action", "schedule", "sequence",
        "batch", "amount", "currency", "status", "kind", "actor", "command", "entity", "audience", "form",
        "on",
    )
)  # fmt: skip
"""Under these stand names of settings and numbers, no words of people."""
_FIELDS = frozenset(
    (
        "stage", "pipeline", "amount", "currency", "probability", "owner", "status", "close_by", "due",
        "done_at", "closed_at", "first_closed_at", "reopened", "paid", "credited", "source", "lost_reason",
        "junk_reason", "date", "valid_until", "length", "repeat",
    )
)  # fmt: skip
_MOST = 10_000_000  # a number above may be one that is dialled


def blank(event: Event) -> dict[str, Any]:
    """The data of an event of a person whose data are erased."""
    kept = {name: _bare(value, name in _KEYS) for name, value in event.data.items()}
    found = {name: value for name, value in kept.items() if value is not None}
    if event.kind in (*ENTRIES, STAGE_RENAMED) and isinstance(event.data.get("from"), str):
        found["from"] = event.data["from"]
    changes = event.data.get("changes")
    if isinstance(changes, Mapping):
        found["changes"] = {name: pair for name, pair in changes.items() if name in _FIELDS}
    if event.kind == CARD_SYNCED:  # else its card would be taken for that of somebody new
        found |= {name: str(event.data.get(name, "")) for name in ("book", "path", "uid", "etag")}
    if event.kind == KEPT:  # a mailbox that has it still does not bring it again
        found["message_id"] = str(event.data.get("message_id", ""))
    return {WHOLE: True, **found}


def says_something(event: Event) -> bool:
    """Whether an event of a person holds more than what an erasure leaves of it."""
    if ERASED in event.data or event.kind.startswith("card."):
        return False
    left = blank(event)
    del left[WHOLE]
    return left != dict(event.data)


def _bare(value: Any, is_plain: bool) -> Any:
    """A value without words; None if nothing is left."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < _MOST else None
    if isinstance(value, str):
        return value if is_plain or _IDS.fullmatch(value) else None
    if isinstance(value, list):
        return [one for one in (_bare(one, is_plain) for one in value) if one is not None]
    return None


def replaced(value: Any, change: Callable[[str], str]) -> Any:
    """A value of JSON or YAML with each of its texts changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: replaced(one, change) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [replaced(one, change) for one in value]
    return value


def unlinked(value: Any, gone: set[str]) -> Any:
    """A raw record without its links to records that are gone."""
    if isinstance(value, Mapping):
        kept = {name: unlinked(one, gone) for name, one in value.items() if not _leads(one, gone)}
        return {name: one for name, one in kept.items() if one not in ([], {})}
    if isinstance(value, list | tuple):
        return [unlinked(one, gone) for one in value if not _leads(one, gone)]
    return value


def _leads(value: Any, gone: set[str]) -> bool:
    return isinstance(value, str) and value in gone
