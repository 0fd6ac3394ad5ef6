"""crm task."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crmcli.cli.params import Change, Session
from crmcli.cli.records import noun
from crmcli.cli.telling import notes, tell

task = noun("task", "Tasks: what has to be done, by when, for whom.")


@task.command(cls=Change, help="Mark tasks as done.\n\nExample: crm task done 7k3")
@click.argument("refs", nargs=-1, required=True, metavar="REF...")
@click.pass_obj
def done(session: Session, refs: Sequence[str]) -> None:
    """Mark tasks as done."""
    from crmcli.cli.views import raw_row
    from crmcli.sales import tasks

    ws = session.workspace
    ids = [ws.resolve(ref, "task") for ref in refs]
    with ws.series():
        changed = [tasks.finish(ws, task_id) for task_id in ids]
    for finished, was_open in changed:
        words = "Done" if was_open else "Was done before"
        tell(session, f"{words}: {finished.id} {finished.name}.", raw_row(ws, finished))
    notes(session)


@task.command(cls=Change, help="Take finished tasks up again.")
@click.argument("refs", nargs=-1, required=True, metavar="REF...")
@click.pass_obj
def reopen(session: Session, refs: Sequence[str]) -> None:
    """Take finished tasks up again."""
    from crmcli.cli.views import raw_row
    from crmcli.sales import tasks

    ws = session.workspace
    ids = [ws.resolve(ref, "task") for ref in refs]
    with ws.series():
        changed = [tasks.reopen(ws, task_id) for task_id in ids]
    for opened, was_done in changed:
        words = "Open again" if was_done else "Is open"
        tell(session, f"{words}: {opened.id} {opened.name}.", raw_row(ws, opened))
    notes(session)
