"""Plan against fact: what was won beside what was planned, and what it comes to at this pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import cast

from crmcli.dataclass import replace
from crmcli.errors import BadUsage
from crmcli.language import tr
from crmcli.model.figures import FigureRow, Figures, Number, Place, Shown, share
from crmcli.model.periods import Period
from crmcli.model.plan import SPLIT, Plan, days_of, planned
from crmcli.model.sums import rounded
from crmcli.model.values import fold
from crmcli.reports.engine import Reading, nothing

BY = ("owner", "pipeline", "month", "quarter", "year")


def with_plans(reading: Reading, found: Figures, plans: Sequence[Plan]) -> Figures:
    """The figures of what was won, with `plan` and `plan_count` in each row, and rows for plans of which
    nothing was won; BadUsage for what no plan is split by."""
    _check(reading)
    wanted = reading.request.pipeline
    plans = [one for one in plans if wanted in ("", one.pipeline)]
    split = [key for key in SPLIT if not (key == "pipeline" and wanted)]

    def plan_of(place: Place) -> dict[str, Number]:
        some, left, period = plans, split, found.period
        for key, one in zip(place, found.dimensions, strict=True):
            if one.step:
                period = days_of(str(key))
            else:
                some = [p for p in some if fold(getattr(p, one.name)) == fold(str(key or ""))]
                left = [name for name in left if name != one.name]
        return _plan(some, period, left)

    rows = [row._replace(values={**row.values, **plan_of(row.place)}) for row in found.rows]
    for place in _without_facts(found, plans):
        values = {**nothing(reading.report), **plan_of(place)}
        if values["plan"] or values["plan_count"] is not None:
            rows.append(FigureRow(tuple(map(str, place)), (), values, {}, place))
    total = found.total
    if total is not None:
        total = total._replace(values={**total.values, **_plan(plans, found.period, split)})
    return replace(found, rows=tuple(rows), total=total)


def _plan(plans: Sequence[Plan], period: Period, split: Sequence[str]) -> dict[str, Number]:
    found = planned(plans, period, split)
    return {"plan": found.sums, "plan_count": found.number, "only": ", ".join(found.only)}


def _check(reading: Reading) -> None:
    request = reading.request
    if request.where or request.compare:
        raise BadUsage(
            "a plan takes no --where and no --compare", "e.g. --pipeline sales --by month"
        )
    if None in request.period:
        raise BadUsage("a plan needs a period with a beginning and an end", "e.g. --period month")
    names = [one.name or one.step for one in reading.dimensions]
    if (
        len(names) > 1
        or not {*names} <= {*BY}
        or any(d.step and d.name for d in reading.dimensions)
    ):
        said = tr("no plan is split by {}", ", ".join(request.by))
        raise BadUsage(said, tr("one of {}", ", ".join(BY)))


def _without_facts(found: Figures, plans: Sequence[Plan]) -> list[Place]:
    """Whose plans there are, of whom nothing was won."""
    if not found.dimensions or found.dimensions[0].step:
        return []
    name = found.dimensions[0].name
    known = {fold(str(row.place[0] or "")) for row in found.rows}
    named = dict.fromkeys(getattr(one, name) for one in plans if getattr(one, name))
    return [(key,) for key in named if fold(key) not in known]


def paced(found: Figures, today: date) -> Figures:
    """The figures with how much of the plan is done, what is left, and what it comes to at this pace. Of a
    plan of some of the days alone nothing is done or left: the fact is of all of them."""

    def with_pace(row: FigureRow) -> FigureRow:
        step = found.dimensions[0].step if row.place and found.dimensions else ""
        period = days_of(str(row.place[0])) if step else found.period
        return row._replace(values=_row(row.values, _passed(period, today)))

    return replace(
        found,
        rows=tuple(map(with_pace, found.rows)),
        total=with_pace(found.total) if found.total else None,
        measures=_measures(),
    )


def _passed(period: Period, today: date) -> Decimal | None:
    """Which part of a period has passed, today included; None if it has not begun."""
    first, last = cast("tuple[date, date]", period)
    if today < first:
        return None
    return Decimal((min(today, last) - first).days + 1) / ((last - first).days + 1)


def _row(values: Mapping[str, Number], passed: Decimal | None) -> dict[str, Number]:
    fact, plan = cast("tuple[Mapping[str, Decimal], Mapping[str, Decimal]]",
                      (values.get("fact") or {}, values.get("plan") or {}))  # fmt: skip
    won, count = cast("tuple[int, int | None]", (values.get("won") or 0, values.get("plan_count")))
    code, is_of_all = next(iter(plan), ""), not values.get("only")
    done = share(float(fact.get(code, 0)), float(plan[code])) if len(plan) == 1 else None
    left = {one: max(due - fact.get(one, Decimal(0)), Decimal(0)) for one, due in plan.items()}
    return {
        **values,
        "done": done if is_of_all else None,
        "left": left if is_of_all else {},
        "forecast": {c: rounded(one / passed, c) for c, one in fact.items()} if passed else {},
        "done_count": share(won, count) if is_of_all else None,
        "left_count": max(count - won, 0) if count is not None and is_of_all else None,
        "forecast_count": None if count is None or not passed else round(won / passed),
    }  # fmt: skip


def _measures() -> tuple[Shown, ...]:
    return (
        Shown("fact", tr("Won amount"), "sums"),
        Shown("plan", tr("Plan"), "sums"),
        Shown("done", tr("Done"), "percent", "some"),
        Shown("left", tr("Left to do"), "sums"),
        Shown("forecast", tr("At this pace"), "sums"),
        Shown("won", tr("Won")),
        Shown("plan_count", tr("Planned"), "count", "some"),
        Shown("done_count", tr("Done, deals"), "percent", "some"),
        Shown("left_count", tr("Left, deals"), "count", "some"),
        Shown("forecast_count", tr("At this pace, deals"), "count", "some"),
    )
