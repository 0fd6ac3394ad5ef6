"""The judge of what clients bring: each by itself, and by when they first bought."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pandas as pd

from tests.reports.reckoning import DAY, Row, added
from tests.reports.reckoning_files import Base
from tests.reports.reckoning_work import CENTS, Place, facts

VALUE_DAYS = (91, 182, 365)


def sales(base: Base) -> pd.DataFrame:
    """Won deals with their clients, and when each of these first bought."""
    frame = facts(base, "deals")
    frame = frame[frame["kind"] == "won"].copy()
    frame["client"] = [
        raw.get("company") or next(iter(raw.get("contacts", ())), "") for raw in frame["raw"]
    ]
    frame["first"] = frame.groupby("client")["ended"].transform("min")
    return frame


def _of_each(amounts: dict[str, Decimal], number: int) -> dict[str, Decimal]:
    return {c: (a / number).quantize(CENTS, ROUND_HALF_UP) for c, a in amounts.items()}


def _day(base: Base, at: float) -> str:
    return base.local(at).date().isoformat()


def lifetime(base: Base) -> dict[Place, Row]:
    """What each client bought: how often, for how much, from when until when."""
    found: dict[Place, Row] = {}
    for client, rows in sales(base).groupby("client"):
        amounts = added(zip(rows["currency"], rows["amount"], strict=True))
        found[str(client),] = {"won": len(rows), "won_amounts": amounts}
        if client:
            found[str(client),] |= {
                "first": _day(base, rows["first"].min()),
                "last": _day(base, rows["ended"].max()),
                "months": round(float(base.now - rows["first"].min()) / 2_629_800, 1),
            }
    return found


def cohorts(base: Base, step: str) -> dict[Place, Row]:
    """Clients by the year or quarter of their first purchase, and what one brought after a time."""
    frame = sales(base)
    frame = frame[frame["client"] != ""]
    days = [base.local(at) for at in frame["first"]]
    years = {"year": [f"{day.year}" for day in days],
             "quarter": [f"{day.year}-Q{(day.month + 2) // 3}" for day in days]}  # fmt: skip
    return {
        (str(key),): _cohort(base, rows)
        for key, rows in frame.assign(cohort=years[step]).groupby("cohort")
    }


def _cohort(base: Base, rows: pd.DataFrame) -> Row:
    times = Counter(rows["client"])
    amounts = added(zip(rows["currency"], rows["amount"], strict=True))
    lately = rows[rows["ended"] > base.now - 365 * DAY]
    found: dict[str, Any] = {
        "clients": len(times), "again": sum(number > 1 for number in times.values()),
        "lately": lately["client"].nunique(), "amounts": amounts,
        "value": _of_each(amounts, len(times)),
    }  # fmt: skip
    for length in VALUE_DAYS:
        old = rows[rows["first"] <= base.now - length * DAY]
        early = old[old["ended"] < old["first"] + length * DAY]
        if number := old["client"].nunique():
            sums = added(zip(early["currency"], early["amount"], strict=True))
            found[f"value_{length}"] = _of_each(sums, number)
    return found
