"""What the options of crm report ask for, and the figures that answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from crmcli.cli import terminal
from crmcli.cli.options import currency_named, day_given, listed
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.figures import MOST_DIMENSIONS, Figures, split_too_often
from crmcli.model.periods import Period
from crmcli.model.report import Report
from crmcli.present import figures as present
from crmcli.present.report_cells import rows_of
from crmcli.reports import engine
from crmcli.reports.asking import in_pipeline, period_named
from crmcli.workspace import Workspace
from crmcli.workspace.last_report import LastReport, keep, mark_of

BY = "e.g. --by owner,month"
TIMES = ("period", "since", "until")
SNAPSHOT = ("", "any", "fresh")
KEPT = ("by", "where", "pipeline", "compare", "currency", "snapshot")
ASKED = (*KEPT, "period", "since", "until", "limit")


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
    given = {name: asked[name] for name in KEPT} | {"period": days_of(period)}
    return given if asked["limit"] is None else given | {"limit": str(asked["limit"])}


def days_of(period: Period) -> str:
    """A period as an option takes it on any day."""
    return "" if period == Period() else "..".join(str(day or "") for day in period)


def requested(ws: Workspace, told: Report, asked: Mapping[str, Any]) -> engine.Request:
    """What the options ask for; BadUsage for what is none."""
    by = listed(asked["by"])
    if asked["by"] and not by:
        raise BadUsage(tr("{}: {!r} names no field", "--by", asked["by"]), BY)
    if len(by) > MOST_DIMENSIONS:
        raise BadUsage(split_too_often(len(by)), BY)
    request = engine.Request(
        by=by,
        period=_period(ws, asked, told),
        where=asked["where"],
        compare=asked["compare"] or "",
        snapshot=_snapshot(asked["snapshot"]),
        limit=int(asked["limit"]) if asked["limit"] not in (None, "") else None,
    )
    return in_pipeline(ws, told, request, asked["pipeline"])


def _snapshot(asked: str) -> str:
    if asked not in SNAPSHOT:
        raise BadUsage(
            tr("{!r} is no way to ask a snapshot", asked), "--snapshot or --snapshot fresh"
        )
    return asked


def _period(ws: Workspace, asked: Mapping[str, Any], told: Report) -> Period:
    days = Period(day_given(ws, asked["since"]), day_given(ws, asked["until"], is_end=True))
    if told.is_of_now:
        given = [name for name in (*TIMES, "compare") if asked[name]]
        if given:
            said = tr("{} tells how things stand today: it takes no --{}", told.name, given[0])
            raise BadUsage(said, tr("leave out --{}", given[0]))
        return Period()
    if days.first and days.last and days.last < days.first:
        said = tr("the period {} ends before it begins", days)
        raise BadUsage(said, "--since comes first, --until last")
    usual = told.period
    if not (asked["period"] or (usual and days == Period())):
        return days
    if days != Period():
        raise BadUsage(tr("--period and --since or --until do not go together"), "give one of them")
    return period_named(ws, asked["period"] or usual)
