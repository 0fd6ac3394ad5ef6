"""crm report: what the timeline and the records say in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from crmcli.cli.options import PIPELINE, WHERE, day_given, pipeline_named
from crmcli.cli.params import Noun, option
from crmcli.cli.printing import unreadable
from crmcli.cli.session import Session
from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.model.conditions.tree import Condition
from crmcli.present import reports
from crmcli.present.cells import Listing
from crmcli.reports.funnel import Period, read_funnel
from crmcli.reports.leads import LeadsRow, read_leads
from crmcli.sales.products import check_currency
from crmcli.sales.rates import in_one_currency
from crmcli.workspace import Workspace

OWN = "own"
report = Noun("report", help="Reports: figures from the records and the timeline.")
PERIOD = [
    option("--since", "From this day on.", "DATE"),
    option("--until", "Up to and including this day.", "DATE"),
    WHERE,
]


CURRENCY = option(
    "--currency",
    "Sums in one currency by today's rates (crm rate), that of the workspace if none is named.",
    "[CODE]",
    is_flag=False,
    flag_value=OWN,
    default="",
)


def _currency(ws: Workspace, asked: str) -> str:
    """The code of the currency that is asked for; BadUsage for one that there is not."""
    code = ws.settings.currency if asked == OWN else asked.upper()
    if code:
        try:
            check_currency(code)
        except ValueError as error:
            raise BadUsage(str(error), "e.g. --currency RUB") from None
    return code


@report.command(params=[PIPELINE, *PERIOD, CURRENCY])
def funnel(
    session: Session, pipeline: str, since: str, until: str, where: str, currency: str
) -> Listing:
    """How many records reached each stage, moved on or were lost, and how fast.

    Of the records that entered a pipeline in a period: how many reached each stage or a later one; how
    many of those moved on, were lost or are still open; and how long they stayed: the median and the
    90th percentile of stays that ended, and the median so far of the others.

    A lost deal has not moved on; a skipped stage counts as reached; a won deal that was reopened is
    not won. With --currency, what the records come to that reached each stage.

    Example: crm report funnel --pipeline sales --since 2026-01-01
    """
    ws, out = session.workspace, session.out
    shown = pipeline_named(ws, pipeline)
    condition = ws.condition(where, shown.entity) if where.strip() else None
    first, last = day_given(ws, since), day_given(ws, until, is_end=True)
    period = Period(_midnight(ws, first), _midnight(ws, last and last + timedelta(days=1)))
    code = _currency(ws, currency)
    told = read_funnel(ws, shown, period, condition, sums=bool(code))
    if code:
        told = replace(told, rows=in_one_currency(ws, told.rows, code, "amounts"))
    if out.is_table:
        out.note(reports.cohort(shown, told))
    unreadable(session)
    return reports.funnel(told, for_people=out.is_table)


BY = option("--by", "Group by.", default="source", among=("source", "stage", "owner"))


@report.command(params=[BY, *PERIOD, CURRENCY])
def leads(session: Session, by: str, since: str, until: str, where: str, currency: str) -> Listing:
    """Leads by source, stage or owner: how many came in, were converted, closed as junk or are still open,
    and their sums by currency.

    Example: crm report leads --by owner --since 2026-11-01
    """
    ws = session.workspace
    came = _came(ws, since, until, where)
    rows: Sequence[LeadsRow] = read_leads(ws, by, came)
    if code := _currency(ws, currency):
        rows = in_one_currency(ws, rows, code, "amounts", "converted_amounts")
    unreadable(session)
    return reports.leads(ws, by, rows, for_people=session.out.is_table)


def _came(ws: Workspace, since: str, until: str, where: str) -> Condition | None:
    """The condition for leads that came in a period and match another condition."""
    first, last = day_given(ws, since), day_given(ws, until, is_end=True)
    parts = [f"({where})"] if where.strip() else []
    if first:
        parts.append(f"created_at >= {first.isoformat()}")
    if last:
        parts.append(f"created_at < {(last + timedelta(days=1)).isoformat()}")
    return ws.condition(" and ".join(parts), "lead") if parts else None


def _midnight(ws: Workspace, day: date | None) -> datetime | None:
    return datetime.combine(day, time(), ws.zone) if day else None
