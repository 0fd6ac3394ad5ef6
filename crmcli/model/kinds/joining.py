"""Lists put together: which items of two lists are the same one, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.model.kinds.base import Kind
from crmcli.model.kinds.maps import Maps
from crmcli.model.values import Raw, Value, fold


def merge_lists(
    kind: Kind,
    now: Sequence[Raw],
    new: Sequence[Raw],
    country: str = "",
    *,
    newer: bool = False,
    beside: bool = False,
) -> list[Raw]:
    """A raw list with what is new to it; no item stands there twice.

    The same item given again with another type or role keeps its own, or takes the new one where
    the `newer` counts; what it lacks it gets in any case. With `beside`, both stand of those that
    differ in the role that the kind names.
    """
    if not now and len(new) < 2:
        return [*new]  # nearly always in an import
    items = [*now]
    known = [kind.same(item, country) for item in items]
    for item in new:
        same = kind.same(item, country)
        places = [place for place, key in enumerate(known) if key == same]
        if beside and isinstance(kind, Maps) and kind.beside:
            places = _fitting(items, places, item, kind.beside)
        if not places:
            items.append(item)
            known.append(same)
        elif any(items[place] == item for place in places):
            continue
        elif isinstance(kind, Maps):
            had = items[places[0]]
            items[places[0]] = _both(kind, had, item, newer=newer)
    return sorted(items, key=str) if kind.is_sorted else items


def join_values(
    kind: Kind,
    mine: Value,
    theirs: Value,
    country: str,
    *,
    newer: bool = False,
    beside: bool = False,
) -> Value:
    """The same of typed values."""
    now, new = (kind.items(kind.dump(value)) for value in (mine, theirs))
    return kind.parse(merge_lists(kind, now, new, country, newer=newer, beside=beside))


def without_items(
    kind: Kind, now: Sequence[Raw], gone: Sequence[Raw], country: str = ""
) -> list[Raw]:
    """A raw list without those items; one that is named by its main part goes in all its kinds."""
    left = [*now]
    for item in gone:
        said = set(item) if isinstance(item, dict) else set()
        left = [had for had in left if not _is_meant(kind, had, item, said, country)]
    return left


def _is_meant(kind: Kind, had: Raw, item: Raw, said: set[str], country: str) -> bool:
    if not (isinstance(kind, Maps) and kind.identity and isinstance(had, dict)):
        return kind.same(had, country) == kind.same(item, country)
    named = {key: had.get(key, "") for key in (*kind.identity,) if key in said}
    return kind.same(named, country) == kind.same(item, country)


def _both(kind: Maps, had: Raw, item: Raw, *, newer: bool) -> Raw:
    """One item of what is said of it twice, by the main part that stands there."""
    if not (isinstance(had, dict) and isinstance(item, dict)):
        return had
    said = {**had, **item, kind.main: had[kind.main]} if newer else {**item, **had}
    return {key: said[key] for key in kind.known if said.get(key)}


def _fitting(items: Sequence[Raw], places: Sequence[int], item: Raw, part: str) -> list[int]:
    """Those of the places whose item says nothing else about a part."""

    def said(raw: Raw) -> str:
        return fold(str(raw.get(part, ""))) if isinstance(raw, dict) else ""

    same = [place for place in places if said(items[place]) == said(item)]
    if same or not said(item):
        return same or [*places]
    return [place for place in places if not said(items[place])]
