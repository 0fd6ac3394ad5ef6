"""What a part of the torture found, and the table of all of them."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

SHOWN = 20
"""Faults of a part that are printed in full."""


@dataclass
class Score:
    """The figures of one part: what was tried, what went wrong."""

    part: str
    runs: int = 0
    torn: int = 0
    lost: int = 0
    doubled: int = 0
    other: int = 0
    faults: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def ran(self, count: int = 1) -> None:
        """Count runs, from any thread."""
        with self._lock:
            self.runs += count

    def fault(self, kind: str, words: str) -> None:
        """Count a fault: torn, lost, doubled or other."""
        with self._lock:
            setattr(self, kind, getattr(self, kind) + 1)
            self.faults.append(f"{kind}: {words}")

    def remark(self, words: str) -> None:
        """Something that a reader of the table should know."""
        with self._lock:
            self.remarks.append(words)

    def stop(self) -> Score:
        """Take the time."""
        self.seconds = time.monotonic() - self.started
        return self

    @property
    def is_good(self) -> bool:
        """Whether nothing went wrong, and something was tried at all."""
        return not self.faults and self.runs > 0


def table(scores: list[Score]) -> str:
    """The figures of all parts, with what went wrong and what is worth knowing below."""
    lines = [
        f"{'part':<12}{'runs':>9}{'torn':>6}{'lost':>6}{'doubled':>9}{'other':>7}{'seconds':>9}"
    ]
    lines += [
        f"{score.part:<12}{score.runs:>9}{score.torn:>6}{score.lost:>6}"
        f"{score.doubled:>9}{score.other:>7}{score.seconds:>9.1f}"
        for score in scores
    ]
    total = sum(score.seconds for score in scores)
    lines.append(f"{'in all':<12}{sum(score.runs for score in scores):>9}{total / 60:>33.1f} min")
    for score in scores:
        lines += [f"{score.part}: {words}" for words in score.remarks]
        lines += [f"{score.part}: FAULT {words}" for words in score.faults[:SHOWN]]
        hidden = len(score.faults) - SHOWN
        if hidden > 0:
            lines.append(f"{score.part}: and {hidden} faults more")
        if not score.runs:
            lines.append(f"{score.part}: FAULT nothing was tried")
    return "\n".join(lines)
