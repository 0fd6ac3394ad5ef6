"""Three clones of a hub between which git steps to and fro, with commands, ticks and letters in between."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

from crmcli.sales import activities
from torture import gitmoves
from torture.gitworld import World
from torture.score import Score
from torture.tracing import Program


@contextmanager
def _own_state(folder: Path) -> Iterator[None]:
    """What is approved is kept in this folder meanwhile."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["XDG_STATE_HOME"]
        else:
            os.environ["XDG_STATE_HOME"] = before


def gitsteps(
    folder: Path,
    *,
    steps: int = 1000,
    seed: int = 0,
    program: Program = (),
    names: tuple[str, ...] = (),
) -> Score:
    """So many steps by a seed, or the scenes that are named; with a `program` each tick is a run of it."""
    score = Score("gitsteps")
    if not shutil.which("git"):
        score.fault("other", "git is not installed")
        return score.stop()
    folder.mkdir(parents=True, exist_ok=True)
    with _own_state(folder / "state"):
        for name in names:
            SCENES[name](World(folder / name, Random(0), score, program))
        if not names:
            world = World(folder / f"seed-{seed}", Random(seed), score, program)
            _play(world, steps)
            score.remark(", ".join(f"{count} {word}" for word, count in sorted(world.told.items())))
    return score.stop()


def _play(world: World, steps: int) -> None:
    world.found()
    for _ in range(steps):
        world.score.ran()
        world.now += timedelta(minutes=world.random.choice((1, 5, 60)))
        fate = world.random.random()
        clone = world.random.choice(world.clones)
        if fate < 0.35:
            world.work(clone)
        elif fate < 0.6:
            clone = world.clones[0]
            world.tick()
        else:
            world.step = f"{clone.name}: {gitmoves.move(clone, world.random)}"
        world.look(clone, after_git=fate >= 0.6)
    world.end()


def late_call(world: World) -> None:
    """A call that was logged on a branch comes by a merge, older than what was heard meanwhile."""
    world.score.ran()
    world.found()
    first = world.clones[0]
    world.tick()
    first.git("add", "-A")
    first.git("commit", "-qm", "tick")
    first.git("checkout", "-q", "-b", "side")
    lead, other = [record.id for record in world.ws(first).select("lead")][:2]
    _logged(world, lead)
    first.git("checkout", "-q", "main")
    _logged(world, other)
    world.tick()
    first.git("add", "-A")
    first.git("commit", "-qm", "tick")
    first.git("merge", "-q", "--no-edit", "side")
    world.tick()
    world.look(first, after_git=True)
    world.end()


def _logged(world: World, lead: str) -> None:
    first = world.clones[0]
    world.now += timedelta(minutes=5)
    activities.log(world.ws(first), lead, "call.in", "Алло")
    first.git("add", "-A")
    first.git("commit", "-qm", "call")


def letters_stashed(world: World) -> None:
    """The letters leave, and what the timeline says of them goes into the stash."""
    world.score.ran()
    world.found()
    world.tick()
    world.clones[0].git("stash", "-q", "-u")
    for _ in range(3):
        world.now += timedelta(minutes=5)
        world.tick()
    world.end()


SCENES: dict[str, Callable[[World], None]] = {
    scene.__name__: scene for scene in (late_call, letters_stashed)
}
