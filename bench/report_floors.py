"""The sums of reports over flat tables of one base, by SQLite, DuckDB and pandas: what they cost at least.

python bench/report_floors.py prepare BASE FOLDER      reads the base by other hands than crm's
python bench/report_floors.py sqlite|duckdb|pandas REPORT FOLDER      prints its counts by key, as JSON
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("deals", "leads", "stays", "declared", "activities", "jobs", "letters")
NOW = "2026-11-27T09:00:00Z"

# -- SQL that SQLite and DuckDB both speak; the first two columns are the key and the count that crm tells

_SUMS = "SELECT {by}, currency, sum(cents) FROM {table} WHERE {where} GROUP BY 1, 2"
_ENDS = """SELECT {by}, sum({kind}), avg(days) FROM deals WHERE {kind} = 1 GROUP BY 1"""
_FIRST = """
SELECT d.owner, count(*), count(f.answered), avg(f.answered - d.created) FROM deals d LEFT JOIN
(SELECT record, min(happened) AS answered FROM activities WHERE answers = 1 GROUP BY record) f
ON f.record = d.id GROUP BY 1
"""
_FUNNEL = """
WITH way AS (SELECT s.record, max(d.rank) AS far FROM stays s JOIN declared d
             ON d.pipeline = s.pipeline AND d.stage = s.stage WHERE s.pipeline = 'sales' GROUP BY 1),
now AS (SELECT s.record, s.pipeline, d.kind FROM stays s JOIN declared d
        ON d.pipeline = s.pipeline AND d.stage = s.stage WHERE s.left_at IS NULL)
