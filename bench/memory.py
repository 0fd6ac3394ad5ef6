"""Measures the peak memory of every kind of command on a large base, each a whole process of its own.

    python bench/memory.py [--size 100000] [--dir .bench] [--only WORD] [--keep]

The peak is that of the command and its children together (what they share counted once), looked at
every few milliseconds, or of the largest alone, as the system counted it, if that is more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
GOAL = 300
"""MB that no command should pass, at 100,000 contacts."""
_LOOK = 0.005  # seconds between two looks at the processes


class Task(NamedTuple):
    """A command to measure; `exits` are the exit codes with which it may end."""

    name: str
    args: Sequence[str]
    base: str = "base"
    exits: Sequence[int] = (0,)
    forgets: bool = False


class Peak(NamedTuple):
    """What one run took: MB at most of all its processes together, and seconds."""

    task: Task
    most: float
    seconds: float
    exit_code: int


TASKS = (
    Task("index from nothing", ("contact", "list", "--limit", "1"), forgets=True),
    Task("list, table", ("contact", "list")),
    Task("list, json", ("--json", "contact", "list")),
    Task("list, csv", ("--csv", "contact", "list")),
    Task("list, yaml", ("--format", "yaml", "contact", "list", "--columns", "name,owner")),
    Task("list, sorted", ("--format", "jsonl", "contact", "list", "--sort", "-name")),
    Task("list, some", ("contact", "list", "--where", "owner = anna", "--limit", "50")),
    Task("list, ids", ("--ids", "deal", "list", "--sort", "-amount")),
    Task("show", ("show", "{deal}")),
    Task("show, a company", ("show", "{company}")),
    Task("timeline", ("timeline", "{deal}")),
    Task("search", ("search", "ромаш")),
    Task("search, all", ("search", "о", "--limit", "1000000")),
    Task("board", ("board",)),
    Task("board, all cards", ("board", "--cards", "100000")),
    Task("report funnel", ("report", "funnel")),
    Task("report leads", ("report", "leads")),
    Task("export, csv", ("export", "contacts")),
    Task("export, jsonl", ("export", "contacts", "--format", "jsonl")),
    Task("export, Excel", ("export", "deals", "--excel")),
    Task("check", ("check",), exits=(0, 6)),
    Task("check --fix", ("check", "--fix"), exits=(0, 6)),
    Task("robots waiting", ("robots", "waiting")),
    Task("tick --dry-run", ("tick", "--dry-run", "--until", "+2000d")),
    Task("tick, the first", ("tick",)),
    Task("tick, nothing due", ("tick",)),
    Task("jobs list", ("jobs", "list", "--state", "all")),
    Task("add", ("lead", "add", "--name", "Окна", "--phone", "8 912 345-67-89")),
    Task("undo of an add", ("undo",)),
    Task("rm of a company", ("--yes", "company", "rm", "{company}", "--unlink")),
    Task("bulk, rehearsed", ("deal", "bulk", "--where", "amount > 0", "--set", "source=web", "-n")),
    Task("bulk", ("--yes", "deal", "bulk", "--where", "amount > 0", "--set", "source=web")),
    Task("undo of bulk", ("undo",)),
    Task("redo of bulk", ("undo", "--redo")),
    Task("import, rehearsed", ("import", "contacts", "{csv}", "-n"), "empty"),
    Task("import", ("import", "contacts", "{csv}", "--on-duplicate", "create"), "empty"),
    Task("import again", ("import", "contacts", "{csv}", "--on-duplicate", "skip"), "empty"),
    Task("undo of import", ("undo",), "empty"),
    Task("redo of import", ("undo", "--redo"), "empty"),
)  # fmt: skip


class Memory:
    """Runs commands one after another on the bases of a folder."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.bases = {"base": folder / f"memory-{size}", "empty": folder / "memory-empty"}
        self.table = folder / "memory.csv"
        self.size = size
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith("CRM_")}
        self.environ |= {"CRM_USER": "anna", "CRM_LANG": "en", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        program = Path(sys.executable).parent / "crm"
        self.program = [str(program)] if program.exists() else [sys.executable, "-m", "crmcli"]

    def prepare(self) -> None:
        """Write the bases, in another process: ours must stay small, as its size counts for a child's."""
        script = (
            "import sys; from pathlib import Path; import generate\n"
            "base, empty, table, size = sys.argv[1:]\n"
            "generate.make_base(Path(base), int(size))\n"
            "generate.make_empty(Path(empty))\n"
            "generate.import_csv(Path(table), int(size))\n"
        )
        self.clear()
        paths = (*self.bases.values(), self.table)
        command = [sys.executable, "-c", script, *map(str, paths), str(self.size)]
        subprocess.run(command, check=True, cwd=HERE)

    def clear(self) -> None:
        """Take the bases away."""
        for base in self.bases.values():
            shutil.rmtree(base, ignore_errors=True)
        self.table.unlink(missing_ok=True)

    def run(self, task: Task) -> Peak:
        """Run one command and watch it; stops the bench if it fails."""
        base = self.bases[task.base]
        if task.forgets:
            for path in (base / ".crm").glob("index.db*"):
                path.unlink()
        args = [self._filled(base, arg) for arg in task.args]
        return watched(task, [*self.program, "-C", str(base), *args], self.environ, self.folder)

    def _filled(self, base: Path, arg: str) -> str:
        if arg == "{csv}":
            return str(self.table)
        if arg.startswith("{"):
            plural = {"{deal}": "deals", "{company}": "companies"}[arg]
            return next(base.glob(f"data/{plural}/?/*.yaml")).stem
        return arg


def watched(task: Task, command: Sequence[str], environ: dict[str, str], cwd: Path) -> Peak:
    """The peak of a command and its children."""
    started = time.perf_counter()
    with (
        open(os.devnull, "wb") as nothing,
        subprocess.Popen(
            command, env=environ, cwd=cwd, stdout=nothing, stderr=subprocess.PIPE
        ) as process,
    ):
        assert process.stderr is not None
        os.set_blocking(process.stderr.fileno(), False)
        most, said = 0.0, b""
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            most = max(most, sum(_share(one) for one in _family(process.pid)))
            said = (said + (process.stderr.read() or b""))[-2000:]
            time.sleep(_LOOK)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in task.exits:
        raise SystemExit(f"{' '.join(command)}\n{said.decode()}exit code {process.returncode}")
    most = max(most, used.ru_maxrss / 1024)
    return Peak(task, most, time.perf_counter() - started, process.returncode)


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _share(pid: int) -> float:
    """MB of a process, each page divided among those that share it; 0 for one that has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:")) / 1024


def table(peaks: Sequence[Peak]) -> Iterator[str]:
    """The lines that are printed."""
    yield f"{'command':<20} {'MB':>6}  {'goal':>5}       {'takes':>8}"
    for peak in peaks:
        met = "ok" if peak.most <= GOAL else "over"
        yield f"{peak.task.name:<20} {peak.most:>6.0f}  {GOAL:>5}  {met:<4} {peak.seconds:>7.2f} s"


def main() -> None:
    """Measure, print, and write `memory.json` beside the bases."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--size", type=int, default=100_000, metavar="N", help="contacts")
    parser.add_argument("--dir", default=str(HERE.parent / ".bench"), help="where to work")
    parser.add_argument("--only", default="", metavar="WORD", help="commands whose name has this")
    parser.add_argument("--keep", action="store_true", help="leave the bases there, and use them")
    args = parser.parse_args()
    folder = Path(args.dir).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    memory = Memory(folder, args.size)
    if not (args.keep and memory.bases["base"].exists()):
        memory.prepare()
    peaks: list[Peak] = []
    for task in TASKS:
        if args.only in task.name:
            peaks.append(memory.run(task))
            print(f"  {task.name}: {peaks[-1].most:.0f} MB", file=sys.stderr, flush=True)
    print("\n".join(table(peaks)))
    facts = [
        {"command": p.task.name, "MB": round(p.most), "seconds": round(p.seconds, 2)} for p in peaks
    ]
    (folder / "memory.json").write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    if not args.keep:
        memory.clear()


if __name__ == "__main__":
    main()
