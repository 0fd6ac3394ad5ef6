"""Measures every `crm report` beside SQLite, DuckDB and pandas, which do the same sums over flat tables.

    python bench/reports.py [--deals 10000] [--runs 5] [--dir .bench] [--only NAME,NAME] [--cpu] [--keep]

Each is a whole process: crm with its index warm, SQLite over a file, DuckDB over Parquet, pandas over its own
pickled frames. All answers are compared, so that what is measured is the same. Prints seconds, MB at most,
and how many times as long as each of the others crm takes.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from report_floors import NOW, SQL
from timing import Bench, in_words, say

HERE = Path(__file__).parent
FLOORS = [sys.executable, "-I", str(HERE / "report_floors.py")]
GOAL, MOST = 2.0, 300.0
"""Seconds and MB that no report should pass at 100,000 deals."""
BY = {"funnel": "stage", "velocity": "stage", "activity": "owner", "robots": "robot", "lost": "lost_reason",
      "leads": "source", "conversion": "source", "sources": "source", "mail": "template"}  # fmt: skip
COUNTED = {"leads": "leads", "conversion": "leads", "funnel": "reached", "velocity": "left", "won": "won",
           "lost": "lost", "stale": "open", "activity": "activities", "response": "came", "robots": "jobs",
           "mail": "sent", "owners": "won", "sources": "leads"}  # fmt: skip
"""By which dimension and measure crm's answer is compared with the first two columns of the others'."""


class Took(NamedTuple):
    """One program's run of a report: medians of seconds, most MB, and what it printed."""

    seconds: float
    most: float
    printed: str


def took(command: Sequence[str], environ: dict[str, str], runs: int, *, cpu: bool = False) -> Took:
    """Run a program some times, the first to warm up; with `cpu` its least processor time."""
    seconds, most, printed = [], 0.0, ""
    for _ in range(runs + 1):
        started = time.perf_counter()
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
            printed = process.stdout.read() if process.stdout else ""
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        passed = time.perf_counter() - started
        seconds.append(used.ru_utime + used.ru_stime if cpu else passed)
        most = max(most, used.ru_maxrss / 1024)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
    of_runs = min if cpu else statistics.median
    return Took(of_runs(seconds[1:]), most, printed)


def by_crm(report: str, printed: str) -> dict[str, int]:
    """What crm counts by key."""
    dimension, measure = BY.get(report, "owner"), COUNTED[report]
    found: Counter[str] = Counter()
    for row in json.loads(printed):
        found[row[dimension]] += row[measure] or 0
    return {key: number for key, number in found.items() if number}


def by_others(printed: str) -> dict[str, int]:
    found: Counter[str] = Counter()
    for key, number, *_ in json.loads(printed)[0]:
        found[key] += int(number)
    return {key: number for key, number in found.items() if number}


def is_same(report: str, crm: Took, other: Took) -> bool:
    """Whether both count the same; the others' funnel has no row of the ends."""
    mine, theirs = by_crm(report, crm.printed), by_others(other.printed)
    return all(mine.get(key) == number for key, number in theirs.items()) and bool(theirs)


def main() -> None:
    args = parsed()
    folder = Path(args.dir).resolve() / f"reports-{args.deals}"
    base, flat = folder / "base", folder / "flat"
    if not base.exists():
        shutil.rmtree(folder, ignore_errors=True)
        flat.mkdir(parents=True)
        say(f"writing a base of {args.deals:,} deals")
        # in a process of its own: each run is forked from this one, and what this one held counts as its
        program = [sys.executable, str(HERE / "history.py"), str(base), str(args.deals)]
        subprocess.run(program, check=True, stdout=subprocess.DEVNULL)
        say("reading it for the others")
        subprocess.run([*FLOORS, "prepare", str(base), str(flat)], check=True)
    bench = Bench(folder, quick=True)
    environ = {**bench.environ, "CRM_NOW": NOW}
    started = time.perf_counter()
    bench.seconds(bench.crm(base, "report", "leads", "--json"))
    say(f"index from nothing: {in_words(time.perf_counter() - started)}")
    others = ["sqlite", "pandas"]
    if importlib.util.find_spec("duckdb"):
        others.insert(1, "duckdb")
    else:
        print("not measured: duckdb (pip install duckdb)")
    rows = [
        ["report", "crm", "MB", *(word for one in others for word in (one, "ratio")), "answers", ""]
    ]
    asked = args.only or SQL
    rows += [measured(bench, base, flat, one, others, environ, args) for one in asked]
    print("\n".join(laid_out(rows)))
    if not args.keep:
        shutil.rmtree(folder)


def measured(
    bench: Bench, base: Path, flat: Path, report: str, others: Sequence[str], environ: dict[str, str],
    args: Any,
) -> list[str]:  # fmt: skip
    """One line of the table."""
    say(report)
    crm = took(bench.crm(base, "report", report, "--json"), environ, args.runs, cpu=args.cpu)
    row, wrong = [report, in_words(crm.seconds), f"{crm.most:.0f}"], []
    for other in others:
        theirs = took([*FLOORS, other, report, str(flat)], environ, args.runs, cpu=args.cpu)
        row += [in_words(theirs.seconds), f"{crm.seconds / theirs.seconds:.2f}x"]
        if not is_same(report, crm, theirs):
            wrong.append(other)
    within = crm.seconds <= GOAL and crm.most <= MOST
    return [*row, "differ: " + ", ".join(wrong) if wrong else "same", "ok" if within else "over"]


def laid_out(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return [
        "  ".join(c.ljust(w) if n in (0, len(row) - 2) else c.rjust(w)
                  for n, (c, w) in enumerate(zip(row, widths, strict=True))).rstrip()
        for row in rows
    ]  # fmt: skip


def parsed() -> Any:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--deals", type=lambda text: int(text.replace(",", "")), default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--dir", default=str(HERE.parent / ".bench"), help="where to work")
    parser.add_argument("--only", type=lambda text: text.split(","), help="these reports alone")
    parser.add_argument("--cpu", action="store_true", help="processor time, where others work too")
    parser.add_argument(
        "--keep", action="store_true", help="leave the base there, for the next run"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
