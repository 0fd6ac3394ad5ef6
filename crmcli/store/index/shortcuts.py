"""The keys of values in canonical form, without typing them first: nearly all that a folder holds.

A shortcut gives just the keys that `keys(kind, parse_value(kind, raw))` gives, or None where it
cannot vouch for that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from crmcli.model.conditions.holds import Key
from crmcli.model.fields import EMAIL_TYPES, PHONE_TYPES
from crmcli.model.values import Raw, fold

Shortcut: TypeAlias = Callable[[Raw], "list[Key] | None"]

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2})?")


def _phones(raw: Raw) -> list[Key] | None:
    found: list[Key] = []
    for item in raw if isinstance(raw, list) else (raw,):
        if not isinstance(item, dict) or len(item) != 2 or item.get("type") not in PHONE_TYPES:
            return None
        value = item.get("value")
        if not (isinstance(value, str) and value[:1] == "+" and value[1:].isdecimal()):
            return None
        if not value.isascii():
            return None
        found.append(value[1:])
    return found


def _emails(raw: Raw) -> list[Key] | None:
    found: list[Key] = []
    for item in raw if isinstance(raw, list) else (raw,):
        if not isinstance(item, dict) or len(item) != 2 or item.get("type") not in EMAIL_TYPES:
            return None
        value = item.get("value")
        if not isinstance(value, str):
            return None
        key = fold(value)
        if key:
            found.append(key)
    return found


def _companies(raw: Raw) -> list[Key] | None:
    found: list[Key] = []
    for item in raw if isinstance(raw, list) else (raw,):
        if not isinstance(item, dict):
            return None
        company, role = item.get("company"), item.get("role", "")
        if not company or not isinstance(company, str) or not isinstance(role, str):
            return None
        if len(item) > 1 + ("role" in item):
            return None
        found.append(company)
    return found


def _texts(raw: Raw) -> list[str] | None:
    if not isinstance(raw, list):
        return None
    found = [item for item in raw if isinstance(item, str) and item]
    return found if len(found) == len(raw) else None


def _tags(raw: Raw) -> list[Key] | None:
    texts = _texts(raw)
    return None if texts is None else [key for text in set(texts) if (key := fold(text))]


def _links(raw: Raw) -> list[Key] | None:
    texts = _texts(raw)
    return None if texts is None else [*texts]


def _link(raw: Raw) -> list[Key] | None:
    return [raw] if isinstance(raw, str) and raw else None


def _amount(raw: Raw) -> list[Key] | None:
    return [float(raw)] if isinstance(raw, str) and _AMOUNT.fullmatch(raw) else None


def _instant(raw: Raw) -> list[Key] | None:
    if not isinstance(raw, str) or not _INSTANT.fullmatch(raw):
        return None
    try:
        datetime.fromisoformat(raw)
    except ValueError:
        return None  # the 31st of February
    return [raw]


SHORTCUTS: Mapping[str, Shortcut] = {
    "phones": _phones,
    "emails": _emails,
    "companies": _companies,
    "tags": _tags,
    "choices": _tags,
    "links": _links,
    "link": _link,
    "id": _link,
    "money": _amount,
    "number": _amount,
    "datetime": _instant,
}
"""The shortcut for each kind that has one."""
