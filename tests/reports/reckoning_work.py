"""The judge of reports beside the funnel: what was won and lost, who did what, how soon, how things stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from tests.reports.reckoning import DAY, Row, added, forms, key_of, stays
from tests.reports.reckoning_files import Base, Event, seconds

CENTS = Decimal("0.01")
PERSONAL = ("call.in", "call.out", "call.missed", "mail.in", "mail.out", "meeting", "note", "sms.in",
            "sms.out", "message.in", "message.out", "form.submitted")  # fmt: skip
ANSWERS = ("message.out", "mail.out", "sms.out", "call.out", "meeting")
Period = tuple[float | None, float | None]
ALWAYS: Period = (None, None)
Place = tuple[str, ...]


def is_within(at: float | None, period: Period) -> bool:
    since, until = period
    if at is None:
        return period == ALWAYS
    return (since is None or at >= since) and (until is None or at < until)


# -- records --------------------------------------------------------------------------------------


def facts(base: Base, plural: str) -> pd.DataFrame:
    """One row a record: its own fields, and what follows: how it ended, when, after how long, lost from where."""
    if ("facts", plural) not in base.kept:
        base.kept["facts", plural] = _facts(base, plural)
    return base.kept["facts", plural]


def _facts(base: Base, plural: str) -> pd.DataFrame:
    rows = []
    last_open = _last_open(base, plural)
    form = forms(base) if plural == "leads" else {}
    for record, raw in base.records(plural).items():
        pipeline = raw.get("pipeline", "leads")
        kind = base.kind_of(pipeline, raw["stage"])
        closed = raw.get("closed_at") or raw.get("converted_at")
        created = seconds(raw["created_at"])
        ended = seconds(closed) if closed else None
        stage = next((s for s in base.pipelines[pipeline] if s.id == raw["stage"]), None)
        chance = raw.get("probability") or (stage.chance if stage else 0)
        amount = Decimal(raw["amount"]) if raw.get("amount") else None
        rows.append({
            "id": record, "raw": raw, "pipeline": pipeline, "kind": kind, "created": created,
            "ended": ended, "days": (ended - created) / DAY if ended is not None and ended >= created else None,
            "amount": amount, "currency": raw.get("currency", ""), "form": form.get(record, ""),
            "weighted": amount * int(chance) / 100 if amount is not None else None,
            "lost_from": last_open.get(record, ""),
        })  # fmt: skip
    return pd.DataFrame(rows)


def _last_open(base: Base, plural: str) -> dict[str, str]:
    """The last open stage in which each record stood."""
    frame = stays(base, plural)
    places = zip(frame["record"], frame["pipeline"], frame["stage"], strict=True)
    return {
        record: stage
        for record, pipeline, stage in places
        if stage and base.kind_of(pipeline, stage) == "open"
    }


def place_of(base: Base, row: Any, by: Sequence[str]) -> Place:
    """The keys of a record for some dimensions: fields, parts of them, `lost_from`, `form`, `FIELD.month`."""
    return tuple(_key(base, row, name) for name in by)


def _key(base: Base, row: Any, name: str) -> str:
    if name in ("lost_from", "form"):
        return str(getattr(row, name))
    field, _, step = name.partition(".")
    if step == "month":
        value = row.raw.get(field, "")
        day = base.local(seconds(value)).date().isoformat() if "T" in value else value
        return str(day[:7])
    return key_of(base, row.raw, name)


def grouped(
    base: Base, frame: pd.DataFrame, by: Sequence[str], measure: Callable[[list[Any]], Row]
) -> dict[Place, Row]:
    """What is measured of the rows of equal keys."""
    groups: defaultdict[Place, list[Any]] = defaultdict(list)
    for row in frame.itertuples():
        groups[place_of(base, row, by)].append(row)
    return {place: measure(rows) for place, rows in groups.items()}


def outcomes(
    base: Base, by: Sequence[str], kind: str, period: Period = ALWAYS,
    fits: Callable[[dict[str, Any]], bool] = lambda deal: True,
) -> dict[Place, Row]:  # fmt: skip
    """Deals won or lost in a period: how many, their sums, the mean of those with an amount, days until then."""
    frame = facts(base, "deals")
    frame = frame[frame["kind"] == kind]
    frame = frame[[fits(raw) for raw in frame["raw"]]]
    frame = frame[[is_within(at, period) for at in _times(frame["ended"])]]

    def measure(rows: list[Any]) -> Row:
        amounts = added((row.currency, row.amount) for row in rows)
        with_amount = Counter(row.currency for row in rows if row.amount is not None)
        return {
            kind: len(rows),
            f"{kind}_amounts": amounts,
            "average": {
                c: (a / with_amount[c]).quantize(CENTS, ROUND_HALF_UP) for c, a in amounts.items()
            },
            "days": _median([row.days for row in rows]),
        }

    return grouped(base, frame, by, measure)


def _times(column: pd.Series[float]) -> list[float | None]:
    return [None if pd.isna(value) else float(value) for value in column]


def came(base: Base, plural: str, period: Period = ALWAYS) -> dict[Place, Row]:
    """Records by source that came in a period; of leads, how many are converted."""
    frame = facts(base, plural)
    frame = frame[[is_within(at, period) for at in frame["created"]]]

    def measure(rows: list[Any]) -> Row:
        converted = (
            {"converted": sum(row.kind == "won" for row in rows)} if plural == "leads" else {}
        )
        return {plural: len(rows), **converted}

    return grouped(base, frame, ["source"], measure)


def forecast(base: Base, by: Sequence[str] = ("close_by.month",)) -> dict[Place, Row]:
    """Open deals by when they are to be closed: their sums, and these by the chance of each."""
    frame = facts(base, "deals")

    def measure(rows: list[Any]) -> Row:
        weighed = ((r.currency, r.weighted.quantize(CENTS, ROUND_HALF_UP))
                   for r in rows if r.amount is not None)  # fmt: skip
        amounts = added((row.currency, row.amount) for row in rows)
        return {"open": len(rows), "amounts": amounts, "weighted": added(weighed)}

    return grouped(base, frame[frame["kind"] == "open"], by, measure)


def products(base: Base, period: Period = ALWAYS) -> dict[Place, Row]:
    """Lines of won deals by product: how many, what they come to after their discounts."""
    frame = facts(base, "deals")
    sold: defaultdict[Place, list[tuple[Decimal, str, Decimal]]] = defaultdict(list)
    for row in frame[frame["kind"] == "won"].itertuples():
        if is_within(row.ended, period):
            for line in row.raw.get("lines", ()):
                quantity = Decimal(line["quantity"])
                full = quantity * Decimal(line["price"])
                less = Decimal(line.get("discount", "0%").rstrip("%"))
                come_to = (full - (full * less / 100).quantize(CENTS)).quantize(CENTS)
                sold[line["product"],].append((quantity, row.currency, come_to))
    return {
        place: {"deals": len(lines), "quantity": sum(q for q, _, _ in lines),
                "amounts": added((currency, amount) for _, currency, amount in lines)}
        for place, lines in sold.items()
    }  # fmt: skip


def clients(base: Base, period: Period = ALWAYS) -> dict[str, Row]:
    """Won deals of clients who bought for the first time, and of those who had bought before."""
    frame = facts(base, "deals")
    won = frame[frame["kind"] == "won"].sort_values(["ended", "id"])
    known: set[str] = set()
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for row in won.itertuples():
        client = row.raw.get("company") or next(iter(row.raw.get("contacts", ())), "")
        word = "returning" if client in known else "new"
        known.add(client)
        if client and is_within(row.ended, period):
            found[word].append(row)
    return {
        word: {"won": len(rows), "won_amounts": added((r.currency, r.amount) for r in rows)}
        for word, rows in found.items()
    }


# -- stays, what people did, jobs -----------------------------------------------------------------


def velocity(base: Base, pipeline: str, period: Period = ALWAYS) -> dict[Place, Row]:
    """By open stage the stays that ended in a period, and those that go on, in days."""
    frame = stays(base, "leads" if pipeline == "leads" else "deals")
    frame = frame[frame["pipeline"] == pipeline]
    found = {}
    for stage in (s.id for s in base.pipelines[pipeline] if s.kind == "open"):
        mine = frame[frame["stage"] == stage]
        left = mine.dropna(subset=["left"])
        left = left[[is_within(at, period) for at in left["left"]]]
        ended = [max(days, 0) for days in (left["left"] - left["entered"]) / DAY]
        runs = [max(days, 0) for days in (base.now - mine[mine["left"].isna()]["entered"]) / DAY]
        found[stage,] = {
            "left": len(ended), "median_days": _median(ended), "p90_days": _median(ended, 0.9),
            "waiting": len(runs), "waiting_days": _median(runs), "waiting_p90": _median(runs, 0.9),
        }  # fmt: skip
    return found


def activities(base: Base) -> list[Event]:
    """Calls, messages, meetings, notes as they are now: edited ones in place of what was, removed ones not;
    what several records share once. `at` is when they were."""
    amended: dict[str, Event] = {}
    for event in base.events:
        if event.kind in ("activity.edited", "activity.deleted") and event.id not in base.dead:
            amended[event.data["activity"]] = event
    found = []
    for event in base.events:
        if event.kind not in PERSONAL or event.id in base.dead or event.data.get("together"):
            continue
        now = amended.get(event.id)
        if now is None:
            data, actor, kind = event.data, event.actor, event.kind
        elif now.kind == "activity.edited":
            data, actor, kind = now.data, now.data["actor"], now.data["kind"]
        else:
            continue
        at = seconds(data["at"]) if "at" in data else event.at
        found.append(Event(event.id, at, actor, kind, event.record, data))
    return found


STEPS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m", "year": "%Y"}


def activity(
    base: Base, period: Period = ALWAYS, by: Sequence[str] = ("owner", "kind")
) -> dict[Place, Row]:
    """Activities by who did them, their kind, their days, weeks, …"""

    def key(event: Event, name: str) -> str:
        if name in STEPS:
            return base.local(event.at).strftime(STEPS[name])
        return event.actor if name == "owner" else event.kind

    groups: defaultdict[Place, list[Event]] = defaultdict(list)
    for event in activities(base):
        if is_within(event.at, period):
            groups[tuple(key(event, name) for name in by)].append(event)
    return {
        place: {"activities": len(events), "records": len({e.record for e in events})}
        for place, events in groups.items()
    }


def response(
    base: Base, plural: str, by: Sequence[str], period: Period = ALWAYS
) -> dict[Place, Row]:
    """How soon somebody of us first answered the records that came in a period, in hours."""
    first: dict[str, float] = {}
    for event in activities(base):
        if event.kind in ANSWERS and ":" not in event.actor:
            first[event.record] = min(first.get(event.record, event.at), event.at)
    frame = facts(base, plural)
    frame = frame[[is_within(at, period) for at in frame["created"]]]

    def measure(rows: list[Any]) -> Row:
        hours = [max((first[r.id] - r.created) / 3600, 0) for r in rows if r.id in first]
        return {
            "came": len(rows), "answered": len(hours),
            "unanswered": sum(row.kind == "open" and row.id not in first for row in rows),
            "given_up": sum(row.kind != "open" and row.id not in first for row in rows),
            "median_hours": _median(hours), "p90_hours": _median(hours, 0.9),
            "within_hour": sum(one <= 1 for one in hours),
        }  # fmt: skip

    return grouped(base, frame, by, measure)


def last_of_jobs(base: Base) -> dict[str, Event]:
    """The event by which each job of a robot ended, by its key."""
    return {
        event.data["key"]: event
        for event in base.events
        if event.kind.startswith("job.") and event.kind not in ("job.queued", "job.started")
    }


def robots(base: Base) -> dict[Place, Row]:
    """How each job of a robot ended, by robot."""
    found: defaultdict[Place, Counter[str]] = defaultdict(Counter)
    for event in last_of_jobs(base).values():
        counts = found[event.data["robot"],]
        counts["jobs"] += 1
        counts[event.kind.removeprefix("job.")] += 1
    return {place: dict(counts) for place, counts in found.items()}


def standing(base: Base, by: Sequence[str] = ("owner",), idle: int = 14) -> dict[Place, Row]:
    """Open deals: how many had no activity for so many days, how many have no open task."""
    last: dict[str, float] = {}
    for event in activities(base):
        last[event.record] = max(last.get(event.record, event.at), event.at)
    busy = {task["about"] for task in base.records("tasks").values() if not task.get("done_at")}
    frame = facts(base, "deals")

    def measure(rows: list[Any]) -> Row:
        late = base.now - idle * DAY
        return {
            "open": len(rows),
            "idle": sum(last.get(row.id, row.created) < late for row in rows),
            "no_task": sum(row.id not in busy for row in rows),
        }

    return grouped(base, frame[frame["kind"] == "open"], by, measure)


def sold(base: Base, by: str) -> dict[Place, Row]:
    """Of leads by a field: how many became deals that are won now."""
    won = {
        deal.get("lead")
        for deal in base.records("deals").values()
        if base.kind_of(deal["pipeline"], deal["stage"]) == "won"
    }
    frame = facts(base, "leads")

    def measure(rows: list[Any]) -> Row:
        days = [row.days for row in rows if row.kind == "won"]
        return {"sold": sum(row.id in won for row in rows), "days": _median(days)}

    return grouped(base, frame, [by], measure)


def _median(values: Sequence[float | None], share: float = 0.5) -> float | None:
    known = pd.Series([value for value in values if value is not None and not pd.isna(value)])
    return round(float(known.quantile(share)), 2) if len(known) else None
