"""The data of an event as others may have written them: of what form the known parts must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crmcli.language import tr
from crmcli.model.event import ACTIVITIES, EDITED
from crmcli.model.values import parse_instant


def check_facts(kind: str, facts: Mapping[str, Any]) -> None:
    """ValueError for a part that is not what its name says; unknown ones may be anything."""
    for name in _FORMS.keys() & facts.keys():
        _check(name, facts[name], _FORMS[name])
    if "at" in facts and (kind in ACTIVITIES or kind == EDITED):
        _check("at", facts["at"], _is_time)


def _check(name: str, value: Any, form: Callable[[Any], bool]) -> None:
    try:
        is_right = form(value)
    except ValueError:
        is_right = False
    if not is_right:
        raise ValueError(tr("{!r} in data cannot be read", name))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, list) and len(one) == 2 for one in value)


def _are_changes(value: Any) -> bool:
    return isinstance(value, dict) and _are_pairs([*value.values()])


def _are_ids(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(map(_is_text, value)))


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and bool(parse_instant(value))


def _are_times(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_time, value.values()))


_FORMS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("stage", "pipeline", "key", "activity", "kind", "actor"), _is_text),
    "stood": _are_times, "changes": _are_changes, "undone": _are_pairs, "with": _are_ids,
    "renamed": _is_list,
}  # fmt: skip
