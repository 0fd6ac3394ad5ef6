"""How a declared report becomes figures: asked of the index, put together, compared with a period before."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby

from crmcli.dataclass import dataclass, replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.conditions.grammar import bracketed
from crmcli.model.entities import ENTITIES
from crmcli.model.figures import (
    Dimension,
    FigureRow,
    Figures,
    Place,
    Shown,
    dimension,
)
from crmcli.model.periods import (
    ALWAYS,
    Period,
    keys_within,
    previous,
    weeks_year_before,
    year_before,
)
from crmcli.model.pipeline import Pipeline
from crmcli.model.report import Asked, Behind, First, Group, Measure, Report
from crmcli.model.values import format_instant
from crmcli.reports.counterparts import Counterparts
from crmcli.reports.ordering import in_order
from crmcli.reports.reckoned import COUNTED, Values, own_wholes, reckon
from crmcli.workspace import Workspace
from crmcli.workspace.measuring import Measuring

_MOST_EMPTY = 36_600
"""Of a period with more days than these only those days, weeks, … are shown in which something was."""
COMPARED = {"previous": previous, "year": year_before}


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks of a report: dimensions in place of its own, a period, a condition, the period to
    compare with (`previous`, `year`), one pipeline, a snapshot (`any`, `fresh`) in the place of the index,
    how many rows."""

    by: Sequence[str] = ()
    period: Period = ALWAYS
    where: str = ""
    compare: str = ""
    pipeline: str = ""
    entity: str = ""
    snapshot: str = ""
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Cells:
    """The figures of a report before they are laid out: values by keys, with a record for each key."""

    values: Mapping[Place, Values]
    examples: Mapping[Place, str]
    total: Values


