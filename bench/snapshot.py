#!/usr/bin/env python
"""Reports over a snapshot of millions of deals, made up by DuckDB; beside it the same sums by DuckDB alone.

python bench/snapshot.py [--deals 1000000] [--dir .bench/snapshot] [--runs 3] [--only won,funnel] [--keep]

Half as many leads, about four stays and four reached stages a deal, three activities and a job.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import duckdb

from crmcli.sales.init.create import create_workspace
from crmcli.store.index import duck, snapshot_rows, snapshots
from crmcli.workspace import Workspace
from crmcli.workspace.frames import frame_of

NOW = "2026-11-27T09:00:00Z"
SECONDS = int(datetime.fromisoformat(NOW).timestamp())
YEARS = 3 * 365 * 86400


def text(at: str) -> str:
    return f"strftime(make_timestamp(CAST({at} AS BIGINT) * 1000000), '%Y-%m-%dT%H:%M:%SZ')"


def one_of(words: str, salt: int) -> str:
    """One of some words, rather the first ones than the last, another for each salt."""
    found = ", ".join(f"'{word}'" for word in words.split())
    size = len(words.split())
    return (
        f"[{found}][1 + CAST(floor({size} * pow(hash(n, {salt}) % 1000 / 1000.0, 1.5)) AS BIGINT)]"
    )


OWNERS = " ".join(f"user{n}" for n in range(30))
SOURCES = "web call ads referral partner fair mail chat"
REASONS = "price silence competitor later budget other"


def records(entity: str, count: int, stages: list[str], won: str, lost: str) -> str:
    """All that is known of made-up records, by the names that columns of a snapshot have."""
    salt = {"deal": 1, "lead": 2}[entity]
    steps = "[" + ", ".join(f"'{one}'" for one in stages) + "]"
    return f"""
    WITH base AS (SELECT range AS n, hash(range, {salt}) AS h FROM range({count})),
    fate AS (SELECT n, h, CASE WHEN h % 100 < 25 THEN 'won' WHEN h % 100 < 70 THEN 'lost' ELSE 'open' END
             AS kind, 1 + CAST((h // 128) % {len(stages)} AS BIGINT) AS step,
             {SECONDS} - CAST(hash(n, 7) % {YEARS} AS BIGINT) AS born FROM base),
    ends AS (SELECT *, least(born + CAST(hash(n, 8) % (90 * 86400) AS BIGINT), {SECONDS}) AS over,
             CASE kind WHEN 'won' THEN {len(stages)} ELSE step END AS far FROM fate)
    SELECT n, born, over, far, kind, n + 1 AS num, '{entity}-' || lpad(CAST(n AS VARCHAR), 8, '0') AS id,
      {text("born")} AS made, made AS f_created_at, 'Name ' || (h % 200000) AS f_name, f_name AS name,
      '{"sales" if entity == "deal" else "leads"}' AS pipeline, pipeline AS f_pipeline,
      CASE kind WHEN 'won' THEN '{won}' WHEN 'lost' THEN '{lost}' ELSE {steps}[far] END AS f_stage,
      CAST(1000 * (1 + h % 5000) AS BIGINT) AS f_amount_cents, f_amount_cents / 100.0 AS f_amount,
      CASE WHEN h % 50 = 0 THEN 'USD' ELSE 'RUB' END AS f_currency,
      {one_of(SOURCES, 3)} AS f_source, {one_of(OWNERS, 4)} AS f_owner,
      CASE kind WHEN 'open' THEN NULL ELSE {text("over")} END AS f_closed_at,
      CASE kind WHEN 'lost' THEN {one_of(REASONS, 5)} END AS f_lost_reason, f_lost_reason AS f_junk_reason,
      {text("least(born + (over - born) // 2, over)")} AS last_activity,
      CASE WHEN h % 3 = 0 THEN '2026-12-01T09:00:00Z' END AS next_task,
      kind = 'open' AS open, kind = 'won' AS won, kind = 'lost' AS lost, kind != 'open' AS closed,
      open AS is_open, f_closed_at AS ended_at, CASE WHEN closed THEN (over - born) / 86400.0 END AS days,
      CAST(10 * step AS DOUBLE) AS chance, f_amount_cents // 10 * step AS weighted,
      CASE kind WHEN 'lost' THEN {steps}[far] END AS lost_from, open AND h % 3 != 0 AS no_task,
      14.0 AS max_days, CAST(CASE kind WHEN 'open' THEN born ELSE over END AS DOUBLE) AS since,
      kind = 'won' AND h % 3 = 0 AS sold, h % 10 < 8 AS answered, h % 10 >= 8 AND open AS unanswered,
      CASE WHEN h % 10 < 8 THEN (h // 1024) % 200000 / 3600.0 END AS hours, hours <= 1 AS within_hour,
      hours <= 24 AS within_day, {bought(count)}, {of_lines_and_letters("far", steps)} FROM ends
    """


def bought(count: int) -> str:
    """Whose a record is, three of a client; what that one bought before; what the past says of it."""
    return f"""
      'company-' || lpad(CAST(h % {count // 3 + 1} AS VARCHAR), 8, '0') AS f_company,
      CASE WHEN won THEN f_company END AS client, won AS bought, won AND h % 3 = 1 AS bought_again,
      CASE WHEN won THEN over - CASE WHEN h % 3 = 1 THEN CAST(h % 20000000 AS BIGINT) ELSE 0 END END
      AS first_bought, first_bought AS first, CASE WHEN won THEN over END AS bought_at, ended_at AS last,
      CASE WHEN bought_again THEN 'returning' WHEN won THEN 'new_client' END AS buyer,
      CASE WHEN h % 4 < 3 THEN left({text("over + CAST(h % 15000000 AS BIGINT)")}, 10) END AS f_close_by,
      chance AS past_chance, weighted AS by_past, FALSE AS no_past, over + 5000000 AS past_ends"""


def of_lines_and_letters(far: str, steps: str) -> str:
    """The line of a deal, the letter about it, the stage that it passed."""
    return f"""
      'P' || (h % 40) AS product, CAST(1 + h % 9 AS DOUBLE) AS quantity, f_amount_cents AS line_amount,
      id AS record, made AS at, 'letter' || (h % 12) AS template, f_owner AS person, f_owner AS owner,
      h % 20 != 0 AS delivered, h % 20 = 0 AS bounced, FALSE AS delayed, h % 2 = 0 AS tracked,
      h % 6 = 0 AS opened, h % 4 = 0 AS linked, h % 12 = 0 AS clicked, TRUE AS traced,
      {steps}[{far}] AS stage, chance AS declared"""


def stays(entity: str, stages: list[str], won: str, lost: str) -> str:
    """Each stage up to the furthest, and the last one, in equal times."""
    steps = "[" + ", ".join(f"'{one}'" for one in stages) + "]"
    end = f"CASE kind WHEN 'won' THEN ['{won}'] WHEN 'lost' THEN ['{lost}'] ELSE [] END"
    way = f"list_concat({steps}[1 : far], {end})"
    return f"""
    WITH each AS (SELECT num, kind, pipeline, born, over, unnest({way}) AS stage,
                  unnest(range(len({way}))) AS k, len({way}) AS many
                  FROM read_parquet('made_{entity}.parquet')),
    timed AS (SELECT *, k = many - 1 AS last, CAST(born + (over - born) * k / many AS DOUBLE) AS entered,
              CASE WHEN k < many - 1 THEN CAST(born + (over - born) * (k + 1) / many AS DOUBLE) END AS left,
              stage IN ({", ".join(f"'{one}'" for one in stages)}) AS is_step FROM each)
    SELECT num, kind, pipeline, stage, k, NOT last AND is_step AS ended, last AND is_step AS running,
      k = 0 AS first, k > 0 AND num % 97 = 0 AND is_step AS reopened,
      {text("entered")} AS entered_at, {text('"left"')} AS left_at,
      {text("born")} AS came_at, entered, "left", NOT last AND is_step AS moved_on, FALSE AS moved_away,
      last AND kind = 'lost' AS lost, last AND kind = 'open' AS open, num % 11 = k AS skipped FROM timed
    """


WORK = {
    "activities": f"""
    SELECT 'deal-' || lpad(CAST(n % {{count}} AS VARCHAR), 8, '0') AS record, {one_of(OWNERS, 11)} AS owner,
      {one_of("call.logged mail.out note.added meeting.logged mail.in", 12)} AS kind, 'deal' AS entity,
      n % 20 != 0 AS people, {text(f"{SECONDS} - hash(n, 13) % {YEARS}")} AS at
      FROM (SELECT range AS n FROM range(3 * {{count}}))
    """,
    "jobs": f"""
    SELECT 'deal-' || lpad(CAST(n AS VARCHAR), 8, '0') AS record,
      {one_of("call hello chase offer thanks", 14)} AS robot,
      'task' AS action, n % 50 != 0 AS done, n % 50 = 0 AND n % 100 != 0 AS failed, n % 100 = 0 AS skipped,
      FALSE AS cancelled, FALSE AS unknown, {text(f"{SECONDS} - hash(n, 15) % {YEARS}")} AS at
      FROM (SELECT range AS n FROM range({{count}}))
    """,
}  # fmt: skip


class Maker:
    """Writes the tables of a snapshot, with NULL in what is not made up."""

    def __init__(self, folder: Path, tables: dict[str, snapshot_rows.Table]) -> None:
        self.folder = folder
        self.tables = tables
        self.database = duckdb.connect(config={"temp_directory": str(folder / "tmp")})
        self.database.execute(
            f"SET preserve_insertion_order = false;SET file_search_path = '{folder}'"
        )

    def write(self, name: str, rows: str, beside: str = "") -> None:
        """One table of these rows; every column is called as the rows have it, behind the source's name."""
        table = self.tables[name]
        known = {row[0]: row[1] for row in self.database.execute(f"DESCRIBE {rows}").fetchall()}
        cells = []
        for column, made in table.columns.items():
            plain = column if column in known else column.partition("_")[2]
            found = f'own."{plain}"' if plain in known else "NULL"
            if made.type == "BIGINT" and known.get(plain) == "VARCHAR":
                found = f"epoch(CAST({found} AS TIMESTAMP))"
            cells.append(f'CAST({found} AS {made.type}) AS "{column}"')
        source = f"({rows}) AS own"
        if beside:
            cells = ["r.*", *cells[1:]]
            source += f" JOIN read_parquet('{beside}.parquet') AS r ON r.num = own.num"
        self.copy(name, f"SELECT {', '.join(cells)} FROM {source}")

    def copy(self, name: str, sql: str) -> None:
        began = time.perf_counter()
        self.database.execute(
            f"COPY ({sql}) TO '{self.folder}/{name}.parquet' (FORMAT parquet, CODEC zstd)"
        )
        for column in self.tables[name].numbered if name in self.tables else ():
            duck.number(self.database, self.folder / f"{name}.parquet", column)
        print(f"  {name}: {time.perf_counter() - began:.0f} s", flush=True)


def made(root: Path, count: int, *, with_stays: bool) -> None:
    """A workspace without records, and a snapshot of so many deals."""
    create_workspace(root, language="en", use_git=False)
    ws = Workspace.open(root, now=datetime.fromisoformat(NOW))
    frame, columns = frame_of(ws), ws._index_as_left._columns
    folder = root / snapshots.PATH / "1"
    folder.mkdir(parents=True)
    tables = {table.name: table for table in snapshot_rows.tables(columns)}
    maker = Maker(folder, tables)
    for entity, number in (("deal", count), ("lead", count // 2)):
        pipeline = ws.pipelines.of(entity)[0]
        stages = [one.id for one in pipeline.stages if one.is_open]
        won, lost = pipeline.won.id, next(one.id for one in pipeline.stages if one.kind == "lost")
        maker.copy(f"made_{entity}", records(entity, number, stages, won, lost))
        maker.write(entity, f"SELECT * FROM read_parquet('made_{entity}.parquet')")
        for name in ("stays", "reached") if with_stays else ():
            maker.write(f"{name}_{entity}", stays(entity, stages, won, lost), entity)
        for table in tables.values():  # one row a record
            if table.beside == entity and table.name.partition("_")[0] not in ("stays", "reached"):
                maker.write(
                    table.name, f"SELECT * FROM read_parquet('made_{entity}.parquet')", entity
                )
        (folder / f"made_{entity}.parquet").unlink()
    for name, sql in WORK.items():
        maker.write(name, sql.format(count=count))
    for name in tables.keys() - {path.stem for path in folder.glob("*.parquet")}:
        types = ", ".join(
            f'CAST(NULL AS {made.type}) AS "{column}"'
            for column, made in tables[name].columns.items()
        )
        maker.copy(name, f"SELECT {types} WHERE FALSE")
    note = snapshots.Note(NOW, 0, snapshot_rows.signature(columns, frame.stages), {"deal": count})
    (folder / snapshots.NOTE).write_text(json.dumps(note._asdict()))


ENDED = "f_closed_at"
PLAIN = {
    "leads": "SELECT f_source, count(*), count(*) FILTER (leads_won), count(*) FILTER (leads_lost),"
    " count(*) FILTER (leads_open), sum(f_amount_cents) FROM lead GROUP BY ALL",
    "won": "SELECT f_owner, count(*), sum(f_amount_cents), median(deals_days)"
    " FROM deal WHERE deals_won GROUP BY ALL",
    "lost": "SELECT f_lost_reason, count(*), sum(f_amount_cents), median(deals_days)"
    " FROM deal WHERE deals_lost GROUP BY ALL",
    "funnel": "SELECT reached_stage, count(*), sum(f_amount_cents) FROM reached_deal GROUP BY ALL",
    "velocity": "SELECT stays_stage, count(*), median(stays_left - stays_entered)"
    " FROM stays_deal GROUP BY ALL",
    "activity": "SELECT activities_owner, activities_kind, count(*), count(DISTINCT record)"
    " FROM activities GROUP BY ALL",
    "robots": "SELECT jobs_robot, count(*), count(*) FILTER (jobs_done) FROM jobs GROUP BY ALL",
}


def asked(root: Path, runs: int, only: list[str], left_out: Sequence[str]) -> None:
    """What each report takes, as a whole process; and DuckDB alone, with its start, over the same files."""
    from crmcli.model.reports import REPORTS

    print(f"{'report':12} {'crm':>7} {'DuckDB':>7}  ratio", flush=True)
    folder = root / snapshots.PATH / "1"
    for report in REPORTS:
        if report.name in left_out or (only and report.name not in only):
            continue
        own = [
            sys.executable,
            "-m",
            "crmcli",
            "-C",
            str(root),
            "report",
            report.name,
            "--snapshot",
            "--json",
        ]
        plain = []
        if report.name in PLAIN:
            views = "".join(
                f"CREATE VIEW {p.stem} AS FROM '{p}';" for p in folder.glob("*.parquet")
            )
            code = (
                f"import duckdb; d = duckdb.connect(); d.execute({views!r});"
                f"d.execute({PLAIN[report.name]!r}).fetchall()"
            )
            plain = [sys.executable, "-c", code]
        took = [[seconds(own), seconds(plain) if plain else 0.0] for _ in range(runs)]
        mine, theirs = (min(column) for column in zip(*took, strict=True))
        ratio = f"{theirs:7.2f}  {mine / theirs:.1f}x" if theirs else ""
        print(f"{report.name:12} {mine:7.2f} {ratio}", flush=True)


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120,
                   env={"PATH": "/usr/bin:/bin", "CRM_NOW": NOW, "PYTHONPATH": str(Path.cwd())})  # fmt: skip
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deals", type=int, default=1_000_000)
    parser.add_argument("--dir", type=Path, default=Path(".bench/snapshot"))
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--no-stays", action="store_true", help="leave funnel and velocity out")
    parser.add_argument("--keep", action="store_true", help="ask what an earlier run left")
    args = parser.parse_args()
    root = args.dir / str(args.deals)
    if not args.keep or not root.exists():
        shutil.rmtree(root, ignore_errors=True)
        made(root, args.deals, with_stays=not args.no_stays)
    size = sum(path.stat().st_size for path in (root / snapshots.PATH).rglob("*.parquet"))
    print(f"{args.deals:,} deals, {size / 1e6:,.0f} MB of Parquet")
    left_out = ("funnel", "velocity") if args.no_stays else ()
    asked(root, args.runs, list(filter(None, args.only.split(","))), left_out)


if __name__ == "__main__":
    main()
