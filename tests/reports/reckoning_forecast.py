"""The judge of forecasts: what the past said of open deals, today and at moments of the past."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any, NamedTuple

import pandas as pd

from tests.reports.reckoning import Row, added, stays
from tests.reports.reckoning_files import Base, Raw, seconds
from tests.reports.reckoning_work import CENTS, Place, facts, grouped

LEAST = 20
Stage = tuple[str, str]


class Lesson(NamedTuple):
    closed: int
    won: int
    length: float | None


def lessons(base: Base, at: float) -> dict[Stage, Lesson]:
    """Of the deals that were closed at a moment: how many had stood in each open stage of their pipeline,
    how many of these were won, and how long that took from when they first came there."""
    frame = stays(base, "deals")
    been: defaultdict[str, list[Any]] = defaultdict(list)
    for stay in frame[frame["entered"] < at].itertuples():
        been[stay.record].append(stay)
    ways: defaultdict[Stage, list[tuple[bool, float]]] = defaultdict(list)
    for own in been.values():
        last = own[-1]
        end = base.kind_of(last.pipeline, last.stage)
        firsts: dict[str, float] = {}
        for stay in own if end != "open" else ():
            if stay.pipeline == last.pipeline and stay.stage:
                firsts[stay.stage] = min(stay.entered, firsts.get(stay.stage, stay.entered))
        for stage, entered in firsts.items():
            if base.kind_of(last.pipeline, stage) == "open":
                ways[last.pipeline, stage].append((end == "won", last.entered - entered))
    return {
        place: Lesson(len(all_), sum(won for won, _ in all_),
                      median([length for won, length in all_ if won] or [0]))
        for place, all_ in ways.items()
    }  # fmt: skip


def odds(base: Base, pipeline: str) -> dict[Place, Row]:
    """The same of today, as a report tells it."""
    found = {}
    for (of, stage), lesson in lessons(base, base.now).items():
        if of == pipeline:
            rate = round(100 * lesson.won / lesson.closed, 1)
            days = round((lesson.length or 0) / 86400, 2) if lesson.won else None
            found[stage,] = {
                "closed": lesson.closed, "won": lesson.won, "win_rate": rate, "days": days,
            }  # fmt: skip
    return found


def _then(base: Base, deal: Raw, changes: Sequence[tuple[float, Raw]], at: float) -> Raw:
    """A deal as it was at a moment, all later changes taken back."""
    raw = dict(deal)
    for when, changed in reversed(changes):
        if when >= at:
            raw.update({name: before for name, (before, _) in changed.items()})
    return raw


def _expected(base: Base, raw: Raw, since: float, lesson: Lesson | None, at: float) -> date | None:
    today = base.local(at).date()
    if raw.get("close_by") and date.fromisoformat(raw["close_by"]) >= today:
        return date.fromisoformat(raw["close_by"])
    if lesson is None or lesson.closed < LEAST or not lesson.won or lesson.length is None:
        return None
    ends = since + lesson.length
    return base.local(ends).date() if ends > at else None


def forecast(base: Base, days: Sequence[str] = ()) -> dict[Place, Row]:
    """Open deals by the month in which they are expected: by their dates, or as others were won before; of
    those that are expected within some days."""
    known = lessons(base, base.now)
    frame = stays(base, "deals")
    last = frame[frame["left"].isna()].set_index("record")
    deals = facts(base, "deals")
    deals = deals[deals["kind"] == "open"].copy()
    deals["odds"] = [_odds(base, row, known) for row in deals.itertuples()]
    months = []
    for row in deals.itertuples():
        lesson = known.get((row.pipeline, row.raw["stage"]))
        day = _expected(base, row.raw, float(last.loc[row.id, "entered"]), lesson, base.now)
        word = "overdue" if row.raw.get("close_by") else "no_date"
        is_told = not days or (day is not None and days[0] <= day.isoformat() <= days[1])
        months.append("" if not is_told else word if day is None else day.isoformat()[:7])

    def measure(rows: list[Any]) -> Row:
        return {
            "open": len(rows), "amounts": added((r.currency, r.amount) for r in rows),
            "by_past": added((r.currency, _part(r.amount, r.odds)) for r in rows if r.amount is not None),
        }  # fmt: skip

    found: dict[Place, Row] = {}
    for month in sorted({*months} - {""}):
        some = deals[[one == month for one in months]]
        found[month,] = next(iter(grouped(base, some, [], measure).values()))
    return found


def _odds(base: Base, row: Any, known: dict[Stage, Lesson]) -> float:
    lesson = known.get((row.pipeline, row.raw["stage"]))
    if lesson and lesson.closed >= LEAST:
        return 100 * lesson.won / lesson.closed
    return float(row.raw.get("probability") or _declared(base, row.pipeline, row.raw["stage"]))


def _declared(base: Base, pipeline: str, stage: str) -> float:
    return next((s.chance for s in base.pipelines[pipeline] if s.id == stage), 0)


def _part(amount: Decimal, odds: float) -> Decimal:
    return (amount * Decimal(str(odds)) / 100).quantize(CENTS, ROUND_HALF_UP)


def accuracy(base: Base, first_days: Sequence[date], pipeline: str = "") -> dict[Place, Row]:
    """What was forecast on the first day of each month for it, and what was won in it."""
    changes: defaultdict[str, list[tuple[float, Raw]]] = defaultdict(list)
    for event in base.events:
        if event.record.startswith("deal-") and "changes" in event.data:
            changes[event.record].append((event.at, event.data["changes"]))
    frame = stays(base, "deals")
    found: dict[Place, Row] = {}
    for first, after in itertools.pairwise(first_days):
        at, until = (
            datetime(*d.timetuple()[:3], tzinfo=base.zone).timestamp() for d in (first, after)
        )
        row = _month(base, frame, changes, at, after - timedelta(days=1), pipeline)
        row |= _won(base, frame, at, until, pipeline)
        found[first.isoformat()[:7],] = row
    return found


def _open_at(base: Base, frame: pd.DataFrame, at: float) -> pd.DataFrame:
    there = frame[(frame["entered"] < at) & (frame["left"].isna() | (frame["left"] >= at))]
    places = zip(there["pipeline"], there["stage"], strict=True)
    return there[[base.kind_of(*place) == "open" for place in places]]


def _month(
    base: Base, frame: pd.DataFrame, changes: dict[str, Any], at: float, last: date, pipeline: str
) -> Row:
    known, deals = lessons(base, at), base.records("deals")
    weighted: list[tuple[str, Decimal]] = []
    past: list[tuple[str, Decimal]] = []
    count = 0
    for stay in _open_at(base, frame, at).itertuples():
        if pipeline not in ("", stay.pipeline):
            continue
        lesson = known.get((stay.pipeline, stay.stage))
        own = changes.get(stay.record, [])
        raw = _then(base, deals[stay.record], own, at)
        day = _expected(base, raw, stay.entered, lesson, at)
        if day is None or day > last:
            continue
        count += 1
        told = any("probability" in changed for when, changed in own if when >= at)
        is_kept = told or not deals[stay.record].get("closed_at")
        chance = raw.get("probability") if is_kept else ""
        declared = float(chance or _declared(base, stay.pipeline, stay.stage))
        if raw.get("amount"):
            amount, own_odds = Decimal(raw["amount"]), declared
            if lesson and lesson.closed >= LEAST:
                own_odds = 100 * lesson.won / lesson.closed
            weighted.append((raw["currency"], _part(amount, declared)))
            past.append((raw["currency"], _part(amount, own_odds)))
    return {"open": count, "weighted": added(weighted), "by_past": added(past)}


def _won(base: Base, frame: pd.DataFrame, at: float, until: float, pipeline: str) -> Row:
    was_open = set(_open_at(base, frame, at)["record"])
    won = [
        (record, raw) for record, raw in base.records("deals").items()
        if pipeline in ("", raw["pipeline"]) and base.kind_of(raw["pipeline"], raw["stage"]) == "won"
        and raw.get("closed_at") and at <= seconds(raw["closed_at"]) < until
    ]  # fmt: skip
    amounts = [
        (record, raw["currency"], Decimal(raw["amount"]))
        for record, raw in won
        if raw.get("amount")
    ]
    return {
        "won": len(won), "won_amounts": added((code, amount) for _, code, amount in amounts),
        "from_open": added((code, amount) for record, code, amount in amounts if record in was_open),
    }  # fmt: skip
