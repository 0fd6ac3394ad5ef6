"""crm undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.params import ChangingVerb, Session
from crmcli.cli.printing import notes, say
from crmcli.errors import BadUsage

if TYPE_CHECKING:
    from crmcli.sales.history.past import PastChange
    from crmcli.sales.history.undo import Undone


@click.command(
    cls=ChangingVerb,
    short_help="Take back your last change in this clone.",
    help="Take back the last change that you made in this clone, or the last N; --any and "
    "--robots look for those of others. It says which command that was, and when.\n\nAn undo is "
    "a new change: nothing is erased from the timeline. What was changed since is kept and "
    "listed; calls, notes and sent messages stay. An import counts as one change, and so does "
    "each act of a robot. The next crm undo goes one further back.\n\nExample: crm undo --dry-run",
)
@click.argument("count", metavar="[N]", type=click.IntRange(min=1), default=1)
@click.option(
    "--any", "anybody", is_flag=True, help="The last change here, whoever or whatever made it."
)
@click.option("--robots", is_flag=True, help="The last change that robots made here.")
@click.option("--batch", default="", metavar="BATCH", help="Undo this import, wherever it ran.")
@click.option("--event", default="", metavar="ID", help="Undo the change that wrote this event.")
@click.option("--redo", is_flag=True, help="Redo: undo the last undo.")
@click.pass_context
def undo(
    ctx: click.Context, count: int, anybody: bool, robots: bool, batch: str, event: str, redo: bool
) -> None:
    """Take back changes."""
    from crmcli.present.changes import to_be_undone
    from crmcli.sales.history import undo as undoing

    session = ctx.ensure_object(Session)
    counted = ctx.get_parameter_source("count") is not click.core.ParameterSource.DEFAULT
    if sum((counted, bool(batch), bool(event), redo)) > 1:
        raise BadUsage("N, --batch, --event and --redo cannot be used together", "use one of them")
    if sum((anybody, robots, bool(batch), bool(event))) > 1:
        raise BadUsage("--any, --robots, --batch and --event exclude each other", "use one of them")
    mine, anybodys, of_robots = undoing.WHOSE
    whose = anybodys if anybody else of_robots if robots else mine
    ws = session.workspace
    with session.out.progress("undo") as bar:

        def before(changes: Sequence[PastChange]) -> None:
            for line in to_be_undone(ws, changes):
                session.out.note(line)

        def each(done: Undone) -> None:
            _print(session, done)
            bar.advance(len(done.records))

        telling = undoing.Telling(before, each)
        if batch:
            undoing.undo_batch(ws, batch.strip(), telling)
        elif event:
            undoing.undo_at(ws, event.strip().lower(), telling)
        elif redo:
            undoing.redo(ws, telling, whose=whose)
        else:
            undoing.undo(ws, count, telling, whose=whose)
    notes(session)


def _print(session: Session, done: Undone) -> None:
    from crmcli.present.changes import left_alone, undone

    for told in undone(session.workspace, done):
        say(session, told)
    for line in left_alone(done):
        session.out.note(line)
