"""crm check: problems in the files, each with its place; what has one right answer is mended."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from crmcli.cli.output import Column
from crmcli.cli.params import Session, Verb

if TYPE_CHECKING:
    from crmcli.errors import Problem
    from crmcli.sales.mending import Loose


@click.command(
    cls=Verb,
    help="Look for problems in configuration, records and timeline; exit 6 if there are any.\n\n"
    "--fix mends what has one right answer and says so: phones and e-mails that were written by "
    "hand, a line end that the timeline lost, a damaged index, what a killed command left in .crm/. "
    "Links to records that are not there are taken away after asking. All else is reported and left.",
)
@click.option("--fix", is_flag=True, help="Mend what has one right answer.")
@click.option("-n", "--dry-run", is_flag=True, help="With --fix: say what it would mend.")
@click.pass_obj
def check(session: Session, fix: bool, dry_run: bool) -> None:
    """Look for problems in the files."""
    from crmcli.automation.soundness import look_through
    from crmcli.cli.telling import notes
    from crmcli.sales.checking import problems

    session.dry_run = dry_run
    ws = session.workspace
    if fix:
        _mend(session)
        ws.look_again()
    found = list(dict.fromkeys([*look_through(ws.root, ws.now).faults, *problems(ws)]))
    notes(session)
    _print(session, found)
    if found:
        click.get_current_context().exit(6)


def _mend(session: Session) -> None:
    """Mend, and say each mend in one line; on stderr where stdout is for a machine."""
    from crmcli.sales.mending import mend

    for mended in mend(session.workspace, lambda loose: _may_unlink(session, loose)):
        session.out.note(f"{'would mend' if session.dry_run else 'mended'}: {mended}")


def _may_unlink(session: Session, loose: Loose) -> bool:
    if session.yes:
        return True
    if session.dry_run or not sys.stdin.isatty():
        return False
    question = f"{loose.record} {loose.field} links to {loose.target}, which is not there: unlink?"
    return click.confirm(question, err=True)


def _print(session: Session, found: Sequence[Problem]) -> None:
    out = session.out
    if out.is_table:
        for problem in found:
            out.text(str(problem))
        if not found:
            out.note("all is well")
        return
    rows = [{"path": p.path, "line": p.line, "message": p.message, "hint": p.hint} for p in found]
    columns = [Column("path"), Column("line", kind="count"), Column("message"), Column("hint")]
    out.records(rows, columns)
