"""crm undo."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import ChangingVerb, Session, WholeNumber, option
from crmcli.cli.printing import say
from crmcli.errors import BadUsage
from crmcli.present.changes import left_alone, to_be_undone, undone
from crmcli.sales.history import undo as undoing
from crmcli.sales.history.past import PastChange


@click.command(
    cls=ChangingVerb,
    params=[
        click.Argument(("count",), metavar="[N]", type=WholeNumber(min=1), required=False),
        option("--any anybody", "The last change here, whoever or whatever made it.", is_flag=True),
        option("--robots", "The last change that robots made here.", is_flag=True),
        option("--batch", "Undo this import, wherever it ran.", "BATCH"),
        option("--event", "Undo the change that wrote this event.", "ID"),
        option("--redo", "Redo: undo the last undo.", is_flag=True),
    ],
)
def undo(
    session: Session,
    count: int | None,
    anybody: bool,
    robots: bool,
    batch: str,
    event: str,
    redo: bool,
) -> None:
    """Undo your last change in this clone.

    N undoes the last N; --any and --robots undo those of others. It first says which command that was,
    and when.

    An undo is a new change: nothing is erased from the timeline. What was changed since is kept and
    listed; calls, notes and sent messages stay. An import counts as one change, and so does each act
    of a robot. The next crm undo goes one further back.

    Example: crm undo --dry-run
    """
    if sum((count is not None, bool(batch), bool(event), redo)) > 1:
        raise BadUsage("N, --batch, --event and --redo cannot be used together", "use one of them")
    if sum((anybody, robots, bool(batch), bool(event))) > 1:
        raise BadUsage("--any, --robots, --batch and --event exclude each other", "use one of them")
    mine, anybodys, of_robots = undoing.WHOSE
    whose = anybodys if anybody else of_robots if robots else mine
    ws, out = session.workspace, session.out
    with out.progress("undo") as bar:

        def before(changes: Sequence[PastChange]) -> None:
            for line in to_be_undone(ws, changes):
                out.note(line)

        def each(done: undoing.Undone) -> None:
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
            undoing.undo(ws, count or 1, telling, whose=whose)


def _print(session: Session, done: undoing.Undone) -> None:
    for told in undone(session.workspace, done):
        say(session, told)
    for line in left_alone(done):
        session.out.note(line)
