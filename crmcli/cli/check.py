"""crm check: problems in the files, each with its place."""

from __future__ import annotations

import click

from crmcli.cli.output import Column
from crmcli.cli.params import Session, Verb


@click.command(
    cls=Verb,
    help="Look for problems in configuration, records and timeline; exit 6 if there are any.",
)
@click.pass_obj
def check(session: Session) -> None:
    """Look for problems in the files."""
    from crmcli.automation.soundness import look_through
    from crmcli.cli.telling import notes
    from crmcli.sales.checking import problems

    out, ws = session.out, session.workspace
    found = list(dict.fromkeys([*look_through(ws.root, ws.now).faults, *problems(ws)]))
    notes(session)
    if out.is_table:
        for problem in found:
            out.text(str(problem))
        if not found:
            out.note("all is well")
    else:
        rows = [
            {"path": p.path, "line": p.line, "message": p.message, "hint": p.hint} for p in found
        ]
        out.records(
            rows, [Column("path"), Column("line", kind="count"), Column("message"), Column("hint")]
        )
    if found:
        click.get_current_context().exit(6)
