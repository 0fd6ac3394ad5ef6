"""crm task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.nouns import noun
from crmcli.cli.params import REF, REFS, ChangingVerb
from crmcli.cli.session import Session
from crmcli.language import tr

if TYPE_CHECKING:
    from crmcli.model.task import Task
    from crmcli.present.told import Told
    from crmcli.workspace import Workspace

task = noun("task")
LINES = click.Argument(("lines",), metavar="LINE...", nargs=-1, required=True)


@task.command(cls=ChangingVerb, params=[REFS])
def done(session: Session, refs: Sequence[str]) -> list[Told]:
    """Mark tasks as done.

    Example: crm task done 7k3
    """
    from crmcli.sales.tasks import finish

    return _each(session, refs, finish, tr("Done: {} {}."), tr("Already done: {} {}."))


@task.command(cls=ChangingVerb, params=[REFS])
def reopen(session: Session, refs: Sequence[str]) -> list[Told]:
    """Reopen tasks.

    Example: crm task reopen 7k3
    """
    from crmcli.sales.tasks import reopen

    return _each(session, refs, reopen, tr("Reopened: {} {}."), tr("Already open: {} {}."))


@task.command(cls=ChangingVerb, params=[REF, LINES])
def check(session: Session, ref: str, lines: Sequence[str]) -> Told:
    """Check lines of a task's checklist off, by their numbers or words.

    Example: crm task check 7k3 1 'send the offer'
    """
    return _checked(session, ref, lines, done=True)


@task.command(cls=ChangingVerb, params=[REF, LINES])
def uncheck(session: Session, ref: str, lines: Sequence[str]) -> Told:
    """Open lines of a task's checklist again.

    Example: crm task uncheck 7k3 2
    """
    return _checked(session, ref, lines, done=False)


def _checked(session: Session, ref: str, words: Sequence[str], *, done: bool) -> Told:
    from crmcli.present.records import raw_row
    from crmcli.present.told import Told
    from crmcli.sales.tasks import check_lines

    ws = session.workspace
    one, is_changed = check_lines(ws, ws.resolve(ref, "task"), words, done=done)
    count = sum(line.done for line in one.checklist)
    said = tr("{} {}: {} of {} done", one.id, one.name, count, len(one.checklist))
    text = "\n".join([said, *map(str, one.checklist)]) if is_changed else tr("no change")
    return Told(text, raw_row(ws, one))


def _each(
    session: Session,
    refs: Sequence[str],
    verb: Callable[[Workspace, str], tuple[Task, bool]],
    now: str,
    already: str,
) -> list[Told]:
    """Do it to each task, all of them or none, and say what became of each."""
    from crmcli.present.records import raw_row
    from crmcli.present.told import Told

    ws = session.workspace
    ids = [ws.resolve(ref, "task") for ref in refs]
    with ws.series():
        changed = [verb(ws, task_id) for task_id in ids]
    return [
        Told((now if is_new else already).format(one.id, one.name), raw_row(ws, one))
        for one, is_new in changed
    ]
