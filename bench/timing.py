"""Runs commands in turn with their floors, and sets what they took in a table."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# Compiled modules are kept, as they are wherever crm is installed.
_NOT_OURS = ("CRM_", "PYTHONDONTWRITEBYTECODE")


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the result: seconds are medians; `goal` is what the ratio should not pass."""

    work: str
    size: int
    seconds: float
    beside: str = ""
    floor: float = 0.0
    goal: float | None = None

    @property
    def ratio(self) -> float | None:
        return self.seconds / self.floor if self.floor else None


class Bench:
    """Runs commands in turn and collects what they took."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.folder = folder
        self.quick = quick
        self.results: list[Measured] = []
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_OURS)}
        self.environ |= {"CRM_USER": "anna", "CRM_LANG": "en", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        program = Path(sys.executable).parent / "crm"
        self.program = [str(program)] if program.exists() else [sys.executable, "-m", "crmcli"]

    def crm(self, base: Path, *args: str) -> list[str]:
        return [*self.program, "-C", str(base), *args]

    def seconds(self, command: Sequence[str], timeout: float = 1800, *, cpu: bool = False) -> float:
        """How long a command takes, or works the processor; stops the bench if it fails."""
        clock = worked if cpu else time.perf_counter
        started = clock()
        done = subprocess.run(
            command,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=timeout,
        )
        took = clock() - started
        if done.returncode:
            raise SystemExit(
                f"{' '.join(command)}\n{done.stderr.decode()}exit code {done.returncode}"
            )
        return took

    def answer(self, command: Sequence[str]) -> str:
        """What a command prints."""
        return subprocess.run(
            command, env=self.environ, stdout=subprocess.PIPE, check=True, text=True
        ).stdout.strip()

    def runs(self, heavy: bool, size: int) -> int:
        if heavy:
            return 1 if self.quick or size >= 100_000 else 3
        return 5 if self.quick else 11

    def compare(
        self,
        work: str,
        size: int,
        command: Callable[[], Sequence[str]],
        beside: str = "",
        floor: Callable[[], Sequence[str]] | None = None,
        *,
        goal: float | None = None,
        before: Callable[[], None] = lambda: None,
        heavy: bool = False,
        cpu: bool = False,
    ) -> float:
        """The median of a command, run in turn with its floor; light work has a round to warm up.

        With `cpu` the least processor time of 15 runs, which others' work on the machine changes little.
        """
        say(f"{work}, {size:,}")
        ours: list[float] = []
        theirs: list[float] = []
        for _ in range((15 if cpu else self.runs(heavy, size)) + (0 if heavy else 1)):
            before()
            ours.append(self.seconds(command(), cpu=cpu))
            if floor is not None:
                theirs.append(self.seconds(floor(), cpu=cpu))
        skip = 0 if heavy else 1
        of_runs = min if cpu else statistics.median
        took = of_runs(ours[skip:])
        least = of_runs(theirs[skip:]) if theirs else 0.0
        self.results.append(Measured(work, size, took, beside, least, goal))
        return took

    def took(self, work: str, size: int) -> float | None:
        return next((m.seconds for m in self.results if (m.work, m.size) == (work, size)), None)


def worked() -> float:
    """The seconds that the processor has worked for the commands run so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def table(results: Sequence[Measured]) -> Iterator[str]:
    rows = [["work", "N", "crm", "beside", "takes", "ratio", "goal", ""]]
    for m in results:
        ratio, goal = m.ratio, f"{m.goal:.1f}x" if m.goal else ""
        met = "" if m.goal is None or ratio is None else "ok" if ratio <= m.goal else "over"
        rows.append([
            m.work, f"{m.size:,}" if m.size else "", in_words(m.seconds), m.beside,
            in_words(m.floor) if m.floor else "", f"{ratio:.2f}x" if ratio else "", goal, met,
        ])  # fmt: skip
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    for row in rows:
        cells = [
            text.rjust(wide) if n in (1, 2, 4, 5, 6) else text.ljust(wide)
            for n, (text, wide) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def in_words(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"
