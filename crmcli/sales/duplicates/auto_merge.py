"""Merging certain duplicates that have no conflict."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from crmcli.dataclass import dataclass
from crmcli.errors import CrmError
from crmcli.language import together, tr
from crmcli.sales.merging import merge
from crmcli.sales.merging.merge import Plan
from crmcli.workspace import Workspace

if TYPE_CHECKING:
    from crmcli.sales.duplicates.searching import Group, Search


@dataclass(frozen=True, slots=True)
class GroupMerge:
    """A group that was merged, or would be; `left` are its other records, each with the reason."""

    survivor: str
    name: str
    merged: tuple[str, ...]
    left: tuple[tuple[str, str], ...]


def merge_certain(
    ws: Workspace, found: Search, groups: list[Group], each: Callable[[GroupMerge], None]
) -> None:
    """Merge in each group, in one transaction, what is certainly its best record and fits the search."""
    done: GroupMerge | None = None
    with ws.series():
        for group in groups:
            if found.wanted is not None and group.ids[0] not in found.wanted:
                continue
            if done is not None:
                each(done)
            done = _join(ws, found, group)
    if done is not None:
        each(done)  # the last one is told when all are merged: what fails then is only the telling


def _join(ws: Workspace, found: Search, group: Group) -> GroupMerge | None:
    wanted, left = _plan(ws, found, group)
    if wanted is not None:
        merge.merge(ws, wanted)
    merged = tuple(other.id for other in wanted.others) if wanted else ()
    if not merged and not left:
        return None
    name = str(group.alike[0].record.get("name"))
    return GroupMerge(group.ids[0], name, merged, tuple(left))


def _plan(ws: Workspace, found: Search, group: Group) -> tuple[Plan | None, list[tuple[str, str]]]:
    """The largest merge without a conflict; whatever is certain and yet left, with the reason."""
    best, *others = group.ids
    wanted: Plan | None = None
    left: list[tuple[str, str]] = []
    for other in others:
        if not found.is_certain(best, other):
            continue
        if found.wanted is not None and other not in found.wanted:
            continue
        so_far = [record.id for record in wanted.others] if wanted else []
        try:
            further = merge.plan(ws, best, [*so_far, other])
        except CrmError as error:
            left.append((other, error.message))
            continue
        if further.conflicts:
            left.append((other, tr("they differ in {}", together(further.conflicts))))
        else:
            wanted = further
    return wanted, left
