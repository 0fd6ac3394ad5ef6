"""crm task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from crmcli.cli.nouns import noun
from crmcli.cli.params import REFS, ChangingVerb, Session
from crmcli.language import tr

if TYPE_CHECKING:
    from crmcli.model.task import Task
    from crmcli.present.told import Told
    from crmcli.workspace import Workspace

task = noun("task")


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
