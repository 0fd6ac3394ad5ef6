"""The tables of a base as the reckoning has them, flat, for other programs to sum up."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.reports import reckoning, reckoning_letters, reckoning_work
from tests.reports.reckoning_files import Base


def flat(root: Path, now: str) -> dict[str, pd.DataFrame]:
    """Deals, leads, their stays, the stages, activities, jobs."""
    base = Base(root, now)
    return {
        **{plural: _records(base, plural) for plural in ("deals", "leads")},
        "stays": pd.concat([reckoning.stays(base, plural) for plural in ("deals", "leads")])
        .rename(columns={"left": "left_at"})
        .reset_index(drop=True),
        "declared": _declared(base),
        "activities": _activities(base),
        "jobs": _jobs(base),
        "letters": reckoning_letters.letters(base).astype(
            dict.fromkeys(
                ("left", "opens", "linked", "hard", "soft", "opened", "clicked", "answered"), int
            )
        ),
    }


def _records(base: Base, plural: str) -> pd.DataFrame:
    found = reckoning_work.facts(base, plural).copy()
    raw = found["raw"]
    for name in ("owner", "source", "stage", "lost_reason", "lead"):
        found[name] = [one.get(name, "") for one in raw]
    for name, kind in (("won", "won"), ("lost", "lost"), ("is_open", "open")):
        found[name] = (found["kind"] == kind).astype(int)
    found["cents"] = [0 if amount is None else int(amount * 100) for amount in found["amount"]]
    return found.drop(columns=["raw", "amount", "weighted"])


def _declared(base: Base) -> pd.DataFrame:
    rows = []
    for pipeline, stages in base.pipelines.items():
        ways = [stage.id for stage in stages if stage.kind == "open"]
        rows += [(pipeline, s.id, s.kind, ways.index(s.id) if s.id in ways else -1) for s in stages]
    unknown = [(pipeline, "", "unknown", -1) for pipeline in base.pipelines]
    return pd.DataFrame(rows + unknown, columns=["pipeline", "stage", "kind", "rank"])


def _activities(base: Base) -> pd.DataFrame:
    rows = [
        (e.id, e.at, e.actor, e.kind, e.record,
         int(e.kind in reckoning_work.ANSWERS and ":" not in e.actor))
        for e in reckoning_work.activities(base)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["id", "happened", "owner", "kind", "record", "answers"])


def _jobs(base: Base) -> pd.DataFrame:
    last = reckoning_work.last_of_jobs(base)
    rows = [(key, e.data["robot"], *(int(e.kind == f"job.{word}") for word in ("done", "dead", "skipped")))
            for key, e in last.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["key", "robot", "done", "failed", "skipped"])
