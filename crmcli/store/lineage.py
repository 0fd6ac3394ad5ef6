"""Where the configuration comes from, as git knows it: which commits changed it, which were made here."""

from __future__ import annotations

import os
import re
from functools import cached_property, lru_cache
from pathlib import Path

from crmcli.store import git

MOST_COMMITS = 60
"""How far back a change of the configuration is sought."""
MOST_TIPS = 60
"""Branches that are looked at, the newest first."""
_MADE_HERE = re.compile(r"commit(?: \((?:initial|amend)\))?: ")
_REPLAYED = re.compile(r"(?:pull .*)?rebase\b.*\((?:pick|reword|edit|squash|fixup|continue)\)")
_UNDER_WAY = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "FETCH_HEAD")


class Lineage:
    """The history of some files in the repository around a folder.

    git notes in the reflog, which no clone brings along, how each commit came to stand here.
    """

    def __init__(self, root: Path, paths: tuple[str, ...]) -> None:
        self.root = root
        self.paths = paths
        self.read = lru_cache(maxsize=4096)(self._read)

    @cached_property
    def made_here(self) -> tuple[str, ...]:
        """The commits that were typed here, the newest first."""
        return tuple(commit for commit, how in self._steps if _MADE_HERE.match(how))

    @cached_property
    def replayed(self) -> frozenset[str]:
        """The commits that a rebase wrote here anew, one's own ones and others'."""
        return frozenset(commit for commit, how in self._steps if _REPLAYED.match(how))

    @cached_property
    def _steps(self) -> list[tuple[str, str]]:
        try:
            said = git.output(
                self.root, "log", "--walk-reflogs", "--no-show-signature", "--format=%H %gs", "HEAD"
            )
        except git.GitFailed:
            return []  # no commit yet, or no reflog: nothing is known to have been made here
        lines = said.decode("utf-8", "replace").splitlines()
        return [(line[:40], line[41:]) for line in lines if line]

    @cached_property
    def tips(self) -> tuple[str, ...]:
        """The commits at which branches stand, here and on other sides, and what is being merged."""
        names = git.output(
            self.root, "for-each-ref", f"--count={MOST_TIPS}", "--sort=-committerdate",
            "--format=%(objecttype) %(objectname)%0a%(*objecttype) %(*objectname)",
            "refs/heads", "refs/remotes", "refs/tags",
        )  # fmt: skip
        lines = names.decode().splitlines()
        found = [line.removeprefix("commit ") for line in lines if line.startswith("commit ")]
        for name in ("HEAD", *_UNDER_WAY):
            try:
                found.append(
                    git.run(self.root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
                )
            except git.GitFailed:
                continue  # there is none
        return tuple(dict.fromkeys(found))

    def changes(self, tip: str) -> list[str]:
        """The commits up to a tip that changed one of the files, the newest first; MOST_COMMITS at most."""
        said = git.output(
            self.root, "log", "--no-show-signature", f"--max-count={MOST_COMMITS}", "--format=%H",
            tip, "--", *self.paths,
        )  # fmt: skip
        return said.decode().split()

    def parents(self, commit: str) -> list[str]:
        """The commits that a commit follows."""
        return git.run(self.root, "rev-list", "--parents", "--max-count=1", commit).split()[1:]

    def _read(self, commit: str, path: str) -> bytes | None:
        """A file as a commit has it; None where it has none. `FOLDER/**` reads all of a folder."""
        folder = path.removesuffix("/**")
        if folder != path:
            names = git.output(
                self.root, "ls-tree", "-r", "-z", "--name-only", commit, "--", f"{folder}/"
            )
            parts = [os.fsdecode(name) for name in sorted(names.split(b"\0")) if name]
            return b"".join(self.read(commit, part) or b"" for part in parts)
        try:
            return git.output(self.root, "cat-file", "blob", f"{commit}:./{path}")
        except git.GitFailed:
            return None  # the commit has no such file
