"""crm pipeline: stages, robots, triggers and schedules as they are declared."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from crmcli.cli.options import pipeline_named
from crmcli.cli.params import Noun, Session
from crmcli.cli.printing import print_problems
from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.present.cells import Listing
from crmcli.present.pipelines import (
    PIPELINES,
    parts,
    pipeline_row,
    pipeline_table,
    size,
    stage_table,
)

pipeline = Noun("pipeline", help="Stages, robots and triggers as pipelines.yaml declares them.")


@pipeline.command("list")
def list_(session: Session) -> Listing:
    """List the pipelines.

    Example: crm pipeline list
    """
    return pipeline_table(list(session.workspace.pipelines))


@pipeline.command()
@click.argument("ref", metavar="[PIPELINE]", default="")
def show(session: Session, ref: str) -> None:
    """Show the stages, robots and triggers of a pipeline, or of all.

    Example: crm pipeline show sales
    """
    ws, out = session.workspace, session.out
    chosen = [pipeline_named(ws, ref, NotFound)] if ref else list(ws.pipelines)
    if out.is_table:
        for line in chosen:
            for title, table in parts(line):
                out.section(title, *table)
    elif out.format in ("csv", "tsv", "ids"):
        out.records(*stage_table(chosen))
    elif ref:
        out.one(pipeline_row(chosen[0]), PIPELINES)
    else:
        out.records([pipeline_row(line) for line in chosen], PIPELINES)


@pipeline.command()
def check(session: Session) -> int:
    """Check settings, pipelines and templates.

    Exit code 6 if there are problems; what may be intended is only a warning.

    Example: crm pipeline check
    """
    from crmcli.automation.config_checks import look_through

    start = Path(session.folder) if session.folder else None
    found = look_through(start, session.now or datetime.now(UTC))
    fine = tr("all is well: {}", size(list(found.pipelines or ())))
    return print_problems(session, found.faults, found.oddities, fine)
