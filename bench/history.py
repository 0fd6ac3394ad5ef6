"""Writes a workspace with a past: N deals and three years of events, some twenty a deal.

    python bench/history.py DIR N [--seed 1] [--now 2026-11-27T09:00:00Z]

In that past stages were skipped, deals went back, were closed and reopened, moved to the other pipeline, were
imported with and without the days on which they came to their stages, stages got other names, moves were
undone and done again. The same N, seed and moment give the same base, to the byte.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import datetime
from pathlib import Path

from history_deals import Deal, origin
from history_files import CLONE
from history_leads import converted, unconverted
from history_past import Past
from history_world import DAY

NOW = "2026-11-27T09:00:00Z"
IMPORTS = (0.15, 0.42, 0.55, 0.72, 0.93)
"""At which shares of the years files of another program were imported."""


def make_history(root: Path, deals: int, seed: int = 1, now: str = NOW, by_hand: float = 0) -> Past:
    """Write the workspace; of `by_hand`, a share of its deals, no event tells that they were added."""
    past = Past(root, int(datetime.fromisoformat(now).timestamp()), seed, by_hand)
    chance, span = past.chance, past.now - past.start
    imported = int(deals * 0.15)
    for _ in range(deals - imported):
        at = past.calm(past.start + int(span * chance.random() ** 0.7))
        if chance.random() < 0.3:
            deal = converted(past, at)
        else:
            deal = Deal(past, origin(past, at))
            deal.begin()
        deal.live()
    for _ in range(deals * 4 // 10):
        unconverted(past, past.calm(past.start + int(span * chance.random() ** 0.7)))
    parts = [imported // len(IMPORTS)] * (len(IMPORTS) - 1)
    for share, count in zip(IMPORTS, [*parts, imported - sum(parts)], strict=True):
        _import(past, past.at_share(share) + 600, count)
    past.finish()
    (root / ".crm").mkdir()
    (root / ".crm/clone-id").write_text(CLONE + "\n")
    os.sync()
    return past


def _import(past: Past, at: int, count: int) -> None:
    """Deals that one file of another program brought; what it knew of them is up to 200 days old."""
    batch = "batch-" + past.records.new_id("deal")[5:]
    first = past.journal.begin(at)
    for number in range(count):
        came = at - past.chance.randrange(DAY, 200 * DAY)
        deal = Deal(past, origin(past, came))
        deal.came_in(batch, at, first + number)
        deal.live()
    facts = {"batch": batch, "entity": "deal", "file": "old.csv", "digest": "0" * 32}
    counts = {"created": count, "changed": 0, "skipped": 0, "rejected": 0}
    part = {**facts, "span": [1, count], **counts}
    past.journal.note(first + count, at, "anna", "import.part", "", part)
    done = {**facts, "rows": count, **counts}
    past.journal.note(first + count + 1, at, "anna", "import.done", "", done)


def main() -> None:
    """Write a base where the arguments say."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("deals", type=lambda text: int(text.replace("_", "").replace(",", "")))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--now", default=NOW)
    parser.add_argument("--by-hand", type=float, default=0, metavar="SHARE")
    args = parser.parse_args()
    if args.folder.exists():
        parser.exit(1, f"{args.folder} already exists\n")
    started = time.perf_counter()
    past = make_history(args.folder, args.deals, args.seed, args.now, args.by_hand)
    took = time.perf_counter() - started
    print(
        f"{args.folder}: {past.records.count:,} records, {past.journal.count:,} events in {took:.1f} s"
    )


if __name__ == "__main__":
    main()
