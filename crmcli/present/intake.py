"""What came in by channels, as tables, and what became of it, in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from crmcli.language import tr
from crmcli.model.values import format_instant
from crmcli.present.automatic import why_automatic
from crmcli.present.cells import Column, Listing, attributes, plain
from crmcli.present.columns import name_of
from crmcli.present.told import Told

if TYPE_CHECKING:
    from crmcli.channels.incoming import Incoming
    from crmcli.sales.intake.kept import Kept, Taken
    from crmcli.workspace import Workspace

INTAKES = [
    Column("at", "When", "datetime", keep=True), Column("channel", "Channel", "channel"),
    Column("state", "State", "word", keep=True), Column("name", "Record"),
    Column("because", "Why", whole=True), Column("id", "Id", keep=True),
]  # fmt: skip
INTAKE = [
    INTAKES[-1],
    *INTAKES[:3],
    Column("record", "Record"),
    *INTAKES[3:-1],
    Column("key", "Key"),
    Column("file", "File"),
]
SAID = [Column("kind", "What", "word"), Column("sender", "From"), Column("text", "Text")]


def intakes(ws: Workspace, found: Iterable[Kept]) -> Listing:
    """What came in, the oldest first."""
    return Listing(
        [_row(ws, one) for one in found],
        INTAKES,
        "nothing waits; all that came in: crm intake list --state all",
    )


def intake(ws: Workspace, one: Kept, says: Incoming | None) -> tuple[dict[str, Any], list[Column]]:
    """All that is known of one, and what it says if it can be read."""
    row = _row(ws, one)
    if says is None:
        return row, INTAKE
    told = {"kind": says.kind, "sender": ", ".join([*says.emails, *says.phones, *says.handles])}
    told |= {name: plain(value) for name, value in says.told.items()}
    return row | told, [*INTAKE, *(column for column in SAID if told.get(column.name))]


def _row(ws: Workspace, one: Kept) -> dict[str, Any]:
    row = attributes(one, "id", "channel", "state", "why", "record", "key", "file")
    name = name_of(ws, one.record) if one.record else ""
    row |= {"at": format_instant(one.at), "name": name, "facts": dict(one.facts)}
    return row | {"because": why_automatic(one.why)}


def came_before() -> Told:
    """That something came in a second time."""
    return Told(tr("It came in before: nothing is done."), {"state": "known"})


def counted_up(done: Sequence[Taken | None]) -> list[Told]:
    """What became of many, by kinds; what cannot be read is told one by one."""
    taken_up = [one for one in done if one]
    failed = [one for one in taken_up if one.failed]
    new = sum(one.is_new for one in taken_up)
    told_of = sum(bool(one.record) and not one.is_new for one in taken_up)
    counts = {
        tr("new: {}", new): new,
        tr("on timelines: {}", told_of): told_of,
        tr("nothing comes of: {}", rest := len(taken_up) - new - told_of - len(failed)): rest,
        tr("came before: {}", known := len(done) - len(taken_up)): known,
        tr("cannot be read: {}", len(failed)): len(failed),
    }
    parts = ", ".join(text for text, number in counts.items() if number)
    row = {"new": new, "told": told_of, "nothing": rest, "known": known, "unreadable": len(failed)}
    told = Told(tr("Kept {}: {}.", len(done), parts), row)
    return [told, *(Told(f"{one.kept.id}: {one.failed}", {"id": one.kept.id}) for one in failed)]


def taken(ws: Workspace, done: Taken) -> Told:
    """What became of something that was taken up."""
    row = _row(ws, done.kept) | {"record": done.record.id if done.record else "", "why": done.why}
    if done.failed:
        return Told(
            tr("Kept, but it cannot be read: {}", done.failed), row | {"state": "unreadable"}
        )
    row["state"] = "taken"
    if done.record is None:
        return Told(tr("Kept; nothing comes of it: {}.", why_automatic(done.why)), row)
    name = f"{done.record.id} {done.record.get('name')}"
    if done.is_new:
        return Told(f"{tr(f'{done.record.entity} created')}: {name}", row)
    return Told(tr("On the timeline of {}.", name), row)
