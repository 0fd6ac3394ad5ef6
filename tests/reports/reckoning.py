"""What reports should say, worked out with pandas straight from the files: the judge of `crm report`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pandas as pd

from tests.reports.reckoning_files import Base, Event, Raw, seconds

DAY = 86_400
Row = dict[str, Any]


# -- where records stood --------------------------------------------------------------------------


def stays(base: Base, plural: str) -> pd.DataFrame:
    """One row a stay: record, pipeline, stage (its id of today, "" if unknown), entered, left.

    What was undone counts nowhere. An imported record stood where its file and the import knew of.
    """
    if ("stays", plural) not in base.kept:
        base.kept["stays", plural] = _stays(base, plural)
    return base.kept["stays", plural]


def _stays(base: Base, plural: str) -> pd.DataFrame:
    records = base.records(plural)
    told: defaultdict[str, list[Event]] = defaultdict(list)
    first: dict[str, Event] = {}
    created = f"{plural[:-1]}.created"
    for event in base.events:
        if event.record not in records:
            continue
        if event.kind in (created, "stage.entered", "stage.renamed"):
            first.setdefault(event.record, event)
        if event.kind in (created, "stage.entered", "stage.dated"):
            is_back = event.data.get("by") == "undo"
            if not is_back and (event.id not in base.dead or event.kind == created):
                told[event.record].append(event)
    rows = [
        (record, *entry)
        for record, raw in records.items()
        for entry in _entries(base, plural, raw, told[record], first.get(record))
    ]
    frame = pd.DataFrame(rows, columns=["record", "entered", "pipeline", "stage"])
    by_record = frame.groupby("record", sort=False)
    same = (by_record["stage"].shift() == frame["stage"]) & (
        by_record["pipeline"].shift() == frame["pipeline"]
    )
    frame = frame[~same].reset_index(drop=True)
    return frame.assign(left=frame.groupby("record", sort=False)["entered"].shift(-1))


Entry = tuple[float, str, str]
"""When, the pipeline, the stage."""


def _entries(
    base: Base, plural: str, raw: Raw, events: list[Event], first: Event | None
) -> list[Entry]:
    home = "leads" if plural == "leads" else base.home
    found: list[Entry] = []
    if first is None or not first.kind.endswith(".created"):
        found.append(_by_hand(base, raw, first, home))
    for event in events:
        pipeline = event.data.get("pipeline") or (found[-1][1] if found else home)
        stood = {
            base.today(event.id, pipeline, stage): seconds(at)
            for stage, at in event.data.get("stood", {}).items()
        }
        if event.kind == "stage.dated":
            found = _dated(found, stood)
            continue
        stage = base.today(event.id, pipeline, event.data["stage"])
        if event.kind.endswith(".created"):
            found += _created(raw, event.at, pipeline, stage, stood)
        else:
            found.append((event.at, pipeline, stage))
    return found


def _by_hand(base: Base, raw: Raw, first: Event | None, home: str) -> Entry:
    """Where a record began of whose beginning no event tells."""
    pipeline, stage, at = raw.get("pipeline") or home, raw["stage"], seconds(raw["created_at"])
    if first is not None:
        pipeline = first.data.get("pipeline") or pipeline
        pipeline = first.data["changes"].get("pipeline", [pipeline])[0]
        stage = base.today("", pipeline, first.data["from"])
    return at, pipeline, stage


def _created(
    raw: Raw, at: float, pipeline: str, stage: str, stood: dict[str, float]
) -> list[Entry]:
    """A record is there: since its own date of creation, and where an import knew that it had stood."""
    begun = seconds(raw["created_at"]) if raw.get("created_at") else at
    told = raw.get("first_closed_at") or raw.get("closed_at")
    closed = seconds(told) if told else None
    entered = sorted((when, pipeline, name) for name, when in stood.items() if name != stage)
    came = stood.get(stage)
    if came is None:
        came = closed if closed is not None and closed <= at else begun
    entered.append(
        (
            max(came, begun if stage not in stood else came, *(e[0] for e in entered)),
            pipeline,
            stage,
        )
    )
    if entered[0][0] > begun:
        entered.insert(0, (begun, pipeline, ""))
    return entered


def _dated(known: list[Entry], stood: dict[str, float]) -> list[Entry]:
    """The same, with days told later: of a stage that they name they are the only ones."""
    if not known:
        return known
    at, pipeline, stage = known[-1]
    entered = [entry for entry in known[:-1] if entry[2] and entry[2] not in stood]
    entered += [(when, pipeline, name) for name, when in stood.items() if name != stage]
    entered.sort(key=lambda entry: entry[0])
    entered.append((max([stood.get(stage, at), *(e[0] for e in entered)]), pipeline, stage))
    if known[0][0] < entered[0][0]:
        entered.insert(0, (known[0][0], known[0][1], ""))
    return entered


# -- the funnel -----------------------------------------------------------------------------------


def funnel(
    base: Base, pipeline: str, since: float | None = None, until: float | None = None
) -> Row:
    """The cohort that came to a pipeline within a period: by stage how many reached it or one beyond, and
    went on, were lost, moved away, are open; the median and p90 of stays that ended and of those that run."""
    plural = "leads" if pipeline == "leads" else "deals"
    frame = stays(base, plural)
    came = frame[frame["pipeline"] == pipeline].groupby("record")["entered"].min()
    cohort = came[(came >= (since or -1e18)) & (came < (until or 1e18))].index
    frame = frame[frame["record"].isin(cohort)]
    here = frame[frame["pipeline"] == pipeline]
    ends = {
        row.record: (row.pipeline, row.stage) for row in frame[frame["left"].isna()].itertuples()
    }
    stages = base.pipelines[pipeline]
    steps = [s.id for s in stages if s.kind == "open"]
    won = next(s.id for s in stages if s.kind == "won")
    kinds = {s.id: s.kind for s in stages}
    far: dict[str, int] = {}
    for record, stage in zip(here["record"], here["stage"], strict=True):
        rank = steps.index(stage) if stage in steps else -1 if not stage or stage in kinds else 0
        far[record] = max(far.get(record, -1), rank)
    for record, (where, stage) in ends.items():
        if (where, stage) == (pipeline, won):
            far[record] = len(steps)
    what = {
        r: "away" if where != pipeline else kinds.get(stage, "open")
        for r, (where, stage) in ends.items()
    }
    rows: dict[str, Row] = {}
    for n, stage in enumerate([*steps, won]):
        reached = [record for record, rank in far.items() if rank >= n]
        rows[stage] = {"reached": len(reached), "amounts": sums(base, plural, reached)}
        if stage == won:
            continue
        rest = [what[record] for record, rank in far.items() if rank == n]
        mine = here[here["stage"] == stage]
        ended = ((mine["left"] - mine["entered"]).dropna() / DAY).clip(lower=0)
        running = ((base.now - mine[mine["left"].isna()]["entered"]) / DAY).clip(lower=0)
        rows[stage] |= {
            "moved_on": sum(rank > n for rank in far.values()), "lost": rest.count("lost"),
            "moved_away": rest.count("away"), "open": rest.count("open"),
            "median_days": _quantile(ended, 0.5), "p90_days": _quantile(ended, 0.9),
            "waiting": len(running), "waiting_days": _quantile(running, 0.5),
            "skipped": len(set(reached) - set(mine["record"])),
        }  # fmt: skip
    for stage in (s.id for s in stages if s.kind == "lost"):
        standing = [record for record, end in ends.items() if end == (pipeline, stage)]
        rows[stage] = {"reached": len(standing), "amounts": sums(base, plural, standing)}
    return {"cohort": len(far), "reopened": _reopened(here, kinds), "stages": rows}


def _reopened(here: pd.DataFrame, kinds: dict[str, str]) -> int:
    closed = [stage for stage, kind in kinds.items() if kind != "open"]
    before = here.groupby("record", sort=False)["stage"].shift()
    return int((before.isin(closed) & ~here["stage"].isin(closed)).sum())


def _quantile(values: pd.Series[float], share: float) -> float | None:
    return round(float(values.quantile(share)), 2) if len(values) else None


def sums(base: Base, plural: str, ids: Iterable[str]) -> dict[str, Decimal]:
    """What records come to, by currency."""
    records = base.records(plural)
    return added((records[one].get("currency", ""), records[one].get("amount")) for one in ids)


def added(amounts: Iterable[tuple[str, Any]]) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for currency, amount in amounts:
        if amount and Decimal(amount):
            found[currency] += Decimal(amount)
    return dict(sorted(found.items()))


# -- leads ----------------------------------------------------------------------------------------


def key_of(base: Base, record: Raw, by: str) -> str:
    """The value of a field, or of a part of it (`utm.campaign`)."""
    value: Any = record
    for part in by.split("."):
        value = value.get(part, "") if isinstance(value, dict) else ""
    return str(value or "")


def forms(base: Base) -> dict[str, str]:
    """By which form each lead came in first."""
    found: dict[str, str] = {}
    for event in base.events:
        if event.kind == "form.submitted" and event.id not in base.dead:
            found.setdefault(event.record, event.data["form"])
    return found


def conversion(
    base: Base, by: str, fits: Callable[[Raw], bool] = lambda lead: True
) -> dict[str, Row]:
    """What became of leads, by a field of theirs or `form`."""
    form = forms(base) if by == "form" else {}
    groups: defaultdict[str, list[Raw]] = defaultdict(list)
    for record, raw in base.records("leads").items():
        if fits(raw):
            groups[form.get(record, "") if by == "form" else key_of(base, raw, by)].append(raw)
    found: dict[str, Row] = {}
    for key, leads in groups.items():
        kinds = [base.kind_of("leads", lead["stage"]) for lead in leads]
        won = [lead for lead, kind in zip(leads, kinds, strict=True) if kind == "won"]
        found[key] = {
            "leads": len(leads), "converted": len(won), "junk": kinds.count("lost"),
            "open": kinds.count("open"), "conversion": round(100 * len(won) / len(leads), 1),
            "amounts": added((lead.get("currency", ""), lead.get("amount")) for lead in leads),
            "converted_amounts": added((one.get("currency", ""), one.get("amount")) for one in won),
        }  # fmt: skip
    return found
