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
        for task_id in ids:
            finished, was_open = tasks.finish(ws, task_id)
            words = "Done" if was_open else "Was done before"
            row = raw_row(ws, finished)
            tell(session, f"{words}: {finished.id} {finished.name}.", row)
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
        for task_id in ids:
            opened, was_done = tasks.reopen(ws, task_id)
            words = "Open again" if was_done else "Is open"
            row = raw_row(ws, opened)
            tell(session, f"{words}: {opened.id} {opened.name}.", row)
    notes(session)
