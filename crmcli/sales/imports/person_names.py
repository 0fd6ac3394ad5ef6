"""The name of a row of an import, by its parts or taken apart."""

from __future__ import annotations

from collections.abc import Mapping

from crmcli.matching.name_parts import split_name
from crmcli.model.values import Raw, fold
from crmcli.sales.imports.draft import Draft

_PARTS = ("first_name", "middle_name", "last_name")


def finish_name(draft: Draft, form: str, *, has_person: bool) -> bool:
    """Split a row's full name if it has no parts; False if its columns have two different names."""
    values = draft.values
    has_parts = any(part in values for part in _PARTS)
    whole = draft.full_name
    if whole and not has_parts:
        values.update(
            split_name(whole, form) or ({"first_name": whole} if "name" in values else {})
        )
    elif not has_parts and has_person:
        values.update(split_name(str(values.get("name", "")), form))
    elif "first_name" in values and not (
        draft.id or whole or "last_name" in values or "middle_name" in values
    ):
        _take_first_name_apart(values, form)
    if not whole:
        return True
    if "name" not in values:
        values["name"] = whole
        return True
    said = fold(" ".join(str(values.get(part, "")) for part in ("name", *_PARTS))).split()
    return set(fold(whole).replace(",", " ").split()) <= set(said)


def _take_first_name_apart(values: dict[str, Raw], form: str) -> None:
    """A column Имя that holds more than that by the tables of names; Анна Мария is a double first name."""
    found: Mapping[str, str] = split_name(str(values["first_name"]), form)
    if found:
        values.update({name: found.get(name, "") for name in _PARTS if found.get(name)})
