"""What people do with git in a clone, at random."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Protocol

from torture.tracing import environ

_HALF_DONE = {
    "MERGE_HEAD": "merge", "CHERRY_PICK_HEAD": "cherry-pick", "REVERT_HEAD": "revert",
    "rebase-merge": "rebase", "rebase-apply": "rebase",
}  # fmt: skip
_HERMETIC = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_EDITOR": "true"}


class Clone(Protocol):
    """A folder under git, and how many branches were begun there."""

    root: Path
    branches: int

    def git(self, *args: str) -> bool:
        """Run git; whether it did what it was told."""


def git(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Run git with no settings but those of the repository."""
    return subprocess.run(
        ("git", "-c", "gc.auto=0", *args), cwd=root, env=environ(**_HERMETIC), check=False,
        capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL,
    )  # fmt: skip


def move(clone: Clone, dice: Random) -> str:
    """Do one thing; its name. What ends in a conflict is called off, as people do who know no better."""
    chosen = dice.choices([one for one, _ in MOVES], [weight for _, weight in MOVES])[0]
    chosen(clone, dice)
    for sign, word in _HALF_DONE.items():
        if (clone.root / ".git" / sign).exists() and not clone.git(word, "--abort"):
            clone.git(word, "--quit")
    if git(clone.root, "diff", "--name-only", "--diff-filter=U").stdout:
        clone.git("reset", "-q", "--hard")  # as a stash leaves it that does not fit
    return chosen.__name__


def _somewhere(clone: Clone, dice: Random) -> str:
    """A branch, here or as the hub had it."""
    found = git(
        clone.root, "for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes"
    )
    return dice.choice(found.stdout.split() or ["main"])


def _older(clone: Clone, dice: Random) -> str:
    return f"{_somewhere(clone, dice)}~{dice.randrange(6)}"


def commit(clone: Clone, dice: Random) -> None:
    """All, or the timeline alone, or all but it."""
    clone.git("add", *dice.choice((("-A",), ("-A",), ("data/timeline",), ("data/leads",))))
    clone.git("commit", "-qm", "work")


def pull(clone: Clone, dice: Random) -> None:
    """By a merge, or by a rebase; a conflict is left to one side, or called off."""
    how = dice.choice(("--rebase", "--no-rebase", "--no-rebase"))
    side = dice.choice(((), ("-X", "ours"), ("-X", "theirs")))
    clone.git("pull", "-q", "--no-edit", "--autostash", how, *side, "origin", "main")


def push(clone: Clone, dice: Random) -> None:
    """What stands here becomes the hub's, if it goes forward."""
    clone.git("push", "-q", "origin", "HEAD:main")


def stash(clone: Clone, dice: Random) -> None:
    """Away with it, new files too at times."""
    clone.git("stash", "-q", *dice.choice(((), ("-u",))))


def unstash(clone: Clone, dice: Random) -> None:
    """Back with it."""
    clone.git("stash", "pop", "-q")


def branch(clone: Clone, dice: Random) -> None:
    """Begin another one here."""
    clone.branches += 1
    clone.git("checkout", "-q", "-b", f"b{clone.branches}")


def checkout(clone: Clone, dice: Random) -> None:
    """Another branch, or an older commit; files that were changed stay or stand in the way."""
    where = dice.choice(("main", "main", _somewhere(clone, dice), _older(clone, dice)))
    clone.git("checkout", "-q", where)


def merge(clone: Clone, dice: Random) -> None:
    """Another branch into this one."""
    side = dice.choice(((), ("-X", "ours"), ("-X", "theirs"), ("--no-ff",)))
    clone.git("merge", "-q", "--no-edit", *side, _somewhere(clone, dice))


def octopus(clone: Clone, dice: Random) -> None:
    """Several others into this one at once."""
    others = {_somewhere(clone, dice) for _ in range(3)}
    clone.git("merge", "-q", "--no-edit", *sorted(others))


def pick(clone: Clone, dice: Random) -> None:
    """One commit from elsewhere."""
    clone.git("cherry-pick", _older(clone, dice))


def revert(clone: Clone, dice: Random) -> None:
    """Take one back."""
    clone.git("revert", "--no-edit", f"HEAD~{dice.randrange(4)}")


def reset(clone: Clone, dice: Random) -> None:
    """Back, and away with what came since; or the files stay as they are."""
    how = dice.choice(("--hard", "--hard", "--mixed", "--soft", "--keep"))
    clone.git("reset", "-q", how, f"HEAD~{dice.randrange(4)}")


def undo_reset(clone: Clone, dice: Random) -> None:
    """To where HEAD stood before."""
    clone.git("reset", "-q", "--hard", f"HEAD@{{{dice.randint(1, 3)}}}")


def bisect(clone: Clone, dice: Random) -> None:
    """Begin, go on, or end."""
    if not (clone.root / ".git/BISECT_START").exists():
        clone.git("bisect", "start", "HEAD", f"HEAD~{dice.randint(2, 6)}")
    else:
        clone.git("bisect", dice.choice(("good", "bad", "reset")))


def clean(clone: Clone, dice: Random) -> None:
    """Away with files that git does not know."""
    clone.git("clean", "-fdq")


def amend(clone: Clone, dice: Random) -> None:
    """The last commit anew."""
    clone.git("commit", "-q", "--amend", "--no-edit", *dice.choice(((), ("-a",))))


def rebase(clone: Clone, dice: Random) -> None:
    """This branch onto another."""
    clone.git("rebase", "-q", "--autostash", _somewhere(clone, dice))


def restore(clone: Clone, dice: Random) -> None:
    """A part of the files as another commit has them."""
    part = dice.choice(("data/timeline", "data/leads", "data"))
    clone.git("checkout", "-q", _older(clone, dice), "--", part)


MOVES: tuple[tuple[Callable[[Clone, Random], None], float], ...] = (
    (commit, 4), (pull, 10), (push, 8), (stash, 2), (unstash, 3), (branch, 1), (checkout, 4),
    (merge, 3), (octopus, 1), (pick, 1), (revert, 1), (reset, 2), (undo_reset, 1), (bisect, 2),
    (clean, 0.5), (amend, 1), (rebase, 1), (restore, 0.3),
)  # fmt: skip
"""Each with how often it comes."""
