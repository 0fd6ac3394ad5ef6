"""The installed crm killed at every system call that changes the workspace."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from crmcli.store.audit import verified
from crmcli.store.disk.commit_record import SUFFIX, TXN
from crmcli.store.disk.unfinished import needs_recovery
from torture.scenes import Scene, scenes
from torture.score import Score
from torture.states import State, content, state, with_rules
from torture.tracing import Done, Point, Program, crm, inject, missing, record, run

WITHIN = 1.0
"""Seconds for which a processor may work on the next command, recovery included.

What it waits for processors that others use says nothing about it, and this folder is in memory.
"""
WANTED = 500
"""Kills inside transactions, when every point of every command is tried."""


@dataclass
class Trial:
    """A command with the states through which it may go, and the points at which it can be killed."""

    scene: Scene
    program: Program
    states: list[State]
    points: list[Point]
    previews: list[Point] = field(default_factory=list)
    outcome: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0

    @property
    def command(self) -> tuple[str, ...]:
        """The command line that is killed; it may be a program with a seeded fault."""
        return (*self.program, *self.scene.args)

    def lines(self, said: str) -> int:
        """How many lines were said of what was done, after those of what will be."""
        before = sum(point.line.count(r"\n") for point in self.previews)
        return max(0, said.count("\n") - before)


Look = Callable[[Path], dict[str, bytes]]


def snapshots(scene: Scene, folder: Path, look: Look = content) -> list[State]:
    """The states of the workspace before the command and after each transaction, as `look` has them."""
    root, copies = scene.stand(folder / "ws"), folder / "copies"
    shutil.rmtree(copies, ignore_errors=True)
    copies.mkdir()
    seen = [state(look(root))]
    looking = (sys.executable, "-m", "torture.snapshots", str(copies))
    done = run((*looking, *scene.args), root)
    if done.code:
        raise RuntimeError(f"{scene.name}: {done.err}")
    return seen + [state(look(copy)) for copy in sorted(copies.iterdir())]


def prepare(scene: Scene, folder: Path, program: Program, score: Score) -> Trial:
    """Run the command to its end, twice: to see its states, and to see its calls."""
    folder.mkdir(parents=True, exist_ok=True)
    states = snapshots(scene, folder, with_rules)
    root = scene.stand(folder / "ws")
    done, points = record((*program, *scene.args), root, folder / "log")
    left = os.listdir(root / TXN) if (root / TXN).exists() else []
    if left:
        score.fault("other", f"{scene.name}: it leaves {left} in {TXN}")
    if done.code or state(with_rules(root)) != states[-1]:
        score.fault("torn", f"{scene.name}: run to its end it gives another state: {done.err}")
    return Trial(scene, program, states, points, _previews(points))


def _previews(points: list[Point]) -> list[Point]:
    """The writes to stdout before the change was committed: they promise nothing."""
    first = next((n for n, p in enumerate(points) if "rename" in p.call and SUFFIX in p.line), 0)
    return [point for point in points[:first] if point.is_answer]


def kill(
    trial: Trial, point: Point, root: Path, score: Score, within: float, *, at_first: bool = False
) -> None:
    """Kill the command at one point, and look what the next command makes of it."""
    where = f"{trial.scene.name} killed at {point.call} {point.number}"
    if at_first and score.faults:
        return
    trial.scene.stand(root)
    done = inject(trial.command, root, point, "signal=KILL")
    if "Traceback" in done.err:
        score.fault("other", f"{where}: {done.err}")
    if done.was_killed:
        score.ran()
        trial.outcome["inside" if point.inside else "outside"] += 1
    following = run((*trial.program, "check"), root)
    _look(trial, point, done, root, score, where)
    if following.finds_harm:
        score.fault("other", f"{where}: crm check: {following.out}{following.err}")
    trial.slowest = max(trial.slowest, following.worked)
    if following.worked > within:
        score.fault("other", f"{where}: the next command took {following.worked:.1f} s of work")
    if trial.scene.ticks:
        _go_on(trial, root, score, where)
    shutil.rmtree(root)


def _look(trial: Trial, point: Point, done: Done, root: Path, score: Score, where: str) -> None:
    found = state(with_rules(root))
    if found not in trial.states:
        score.fault("torn", f"{where}: {_difference(found, trial.states)}")
    elif trial.states.index(found) < _acknowledged(trial, point, done):
        score.fault("lost", f"{where}: acknowledged, and not there")
    for problem in verified.problems(root, []):
        score.fault("torn", f"{where}: {problem}")
    if needs_recovery(root):
        score.fault("other", f"{where}: the next command leaves {os.listdir(root / TXN)}")
    trial.outcome["new" if found == trial.states[-1] else "old"] += 1


def _acknowledged(trial: Trial, point: Point, done: Done) -> int:
    """How many transactions of the command must be there, by what it had said or was about to say."""
    last = len(trial.states) - 1
    answers = point.is_answer and point not in trial.previews
    if done.code == 0 or point.call == "exit_group" or (answers and last == 1):
        return last
    return min(last, trial.lines(done.out))  # one line for each, where there are several


def _difference(found: State, states: Sequence[State]) -> str:
    nearest = min(states, key=lambda known: len(set(known) ^ set(found)))
    paths = sorted({path for path, _ in set(nearest) ^ set(found)})
    return f"a state that never was: {', '.join(paths[:6])}"


def _go_on(trial: Trial, root: Path, score: Score, where: str) -> None:
    """What the killed tick had to do is done once by the following ones."""
    for _ in range(2):
        done = run((*trial.program, "tick"), root)
        if done.code or done.err:
            score.fault("other", f"{where}: the next tick: {done.err}")
    wanted, got = facts(trial.states[-1]), facts(state(with_rules(root)))
    letters = len(list((root / "outbox/new").glob("*"))) if (root / "outbox").exists() else 0
    if letters != got["mail.out"]:
        kind = "doubled" if letters > 1 else "lost"
        score.fault(kind, f"{where}: {letters} letters, {got['mail.out']} on the timeline")
    if got - wanted:
        score.fault("doubled", f"{where}: after two ticks too much: {dict(got - wanted)}")
    if wanted - got:
        score.fault("lost", f"{where}: after two ticks not done: {dict(wanted - got)}")


def facts(seen: State) -> Counter[str]:
    """How many events of each kind there are, and tasks; not attempts of robots, nor how far ticks read."""
    import csv

    found: Counter[str] = Counter()
    for path, text in seen:
        if path.startswith("data/timeline/"):
            for row in csv.DictReader(text.splitlines()):
                kind = row["kind"] or ""
                if not kind.startswith(("job.", "triggers.read")) or kind == "job.done":
                    found[kind] += 1
                json.loads(row["data"] or "{}")
        elif path.startswith("data/tasks/"):
            found["task files"] += 1
    return found


def sample(points: list[Point], most: int) -> list[Point]:
    """So many points, spread evenly, those inside the transaction first; all of them with 0."""
    if not most or len(points) <= most:
        return points
    inside = [point for point in points if point.inside]
    step = max(1.0, len(inside) / most)
    return [inside[int(n * step)] for n in range(min(most, len(inside)))]


def kills(
    folder: Path,
    *,
    names: tuple[str, ...] = (),
    most: int = 0,
    program: Program = (),
    within: float = WITHIN,
    workers: int = 2,
    at_first: bool = False,
) -> Score:
    """Kill every command at every point, or at `most` points each."""
    score = Score("kills")
    reason = missing()
    if reason:
        score.fault("other", reason)
        return score.stop()
    inside = commands = 0
    slowest = 0.0
    for scene in scenes(folder / "bases", names):
        trial = prepare(scene, folder / "prepared", program or crm(), score)
        chosen = sample(trial.points, most)
        with ThreadPoolExecutor(workers) as pool:
            jobs = [
                pool.submit(
                    kill, trial, point, folder / f"run{n}", score, within, at_first=at_first
                )
                for n, point in enumerate(chosen)
            ]
            for job in jobs:
                job.result()
        inside += trial.outcome["inside"]
        commands += 1
        slowest = max(slowest, trial.slowest)
        print(f"  {scene.name}: {len(chosen)} points, {dict(trial.outcome)}", flush=True)
    score.remark(
        f"{commands} commands, {inside} kills inside a transaction,"
        f" the next command took at most {slowest:.2f} s of work"
    )
    if not (names or most) and inside < WANTED:
        score.fault("other", f"only {inside} of {WANTED} kills inside a transaction")
    return score.stop()
