"""Likely duplicates in groups; a merge, before it is made and afterwards; and what took it apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from crmcli.language import counted, together, tr
from crmcli.model.entities import ENTITIES
from crmcli.present.cells import Column, Listing
from crmcli.present.columns import value_text
from crmcli.present.records import raw_row
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.sales.duplicates.searching import Group, Search
    from crmcli.sales.merging.merge import Merged, Plan
    from crmcli.sales.merging.unmerge import Unmerged
    from crmcli.workspace import Workspace

GROUPS = (
    Column("group", "Group", "count"), Column("score", "Score", "count"),
    Column("id", "Id", keep=True), Column("name", "Name"), Column("reasons", "Why", "tags"),
)  # fmt: skip


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
    return Listing(rows, GROUPS)


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


def title(plan: Plan) -> str:
    """Who goes into whom."""
    others = together([other.id for other in plan.others])
    return tr("{} into {} {}", others, plan.survivor.id, plan.survivor.get("name"))


def differences(ws: Workspace, plan: Plan) -> Listing:
    """The fields in which the records differ, the value of each, and what becomes of it."""
    ids = [plan.survivor.id, *(other.id for other in plan.others)]
    entity = plan.survivor.entity
    known = {field.name: field for field in ws.schema.fields(entity)}
    rows = []
    for name, raw, result, _ in plan.choices:
        field = known.get(name)
        said = [value_text(ws, entity, field, v) for v in (*raw, result)]
        label = (tr(field.label) if field else "") or name
        rows.append({"field": label, **dict(zip((*ids, "becomes"), said, strict=True))})
    values = [Column(i, i) for i in ids]
    becomes = Column("becomes", "Becomes", keep=True)
    return Listing(rows, [Column("field", "Field", keep=True), *values, becomes])


def yielding(ws: Workspace, plan: Plan) -> list[str]:
    """The values that yield to others."""
    known = {field.name: field.word for field in ws.schema.fields(plan.survivor.entity)}
    return [
        tr("{} differs: {} wins; --take {} for the other", known.get(n, n), plan.survivor.id, n)
        for n in plan.conflicts
    ]


def merged(ws: Workspace, done: Merged) -> Told:
    """Who went into whom, and whose links were turned."""
    plan, stays = done.plan, done.plan.result
    ids = [other.id for other in plan.others]
    row = {
        "id": stays.id,
        "merged": ids,
        "record": raw_row(ws, stays),
        "fields": [choice._asdict() for choice in plan.choices],
        "conflicts": list(plan.conflicts),
        "moved": [after.id for _, after in done.moved],
    }
    links = counted(len(done.moved), "record links", "records link")
    return Told(
        tr("Merged {} into {} {}.", together(ids), stays.id, stays.get("name")),
        row,
        [tr("{} to {} now", links, stays.id)] if done.moved else [],
        [
            tr("{} {} now links to {}", after.id, after.get("name"), stays.id)
            for _, after in done.moved
        ],
    )


def unmerged(ws: Workspace, done: Unmerged) -> Told:
    """Who came out again, and what stays as it is."""
    restored, survivor = done.restored, done.survivor
    ids = {r.id for pair in done.records for r in pair if r is not None}
    moved = sorted(ids - {restored.id, survivor})
    row = {
        "id": restored.id,
        "survivor": survivor,
        "record": raw_row(ws, restored),
        "moved": moved,
        "kept": [kept._asdict() for kept in done.kept],
        "stays": list(done.stays),
    }
    return Told(
        tr("Unmerged {} {} from {}.", restored.id, restored.get("name"), survivor),
        row,
        [
            *(tr("kept: {}: {}", f"{k.record} {k.field}".rstrip(), k.why) for k in done.kept),
            *(tr("{} was linked since and stays with {}", one, survivor) for one in done.stays),
        ],
        [tr("{} links to {} again", record_id, restored.id) for record_id in moved],
    )
