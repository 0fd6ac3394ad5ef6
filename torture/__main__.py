"""`python -m torture [part …] [--seconds N] [--cuts N] [--quick]`: run the parts, print the table."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from torture.audited import audited
from torture.browser import browser
from torture.clocks import clocks
from torture.codec import codec
from torture.copies import in_memory
from torture.cron import cron
from torture.cuts import cuts
from torture.disk import disk
from torture.documents import documents
from torture.errors import errors
from torture.folders import folders
from torture.gate import gate
from torture.gitsteps import gitsteps
from torture.honesty import honesty
from torture.hostile import hostile
from torture.kills import kills
from torture.month import month
from torture.policies import policies
from torture.posts import posts
from torture.processes import processes
from torture.samples import samples
from torture.scenes import named
from torture.schedules import schedules
from torture.score import Score, table
from torture.servers import servers
from torture.trees import TREES
from torture.turns import turns
from torture.two_bases import sameness


def parts(options: argparse.Namespace) -> dict[str, Callable[[Path], Score]]:
    """Every part by its name, as large as it is wanted."""
    quick = options.quick
    return {
        "kills": lambda folder: kills(
            folder, names=named(options.scenes), most=4 if quick else options.points
        ),
        "disk": lambda folder: disk(folder, names=("first add", "convert") if quick else ()),
        "cuts": lambda folder: cuts(folder, count=3 if quick else options.cuts),
        "errors": lambda folder: errors(folder, most=15 if quick else options.points),
        "turns": turns,
        "sameness": lambda folder: sameness(
            folder, every_option=True, most=200 if quick else options.calls
        ),
        "policies": lambda folder: policies(folder, cases=3_500 if quick else 100_000),
        "processes": lambda folder: processes(
            folder, kills=20 if quick else options.kills, seconds=options.seconds
        ),
        "codec": lambda folder: codec(folder, times=2 if quick else 40),
        "hostile": lambda folder: hostile(folder, count=5_000 if quick else 300_000),
        "clocks": lambda folder: clocks(
            folder, weeks=1 if quick else options.weeks, days=1 if quick else 7
        ),
        "folders": lambda folder: folders(folder, names=sorted(TREES)[::20] if quick else ()),
        "gitsteps": lambda folder: gitsteps(
            folder, steps=100 if quick else options.steps, seed=options.seed
        ),
        "servers": lambda folder: servers(
            folder, mixed=20 if quick else 400, every=8 if quick else 1, seed=options.seed
        ),
        "documents": lambda folder: documents(
            folder, sums=200 if quick else 10_000, invoices=10 if quick else 1_000
        ),
        "schedules": lambda _: schedules(every=50 if quick else 1),
        "month": lambda folder: month(
            folder / "ws", deals=3 if quick else 20, days=12 if quick else 31, whole=not quick
        ),
        "cron": lambda folder: cron(folder, days=1 if quick else 14),
        "posts": lambda folder: posts(
            folder, seconds=6 if quick else 60, rate=50 if quick else 200, kills=2 if quick else 20
        ),
        "browser": lambda folder: browser(folder, options.pictures, quick=quick),
        "gate": lambda folder: gate(
            folder,
            count=200 if quick else 100_000,
            people=0 if quick else 50,
            whole=not quick,
            seed=options.seed,
        ),
        "audited": lambda folder: audited(folder, most=3 if quick else options.points),
        "samples": lambda folder: samples(folder, most=1 if quick else 0),
        "honesty": honesty,
    }


def main() -> int:
    """Run what was asked for; 1 if anything was lost, torn or doubled, or a fault not noticed."""
    os.environ["CRM_LANG"] = "en"  # the judges read English, also in the same process
    parser = argparse.ArgumentParser(prog="python -m torture", description=__doc__)
    parser.add_argument(
        "part",
        nargs="*",
        help="one or more of these, in this order: kills disk cuts errors turns"
        " processes codec hostile clocks folders gitsteps servers documents schedules month cron posts"
        " browser gate audited samples honesty; all of them if none is named",
    )
    parser.add_argument("--quick", action="store_true", help="a little of everything")
    parser.add_argument("--cuts", type=int, default=300, help="power cuts on each file system")
    parser.add_argument("--kills", type=int, default=1000, help="kills among the processes")
    parser.add_argument("--seconds", type=float, default=1200, help="longest time for those kills")
    parser.add_argument("--points", type=int, default=0, help="points of each command; 0: all")
    parser.add_argument(
        "--scenes", default="", help="of the kills those alone, e.g. 'convert *' or 'merge'"
    )
    parser.add_argument("--weeks", type=int, default=4, help="weeks in which the clock jumps")
    parser.add_argument(
        "--calls", type=int, default=0, help="calls that two bases answer alike (all)"
    )
    parser.add_argument("--steps", type=int, default=1000, help="steps of git, commands and ticks")
    parser.add_argument(
        "--pictures", type=Path, help="where the browser puts pictures of its pages"
    )
    parser.add_argument("--seed", type=int, default=0, help="by which they are chosen")
    options = parser.parse_args()
    known = parts(options)
    unknown = [name for name in options.part if name not in known]
    if unknown:
        parser.error(f"there is no part {unknown[0]}; parts: {', '.join(known)}")
    scores = []
    for name in options.part or known:
        print(f"{name} …", flush=True)
        folder = Path(tempfile.mkdtemp(prefix="crm-torture-", dir=in_memory()))
        try:
            scores.append(known[name](folder))
            print(table(scores[-1:]), flush=True)  # a run that is broken off keeps what it found
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print(table(scores), flush=True)
    return 0 if all(score.is_good for score in scores) else 1


if __name__ == "__main__":
    sys.exit(main())
