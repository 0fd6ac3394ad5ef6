"""The tombstone: what is left in the place of a record that was merged into another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from crmcli.language import tr
from crmcli.model.entities import having
from crmcli.model.values import Raw, entity_of

if TYPE_CHECKING:
    from crmcli.model.fields import Record

MERGED_INTO = "merged_into"
"""The key of a tombstone that names the record into which it went; its id is the only other one."""

MERGEABLE = having("mergeable")
JOINS = tuple(f"{entity}.merged" for entity in MERGEABLE)
PARTINGS = tuple(f"{entity}.unmerged" for entity in MERGEABLE)
"""The kinds of the events of a merge and of its reverse, on every record that they touch."""


def survivor_in(raw: Mapping[str, Raw]) -> str:
    """The id that a raw record's tombstone names; "" for a record that stands for itself."""
    found = raw.get(MERGED_INTO, "")
    return found if isinstance(found, str) else "?"


def survivor_of(record: Record) -> str:
    """The same of a typed record."""
    return survivor_in(record.unknown) if record.unknown else ""


def tombstone(record_id: str, survivor: str) -> dict[str, Raw]:
    """The raw form of a tombstone."""
    return {"id": record_id, MERGED_INTO: survivor}


def fault_of(raw: Mapping[str, Raw]) -> tuple[str, str]:
    """What is wrong with a tombstone by itself, and how to fix it; two empty texts if nothing is."""
    record_id, survivor = str(raw.get("id", "")), survivor_in(raw)
    if entity_of(survivor) != entity_of(record_id) or entity_of(record_id) not in MERGEABLE:
        return (
            tr(
                "merged_into is {!r}, which is not the id of another {}",
                survivor,
                entity_of(record_id),
            ),
            "restore the file from git, or give the id of the record that it went into",
        )
    if survivor == record_id:
        return "merged into itself", "restore the file from git"
    more = [name for name in raw if name not in ("id", MERGED_INTO)]
    if more:
        return (
            tr("merged into {}, but still has {}", survivor, ", ".join(more[:5])),
            tr("copy what is missing there to {}, then leave only id and merged_into", survivor),
        )
    return "", ""


def without_part(now: Raw, old: Raw, new: Raw) -> Raw | None:
    """A list without the items by which `new` differs from `old`; None if these were changed too."""
    lists = [value if isinstance(value, list) else [] for value in (now, old, new)]
    if any(value != "" and not isinstance(value, list) for value in (now, old, new)):
        return None
    here, earlier, later = lists
    came = [item for item in later if item not in earlier]
    went = [item for item in earlier if item not in later and item not in here]
    if came and not any(item in here for item in came):
        return None
    place = next((n for n, item in enumerate(here) if item in came), len(here))
    left = [item for item in here if item not in came]
    return [*left[:place], *went, *left[place:]] or ""
