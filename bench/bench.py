"""Measures crm beside the floors of the same work, in one run, and prints medians and ratios.

python bench/bench.py [--sizes 1000,10000,100000] [--quick] [--no-peers] [--dir .bench] [--keep]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from itertools import cycle
from pathlib import Path

import duplicates
import generate
import peers
import screen
from timing import Bench, Measured, say, table

HERE = Path(__file__).parent
PYTHON = sys.executable
FLOORS = [PYTHON, "-I", str(HERE / "floors.py")]
FILTER = "owner = anna and source = web"
SMALL = 100
FEW, BOARD_CONTACTS = 200, 1000
KEY = 0.05
"""Seconds within which the screen answers a key."""
DOZEN = 48
"""Contacts of a base that has a dozen leads."""


def always(*command: str) -> Callable[[], Sequence[str]]:
    return lambda: command


# -- the work --------------------------------------------------------------------------------


def measure_start(bench: Bench, todo: Path | None) -> None:
    bench.compare(
        "start", 0, always(*bench.program, "--version"),
        "python -c 'import click'", always(PYTHON, "-c", "import click"), goal=1.5,
    )  # fmt: skip
    if todo:
        bench.compare(
            "start, todoman", 0, always(*bench.program, "--version"),
            "todo --version", always(str(todo), "--version"),
        )  # fmt: skip


def measure_light(bench: Bench, base: Path) -> None:
    """What ordinary commands cost where there is little to read, in processor time."""
    lead, deal = first_id(base, "leads"), first_id(base, "deals")
    for work, command, goal in (
        ("start", always(*bench.program, "--version"), 1.0),
        ("lead list", always(*bench.crm(base, "lead", "list")), 2.5),
        ("lead show", always(*bench.crm(base, "lead", "show", lead)), 2.5),
        ("lead add", always(*bench.crm(base, "lead", "add", "--name", "Анна Ким")), None),
        ("deal move", mover(bench, base, deal), None),
    ):
        bench.compare(
            f"{work}, processor", DOZEN, command, "python -c 'import click'",
            always(PYTHON, "-c", "import click"), goal=goal, cpu=True,
        )  # fmt: skip


def measure_points(bench: Bench, base: Path, small: Path, size: int) -> None:
    """Add, show and move one record at N, in turn with the same at N = 100."""
    add = (
        "lead",
        "add",
        "--name",
        "Окна: Анна Ким",
        "--phone",
        "8 912 345-67-89",
        "--source",
        "web",
    )
    bench.compare(
        "add", size, always(*bench.crm(base, *add)), f"the same at {SMALL}",
        always(*bench.crm(small, *add)), goal=1.2,
    )  # fmt: skip
    deals = {folder: first_id(folder, "deals") for folder in (base, small)}
    bench.compare(
        "show ID", size, always(*bench.crm(base, "deal", "show", deals[base])),
        f"the same at {SMALL}", always(*bench.crm(small, "deal", "show", deals[small])), goal=1.2,
    )  # fmt: skip
    bench.compare(
        "move ID", size, mover(bench, base, deals[base]),
        f"the same at {SMALL}", mover(bench, small, deals[small]), goal=1.2,
    )  # fmt: skip


def mover(bench: Bench, base: Path, deal: str) -> Callable[[], Sequence[str]]:
    """A move that always goes somewhere: there and back again."""
    stage = bench.answer(bench.crm(base, "--json", "deal", "show", deal))
    away = cycle(s for s in generate.STAGES["deal"] if s != json.loads(stage)["stage"])
    return lambda: bench.crm(base, "deal", "move", deal, next(away))


def first_id(base: Path, plural: str) -> str:
    return next(base.glob(f"data/{plural}/?/*.yaml")).stem


def edited(base: Path) -> Callable[[], None]:
    """An edit by hand, as an editor makes it: another contact's comment each time."""
    files = cycle(sorted(base.glob("data/contacts/0/*.yaml"))[:50])

    def edit() -> None:
        path = next(files)
        text = path.read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if not line.startswith("position:")]
        path.write_text(
            "\n".join([*kept, f"position: менеджер {time.time_ns()}", ""]), encoding="utf-8"
        )

    return edit


