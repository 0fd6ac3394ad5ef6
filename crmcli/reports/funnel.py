"""The funnel: of the records that came in a period, how many reached each stage, and how fast."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from crmcli.dataclass import dataclass, field, replace
from crmcli.model.event import Event
from crmcli.model.pipeline import Pipeline, Stage
from crmcli.model.schema import has_field
from crmcli.model.values import parse_instant
from crmcli.reports.frames import DAY, Dates, entries, stage_kinds, visits
from crmcli.workspace import Workspace
from crmcli.workspace.current_stage import unwritten_entries
from crmcli.workspace.stage_names import with_stages_of_today
from crmcli.workspace.undone import places_that_count

if TYPE_CHECKING:
    import pandas as pd

    from crmcli.model.conditions.tree import Condition


Money: TypeAlias = tuple[str, Decimal]
"""A currency, and how much."""


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One stage of a funnel; shares in per cent, times in days, None where there is none.

    `reached` were here or in a later stage; of those `moved_on` reached a later one, the rest are now `lost`,
    `moved_away` to another pipeline or `open`. Median and p90 are of ended stays, `waiting` are here now.
    `amounts` are what those that `reached` come to, where that is asked for.
    """

    stage: str
    name: str
    kind: str
    reached: int
    overall: float | None
    moved_on: int | None = None
    to_next: float | None = None
    lost: int | None = None
    moved_away: int | None = None
    open: int | None = None
    median_days: float | None = None
    p90_days: float | None = None
    waiting: int | None = None
    waiting_days: float | None = None
    amounts: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Funnel:
    """The funnel of records that entered the pipeline in the period; `reopened` of closed ones."""

    pipeline: str
    cohort: int
    reopened: int
    rows: tuple[FunnelRow, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` up to, and without, `until`; None is open."""

    since: datetime | None = None
    until: datetime | None = None


ALWAYS = Period()


def read_funnel(
    ws: Workspace,
    pipeline: Pipeline,
    period: Period = ALWAYS,
    condition: Condition | None = None,
    *,
    sums: bool = False,
) -> Funnel:
    """The funnel of a pipeline: of the records that exist, and fit the condition if there is one; with
    `sums`, what those that reached a stage come to."""
    events = ws.events(kinds=stage_kinds(pipeline.entity))
    events = places_that_count(ws, ws.in_order(events))
    events = [*unwritten_entries(ws, pipeline.entity), *events]
    home = ws.pipelines.of(pipeline.entity)[0].id
    events = with_stages_of_today(ws, events, home)
    dates = _dates(ws, pipeline.entity, condition)
    money = ws.sums(pipeline.entity, ["id"], condition) if sums else ()
    amounts = {one.keys[0]: (one.currency, one.amount) for one in money if one.amount}
    return funnel(events, pipeline, ws.now, dates, period=period, home=home, amounts=amounts)


def _dates(ws: Workspace, entity: str, condition: Condition | None) -> dict[str, Dates]:
    names = [name for name in ("created_at", "closed_at") if has_field(entity, name)]
    return {
        facts.id: Dates(*(parse_instant(str(k[0])).timestamp() if k else None for k in facts.keys))
        for facts in ws.facts(entity, names, condition)
    }


def funnel(
    events: Iterable[Event],
    pipeline: Pipeline,
    now: datetime,
    dates: Mapping[str, Dates],
    *,
    period: Period = ALWAYS,
    home: str = "",
    amounts: Mapping[str, Money] | None = None,
) -> Funnel:
    """The funnel of the records that have `dates`; `home` is the pipeline of events that name none. With
    `amounts`, what those that reached a stage come to."""
    stays = visits(entries(events, pipeline.entity, dates, home or pipeline.id))
    stays = _of_cohort(stays, pipeline, period)
    here = stays[stays["pipeline"] == pipeline.id]
    steps = [stage for stage in pipeline.stages if stage.is_open] + [pipeline.won]
    ended = _standing(stays, pipeline)
    furthest = _furthest(here, ended, pipeline, steps)
    rows = [_step_row(n, steps, here, furthest, ended, now.timestamp()) for n in range(len(steps))]
    rows += [
        _lost_row(stage, here, len(furthest)) for stage in pipeline.stages if stage.kind == "lost"
    ]
    if amounts:
        reached = [set(furthest.index[furthest >= n]) for n in range(len(steps))]
        ends = rows[len(steps) :]
        reached += [
            set(here[here["last"] & (here["stage"] == end.stage)]["record"]) for end in ends
        ]
        rows = [
            replace(row, amounts=_sums(amounts, records))
            for row, records in zip(rows, reached, strict=True)
        ]
    return Funnel(pipeline.id, len(furthest), _reopened(here, pipeline), tuple(rows))


def _of_cohort(stays: pd.DataFrame, pipeline: Pipeline, period: Period) -> pd.DataFrame:
    """The stays of the records that first entered the pipeline within the period."""
    came = stays[stays["pipeline"] == pipeline.id].groupby("record")["entered"].min()
    if period.since is not None:
        came = came[came >= period.since.timestamp()]
    if period.until is not None:
        came = came[came < period.until.timestamp()]
    return stays[stays["record"].isin(came.index)]


def _standing(stays: pd.DataFrame, pipeline: Pipeline) -> pd.Series[str]:
    """What became of each record so far: the kind of its stage now, or `moved_away`."""
    kinds = {stage.id: stage.kind for stage in pipeline.stages}
    last = stays[stays["last"]].set_index("record")
    standing = last["stage"].map(kinds).fillna("open")  # a stage that is no longer declared
    return standing.where(last["pipeline"] == pipeline.id, "moved_away")


def _furthest(
    here: pd.DataFrame, standing: pd.Series[str], pipeline: Pipeline, steps: list[Stage]
) -> pd.Series[int]:
    """How far each record came: the highest open stage, or won if it is won now; -1 if nobody knows."""
    ranks = {"": -1} | {stage.id: -1 for stage in pipeline.stages if not stage.is_open}
    ranks |= {stage.id: n for n, stage in enumerate(steps[:-1])}
    furthest = here["stage"].map(ranks).fillna(0).groupby(here["record"]).max().astype(int)
    return furthest.mask(standing.reindex(furthest.index) == "won", len(steps) - 1)


def _step_row(
    n: int,
    steps: list[Stage],
    here: pd.DataFrame,
    furthest: pd.Series[int],
    standing: pd.Series[str],
    now: float,
) -> FunnelRow:
    stage, cohort = steps[n], len(furthest)
    reached = int((furthest >= n).sum())
    if stage.kind == "won":
        return FunnelRow(stage.id, stage.name, stage.kind, reached, _percent(reached, cohort))
    moved_on = int((furthest > n).sum())
    stopped = standing.reindex(furthest.index)[furthest == n].value_counts()
    stays = here[here["stage"] == stage.id]
    over = ((stays["left"] - stays["entered"]).dropna() / DAY).clip(lower=0)
    waiting = ((now - stays[stays["last"]]["entered"]) / DAY).clip(lower=0)
    return FunnelRow(
        stage=stage.id,
        name=stage.name,
        kind=stage.kind,
        reached=reached,
        overall=_percent(reached, cohort),
        moved_on=moved_on,
        to_next=_percent(moved_on, reached),
        lost=int(stopped.get("lost", 0)),
        moved_away=int(stopped.get("moved_away", 0)),
        open=int(stopped.get("open", 0)),
        median_days=_quantile(over, 0.5),
        p90_days=_quantile(over, 0.9),
        waiting=len(waiting),
        waiting_days=_quantile(waiting, 0.5),
    )


def _lost_row(stage: Stage, here: pd.DataFrame, cohort: int) -> FunnelRow:
    standing = int((here["last"] & (here["stage"] == stage.id)).sum())
    return FunnelRow(stage.id, stage.name, stage.kind, standing, _percent(standing, cohort))


def _sums(amounts: Mapping[str, Money], records: set[str]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for record in amounts.keys() & records:
        currency, amount = amounts[record]
        sums[currency] = sums.get(currency, Decimal("0.00")) + amount
    return sums


def _reopened(here: pd.DataFrame, pipeline: Pipeline) -> int:
    final = [stage.id for stage in pipeline.stages if not stage.is_open]
    before = here.groupby("record", sort=False)["stage"].shift()
    return int((before.isin(final) & ~here["stage"].isin(final)).sum())


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None


def _quantile(days: pd.Series[float], share: float) -> float | None:
    return round(float(days.quantile(share)), 2) if len(days) else None