class Reading:
    """One report, as it is asked for."""

    def __init__(self, ws: Workspace, report: Report, request: Request) -> None:
        self.ws = ws
        self.report = report
        if report.is_of_now:
            request = replace(request, period=ALWAYS, compare="")
        self.request = request
        self.dimensions = dimensions(report, request)
        self.total: Values = {}
        """All rows together, once they are measured; so too of the period before."""
        self.total_before: Values = {}
        self.most = report.limit if request.limit is None else request.limit
        """How many rows are asked for."""
        self.currency = ""
        """In which all amounts are to be, if in one: then the order of rows is known only when they are."""
        self.rates: Mapping[str, Decimal] = {}
        """What currencies are worth in that."""
        self._measuring = Measuring(ws, request.snapshot)

    def cells(self, period: Period, dimensions: Sequence[Dimension] | None = None) -> Cells:
        """What was measured in a period, by the report's dimensions or others."""
        by = self.dimensions if dimensions is None else dimensions
        values: dict[Place, Values] = {}
        examples: dict[Place, str] = {}
        total: Values = {}
        of_all, is_parted = self._told_of_all(), any(map(self._is_list, by))
        total_of = () if is_parted else of_all
        for group in self._groups(period, by, self.report.measures, total_of, self._first(by)):
            if not group.keys:
                total.update(_measured(group))
                if by:
                    continue
            values.setdefault(group.keys, {}).update(_measured(group))
            examples.setdefault(group.keys, group.example)
        for group in self._groups(period, (), of_all) if is_parted else ():
            total.update(_measured(group))
        for place in self._expected(period, by):
            values.setdefault(place, {})
        reckon(self.report.measures, total, total)
        wholes = own_wholes(by, self.report.always, self.report.measures, values)
        for place, found in values.items():
            reckon(self.report.measures, found, wholes.get(place, total))
        self._leave_out(by, values)
        return Cells(values, examples, total)

    def _told_of_all(self) -> list[Measure]:
        """The measures that are told of all rows together; of stages, only what others are parts of."""
        found = [one for one in self.report.measures if not one.is_reckoned]
        return [one for one in found if not (one.shown and self.report.always)]

    def _is_list(self, dimension: Dimension) -> bool:
        """Whether a record may have several values of a dimension, and so stand in several rows."""
        field = self.ws.schema.named(self.entity_of(self.report.source), dimension.name)
        return field is not None and (field.is_many or field.kind.is_map)

    def behind(self, keys: Place, measure: Measure, *, before: bool = False) -> list[Behind]:
        """What one cell counts, of now or of the period before; of all rows together, without keys."""
        if measure.is_reckoned:
            measure = self.named(measure.part or measure.over)
        period = self.request.period
        if before:
            period = self.compared
            keys = self.counterparts(period).before(keys)
        [asked] = self._asked(period, self.dimensions if keys else (), [measure])
        return self._measuring.behind(asked, keys)

    @property
    def compared(self) -> Period:
        """The period with which this one is compared; BadUsage where it has no before."""
        try:
            if self.request.compare == "year" and any(
                one.step == "week" for one in self.dimensions
            ):
                return weeks_year_before(self.request.period, self.ws.today)
            return COMPARED[self.request.compare](self.request.period, self.ws.today)
        except ValueError as error:
            raise BadUsage(str(error), tr("e.g. --period month --compare previous")) from None
        except OverflowError:
            raise BadUsage(tr("no calendar has what was before {}", self.request.period)) from None

    def counterparts(self, before: Period) -> Counterparts:
        """Which rows of a period before answer to those of now."""
        is_year = self.request.compare == "year"
        return Counterparts(self.dimensions, self.request.period, before, is_year=is_year)

    # --- asking -----------------------------------------------------------------------------------

    def _groups(
        self,
        period: Period,
        by: Sequence[Dimension],
        measures: Sequence[Measure],
        of_all: Sequence[Measure] = (),
        first: First | None = None,
    ) -> Iterable[Group]:
        total = [one.name for one in of_all]
        for asked in self._asked(period, by, measures):
            yield from self._measuring.groups(replace(asked, total=total, first=first))

    def _first(self, by: Sequence[Dimension]) -> First | None:
        """The rows that are asked for, where the database can tell which come first: by a measure that adds
        up, of the same rows as all others."""
        most, name = self.most, self.report.order.removeprefix("-")
        order = next((one for one in self.report.measures if one.name == name), None)
        sources = {one.source for one in self.report.measures if not one.is_reckoned}
        is_plain = order is not None and order.how in ("count", "sum") and len(sources) == 1
        is_free = not (any(one.step or one.name == "stage" or self._is_list(one) for one in by))
        is_whole = self.request.compare or self.currency or self.report.always
        if most is None or is_whole or not (is_plain and is_free and by):
            return None
        return First(name, most) if self.report.order.startswith("-") else None

    def _asked(
        self, period: Period, by: Sequence[Dimension], measures: Sequence[Measure]
    ) -> Iterable[Asked]:
        """One question for the measures of each source; where instants are grouped, of each instant."""
        since, until = (format_instant(at) if at else "" for at in period.instants(self.ws.zone))
        is_timed = any(dimension.step and not dimension.name for dimension in by)
        plain = [one for one in measures if not one.is_reckoned]
        wheres = [bracketed(one) for one in (self.report.where, self.request.where) if one.strip()]

        def place(measure: Measure) -> tuple[str, str]:
            return measure.source or self.report.source, measure.at if is_timed else ""

        for (source, _), some in groupby(sorted(plain, key=place), key=place):
            entity, own = self.entity_of(source), list(some)
            whens = {m.where: self.ws.condition(m.where, entity) for m in own if m.where}
            where = self.ws.condition(" and ".join(wheres), entity) if wheres else None
            pipeline = self.request.pipeline
            asked = Asked(source, entity, own, by, where, whens, since, until, pipeline)
            yield replace(asked, currency=self.currency, rates=self.rates)

    def entity_of(self, source: str) -> str:
        """Whose records stand in rows of a source."""
        own = {row.plural: noun for noun, row in ENTITIES.items()}
        return own.get(source) or self.request.entity or "deal"

    @property
    def positions(self) -> dict[str, int]:
        """Where each stage stands in its pipeline, by id."""
        found: dict[str, int] = {}
        for pipeline in self.pipelines:
            for number, stage in enumerate(pipeline.stages):
                found.setdefault(stage.id, number)
        return found

    def in_order(self, rows: Iterable[FigureRow]) -> list[FigureRow]:
        """Rows in the order of the report."""
        is_by_stage = any(one.name == "stage" for one in self.dimensions)
        positions = self.positions if is_by_stage else {}
        return in_order(rows, self.dimensions, self.report.order, positions)

    @property
    def pipelines(self) -> Sequence[Pipeline]:
        """The pipelines of which the report tells."""
        known = self.ws.outline.of(self.entity_of(self.report.source))
        return [one for one in known if self.request.pipeline in ("", one.id)]

    # --- reckoning --------------------------------------------------------------------------------

    def _expected(self, period: Period, by: Sequence[Dimension]) -> list[Place]:
        """The months, or the stages, that have a row though nothing was: where these alone are asked for."""
        if len(by) != 1:
            return []
        if by[0].step and period.first and period.last:
            is_long = (period.last - period.first).days > _MOST_EMPTY
            return [] if is_long else [(key,) for key in keys_within(period, by[0].step)]
        if by[0].name == "stage" and self.report.always:
            return [(stage.id,) for stage in self.pipelines[0].stages]
        return []

    def _leave_out(self, by: Sequence[Dimension], values: dict[Place, Values]) -> None:
        """Leave out stages that are not declared, and of won and lost ones what means nothing there."""
        place = next((n for n, one in enumerate(by) if one.name == "stage"), None)
        if place is None or not self.report.always:
            return
        names = [measure.name for measure in self.report.measures if measure.is_of_open]
        kinds = {stage.id: stage.kind for one in self.pipelines for stage in one.stages}
        for keys in [keys for keys in values if keys[place] not in kinds]:
            del values[keys]
        for keys, found in values.items():
            if kinds[str(keys[place])] != "open":
                found.update(dict.fromkeys(names))

    @property
    def elsewhere(self) -> Collection[str]:
        """The measures of records that stand in no pipeline such as is asked for, as leads in one of deals,
        and what follows of them."""
        measures = self.report.measures if self.request.pipeline else ()
        found = {one.name for one in measures if not one.is_reckoned and self._is_elsewhere(one)}
        return found | {one.name for one in measures if {one.part, one.over} & found}

    def _is_elsewhere(self, measure: Measure) -> bool:
        source = measure.source or self.report.source
        known = [one.id for one in self.ws.outline.of(self.entity_of(source))]
        return bool(known) and self.request.pipeline not in known

    def named(self, name: str) -> Measure:
        """One of the report's measures."""
        return next(one for one in self.report.measures if one.name == name)


