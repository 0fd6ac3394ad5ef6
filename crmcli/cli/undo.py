"""crm undo."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import ChangingVerb, WholeNumber, option
from crmcli.cli.printing import say
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.present.changes import ImportUndone, left_alone, to_be_undone, undone
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
    listed; calls, notes and sent messages stay. An import counts as one change, told in counts (-v: each
    record), and so does each act of a robot. The next crm undo goes one further back.

    Example: crm undo --dry-run
    """
    if sum((count is not None, bool(batch), bool(event), redo)) > 1:
        raise BadUsage("N, --batch, --event and --redo cannot be used together", "use one of them")
    if sum((anybody, robots, bool(batch), bool(event))) > 1:
        raise BadUsage("--any, --robots, --batch and --event exclude each other", "use one of them")
    mine, anybodys, of_robots = undoing.WHOSE
    whose = anybodys if anybody else of_robots if robots else mine
    ws, out = session.workspace, session.out
    teller = _Teller(session)
    with out.progress("undo") as bar:

        def each(done: undoing.Undone) -> None:
            teller.each(done)
            bar.advance(len(done.records))

        telling = undoing.Telling(teller.before, each)
        if batch:
            from crmcli.sales.imports.undo import undo_import

            undo_import(ws, batch.strip(), telling)
        elif event:
            undoing.undo_at(ws, event.strip().lower(), telling)
        elif redo:
            undoing.redo(ws, telling, whose=whose)
        else:
            undoing.undo(ws, count or 1, telling, whose=whose)
    teller.end()


class _Teller:
    """Tells what is undone: of imports in counts, unless every record is asked for."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._counts: ImportUndone | None = None

    def before(self, changes: Sequence[PastChange]) -> None:
        out = self._session.out
        for line in to_be_undone(self._session.workspace, changes):
            out.note(line)
        if all(past.batch for past in changes) and out.is_table and not out.verbose:
            self._counts = ImportUndone()

    def each(self, done: undoing.Undone) -> None:
        if self._counts is None:
            _print(self._session, done)
            return
        self._counts.add(done)
        for line in done.stays:
            self._session.out.note(line)

    def end(self) -> None:
        if self._counts is not None:
            say(self._session, self._counts.told())
            for line in self._counts.kept():
                self._session.out.note(line)


def _print(session: Session, done: undoing.Undone) -> None:
    for told in undone(session.workspace, done):
        say(session, told)
    for line in left_alone(done):
        session.out.note(line)
