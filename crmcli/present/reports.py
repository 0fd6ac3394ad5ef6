"""The columns of reports, and what they say in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from crmcli.language import counted, tr
from crmcli.model.entities import ENTITIES
from crmcli.present.cells import Column, Listing

if TYPE_CHECKING:
    from crmcli.model.pipeline import Pipeline
    from crmcli.reports.funnel import Funnel
    from crmcli.reports.leads import LeadsRow
    from crmcli.workspace import Workspace

FUNNEL = (
    Column("name", "Stage"), Column("reached", "Reached", "count"),
    Column("moved_on", "Moved on", "count"), Column("to_next", "To next", "percent"),
    Column("overall", "Total", "percent"), Column("lost", "Lost", "count"),
    Column("open", "Open", "count"), Column("median_days", "Median", "days"),
    Column("p90_days", "P90", "days"), Column("waiting_days", "So far", "days"),
)  # fmt: skip
LEADS = (
    Column("leads", "Leads", "count"), Column("converted", "Converted", "count"),
    Column("junk", "Junk", "count"), Column("open", "Open", "count"),
    Column("conversion", "Conversion", "percent"), Column("amounts", "Amount", "sums"),
    Column("converted_amounts", "Converted amount", "sums"),
)  # fmt: skip


def funnel(told: Funnel, *, for_people: bool) -> Listing:
    """A row for each stage; people see its name, programs everything."""
    columns = list(FUNNEL)
    if not for_people:
        more = [Column("moved_away"), Column("waiting")]
        columns = [Column("stage"), *columns[:1], Column("kind"), *columns[1:], *more]
    elif any(row.moved_away for row in told.rows):
        columns.insert(7, Column("moved_away", "Moved away", "count"))
    if any(row.amounts for row in told.rows):
        columns.append(Column("amounts", "Amount", "sums"))
    return Listing([asdict(row) for row in told.rows], columns)


def cohort(pipeline: Pipeline, told: Funnel) -> str:
    """Of how many records a funnel tells."""
    reopened = (
        ", " + counted(told.reopened, "time reopened", "times reopened") if told.reopened else ""
    )
    records = counted(told.cohort, pipeline.entity, ENTITIES[pipeline.entity].plural)
    return f"{pipeline.name}: {records}{reopened}"


def leads(ws: Workspace, by: str, found: Sequence[LeadsRow], *, for_people: bool) -> Listing:
    """A row for each source, stage or owner; for people with their sum below."""
    from crmcli.reports.leads import total

    rows = [_lead_row(by, row) for row in found]
    columns = [Column(by, by.capitalize(), labels=_labels(ws, by)), *LEADS]
    if for_people:
        rows = [{**row, by: row[by] or tr("(none)")} for row in rows]
        if len(found) > 1:
            rows.append({**_lead_row(by, total(found)), by: tr("Total")})
        columns = [c for c in columns if c.kind != "sums" or any(row[c.name] for row in rows)]
    return Listing(rows, columns, "no leads")


def _lead_row(by: str, row: LeadsRow) -> dict[str, object]:
    fields = asdict(row)
    return {by: fields.pop("key"), **fields}


def _labels(ws: Workspace, by: str) -> dict[str, str]:
    if by == "stage":
        return {stage.id: stage.name for stage in ws.pipelines.leads.stages}
    if by == "owner":
        return {user.id: user.name for user in ws.settings.users.values() if user.name}
    return dict(ws.settings.directories.get("sources", {}))