def _measured(group: Group) -> Values:
    plain = {n: round(v, 2) if isinstance(v, float) else v for n, v in group.values.items()}
    return {**plain, **group.sums}


def dimensions(report: Report, request: Request) -> tuple[Dimension, ...]:
    """By what a report is split: as it is asked for, or as it says itself."""
    return tuple(dimension(name) for name in [*(request.by or report.by), *report.always])


def figures(reading: Reading) -> Figures:
    """The figures of a report; BadUsage, BadCondition for what cannot be asked."""
    now = reading.cells(reading.request.period)
    reading.total = now.total
    return laid_out(reading, now, _before(reading))


def _before(reading: Reading) -> tuple[Period, Cells] | None:
    if not reading.request.compare:
        return None
    period = reading.compared
    cells = reading.cells(period)
    reading.total_before = cells.total
    return period, cells


def laid_out(reading: Reading, now: Cells, before: tuple[Period, Cells] | None) -> Figures:
    """The figures in rows, in order, in one currency if that is asked for."""
    report, request, elsewhere = reading.report, reading.request, reading.elsewhere
    past, examples = _answering(reading, before) if before else ({}, {})
    none = nothing(report)
    rows = [
        FigureRow(
            tuple("" if key is None else str(key) for key in place), (),
            now.values.get(place, none), past.get(place, none if before else {}),
            place, now.examples.get(place) or examples.get(place, ""),
        )
        for place in dict.fromkeys([*now.values, *past])
    ]  # fmt: skip
    return Figures(
        report.name,
        report.title or report.name,
        request.period,
        reading.dimensions,
        tuple(
            Shown(m.name, m.label, m.unit, m.people)
            for m in report.measures
            if m.shown and m.name not in elsewhere
        ),
        tuple(reading.in_order(rows)),
        None if report.always else FigureRow((), (), now.total, before[1].total if before else {}),
        before[0] if before else None,
        report.picture,
        aside=tuple(s.id for one in reading.pipelines for s in one.stages if s.kind == "lost"),
        of_now=report.is_of_now,
        drawn=report.drawn,
    )


def _answering(
    reading: Reading, before: tuple[Period, Cells]
) -> tuple[dict[Place, Values], dict[Place, str]]:
    """The values of a period before by the places of now that answer to theirs, and a record of each."""
    period, cells = before
    pairs = reading.counterparts(period)
    there = {place: pairs.now(place) for place in cells.values}
    past = {there[place]: values for place, values in cells.values.items()}
    return past, {
        there[place]: example for place, example in cells.examples.items() if place in there
    }


def nothing(report: Report) -> Values:
    """The measures of a row in which nothing was."""
    return {
        m.name: 0 if m.how in COUNTED else {} if m.unit == "sums" else None for m in report.measures
    }
