"""crm report: what the timeline and the records say in numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from crmcli.cli.params import Noun, Session
from crmcli.cli.printing import unreadable
from crmcli.cli.wanted import day_given, pipeline_named
from crmcli.model.plural import counted
from crmcli.present.cells import Column

if TYPE_CHECKING:
    from crmcli.model.conditions.tree import Condition
    from crmcli.model.pipeline import Pipeline
    from crmcli.reports.funnel import Funnel
    from crmcli.reports.leads import LeadsRow
    from crmcli.workspace import Workspace

FUNNEL_COLUMNS = (
    Column("name", "Stage"),
    Column("reached", "Reached", "count"),
    Column("moved_on", "Moved on", "count"),
    Column("to_next", "To next", "percent"),
    Column("overall", "Total", "percent"),
    Column("lost", "Lost", "count"),
    Column("open", "Open", "count"),
    Column("median_days", "Median", "days"),
    Column("p90_days", "P90", "days"),
    Column("waiting_days", "So far", "days"),
)
LEADS_COLUMNS = (
    Column("leads", "Leads", "count"),
    Column("converted", "Converted", "count"),
    Column("junk", "Junk", "count"),
    Column("open", "Open", "count"),
    Column("conversion", "Conversion", "percent"),
    Column("amounts", "Amount", "sums"),
    Column("converted_amounts", "Converted amount", "sums"),
)

report = Noun("report", help="Reports: the funnel of a pipeline, the work with leads.")
F = TypeVar("F", bound=Callable[..., Any])


def _period_options(command: F) -> F:
    for option in (
        click.option(
            "--where", "-w", default="", metavar="EXPR", help="Only what fits a condition."
        ),
        click.option("--until", default="", metavar="DATE", help="Only what came until then."),
        click.option("--since", default="", metavar="DATE", help="Only what came since then."),
    ):
        command = option(command)
    return command


@report.command(
    short_help="How many reached each stage, moved on, were lost, and how fast.",
    help="The funnel: of the records that entered a pipeline in a period, how many reached each "
    "stage or a later one, how many of those moved on, were lost or are open, and how long they "
    "stood in it: the median of the stays that ended, the time in which 90% of them ended, and the "
    "median so far of those that go on.\n\n"
    "A deal that goes to lost has not moved on; a skipped stage counts as reached; a won deal that "
    "was reopened is not won.\n\nExample: crm report funnel --pipeline sales --since 2026-01-01",
)
@click.option(
    "--pipeline",
    default="",
    metavar="ID",
    help="Which; `leads` for the leads. [the first of deals]",
)
@_period_options
@click.pass_obj
def funnel(session: Session, pipeline: str, since: str, until: str, where: str) -> None:
    """The funnel of a pipeline."""
    from crmcli.reports.funnel import Period, read_funnel

    ws, out = session.workspace, session.out
    shown = pipeline_named(ws, pipeline)
    condition = ws.condition(where, shown.entity) if where.strip() else None
    first, last = day_given(ws, since), day_given(ws, until)
    period = Period(_midnight(ws, first), _midnight(ws, last and last + timedelta(days=1)))
    told = read_funnel(ws, shown, period, condition)
    out.records([asdict(row) for row in told.rows], _funnel_columns(told, table=out.is_table))
    if out.is_table:
        _say_cohort(session, shown, told)
    unreadable(session)


def _funnel_columns(told: Funnel, *, table: bool) -> list[Column]:
    columns = list(FUNNEL_COLUMNS)
    if not table:
        more = [Column("moved_away"), Column("waiting")]
        return [Column("stage"), *columns[:1], Column("kind"), *columns[1:], *more]
    if any(row.moved_away for row in told.rows):
        columns.insert(7, Column("moved_away", "Moved away", "count"))
    return columns


def _say_cohort(session: Session, pipeline: Pipeline, told: Funnel) -> None:
    count = counted(told.cohort, pipeline.entity)
    reopened = f", {told.reopened} times reopened" if told.reopened else ""
    session.out.note(f"{pipeline.name}: {count}{reopened}")


@report.command(
    short_help="Leads by source, stage or owner, and how many were converted.",
    help="The work with leads: how many came, were converted, were junk, are open, and their sums "
    "in each currency.\n\nExample: crm report leads --by owner --since 2026-11-01",
)
@click.option(
    "--by", type=click.Choice(("source", "stage", "owner")), default="source", show_default=True,
    help="What makes a row.",
)  # fmt: skip
@_period_options
@click.pass_obj
def leads(session: Session, by: str, since: str, until: str, where: str) -> None:
    """Leads by source, stage or owner."""
    from crmcli.reports.leads import read_leads, total

    ws, out = session.workspace, session.out
    rows = read_leads(ws, by, _came(ws, since, until, where))
    printed = [_leads_row(by, row) for row in rows]
    columns = [Column(by, by.capitalize(), labels=_labels(ws, by)), *LEADS_COLUMNS]
    if out.is_table:
        if not rows:
            out.note("no leads")
        printed = [{**row, by: row[by] or "(none)"} for row in printed]
        if len(rows) > 1:
            printed.append({**_leads_row(by, total(rows)), by: "Total"})
        columns = [c for c in columns if c.kind != "sums" or any(row[c.name] for row in printed)]
    out.records(printed, columns)
    unreadable(session)


def _leads_row(by: str, row: LeadsRow) -> dict[str, object]:
    fields = asdict(row)
    return {by: fields.pop("key"), **fields}


def _labels(ws: Workspace, by: str) -> dict[str, str]:
    if by == "stage":
        return {stage.id: stage.name for stage in ws.pipelines.leads.stages}
    if by == "owner":
        return {user.id: user.name for user in ws.settings.users.values() if user.name}
    return dict(ws.settings.directories.get("sources", {}))


def _came(ws: Workspace, since: str, until: str, where: str) -> Condition | None:
    """The condition for leads that came in a period and fit another condition."""
    first, last = day_given(ws, since), day_given(ws, until)
    parts = [f"({where})"] if where.strip() else []
    if first:
        parts.append(f"created_at >= {first.isoformat()}")
    if last:
        parts.append(f"created_at < {(last + timedelta(days=1)).isoformat()}")
    return ws.condition(" and ".join(parts), "lead") if parts else None


def _midnight(ws: Workspace, day: date | None) -> datetime | None:
    return datetime.combine(day, time(), ws.zone) if day else None