SELECT d.stage, count(*),
sum(CASE WHEN w.far > d.rank OR (n.kind = 'won' AND n.pipeline = 'sales') THEN 1 ELSE 0 END)
FROM way w JOIN now n ON n.record = w.record JOIN declared d ON d.pipeline = 'sales'
AND d.kind = 'open' AND (w.far >= d.rank OR (n.kind = 'won' AND n.pipeline = 'sales')) GROUP BY 1
"""
_STAYS = """
SELECT stage, count(left_at), avg(left_at - entered), count(*) - count(left_at) FROM stays
WHERE pipeline = 'sales' AND stage IN (SELECT stage FROM declared WHERE pipeline = 'sales' AND kind = 'open')
GROUP BY 1
"""
_IDLE = """
SELECT d.owner, count(*), sum(CASE WHEN coalesce(a.last, d.created) < {late} THEN 1 ELSE 0 END) FROM deals d
LEFT JOIN (SELECT record, max(happened) AS last FROM activities GROUP BY record) a ON a.record = d.id
WHERE d.is_open = 1 GROUP BY 1
"""
_CONVERTED = """
SELECT l.source, count(*), sum(l.won), count(s.lead) FROM leads l
LEFT JOIN (SELECT DISTINCT lead FROM deals WHERE won = 1) s ON s.lead = l.id GROUP BY 1
"""
SQL: dict[str, tuple[str, ...]] = {
    "leads": ("SELECT source, count(*), sum(won), sum(lost), sum(is_open) FROM leads GROUP BY 1",
              _SUMS.format(by="source", table="leads", where="1 = 1")),
    "conversion": (_CONVERTED,),
    "funnel": (_FUNNEL, _STAYS),
    "velocity": (_STAYS,),
    "sources": ("SELECT source, count(*) FROM leads GROUP BY 1",
                "SELECT source, count(*), sum(won), sum(lost) FROM deals GROUP BY 1",
                _SUMS.format(by="source", table="deals", where="won = 1")),
    "owners": (_ENDS.format(by="owner", kind="won"), _ENDS.format(by="owner", kind="lost"),
               _SUMS.format(by="owner", table="deals", where="is_open = 1"),
               "SELECT owner, count(*) FROM activities GROUP BY 1"),
    "won": (_ENDS.format(by="owner", kind="won"), _SUMS.format(by="owner", table="deals", where="won = 1")),
    "lost": (_ENDS.format(by="lost_reason", kind="lost"),
             _SUMS.format(by="lost_reason", table="deals", where="lost = 1")),
    "stale": (_IDLE,),
    "activity": ("SELECT owner, count(*), kind, count(DISTINCT record) FROM activities GROUP BY 1, 3",),
    "response": (_FIRST,),
    "robots": ("SELECT robot, count(*), sum(done), sum(failed), sum(skipped) FROM jobs GROUP BY 1",),
    "mail": ("SELECT template, count(*), sum(opened), sum(answered), avg(hours) FROM letters GROUP BY 1",),
}  # fmt: skip


def _seconds() -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(NOW).timestamp())


def queries(report: str) -> list[str]:
    late = _seconds() - 14 * 86_400
    return [text.replace("{late}", str(late)) for text in SQL[report]]


def by_sqlite(report: str, folder: Path) -> list[list[Any]]:
    import sqlite3

    with sqlite3.connect(folder / "flat.db") as connection:
        return [[list(row) for row in connection.execute(query)] for query in queries(report)]


def by_duckdb(report: str, folder: Path) -> list[list[Any]]:
    import duckdb

    connection = duckdb.connect()
    for table in TABLES:
        path = folder / f"{table}.parquet"
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{path}')")
    return [[list(row) for row in connection.sql(query).fetchall()] for query in queries(report)]


# -- the same by pandas -----------------------------------------------------------------------------


def by_pandas(report: str, folder: Path) -> list[Any]:
    import pandas as pd

    def table(name: str) -> pd.DataFrame:
        return pd.read_pickle(folder / f"{name}.pickle")

    frames = PANDAS[report](table)
    return [[list(row) for row in f.reset_index().itertuples(index=False)] for f in frames]


Tables = Callable[[str], "pd.DataFrame"]


def _grouped(frame: pd.DataFrame, by: str) -> list[pd.DataFrame]:
    counted = frame.groupby(by).agg(n=("id", "size"), won=("won", "sum"), lost=("lost", "sum"))
    return [counted, frame.groupby([by, "currency"])[["cents"]].sum()]


def _ended(table: Tables, by: str, kind: str) -> list[pd.DataFrame]:
    deals = table("deals")
    ended = deals[deals[kind] == 1]
    found = ended.groupby(by).agg(n=("id", "size"), days=("days", "mean"))
    return [found, ended.groupby([by, "currency"])[["cents"]].sum()]


def _funnel(table: Tables) -> list[pd.DataFrame]:
    import pandas as pd

    declared, stays = table("declared"), table("stays")
    placed = stays.merge(declared, on=["pipeline", "stage"])
    far = placed[placed["pipeline"] == "sales"].groupby("record")["rank"].max()
    now = placed[placed["left_at"].isna()].set_index("record")
    won = now.index[(now["kind"] == "won") & (now["pipeline"] == "sales")]
    steps = declared[(declared["pipeline"] == "sales") & (declared["kind"] == "open")]
    far = far.mask(far.index.isin(won), len(steps))
    rows = [
        (s.stage, int((far >= s.rank).sum()), int((far > s.rank).sum())) for s in steps.itertuples()
    ]
    return [pd.DataFrame(rows, columns=["stage", "n", "on"]).set_index("stage"), *_stays(table)]


def _stays(table: Tables) -> list[pd.DataFrame]:
    stays, declared = table("stays"), table("declared")
    steps = declared[(declared["pipeline"] == "sales") & (declared["kind"] == "open")]["stage"]
    here = stays[(stays["pipeline"] == "sales") & stays["stage"].isin(steps)]
    here = here.assign(days=here["left_at"] - here["entered"])
    return [here.groupby("stage").agg(n=("left_at", "count"), days=("days", "mean"))]


def _idle(table: Tables) -> list[pd.DataFrame]:
    deals = table("deals")
    last = table("activities").groupby("record")["happened"].max()
    still = deals[deals["is_open"] == 1]
    at = still["id"].map(last).fillna(still["created"])
    still = still.assign(idle=at < _seconds() - 14 * 86_400)
    return [still.groupby("owner").agg(n=("id", "size"), idle=("idle", "sum"))]


def _first(table: Tables) -> list[pd.DataFrame]:
    acts, deals = table("activities"), table("deals")
    first = acts[acts["answers"] == 1].groupby("record")["happened"].min()
    deals = deals.assign(hours=deals["id"].map(first) - deals["created"])
    return [deals.groupby("owner").agg(n=("id", "size"), hours=("hours", "mean"))]


def _converted(table: Tables) -> list[pd.DataFrame]:
    leads, deals = table("leads"), table("deals")
    leads = leads.assign(sold=leads["id"].isin(deals[deals["won"] == 1]["lead"]))
    return [leads.groupby("source").agg(n=("id", "size"), won=("won", "sum"), sold=("sold", "sum"))]


def _acts(table: Tables) -> list[pd.DataFrame]:
    found = (
        table("activities")
        .groupby(["owner", "kind"])
        .agg(n=("id", "size"), r=("record", "nunique"))
    )
    return [found.reset_index().set_index("owner")[["n", "kind", "r"]]]


PANDAS: dict[str, Callable[[Tables], list[Any]]] = {
    "leads": lambda t: _grouped(t("leads"), "source"),
    "conversion": _converted,
    "funnel": _funnel,
    "velocity": _stays,
    "sources": lambda t: [*_grouped(t("leads"), "source"), *_grouped(t("deals"), "source")],
    "owners": lambda t: [*_ended(t, "owner", "won"), *_ended(t, "owner", "lost"),
                         t("activities").groupby("owner")[["id"]].count()],
    "won": lambda t: _ended(t, "owner", "won"),
    "lost": lambda t: _ended(t, "lost_reason", "lost"),
    "stale": _idle,
    "activity": _acts,
    "response": _first,
    "robots": lambda t: [t("jobs").groupby("robot").agg(n=("key", "size"), done=("done", "sum"))],
    "mail": lambda t: [t("letters").groupby("template").agg(
        n=("letter", "size"), answered=("answered", "sum"), hours=("hours", "mean"))],
}  # fmt: skip


# -- the tables ---------------------------------------------------------------------------------------


def prepare(base: Path, folder: Path) -> None:
    """Read a base as the judge of reports does, and write its tables for all three."""
    import sqlite3

    sys.path.insert(0, str(Path(__file__).parents[1]))
    from tests.reports import reckoning_tables

    tables = reckoning_tables.flat(base, NOW)
    with sqlite3.connect(folder / "flat.db") as connection:
        for name, frame in tables.items():
            frame.to_sql(name, connection, index=False)
            frame.to_pickle(folder / f"{name}.pickle")
    try:
        import duckdb
    except ModuleNotFoundError:
        return
    for name in tables:
        frame = tables[name]
        columns = duckdb.from_df(frame)
        columns.write_parquet(str(folder / f"{name}.parquet"))


def main() -> None:
    """Prepare, or answer one report."""
    what, one, two = sys.argv[1:]
    if what == "prepare":
        prepare(Path(one), Path(two))
        return
    answer = {"sqlite": by_sqlite, "duckdb": by_duckdb, "pandas": by_pandas}[what]
    print(json.dumps(answer(one, Path(two)), default=float))


if __name__ == "__main__":
    main()
