"""Errors of the system at every call, full disks and answers that nobody can read."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from torture.kills import snapshots
from torture.scenes import Scene, scenes
from torture.score import Score
from torture.states import State, all_but_one, content, state
from torture.tracing import Done, Point, crm, environ, inject, missing, record, run

ERRORS = {
    "openat": ("EMFILE", "EIO", "ENOSPC"),
    "write": ("EIO", "ENOSPC"),
    "pwrite64": ("EIO", "ENOSPC", "EDQUOT"),
    "ftruncate": ("EIO",),
    "fsync": ("EIO", "ENOSPC", "EDQUOT"),
    "fdatasync": ("EIO",),
    "rename": ("EIO", "ENOSPC", "EDQUOT"),
    "link": ("EIO", "EDQUOT"),
    "unlink": ("EIO",),
    "mkdir": ("ENOSPC", "EDQUOT", "EIO"),
    "syncfs": ("EIO",),
}
SCENES = ("first add", "add", "move", "first convert")
"""The commands at whose every call there is an error; of every other one there are so many:"""
SAMPLE = 60
PASSED_OVER = "cannot be read: see crm check"
UNHEARD = "(stderr cannot be written either)"
PAGES = 40
"""Free pages of a full disk, from none up."""


class Try(NamedTuple):
    """An error at one call; `on` means at all later ones of its name too."""

    point: Point
    error: str
    on: bool


def tries(points: list[Point], most: int, dice: random.Random) -> list[Try]:
    """Every error at every call; or so many of those, chosen by chance."""
    found = [
        Try(point, error, on)
        for point in points
        for n, error in enumerate(ERRORS.get(point.call, ()))
        for on in ((False, True) if point.inside and not n else (False,))
    ]
    return found if not most or most >= len(found) else dice.sample(found, most)


def judge(
    done: Done, at_once: State, later: State, states: list[State], where: str, score: Score
) -> None:
    """Exit 0 if and only if it is committed, and words that are true.

    A bulk change and a merge pass over a file that cannot be read, and say so: then it alone is old.
    """
    said = done.err.strip()
    if done.code == 70 or done.code < 0 or "Traceback" in said or "bug in crm" in said:
        score.fault("other", f"{where}: exit {done.code}: {said}")
    if later not in (states[0], states[-1]):
        if not (_passed_over(done, where) and all_but_one(later, states[0], states[-1])):
            score.fault("torn", f"{where}: a state that never was; exit {done.code}: {said}")
        return
    is_saved = later == states[-1]
    says_saved = "saved" in said
    if done.code == 0:
        if not is_saved:
            score.fault("lost", f"{where}: exit 0, and not there")
        elif at_once != later and not says_saved:
            score.fault("other", f"{where}: not yet in its place, and does not say so: {said}")
    elif is_saved:
        score.fault("other", f"{where}: saved, and says: exit {done.code} {said}")
    elif not is_saved and (says_saved and "nothing" not in said):
        score.fault("other", f"{where}: not saved, and says: {said}")
    elif not said:
        score.fault("other", f"{where}: exit {done.code} without a word")


def _passed_over(done: Done, where: str) -> bool:
    return done.code == 0 and PASSED_OVER in done.err and where.startswith(("bulk", "merge"))


def _fail(scene: Scene, what: Try, states: list[State], root: Path, score: Score) -> None:
    point = what.point
    where = f"{scene.name}, {what.error} at {point.call} {point.number}{'+' if what.on else ''}"
    scene.stand(root)
    done = inject(scene.reference, root, point, f"error={what.error}", on=what.on)
    if what.on and point.call == "write" and not done.err:
        done = done._replace(err=UNHEARD)
    at_once = state(content(root))
    following = run((*crm(), "check"), root)
    if following.finds_harm and not _passed_over(done, scene.name):
        score.fault("other", f"{where}: crm check: {following.out}{following.err}")
    judge(done, at_once, state(content(root)), states, f"{where} [{point.line[:120]}]", score)
    score.ran()
    shutil.rmtree(root)


def _answers(scene: Scene, states: list[State], root: Path, score: Score) -> None:
    """Nobody reads what is said: a full device, a pipe that is closed."""
    for words, tail in (("a full device", "> /dev/full"), ("a closed pipe", "| true"),
                        ("no stdout", ">&-"), ("no stderr", "2>&-"),
                        ("both on a full device", "> /dev/full 2>&1")):  # fmt: skip
        scene.stand(root)
        command = " ".join(f"'{arg}'" for arg in scene.reference)
        done = run(("bash", "-c", f"set -o pipefail; {command} {tail}"), root)
        if "2>" in tail:
            done = done._replace(err=UNHEARD)
        found = state(content(root))
        where = f"{scene.name}, {words}"
        if done.code in (0, 141):  # 141: the reader had gone, as with any other program
            done = done._replace(code=0)
        judge(done, found, found, states, where, score)
        score.ran()


def alone() -> list[str]:
    """What runs a command where it may mount something that nobody else sees."""
    return ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-Urm"]


def full_disk(scene: Scene, folder: Path, levels: range, what: str, score: Score) -> None:
    """Run the command on a small disk with so many pages, or inodes, left."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = f'mount -t tmpfs -o size=4m,nr_inodes=600 tmpfs "{folder}" && exec "$@"'
    program = (sys.executable, "-m", "torture.smalldisk", str(folder), str(scene.base), what,
               f"{levels.start}:{levels.stop}:{levels.step}", *scene.reference)  # fmt: skip
    states = snapshots(scene, folder.with_name(f"{folder.name}-states"))
    done = subprocess.run(
        [*alone(), "sh", "-c", mount, "sh", *program],
        env=environ(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        score.remark(f"no small disk can be mounted here: {done.stderr.strip()[-200:]}")
        return
    from torture.smalldisk import read

    for level, outcome, at_once, later in read(done.stdout):
        judge(outcome, at_once, later, states, f"{scene.name}, {level} {what} left", score)
        score.ran()


def errors(folder: Path, *, names: tuple[str, ...] = (), most: int = 0, workers: int = 2) -> Score:
    """All of it, or so many errors of each of those commands, of two if none is named."""
    score = Score("errors")
    if missing():
        score.fault("other", missing())
        return score.stop()
    failed = 0
    dice = random.Random("errors")
    commands = 0
    for scene in scenes(folder / "bases", names or (SCENES[:2] if most else ())):
        states = snapshots(scene, folder / "prepared")
        if scene.ticks or len(states) > 2:
            continue  # several changes: the command may end between them
        commands += 1
        root = scene.stand(folder / "ws")
        _, points = record(scene.reference, root, folder / "log", reads=True)
        chosen = tries(points, most or (0 if scene.name in SCENES else SAMPLE), dice)
        with ThreadPoolExecutor(workers) as pool:
            jobs = [
                pool.submit(_fail, scene, what, states, folder / f"run{n}", score)
                for n, what in enumerate(chosen)
            ]
            for job in jobs:
                job.result()
        _answers(scene, states, folder / "ws", score)
        if scene.name in ("first add", "first convert"):
            step = 15 if most else 1
            full_disk(
                scene, folder / f"disk-{scene.name[6:]}", range(0, PAGES, step), "pages", score
            )
            full_disk(
                scene, folder / f"inodes-{scene.name[6:]}", range(0, 16, step), "inodes", score
            )
        failed += len(chosen)
        print(f"  {scene.name}: {len(chosen)} errors", flush=True)
    score.remark(
        f"{commands} commands, {failed} failing calls,"
        f" {score.runs - failed} full disks and answers that nobody reads"
    )
    return score.stop()
