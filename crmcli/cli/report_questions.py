"""What the options of crm report ask for, and the figures that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crmcli.cli import terminal
from crmcli.cli.options import currency_named, day_given, pipeline_named
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.figures import Figures
from crmcli.model.listed import did_you_mean
from crmcli.model.periods import STEPS, Period, read_period
from crmcli.model.report import Report
from crmcli.present import figures as present
from crmcli.present.report_cells import rows_of
from crmcli.reports import engine
from crmcli.workspace import Workspace
from crmcli.workspace.last_report import LastReport, keep, mark_of

SNAPSHOT = ("", "any", "fresh")
USUAL = ("today", "yesterday", *STEPS[1:])
KEPT = ("by", "where", "pipeline", "compare", "currency", "snapshot")


def answered(
    ws: Workspace, told: Report, asked: Mapping[str, Any]
) -> tuple[engine.Reading, Figures]:
    """A report as it is asked for, and its figures in words."""
    reading = engine.Reading(ws, told, requested(ws, told, asked))
    return reading, present.told(reading, currency_named(ws, asked["currency"]))


def kept(ws: Workspace, name: str, asked: Mapping[str, Any], shown: Iterable[Figures]) -> None:
    """Keep what was asked for crm report explain."""
    given = {one: str(value) for one, value in asked.items() if value}
    mark = mark_of([rows_of(one) for one in shown])
    keep(ws, terminal.name(), LastReport(name, given, ws.now.isoformat(), mark))


def of_days(asked: Mapping[str, Any], period: Period) -> dict[str, Any]:
    """The options that ask the same on another day."""
    return {**{name: asked[name] for name in KEPT}, "period": days_of(period)}


def days_of(period: Period) -> str:
    """A period as an option takes it on any day."""
    return "" if period == Period() else "..".join(str(day or "") for day in period)


def requested(ws: Workspace, told: Report, asked: Mapping[str, Any]) -> engine.Request:
    """What the options ask for; BadUsage for what is none."""
    named = asked["pipeline"] or told.pipeline
    one = pipeline_named(ws, named, ruled=False) if named or told.always else None
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
    if days.first and days.last and days.last < days.first:
        said = tr("the period {} ends before it begins", days)
        raise BadUsage(said, "--since comes first, --until last")
    if not (asked["period"] or (usual and days == Period())):
        return days
    if days != Period():
        raise BadUsage(tr("--period and --since or --until do not go together"), "give one of them")
    return period_given(ws, asked["period"] or usual)


def period_given(ws: Workspace, text: str) -> Period:
    """A period as an option has it; BadUsage for what is none."""
    try:
        return read_period(text, ws.now, ws.zone, ws.inputs.date_order)
    except ValueError as error:
        forms = "e.g. --period month, 2026-03, 'last 30d', 2026-01-01..2026-03-31"
        raise BadUsage(str(error), did_you_mean(text, USUAL, forms)) from None
