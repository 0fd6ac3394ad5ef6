"""crm report: what the timeline and the records say in numbers."""

from __future__ import annotations

from functools import partial
from typing import Any

from crmcli.cli import own_report
from crmcli.cli.options import CURRENCY, DAY, PIPELINE, WHERE, filled
from crmcli.cli.own_report import Reports
from crmcli.cli.params import Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.report_accuracy import accuracy
from crmcli.cli.report_dashboard import dashboard
from crmcli.cli.report_explain import explain
from crmcli.cli.report_files import OPTIONS as FILES
from crmcli.cli.report_files import ending, given_out, mailed
from crmcli.cli.report_questions import BY, answered, days_of, kept, of_days, requested
from crmcli.cli.session import Session
from crmcli.model.periods import FORMS
from crmcli.model.report import Report
from crmcli.model.reports import BY_NAME
from crmcli.present import figures as present
from crmcli.present.cells import Listing
from crmcli.present.report_cells import behind, spot_at
from crmcli.present.told import Told
from crmcli.reports import engine

report = Reports(
    "report", help="Reports: figures from the records and the timeline, also of reports.yaml."
)
OPTIONS = (
    option("--period", "today, week, month, quarter, year, 2026-03, 'last 30d', FROM..TO.", "PERIOD",
           callback=filled(FORMS)),
    option("--by", "Split by these fields; also month, close_by.month, company.city.", "FIELD,…",
           callback=filled(BY)),
    WHERE,
    PIPELINE,
    option("--compare", "Show the period before, or the same a year ago, beside it.", default=None,
           among=tuple(engine.COMPARED)),
    CURRENCY,
    option("--limit", "Maximum number of rows.", "N", at_least=0),
    option("--since", "From this day on.", "DATE", callback=filled(DAY)),
    option("--until", "Up to and including this day.", "DATE", callback=filled(DAY)),
    option(
        "--snapshot",
        "Ask the last crm snapshot, which is quick over millions; fresh: only if nothing changed since.",
        "[HOW]",
        is_flag=False,
        flag_value="any",
        default="",
    ),
    option("--drill", "List the records behind a cell: its row, counted from 1 or by name, and its column.",
           "ROW,COLUMN"),
    *FILES,
)  # fmt: skip
"""What every report takes."""


def shown(session: Session, told: Report, **asked: Any) -> Listing | list[Told] | None:
    """One report as it was asked for; with --drill the records behind one of its cells."""
    ws, out = session.workspace, session.out
    if asked["mail"]:
        period = requested(ws, told, asked).period
        return mailed(session, told.name, {**asked, "period": days_of(period)})
    ending(asked)
    reading, figures = answered(ws, told, asked)
    if not reading.request.snapshot:
        unreadable(session, of_all=False)
    if asked["drill"]:
        return behind(ws, spot_at(reading, figures, asked["drill"]))
    kept(ws, told.name, of_days(asked, figures.period), [figures])
    kinds = {stage.id: stage.kind for one in reading.pipelines for stage in one.stages}
    table = present.listing(figures, kinds, for_people=out.is_table)
    return given_out(session, asked, figures, present.notes(reading, figures), table)


for _told in BY_NAME.values():
    report.add_command(
        Verb(
            _told.name, params=list(OPTIONS), help=_told.about, callback=partial(shown, told=_told)
        )
    )
report.shown, report.options = shown, OPTIONS
for _verb in (own_report.check, own_report.list_, own_report.show, accuracy, dashboard, explain):
    report.add_command(_verb)
