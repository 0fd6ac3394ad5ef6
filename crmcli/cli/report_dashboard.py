"""crm report dashboard: one page of reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from crmcli.cli.options import PIPELINE, filled
from crmcli.cli.params import Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.report_files import OPTIONS as FILES
from crmcli.cli.report_files import drawing, ending, give, mailed
from crmcli.cli.report_questions import days_of, kept
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.model.figures import Figures
from crmcli.model.periods import FORMS
from crmcli.model.reports import DASHBOARD
from crmcli.present.cells import Column
from crmcli.present.dashboard import COMPARE, PERIOD, sections
from crmcli.present.figures import listing
from crmcli.present.pictures.panels import head
from crmcli.present.text_width import fold
from crmcli.present.told import Told
from crmcli.reports.asking import period_named
from crmcli.reports.engine import COMPARED, Reading
from crmcli.workspace import Workspace


def show(
    session: Session, owner: str, period: str, compare: str, pipeline: str, **asked: Any
) -> list[Told] | None:
    """How sales stand: numbers of today and of a period, funnel, sources, owners, losses, what stands still.

    All that you may see, or of one owner; each against the period before.

    Example: crm report dashboard --owner me --html -o today.html
    """
    ws, out = session.workspace, session.out
    if asked["mail"]:
        more = {"period": period, "compare": compare, "pipeline": pipeline}
        if owner:
            raise BadUsage("--owner and --mail do not go together", "each gets what he may see")
        return mailed(session, DASHBOARD, {**asked, **more})
    kind = ending(asked)
    told = [figures for _, figures in found(ws, owner, period, compare, pipeline)]
    days = days_of(period_named(ws, period))
    given = {"owner": owner, "period": days, "compare": compare, "pipeline": pipeline}
    kept(ws, DASHBOARD, given, told)
    unreadable(session, of_all=False)
    if kind:
        give(session, asked, told, "How sales stand")
    elif out.is_table:
        out.lines([*_lines(session, told)])
    else:
        columns = [Column(one.name) for one in told]
        out.one({one.name: listing(one, {}, for_people=False).rows for one in told}, columns)
    return None


def found(
    ws: Workspace, owner: str, period: str, compare: str, pipeline: str
) -> list[tuple[Reading, Figures]]:
    """The reports of the dashboard that is asked for."""
    person = ws.person if owner == "me" else ws.user_id(owner) if owner else ""
    given = period_named(ws, period or PERIOD)
    return [*sections(ws, given, owner=person, compare=compare, pipeline=pipeline)]


def _lines(session: Session, found: Sequence[Figures]) -> Iterator[str]:
    """Each report as a heading and its picture; of one without a picture its table."""
    out = session.out
    for number, one in enumerate(found):
        if number:
            yield ""
        yield from (out.paint(line, bold=True) for line in fold(head(one), out.width or 80))
        table = listing(one, {}, for_people=True)
        yield from drawing(session, one) or out.table(
            table.rows, table.columns, len(one.dimensions)
        )


dashboard = Verb(
    DASHBOARD,
    callback=show,
    help=show.__doc__,
    params=[
        option("--owner", "Of this person's records; me for yours.", "USER"),
        option("--period", "today, week, month, quarter, year, 2026-03, 'last 30d', FROM..TO.", "PERIOD",
               default=PERIOD, callback=filled(FORMS)),
        option("--compare", "The period before, or the same a year ago.", default=COMPARE,
               among=tuple(COMPARED)),
        PIPELINE,
        *FILES,
    ],
)  # fmt: skip
