"""crm report: what the timeline and the records say in numbers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from crmcli.cli import own_report
from crmcli.cli.options import PIPELINE, WHERE, day_given, pipeline_named
from crmcli.cli.own_report import Reports
from crmcli.cli.params import Verb, option
from crmcli.cli.printing import unreadable
from crmcli.cli.report_dashboard import dashboard
from crmcli.cli.report_files import OPTIONS as FILES
from crmcli.cli.report_files import ending, give, with_picture
from crmcli.cli.session import Session
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.periods import Period, read_period
from crmcli.model.report import Report
from crmcli.model.reports import PLAN, REPORTS
from crmcli.present import figures as present
from crmcli.present.cells import Listing
from crmcli.reports import engine
from crmcli.sales.products import check_currency
from crmcli.workspace import Workspace

OWN = "own"
SNAPSHOT = ("", "any", "fresh")
report = Reports(
    "report", help="Reports: figures from the records and the timeline, also of reports.yaml."
)
OPTIONS = (
    option("--period", "today, week, month, quarter, year, 2026-03, 'last 30d', FROM..TO.", "PERIOD"),
    option("--by", "Split by these fields; also month, close_by.month, company.city.", "FIELD,…"),
    WHERE,
    PIPELINE,
    option("--compare", "Show the period before, or the same a year ago, beside it.", default=None,
           among=tuple(engine.COMPARED)),
    option(
        "--currency",
        "Sums in one currency by today's rates (crm rate), that of the workspace if none is named.",
        "[CODE]",
        is_flag=False,
        flag_value=OWN,
        default="",
    ),
    option("--since", "From this day on.", "DATE"),
    option("--until", "Up to and including this day.", "DATE"),
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


def shown(session: Session, told: Report, **asked: Any) -> Listing | None:
    """One report as it was asked for; with --drill the records behind one of its cells."""
    ws, out = session.workspace, session.out
    kind = ending(asked)
    request = requested(ws, told, asked)
    reading = engine.Reading(ws, told, request)
    figures = present.told(reading, _currency(ws, asked["currency"]))
    if not request.snapshot:
        unreadable(session)
    if asked["drill"]:
        return present.behind(ws, reading, figures, asked["drill"])
    if kind:
        give(session, asked, [present.seen(figures)], figures.title)
        return None
    if out.is_table:
        for note in present.notes(reading, figures):
            out.note(note)
    kinds = {stage.id: stage.kind for one in reading.pipelines for stage in one.stages}
    table = present.listing(figures, kinds, for_people=out.is_table)
    return with_picture(session, present.seen(figures), table)


def requested(ws: Workspace, told: Report, asked: Mapping[str, Any]) -> engine.Request:
    """What the options ask for; BadUsage for what is none."""
    named = asked["pipeline"] or told.pipeline
    one = pipeline_named(ws, named) if named or told.always else None
    return engine.Request(
        by=tuple(name for name in asked["by"].split(",") if name.strip()),
        period=_period(ws, asked, told.period),
        where=asked["where"],
        compare=asked["compare"] or "",
        pipeline=one.id if one else "",
        entity=one.entity if one else "",
        snapshot=_snapshot(asked["snapshot"]),
    )


def _snapshot(asked: str) -> str:
    if asked not in SNAPSHOT:
        raise BadUsage(
            tr("{!r} is no way to ask a snapshot", asked), "--snapshot or --snapshot fresh"
        )
    return asked


def _period(ws: Workspace, asked: Mapping[str, Any], usual: str) -> Period:
    days = Period(day_given(ws, asked["since"]), day_given(ws, asked["until"], is_end=True))
    if not (asked["period"] or (usual and days == Period())):
        return days
    if days != Period():
        raise BadUsage(tr("--period and --since or --until do not go together"), "give one of them")
    try:
        return read_period(asked["period"] or usual, ws.now, ws.zone, ws.inputs.date_order)
    except ValueError as error:
        forms = "e.g. --period month, 2026-03, 'last 30d', 2026-01-01..2026-03-31"
        raise BadUsage(str(error), forms) from None


def _currency(ws: Workspace, asked: str) -> str:
    """The code of the currency that is asked for; BadUsage for one that there is not."""
    code = ws.settings.currency if asked == OWN else asked.upper()
    if code:
        try:
            check_currency(code)
        except ValueError as error:
            raise BadUsage(str(error), "e.g. --currency RUB") from None
    return code


for _told in (*REPORTS, PLAN):
    report.add_command(
        Verb(
            _told.name, params=list(OPTIONS), help=_told.about, callback=partial(shown, told=_told)
        )
    )
report.shown, report.options = shown, OPTIONS
for _verb in (own_report.check, own_report.list_, own_report.show, dashboard):
    report.add_command(_verb)
