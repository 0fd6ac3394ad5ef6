"""Likely duplicates, in groups, and what was not looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.present.cells import Column, Listing

if TYPE_CHECKING:
    from crmcli.sales.duplicates.searching import Group, Search

COLUMNS = (
    Column("group", "Group", "count"),
    Column("score", "Score", "count"),
    Column("id", "Id", keep=True),
    Column("name", "Name"),
    Column("reasons", "Why", "tags"),
)


def group_table(groups: Sequence[Group]) -> Listing:
    """A row for each record of each group; `like` is the record of the group that it goes with."""
    rows = [
        {
            "group": number,
            "score": alike.score if alike.like else group.score,
            "id": alike.record.id,
            "name": str(alike.record.get("name")),
            "like": alike.like,
            "reasons": list(alike.reasons),
        }
        for number, group in enumerate(groups, 1)
        for alike in group.alike
    ]
    return Listing(rows, COLUMNS)


def remarks(found: Search, groups: Sequence[Group]) -> Iterator[str]:
    """What a search did not find, show or compare."""
    noun = found.entity, ENTITIES[found.entity].plural
    if not found.clusters:
        yield tr("no likely duplicates among {}", counted(len(found.profiles), *noun))
    elif len(groups) < len(found.clusters):
        yield tr(
            "{} of {} shown", len(groups), counted(len(found.clusters), "group is", "groups are")
        )
    if found.hidden:
        pairs = counted(found.hidden, "pair is", "pairs are")
        yield tr("{} marked as not duplicates: --all shows them", pairs)
    if found.left_out:
        yield tr(
            "not compared with everyone who shares a phone, company or domain, "
            "because too many share it: {}",
            counted(found.left_out, *noun),
        )
