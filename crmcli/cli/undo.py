"""crm undo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from crmcli.cli.params import Change, Session
from crmcli.errors import BadUsage

if TYPE_CHECKING:
    from crmcli.model.fields import Record
    from crmcli.sales.history.undo import Undone


@click.command(
    cls=Change,
    short_help="Take back the last change of this clone.",
    help="Take back the last change that was made in this clone, or the last N.\n\n"
    "It is a new change: nothing is erased from the timeline. What was changed since is kept and "
    "named; calls, notes and letters that left stay. An import counts as one change, and so does "
    "each act of a robot. The next crm undo goes further back.\n\n"
    "Example: crm undo --dry-run",
)
@click.argument("count", metavar="[N]", type=click.IntRange(min=1), default=1)
@click.option(
    "--batch", default="", metavar="BATCH", help="Take back this import, wherever it ran."
)
@click.option(
    "--event", default="", metavar="ID", help="Take back the change that wrote this event."
)
@click.option("--redo", is_flag=True, help="Take back the last undo.")
@click.pass_context
def undo(ctx: click.Context, count: int, batch: str, event: str, redo: bool) -> None:
    """Take back changes."""
    from crmcli.cli.printing import notes
    from crmcli.sales.history import undo as undoing

    session = ctx.ensure_object(Session)
    counted = ctx.get_parameter_source("count") is not click.core.ParameterSource.DEFAULT
    if sum((counted, bool(batch), bool(event), redo)) > 1:
        raise BadUsage("N, --batch, --event and --redo exclude each other", "give one of them")
    ws = session.workspace
    with session.out.progress("undo") as bar:

        def each(done: Undone) -> None:
            _print(session, done)
            bar.advance(len(done.records))

        if batch:
            undoing.undo_batch(ws, batch.strip(), each)
        elif event:
            undoing.undo_at(ws, event.strip().lower(), each)
        elif redo:
            undoing.redo(ws, each)
        else:
            undoing.undo(ws, count, each)
    notes(session)


def _print(session: Session, done: Undone) -> None:
    from crmcli.cli.printing import mark_line, tell
    from crmcli.present.records import raw_row

    for before, after in done.records:
        record = after or before
        assert record is not None  # what is on neither side was not changed
        tell(session, _line(session, before, after), raw_row(session.workspace, record))
    for path in done.files:
        tell(session, f"{path} is as it was.", {"file": path})
    for one, other, apart in done.marks:
        row = {"id": one, "other": other, "apart": apart}
        tell(session, mark_line(one, other, apart=apart), row)
    for kept in done.kept:
        what = f"{kept.record} {kept.field}".strip()
        session.out.note(f"kept: {what}: {kept.why}")
    for text in done.stays:
        session.out.note(text)
    if not (done.records or done.files or done.marks):
        session.out.note("no record was changed")


def _line(session: Session, before: Record | None, after: Record | None) -> str:
    """What became of one record."""
    from crmcli.model.merged import survivor_of
    from crmcli.present.changes import difference

    if after is None:
        assert before is not None
        return f"Removed {before.id} {before.get('name')}."
    if before is None:
        return f"Put back {after.id} {after.get('name')}."
    stone, other = survivor_of(before), survivor_of(after)
    if stone != other:
        whom, way = (after, f"out of {stone} again") if stone else (before, f"into {other} again")
        return f"{whom.id} {whom.get('name')} went {way}."
    changes = "; ".join(difference(session.workspace, before, after))
    return f"{after.id} {after.get('name')}: {changes}"
