"""Commands that only look are killed at every writing call: what was shown stands on the audit."""

from __future__ import annotations

import shutil
from pathlib import Path

from crmcli.store.audit import verified
from crmcli.store.audit.journal import events
from torture.copies import copied
from torture.score import Score
from torture.tracing import crm, inject, record, run
from torture.two_bases import Bases, make

LOOKS = {
    "list": ("contact", "list", "--ids"),
    "show": ("show", "MINE"),
    "reveal": ("reveal", "MINE"),
    "export": ("export", "contacts"),
}
RULES = "users: {anna: [manager], olga: [manager], root: [administrator]}\nbudget: 1\n"


def audited(folder: Path, most: int = 0) -> Score:
    """Kill each of them at each call (of `most` some) that writes in the workspace, or to who reads."""
    score = Score("audited")
    bases = make(folder, RULES)
    for name, words in LOOKS.items():
        _kill(score, bases, folder, name, words, most)
    return score.stop()


def _kill(
    score: Score, bases: Bases, folder: Path, name: str, words: tuple[str, ...], most: int
) -> None:
    user = "root" if name == "export" else "anna"
    given = (bases.mine["contact"] if word == "MINE" else word for word in words)
    command, root = (*crm(), *given, "--as", user), folder / name

    def fresh() -> None:
        shutil.rmtree(root, ignore_errors=True)
        copied(bases.whole, root)

    fresh()
    done, points = record(command, root, folder / "log")
    if done.code:
        score.fault("other", f"{name}: {done.err}")
    for point in points[:: max(1, len(points) // most) if most else 1]:
        fresh()
        killed = inject(command, root, point, "signal=KILL")
        score.ran()
        place = f"{name} at {point.call} {point.number}"
        if killed.out and not any(event.actor == user for event in events(root)):
            score.fault("lost", f"{place}: {killed.out[:60]!r} is not on the audit")
        if run(command, root).code:
            score.fault("other", f"{place}: the next command fails")
        for problem in verified.problems(root, []):
            score.fault("torn", f"{place}: {problem}")
