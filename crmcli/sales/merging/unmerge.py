"""Unmerging records."""

from __future__ import annotations

from collections.abc import Sequence

from crmcli.dataclass import dataclass
from crmcli.errors import Ambiguous, NotFound, Refused
from crmcli.language import together, tr
from crmcli.model.event import Event
from crmcli.model.fields import Record
from crmcli.model.merged import JOINS, survivor_of
from crmcli.model.values import entity_of
from crmcli.sales.history.past import change_at
from crmcli.sales.history.renames import Renamings
from crmcli.sales.history.story import absorbed
from crmcli.sales.history.undo_plan import Kept, Reversal
from crmcli.sales.merging.merge import relations
from crmcli.workspace import Workspace


class NotMerged(Refused):
    """There is no merge to take apart."""


@dataclass(frozen=True, slots=True)
class Unmerged:
    """An unmerge: both records now, all before and after, what was `kept` and newly linked (`stays`)."""

    restored: Record
    survivor: str
    records: tuple[tuple[Record | None, Record | None], ...]
    kept: tuple[Kept, ...]
    stays: tuple[str, ...]


def find_merged(ws: Workspace, ref: str, entity: str) -> str:
    """The merged record that a reference means: itself, or the only one that went into what it means."""
    named = ws.named(ref, entity)
    if survivor_of(ws.stored(named, merged=True).record):
        return named
    inside = [i for i in absorbed(ws, named) if ws.merged_into(i) == named]
    if not inside:
        raise NotMerged(tr("nothing was merged into {}", named), tr("see crm timeline {}", named))
    if len(inside) > 1:
        raise Ambiguous(
            tr("{} records were merged into {}: {}", len(inside), named, ", ".join(inside)),
            "give the id",
        )
    return inside[0]


def unmerge(ws: Workspace, merged: str) -> Unmerged:
    """Restore a merged record and its survivor in one transaction; what was edited or linked since stays."""
    with ws.change(f"{entity_of(merged)} unmerge") as change:
        survivor = survivor_of(change.get(merged, merged=True))
        if not survivor:
            raise NotMerged(tr("{} is not merged", merged), tr("see crm timeline {}", merged))
        _check_top(ws, merged, survivor)
        ws.look_again()
        events = _merge_events(ws, merged, survivor)
        stays = _linked_since(ws, survivor, events)
        reversal = Reversal(ws, change, by="")
        renamings = Renamings(ws, events[0].id)
        reversal.take_back_events([renamings.of_today(event) for event in events])
        records = tuple(reversal.write())
        restored = change.get(merged)
    return Unmerged(restored, survivor, records, tuple(reversal.kept), stays)


def _check_top(ws: Workspace, merged: str, survivor: str) -> None:
    """Of a chain the last merge is taken apart first; a circle is opened anywhere."""
    further = ws.merged_into(survivor)
    if further and further != merged:
        raise Refused(
            tr("{}, which it was merged into, was merged into {}", survivor, further),
            tr("crm {} unmerge {} first", entity_of(merged), survivor),
        )


def _merge_events(ws: Workspace, merged: str, survivor: str) -> list[Event]:
    """The events by which a record went into another; its own is the first."""
    own = ws.events(record=merged, kinds=JOINS, newest_first=True)
    first = next((e for e in own if e.data.get("into") == survivor and "changes" in e.data), None)
    if first is None:
        raise NotFound(
            tr("the timeline does not say what {} was before the merge", merged),
            "restore its file from git or a backup",
        )
    if first.data.get("together"):
        raise Refused(
            tr("{} were merged together by a redo", together(first.data["together"])),
            tr("crm undo --event {} undoes all of them", first.id),
        )
    past = change_at(ws, first.id)
    row = past.each() if past else ()
    return [e for e in row if e.data.get("merged") == merged and e.kind in JOINS]


def _linked_since(ws: Workspace, survivor: str, events: Sequence[Event]) -> tuple[str, ...]:
    """The records that link to the survivor and did not when the merge was made."""
    first, turned = events[0].id, {event.record for event in events}
    found = []
    for record in relations(ws, [survivor]):
        if record.id in turned:
            continue
        later = ws.events(record=record.id, after=first)
        if any(_links(event, survivor) for event in later):
            found.append(record.id)
    return tuple(found)


def _links(event: Event, target: str) -> bool:
    """Whether an event made a link to a record, as far as it says."""
    if event.kind.endswith(".created"):
        return True
    changes = event.data.get("changes", {}).values()
    return any(target in str(new) and target not in str(old) for old, new in changes)
