"""The dashboard: which reports stand on it, for who leads all and for one person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, NamedTuple

from crmcli.dataclass import replace
from crmcli.model.durations import Duration
from crmcli.model.figures import Figures
from crmcli.model.periods import Period, start_of
from crmcli.model.report import Measure, Report
from crmcli.model.reports import BY_NAME
from crmcli.present.figures import seen, worded
from crmcli.reports import engine
from crmcli.workspace.pipelines import pipeline_named

if TYPE_CHECKING:
    from crmcli.workspace import Workspace

PERIOD, COMPARE = "month", "previous"
"""Of which time it tells and with what it compares, where nothing else is asked for."""
NUMBERS = Report(
    "numbers", "", "deals",
    (
        Measure("leads", "Leads", source="leads"),
        Measure("converted", "Converted", source="leads", when="won"),
        Measure("deals", "Deals"),
        Measure("won", "Won", when="won", at="ended_at"),
        Measure("won_amounts", "Won amount", "sum", of="amount", when="won", at="ended_at", unit="sums"),
        Measure("lost", "Lost", when="lost", at="ended_at"),
        Measure("closed", "Closed", when="closed", at="ended_at", shown=False),
        Measure("win_rate", "Win rate", "share", part="won", over="closed", unit="percent"),
    ),
    picture="none", title="Sales in numbers",
)  # fmt: skip


class Section(NamedTuple):
    """A report of the dashboard: its dimension if another one, whose page has it, of which time, which of
    its measures stand there (the first is drawn), and whether it is compared: what tells of now has no
    before."""

    report: Report
    by: str = ""
    whose: Literal["all", "one", "both"] = "both"
    time: Literal["today", "period", "year"] = "period"
    title: str = ""
    measures: tuple[str, ...] = ()
    has_before: bool = True


SECTIONS = (
    Section(NUMBERS, time="today", title="Sales today"),
    Section(NUMBERS, title="Sales in the period"),
    Section(BY_NAME["funnel"], measures=("reached", "to_next", "overall", "lost", "open", "median_days")),
    Section(BY_NAME["won"], "month", time="year", title="Won by month", has_before=False,
            measures=("won_amounts", "won", "average", "days")),
    Section(BY_NAME["conversion"], whose="all"),
    Section(BY_NAME["owners"], whose="all", has_before=False,
            measures=("won_amounts", "won", "lost", "win_rate", "open", "open_amounts")),
    Section(BY_NAME["activity"], whose="all"),
    Section(BY_NAME["activity"], "kind", whose="one"),
    Section(BY_NAME["lost"]),
    Section(BY_NAME["stale"], whose="all", has_before=False),
    Section(BY_NAME["stale"], "stage", whose="one", has_before=False),
    Section(BY_NAME["response"]),
)  # fmt: skip


def sections(
    ws: Workspace, period: Period, *, owner: str = "", compare: str = "", pipeline: str = ""
) -> Iterator[tuple[engine.Reading, Figures]]:
    """The reports of a dashboard as people read them: of one owner, or of all that may be seen; the funnel of
    the pipeline that is named, by id or name, or of the first one."""
    funnel = pipeline_named(ws, pipeline)
    for one in SECTIONS:
        if one.whose not in ("both", "one" if owner else "all"):
            continue
        request = engine.Request(
            by=(one.by,) if one.by else (),
            period=_time(ws, one, period),
            where=f"owner = {owner}" if owner else "",
            compare=(compare or COMPARE) if one.has_before else "",
            pipeline=funnel.id if one.report.always else "",
            entity=funnel.entity if one.report.always else "",
        )
        reading = engine.Reading(ws, one.report, request)
        figures = seen(worded(ws, reading.entity_of(one.report.source), engine.figures(reading)))
        shown = {measure.name: measure for measure in figures.measures}
        measures = [shown[name] for name in one.measures or shown]
        title = one.title or figures.title
        name = "today" if one.time == "today" else figures.name
        yield reading, replace(figures, name=name, title=title, measures=tuple(measures))


def _time(ws: Workspace, section: Section, period: Period) -> Period:
    if section.time == "today":
        return Period(ws.today, ws.today)
    if section.time == "year":
        month = start_of(ws.today, "month")
        return Period(Duration(11, "mo").after(month, back=True), ws.today)
    return period
