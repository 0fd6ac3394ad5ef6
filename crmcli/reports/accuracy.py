"""How right forecasts were: what open deals promised at the beginning of each month, beside what was won."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from crmcli.dataclass import dataclass, field, replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.figures import Dimension, FigureRow, Figures, Number, Shown
from crmcli.model.forecast import Before, Lesson, Open, Past, Terms, Won
from crmcli.model.periods import Period, key_of, start_of
from crmcli.model.report import ANY_TIME, Asked, Measure
from crmcli.model.values import format_instant
from crmcli.model.words import in_words
from crmcli.workspace import Workspace
from crmcli.workspace.measuring import Measuring

USUAL = {"week": 12, "month": 6, "quarter": 4, "year": 3}
"""How many of them are told where no period is asked for."""
MOST = 60
ENTITY = "deal"
WAYS = {"weighted": "weighted_error", "by_past": "past_error"}
"""The forecasts, each with the column of how far off it was."""


class Trial(NamedTuple):
    """The figures, the deals behind each cell by row and column, how many deals had no past, and how many
    stood in stages of which nothing tells."""

    figures: Figures
    behind: Mapping[tuple[str, str], Sequence[str]]
    without_past: int
    without_stage: int


@dataclass(slots=True)
class _Sums:
    """What was forecast for a month, and what came."""

    cents: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    ids: dict[str, list[str]] = field(
        default_factory=lambda: {"open": [], "won": [], "from_open": []}
    )
    without_past: int = 0
    without_stage: set[str] = field(default_factory=set)

    def add(self, name: str, terms: Terms, odds: float = 100) -> None:
        """Add an amount, so much of it as is likely."""
        if terms.cents is not None:
            self.cents[name, (terms.currency or "").upper()] += round(terms.cents * odds / 100)

    def values(self) -> dict[str, Number]:
        """The same as the values of a row."""
        sums: dict[str, dict[str, Decimal]] = {
            name: {} for name in ("won_amounts", "from_open", *WAYS)
        }
        for (name, code), cents in sorted(self.cents.items()):
            sums[name][code] = Decimal(cents) / 100
        counts: dict[str, Number] = {name: len(self.ids[name]) for name in ("open", "won")}
        return {**counts, "without_stage": len(self.without_stage), **sums}


def trial(ws: Workspace, step: str, period: Period, pipeline: str = "", where: str = "") -> Trial:
    """The forecast of each month (week, quarter, year) as it would have been on its first day, by what was
    known then, and what was won; BadUsage where none has passed."""
    first_days = _first_days(ws, step, period)
    moments = [datetime(day.year, day.month, day.day, tzinfo=ws.zone) for day in first_days]
    past, wanted = _past(ws, moments, where)
    look = _Look(ws, past, pipeline, wanted)
    months: list[_Sums] = []
    for n, days in reversed([*enumerate(pairwise(first_days))]):
        months.insert(0, look.forecast(n, *days, *moments[n : n + 2]))
    keys = [key_of(day, step) for day in first_days[:-1]]
    return Trial(
        _figures(step, Period(first_days[0], first_days[-1] - timedelta(days=1)), keys, months),
        {
            (key, name): ids
            for key, one in zip(keys, months, strict=True)
            for name, ids in one.ids.items()
        },
        sum(one.without_past for one in months),
        len({record for one in months for record in one.without_stage}),
    )


def _first_days(ws: Workspace, step: str, period: Period) -> list[date]:
    """The first days of the months that are over, in order, and the day after the last one."""
    until = start_of(ws.today, step)
    if period.last is not None:
        until = min(until, start_of(period.last + timedelta(days=1), step))
    found = [until]
    number = USUAL[step] if period.first is None else MOST
    while len(found) <= number:
        before = start_of(found[0] - timedelta(days=1), step)
        if period.first is not None and before < period.first:
            break
        found.insert(0, before)
    if len(found) < 2:
        raise BadUsage(
            tr("no whole {} of {} is over", in_words(step).lower(), period), "e.g. --period year"
        )
    return found


def _past(ws: Workspace, moments: Sequence[datetime], where: str) -> tuple[Past, set[str] | None]:
    """What the timeline tells of deals, as far as the user sees it; and which of them fit a condition."""
    measuring = Measuring(ws)
    past = measuring.past(ENTITY, moments)
    if not where.strip():
        return past, None
    condition = ws.condition(where, ENTITY)
    every = Asked("deals", ENTITY, [Measure("n", at=ANY_TIME)], condition=condition)
    return past, {one.record for one in measuring.behind(every, ())}


class _Look:
    """Looks at deals as they were, from the last moment to the first."""

    def __init__(self, ws: Workspace, past: Past, pipeline: str, wanted: set[str] | None) -> None:
        self._pipeline, self._wanted = pipeline, wanted
        self._past, self._before = past, Before(past)
        self._chances = {
            (one.id, stage.id): float(stage.chance)
            for one in ws.pipelines.of(ENTITY)
            for stage in one.stages
            if stage.chance is not None
        }

    def forecast(
        self, n: int, first: date, after: date, moment: datetime, until: datetime
    ) -> _Sums:
        """What the deals that were open at a moment promised until the next one, and what came."""
        self._before.go_back(format_instant(moment))
        found, lessons = _Sums(), self._past.lessons[n]
        there = [one for one in self._past.open if one.first <= n < one.after]
        days, span = (first.isoformat(), after.isoformat()), (moment.timestamp(), until.timestamp())
        for one in filter(self._is_asked, there):
            place = one.pipeline, one.stage
            lesson = lessons.get(place, Lesson(0, 0, None))
            terms = self._before.terms(one.record)
            if not one.stage and terms.chance is None:
                found.without_stage.add(one.record)
            if _is_due(one, terms, lesson, days, span):
                chance = terms.chance if terms.chance is not None else self._chances.get(place, 0)
                odds = lesson.odds
                found.ids["open"].append(one.record)
                found.without_past += odds is None
                found.add("weighted", terms, chance)
                found.add("by_past", terms, chance if odds is None else odds)
        self._came(
            found, {one.record for one in there}, format_instant(moment), format_instant(until)
        )
        return found

    def _came(self, found: _Sums, there: set[str], since: str, until: str) -> None:
        for one in filter(self._is_asked, self._past.won):
            if since <= one.at < until:
                found.ids["won"].append(one.record)
                found.add("won_amounts", one.terms)
                if one.record in there:
                    found.ids["from_open"].append(one.record)
                    found.add("from_open", one.terms)

    def _is_asked(self, one: Open | Won) -> bool:
        """Whether it is of the pipeline, and fits the condition, that was asked for."""
        is_wanted = self._wanted is None or one.record in self._wanted
        return is_wanted and self._pipeline in ("", one.pipeline)


def _is_due(
    one: Open, terms: Terms, lesson: Lesson, days: tuple[str, str], span: tuple[float, float]
) -> bool:
    """Whether it was to be closed within some days: by its own date, or else as others were in the past."""
    if terms.close_by and terms.close_by >= days[0]:
        return terms.close_by < days[1]
    if lesson.odds is None or lesson.length is None:
        return False
    return span[0] < one.since + lesson.length < span[1]


def _figures(step: str, period: Period, keys: Sequence[str], months: Sequence[_Sums]) -> Figures:
    total = _Sums()
    for one in months:
        for place, cents in one.cents.items():
            total.cents[place] += cents
        for name, ids in one.ids.items():
            total.ids[name] += ids
        total.without_stage |= one.without_stage
    rows = [
        FigureRow((key,), (key,), one.values(), place=(key,))
        for key, one in zip(keys, months, strict=True)
    ]
    return Figures(
        "accuracy", "How right forecasts were", period, (Dimension("", step, step),),
        (
            Shown("won_amounts", tr("Won"), "sums"),
            Shown("weighted", tr("By odds"), "sums"), Shown("weighted_error", tr("Off by odds"), "percent"),
            Shown("by_past", tr("By the past"), "sums"),
            Shown("past_error", tr("Off by the past"), "percent"),
            Shown("from_open", tr("Of open ones"), "sums"),
            Shown("open", tr("Expected"), people="none"), Shown("won", tr("Deals won"), people="none"),
        ),
        tuple(rows), FigureRow((), (), total.values()),
    )  # fmt: skip


def with_errors(found: Figures) -> Figures:
    """The figures with how far off each forecast was, in per cent of what was won; more is above nought.
    Where the stages of those days are not known and nothing is forecast, nothing is said."""

    def told(row: FigureRow) -> FigureRow:
        won, is_known = row.values.get("won_amounts"), not row.values.get("without_stage")
        errors = {}
        for way, name in WAYS.items():
            forecast = row.values.get(way)
            is_told = is_known or (isinstance(forecast, Mapping) and any(forecast.values()))
            errors[name] = _error(forecast, won) if is_told else None
        return row._replace(values={**row.values, **errors})

    total = told(found.total) if found.total else None
    return replace(found, rows=tuple(map(told, found.rows)), total=total)


def _error(forecast: Number, won: Number) -> float | None:
    if not isinstance(forecast, Mapping) or not isinstance(won, Mapping):
        return None
    codes = {*forecast, *won}
    if len(codes) != 1 or not (real := sum(won.values())):
        return None
    return round(float(100 * (sum(forecast.values()) - real) / real), 1)


def off_on_average(found: Figures, way: str) -> float | None:
    """The mean of how far off a forecast was, whether above or below; None where nothing tells."""
    errors = [row.values.get(WAYS[way]) for row in found.rows]
    known = [abs(one) for one in errors if isinstance(one, float)]
    return round(sum(known) / len(known), 1) if known else None
