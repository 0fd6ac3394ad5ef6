"""crm pipeline: stages, robots, triggers and schedules as they are declared."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from crmcli.cli.params import ChangingVerb, Noun, complete, option
from crmcli.cli.printing import print_problems
from crmcli.cli.session import Session
from crmcli.errors import NotFound
from crmcli.language import tr
from crmcli.present.cells import Listing
from crmcli.present.changes import reshaped
from crmcli.present.pipelines import (
    PIPELINES,
    parts,
    pipeline_row,
    pipeline_table,
    size,
    stage_table,
)
from crmcli.present.told import Told
from crmcli.sales.settings import pipelines
from crmcli.store.layout import PIPELINES as FILE
from crmcli.workspace.pipelines import pipeline_named

PLACE = click.Argument(("ref",), metavar="PIPELINE", shell_complete=complete)
pipeline = Noun("pipeline", help="Stages, robots and triggers as pipelines.yaml declares them.")


@pipeline.command("list")
def list_(session: Session) -> Listing:
    """List the pipelines.

    Example: crm pipeline list
    """
    return pipeline_table(list(session.workspace.pipelines))


@pipeline.command()
@click.argument("ref", metavar="[PIPELINE]", default="", shell_complete=complete)
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


@pipeline.command(
    cls=ChangingVerb,
    params=[
        click.Argument(("name",)),
        option("--id", "Its id; made of the name if left out.", "ID"),
        option("--like", "With the stages of this one, without their robots.", "ID"),
    ],
)
def add(session: Session, /, name: str, like: str, **given: str) -> Told:
    """Add a pipeline of deals.

    It has three stages (new, won, lost), or those of another with --like.

    Example: crm pipeline add Service --id service --like sales
    """
    ws = session.workspace
    new_id, done = pipelines.add(ws, name, new_id=given["id"], like=like)
    text = tr("Added pipeline {} ({})", name, new_id)
    return reshaped(ws, text, done, {"pipeline": new_id}, FILE)


@pipeline.command(
    cls=ChangingVerb,
    params=[
        PLACE,
        click.Argument(("name",), default="", metavar="[NAME]"),
        option("--id", "Another id too.", "ID"),
    ],
)
def rename(session: Session, /, ref: str, name: str, **given: str) -> Told:
    """Change a pipeline's name, its id or both.

    Records, conditions and views that name it are changed too, in one transaction.

    Example: crm pipeline rename sales 'Big sales' --id big
    """
    ws = session.workspace
    chosen = pipeline_named(ws, ref, NotFound)
    done = pipelines.rename(ws, chosen, name, given["id"])
    text = tr("Renamed pipeline {} to {}", ref, " ".join(filter(None, (name, given["id"]))))
    return reshaped(ws, text, done, {"pipeline": given["id"] or chosen.id}, FILE)


@pipeline.command(
    cls=ChangingVerb, params=[PLACE, option("--move-to", "Where its records go.", "PIPELINE/STAGE")]
)
def rm(session: Session, ref: str, move_to: str) -> Told:
    """Remove a pipeline with its stages, robots and triggers; refused while records stand there.

    With --move-to its open records go to a stage of another pipeline, those that have ended to its like end.

    Example: crm pipeline rm service --move-to sales/request
    """
    ws = session.workspace
    chosen = pipeline_named(ws, ref, NotFound)
    done = pipelines.remove(ws, chosen, move_to)
    text = tr("Removed pipeline {}", chosen.id)
    return reshaped(ws, text, done, {"pipeline": chosen.id}, FILE)


@pipeline.command()
def check(session: Session) -> int:
    """Check settings, pipelines and templates.

    Exit code 6 if there are problems; what may be intended is only a warning, and so are records in stages
    that are no longer declared.

    Example: crm pipeline check
    """
    from crmcli.automation import report_checks
    from crmcli.automation.config_checks import look_through
    from crmcli.sales.homeless import homeless

    start = Path(session.folder) if session.folder else None
    found = look_through(start, session.now or datetime.now(UTC))
    fine = tr("all is well: {}", size(list(found.pipelines or ())))
    if found.faults or found.pipelines is None:
        return print_problems(session, found.faults, found.oddities, fine)
    ws = session.workspace
    odd = [*found.oddities, *homeless(ws), *report_checks.not_installed(ws, found.pipelines)]
    return print_problems(session, [*report_checks.faults(ws, found.pipelines)], odd, fine)