def measure_lists(bench: Bench, base: Path, size: int, todo: Path | None) -> None:
    lists = always(*bench.crm(base, "contact", "list", "--where", FILTER, "--limit", "50"))
    find = always("find", str(base / "data"), "-printf", "%T@ %s\\n")
    bench.compare("list", size, lists, "find -printf '%T@ %s'", find, goal=2.0)
    bench.compare(
        "list after an edit",
        size,
        lists,
        "find -printf '%T@ %s'",
        find,
        goal=2.0,
        before=edited(base),
    )
    if todo:
        bench.compare(
            "list, todoman", size, lists, "todo --version", always(str(todo), "--version"), goal=2.0
        )
    company = bench.crm(base, "company", "show", first_id(base, "companies"))
    bench.compare("show ID, a company", size, always(*company), "list", lists)
    bench.compare("search", size, always(*bench.crm(base, "search", "ромаш")), "list", lists)
    table = bench.folder / f"fts-{size}.db"
    table.unlink(missing_ok=True)
    bench.seconds([*FLOORS, "make-fts", str(table), str(size)])
    bench.compare(
        "search, FTS5", size, always(*bench.crm(base, "search", "ромаш")),
        "SQLite FTS5 alone", always(*FLOORS, "ask-fts", str(table), "Ковалёва"),
    )  # fmt: skip
    bench.compare("board", size, always(*bench.crm(base, "board")), "list", lists)
    bench.compare(
        "report funnel", size, always(*bench.crm(base, "report", "funnel")), "list", lists
    )


def measure_rights(bench: Bench, base: Path, size: int) -> None:
    """What a manager's rights cost who reads, beside an administrator, from whom nothing is kept."""
    access = base / "access.yaml"
    access.write_text(
        "users: {anna: [administrator], boris: [manager]}\n"
        "teams: {sales: {head: anna, members: [boris]}}\n", encoding="utf-8",
    )  # fmt: skip
    try:
        for name, words in {
            "list, a manager's": ("contact", "list", "--where", FILTER, "--limit", "50"),
            "deals, a manager's": ("deal", "list", "--where", "amount > 100000", "--limit", "50"),
            "search, a manager's": ("search", "ромаш"),
            "board, a manager's": ("board", "--print"),
            "4,000 of which 500 unmasked": (
                "contact", "list", "--where", "owner = boris", "--limit", "4000", "--csv",
            ),
        }.items():  # fmt: skip
            own, every = (bench.crm(base, *words, "--as", user) for user in ("boris", "anna"))
            bench.compare(name, size, always(*own), "an administrator's", always(*every), goal=1.2)
    finally:
        access.unlink()
        shutil.rmtree(base / "data/audit", ignore_errors=True)


def measure_board(bench: Bench, size: int) -> None:
    """The full-screen board of so many deals, in turn with one of few, and its answers to keys."""
    paints: dict[int, list[float]] = {FEW: [], size: []}
    for cards in paints:
        base = bench.folder / f"board-{cards}"
        shutil.rmtree(base, ignore_errors=True)
        generate.make_base(base, BOARD_CONTACTS, deals=cards)
        bench.seconds(bench.crm(base, "board", "--print"))  # builds the index
    say(f"board, full screen, {size:,}")
    for _ in range(1 + bench.runs(heavy=False, size=size)):
        for cards, took in paints.items():
            command = bench.crm(bench.folder / f"board-{cards}", "board")
            took.append(screen.first_paint(command, bench.environ))
    few, many = (statistics.median(took[1:]) for took in paints.values())
    told = f"the same with {FEW} cards"
    bench.results.append(Measured("board, first paint", size, many, told, few, 1.5))
    keys = screen.answers(bench.crm(bench.folder / f"board-{size}", "board"), bench.environ)
    key = statistics.median(keys)
    bench.results.append(Measured("board, a key", size, key, "50 ms", KEY, 1.0))
    bench.results.append(Measured("board, the slowest key", size, max(keys), "50 ms", KEY, 1.0))
    for cards in paints:
        shutil.rmtree(bench.folder / f"board-{cards}")


def measure_tick(bench: Bench, base: Path, size: int) -> None:
    lists = always(*bench.crm(base, "contact", "list", "--where", FILTER, "--limit", "50"))
    say(f"first tick, {size:,}")
    took = bench.seconds(bench.crm(base, "tick"))
    bench.results.append(Measured("tick, the first", size, took))
    bench.compare(
        "tick, nothing due", size, always(*bench.crm(base, "tick")), "list", lists, goal=1.0
    )


def measure_index(bench: Bench, base: Path, size: int) -> None:
    def forget() -> None:
        for path in (base / ".crm").glob("index.db*"):
            path.unlink()

    bench.compare(
        "index from nothing", size, always(*bench.crm(base, "contact", "list", "--limit", "1")),
        "reading all files in Python", always(*FLOORS, "read", str(base / "data")),
        before=forget, heavy=True,
    )  # fmt: skip


def measure_import(bench: Bench, size: int) -> None:
    table, base, floor = (bench.folder / name for name in ("import.csv", "imported", "written"))
    generate.import_csv(table, size)

    def fresh() -> None:
        for folder in (base, floor):
            shutil.rmtree(folder, ignore_errors=True)
        generate.make_empty(base)
        os.sync()

    bench.compare(
        "import", size,
        always(*bench.crm(base, "import", "contacts", str(table), "--on-duplicate", "create")),
        "writing N files, one sync", always(*FLOORS, "write", str(floor), str(size)),
        goal=1.5, before=fresh, heavy=True,
    )  # fmt: skip
    for folder in (base, floor):
        shutil.rmtree(folder)


def measure_peers(bench: Bench, found: Sequence[peers.Peer], size: int) -> None:
    for peer in found:
        folder = bench.folder / f"{peer.name}-{size}"
        shutil.rmtree(folder, ignore_errors=True)
        for task in peer.prepare(folder, size):
            ours = bench.took(task.work, size)
            if size > task.most or ours is None:
                continue
            say(f"{peer.name} {task.title}, {size:,}")
            bench.seconds(task.command)  # builds its cache, if it has one
            runs = 1 if size >= 100_000 else 3
            theirs = statistics.median(bench.seconds(task.command) for _ in range(runs))
            beside = f"{peer.name} {task.title}"
            bench.results.append(Measured(task.work, size, ours, beside, theirs))
        shutil.rmtree(folder)


def main() -> None:
    args = parsed()
    folder = Path(args.dir).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    bench = Bench(folder, quick=args.quick)
    found, missing = ([], []) if args.no_peers else peers.installed(folder)
    todo = None if args.no_peers else peers.todo_program(folder)
    small = fresh_base(bench, SMALL)
    measure_start(bench, todo)
    measure_light(bench, fresh_base(bench, DOZEN))
    for size in args.sizes:
        base = fresh_base(bench, size)
        measure_index(bench, base, size)
        measure_points(bench, base, small, size)
        measure_lists(bench, base, size, todo)
        measure_rights(bench, base, size)
        measure_board(bench, size)
        measure_tick(bench, base, size)
        measure_import(bench, size)
        duplicates.compare(bench, size)
        measure_peers(bench, found, size)
        if not args.keep:
            shutil.rmtree(base)
    if not args.keep:
        shutil.rmtree(small)
        shutil.rmtree(bench.folder / f"base-{DOZEN}")
        for path in (*folder.glob("fts-*.db"), folder / "import.csv"):
            path.unlink()
    print("\n".join(table(bench.results)))
    for line in missing:
        print(f"not measured: {line}")
    facts = [{**asdict(m), "ratio": m.ratio} for m in bench.results]
    (folder / "results.json").write_text(json.dumps(facts, indent=1) + "\n")


def fresh_base(bench: Bench, size: int) -> Path:
    base = bench.folder / f"base-{size}"
    shutil.rmtree(base, ignore_errors=True)
    say(f"writing a base of {size:,} contacts")
    generate.make_base(base, size)
    return base


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--sizes", default=[1_000, 10_000, 100_000], metavar="N,N",
        type=lambda text: [int(n) for n in text.split(",")], help="numbers of contacts",
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="fewer runs of each")
    parser.add_argument("--no-peers", action="store_true", help="without other programs")
    parser.add_argument("--dir", default=str(HERE.parent / ".bench"), help="where to work")
    parser.add_argument("--keep", action="store_true", help="leave the bases there")
    return parser.parse_args()


if __name__ == "__main__":
    main()
